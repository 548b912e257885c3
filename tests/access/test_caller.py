from dataclasses import replace

import pytest

from access.shelf import Shelf
from second_opinion.access import registry
from second_opinion.access.caller import identify, require, token
from second_opinion.access.issuer import COMMAND_LINE_LIFETIME, InvalidToken, Issuer
from second_opinion.access.registry import CLASSES
from second_opinion.access.visibility import PROVIDERS, visibility
from second_opinion.errors import Forbidden, NotFound, Unauthorized
from second_opinion.store.query import Visibility


def bearer(text: str) -> str:
    return f"Bearer {text}"


def test_partner_with_a_token_is_who_the_registry_says(store: Shelf, issuer: Issuer) -> None:
    registry.add_partner(
        store, "clinic", partner_class="ehr", organization="1234567893", npis=("1245319599",), name="Test Clinic"
    )

    caller = identify(bearer(token(store, issuer, "clinic")), issuer, store)

    assert (caller.id, caller.kind, caller.partner_class) == ("clinic", "partner", "ehr")
    assert (caller.organization, caller.npis, caller.name) == ("1234567893", ("1245319599",), "Test Clinic")


def test_reviewer_reads_and_decides_and_creates_nothing(store: Shelf, issuer: Issuer) -> None:
    caller = identify(bearer(token(store, issuer, "dr-test")), issuer, store)

    assert (caller.kind, caller.partner_class, caller.name) == ("reviewer", None, "Testreviewer Birch")
    require(caller, "ClaimResponse", "s")
    require(caller, "Task", "u")
    with pytest.raises(Forbidden):
        require(caller, "ServiceRequest", "c")


@pytest.mark.parametrize("header", [None, "", "  ", "Basic dGVzdDp0ZXN0", "Token abc"])
def test_without_a_bearer_token_the_caller_is_told_to_bring_one(
    store: Shelf, issuer: Issuer, header: str | None
) -> None:
    with pytest.raises(Unauthorized) as refused:
        identify(header, issuer, store)

    assert refused.value.headers == {"WWW-Authenticate": 'Bearer realm="fhir"'}
    assert refused.value.status == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a.b.c", "Bearer a b"])
def test_a_bad_bearer_token_is_called_invalid(store: Shelf, issuer: Issuer, header: str) -> None:
    with pytest.raises(InvalidToken) as refused:
        identify(header, issuer, store)

    assert refused.value.headers["WWW-Authenticate"] == 'Bearer realm="fhir", error="invalid_token"'


def test_scheme_is_read_in_any_case(store: Shelf, issuer: Issuer) -> None:
    assert identify(f"bearer  {token(store, issuer, 'ehr')} ", issuer, store).id == "ehr"


def test_disabled_caller_is_out_on_the_next_request_and_back_when_enabled(store: Shelf, issuer: Issuer) -> None:
    for kind, id_ in (("partner", "ehr"), ("reviewer", "dr-test")):
        header = bearer(token(store, issuer, id_))
        identify(header, issuer, store)

        registry.set_active(store, kind, id_, active=False)
        with pytest.raises(Unauthorized) as refused:
            identify(header, issuer, store)
        registry.set_active(store, kind, id_, active=True)

        assert 'error="invalid_token"' in refused.value.headers["WWW-Authenticate"]
        assert identify(header, issuer, store).id == id_


def test_good_token_of_nobody_registered_here_is_forbidden(issuer: Issuer) -> None:
    with pytest.raises(Forbidden, match="not registered"):
        identify(bearer(issuer.issue("stranger", "system/*.cruds", 60)), issuer, Shelf())


def test_token_never_gives_more_than_the_registry(store: Shelf, issuer: Issuer) -> None:
    caller = identify(bearer(issuer.issue("hie", "system/*.cruds", 60)), issuer, store)

    require(caller, "Task", "s")
    with pytest.raises(Forbidden):
        require(caller, "Claim", "r")


def test_missing_scope_is_named(store: Shelf, issuer: Issuer) -> None:
    caller = identify(bearer(token(store, issuer, "ehr", scope="system/Task.rs")), issuer, store)

    require(caller, "Task", "r")
    with pytest.raises(Forbidden) as refused:
        require(caller, "ServiceRequest", "c")

    assert refused.value.headers == {
        "WWW-Authenticate": 'Bearer realm="fhir", error="insufficient_scope", scope="system/ServiceRequest.c"'
    }


def test_token_without_scope_grants_exactly_what_is_registered(store: Shelf, issuer: Issuer) -> None:
    registry.add_partner(
        store, "narrow", partner_class="ehr", organization="1234567893", scope="system/Task.rs system/Claim.c"
    )

    assert issuer.verify(token(store, issuer, "narrow")).scope == "system/Task.rs system/Claim.c"
    assert issuer.verify(token(store, issuer, "vendor")).scope == "system/Task.rus system/ServiceRequest.rs"


def test_token_from_the_command_line_lasts_eight_hours(store: Shelf, issuer: Issuer) -> None:
    claims = issuer.verify(token(store, issuer, "ehr"))

    assert claims.expires_at - issuer._seconds() == COMMAND_LINE_LIFETIME == 8 * 3600


def test_no_token_for_strangers_the_disabled_or_a_scope_not_granted(store: Shelf, issuer: Issuer) -> None:
    registry.set_active(store, "partner", "ehr", active=False)

    with pytest.raises(NotFound, match="no partner or reviewer"):
        token(store, issuer, "stranger")
    with pytest.raises(Forbidden, match="disabled"):
        token(store, issuer, "ehr")
    with pytest.raises(Forbidden, match="nothing of it is granted"):
        token(store, issuer, "hie", scope="system/Claim.rs")
    with pytest.raises(Forbidden, match="nothing of it is granted"):
        token(store, issuer, "plan", scope="")


@pytest.mark.parametrize("id_", [*(each for each in CLASSES if each != "member-app"), "dr-test"])
def test_only_a_members_app_can_be_bound_to_a_member(store: Shelf, issuer: Issuer, id_: str) -> None:
    with pytest.raises(Forbidden, match="class member-app"):
        token(store, issuer, id_, patient="pt-1")


def test_reviewers_see_everything_and_plan_staff_all_but_the_very_restricted(store: Shelf, issuer: Issuer) -> None:
    plan = identify(bearer(token(store, issuer, "plan")), issuer, store)

    assert visibility(identify(bearer(token(store, issuer, "dr-test")), issuer, store)) == Visibility(everything=True)
    assert visibility(plan) == Visibility(everything=True, sealed_from=2)
    assert visibility(replace(plan, break_glass="asked by the member")) == Visibility(everything=True)


def test_ehr_sees_what_it_submitted_and_the_cases_of_its_numbers(store: Shelf, issuer: Issuer) -> None:
    registry.add_partner(
        store, "clinic", partner_class="ehr", organization="1234567893", npis=("1245319599", "1234567893")
    )

    seen = visibility(identify(bearer(token(store, issuer, "clinic")), issuer, store))

    assert seen.parties == ("partner:clinic", "npi:1234567893", "npi:1245319599")
    assert (seen.partner, seen.hidden) == ("clinic", ("member", "staff"))


def test_members_app_sees_its_member_and_without_one_nobody(store: Shelf, issuer: Issuer) -> None:
    bound = identify(bearer(token(store, issuer, "member-app", patient="pt-1")), issuer, store)
    unbound = identify(bearer(token(store, issuer, "member-app")), issuer, store)

    assert (visibility(bound).members, visibility(bound).hidden) == (("pt-1",), ("provider", "staff"))
    assert visibility(unbound).members == ()
    assert not visibility(unbound).everything


def test_an_exchange_without_a_purpose_sees_the_provider_directory_alone(store: Shelf, issuer: Issuer) -> None:
    hie = identify(bearer(token(store, issuer, "hie")), issuer, store)

    assert visibility(hie).types == PROVIDERS
    assert visibility(replace(hie, purpose="HRESCH")).types == PROVIDERS
    assert "Task" in (visibility(replace(hie, purpose="TREAT")).types or ())


def test_a_vendor_sees_its_own_rides_and_a_payer_only_members_who_allow_it(store: Shelf, issuer: Issuer) -> None:
    vendor, payer = (identify(bearer(token(store, issuer, each)), issuer, store) for each in ("vendor", "payer"))

    assert visibility(vendor).audiences == (f"ride|{vendor.organization}",)
    assert visibility(payer).members == ()
    assert not visibility(payer).everything
    assert visibility(replace(payer, members=("pt-1",))).members == ("pt-1",)


def test_an_exchange_registered_for_one_purpose_sees_nothing_for_another(store: Shelf, issuer: Issuer) -> None:
    registry.add_partner(store, "for-care", partner_class="hie", organization="1234567893", purposes=("TREAT",))
    known = identify(bearer(token(store, issuer, "for-care")), issuer, store)

    seen = {purpose: visibility(replace(known, purpose=purpose)) for purpose in ("TREAT", "HPAYMT", None)}

    assert seen["TREAT"].everything
    assert not seen["HPAYMT"].everything
    assert seen["HPAYMT"] == seen[None]
