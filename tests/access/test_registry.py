from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc.jwk import ECKey, OctKey

from access.shelf import Shelf
from second_opinion.access import registry
from second_opinion.access.registered import Partner, Reviewer, npi_check_digit_holds
from second_opinion.access.registry import WrongRegistration
from second_opinion.errors import Duplicate, NotFound
from second_opinion.store.query import Clause, HasId

NPI = "1234567893"  # the example of CMS's own check-digit paper; nobody's number


def add_partner(store: Shelf, id_: str = "clinic", **changes: Any) -> tuple[Partner, list[str]]:
    return registry.add_partner(store, id_, **{"partner_class": "ehr", "organization": NPI, **changes})


def add_reviewer(store: Shelf, id_: str = "nurse", **changes: Any) -> tuple[Reviewer, list[str]]:
    given = {
        "name": "Testreviewer Ash",
        "kind": "nurse",
        "licence": "N00000",
        "state": "CA",
        "specialty": "163W00000X",
        "phone": "+1 209 555 0101",
    }
    return registry.add_reviewer(store, id_, **{**given, **changes})


def test_partner_is_found_as_it_was_registered() -> None:
    store = Shelf()

    added, warnings = add_partner(
        store,
        npis=("1245319599",),
        name="Test Clinic",
        scope="system/Task.rs",
        endpoint="https://ehr.example/fhir/",
        jwks="https://ehr.example/jwks",
        client_id="plan",
        sender="X12-1",
    )

    assert warnings == []
    assert registry.find(store, "clinic") == added
    assert added.endpoint == "https://ehr.example/fhir"
    assert added.active


def test_reviewer_is_found_as_registered() -> None:
    store = Shelf()

    added, warnings = add_reviewer(store, kind="physician", medical_director=True, organization=NPI)

    assert warnings == []
    assert registry.find(store, "nurse") == added


def test_nobody_is_found_under_an_unknown_id() -> None:
    assert registry.find(Shelf(), "clinic") is None


def test_partners_and_reviewers_share_one_namespace() -> None:
    store = Shelf()
    add_partner(store, "same")

    with pytest.raises(Duplicate, match="share one namespace"):
        add_reviewer(store, "same")
    with pytest.raises(Duplicate):
        add_partner(store, "same")


def test_disabled_entry_is_found_disabled_and_can_be_enabled_again() -> None:
    store = Shelf()
    add_partner(store)

    registry.set_active(store, "partner", "clinic", active=False)
    disabled = registry.find(store, "clinic")
    registry.set_active(store, "partner", "clinic", active=True)
    enabled = registry.find(store, "clinic")

    assert disabled is not None
    assert not disabled.active
    assert enabled is not None
    assert enabled.active


def test_disabling_wants_an_entry_of_that_kind() -> None:
    store = Shelf()
    add_partner(store)

    for kind, id_ in (("partner", "absent"), ("reviewer", "clinic")):
        with pytest.raises(NotFound, match=f"no {kind} of that id"):
            registry.set_active(store, kind, id_, active=False)
    assert store.rows["clinic"][2]


def test_lists_hold_disabled_entries_and_say_so() -> None:
    store = Shelf()
    add_partner(store, "b", partner_class="vendor", name="Test Rides")
    add_partner(store, "a")
    add_reviewer(store)
    registry.set_active(store, "partner", "b", active=False)

    assert registry.listing(store, "partner") == [f"a  ehr  {NPI}", f"b  vendor  {NPI}  Test Rides  disabled"]
    may = "may approve, extend the time to decide, release a letter, record what the network search found"
    assert registry.listing(store, "reviewer") == [f"nurse  nurse  Testreviewer Ash  licence N00000 (CA)  {may}"]
    assert [each.id for each in registry.active_partners(store, "vendor")] == []
    assert [each.id for each in registry.active_partners(store, "ehr")] == ["a"]


@pytest.mark.parametrize(("state", "denies"), [("CA", True), ("NV", False)])
def test_the_list_says_whether_a_physician_may_deny(state: str, *, denies: bool) -> None:
    store = Shelf()
    add_reviewer(store, "doctor", kind="physician", state=state, medical_director=True)

    (line,) = registry.listing(store, "reviewer")

    assert ("deny" in line) == denies
    assert f"licence N00000 ({state})  medical director  may " in line


@pytest.mark.parametrize(
    ("npi", "holds"),
    [("1234567893", True), ("1245319599", True), ("1234567890", False), ("1234567983", False), ("0000000000", False)],
)
def test_npi_check_digit(npi: str, holds: bool) -> None:  # noqa: FBT001 - a table's column
    assert npi_check_digit_holds(npi) is holds


def test_wrong_check_digit_is_warned_about_and_registered() -> None:
    store = Shelf()

    _, of_partner = add_partner(store, organization="1234567890", npis=("1234567891", NPI))
    _, of_reviewer = add_reviewer(store, organization="1234567890")

    assert [warning.split(":")[0] for warning in of_partner] == ["organization", "npi"]
    assert [warning.split(":")[0] for warning in of_reviewer] == ["organization"]
    assert registry.find(store, "clinic") is not None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id_": ""}, "id: must be 1 to 64"),
        ({"id_": "a b"}, "id: must be 1 to 64"),
        ({"id_": "-a"}, "id: must be 1 to 64"),
        ({"id_": "a" * 65}, "id: must be 1 to 64"),
        ({"partner_class": "clinic"}, "class: must be one of ehr, hie"),
        ({"organization": "123456789"}, "organization: must be an NPI of ten digits"),
        ({"organization": "12345678930"}, "organization: must be an NPI of ten digits"),
        ({"organization": "123456789٣"}, "organization: must be an NPI of ten digits"),
        ({"npis": ("12345",)}, "npi: must be an NPI of ten digits"),
        ({"endpoint": "ftp://ehr.example"}, "endpoint: must be an http or https address"),
        ({"endpoint": "https://user:word@ehr.example"}, "endpoint: must be an http or https address"),
        ({"endpoint": "https://[ehr"}, "endpoint: must be an http or https address"),
        ({"endpoint": "/fhir"}, "endpoint: must be an http or https address"),
        ({"scope": "Task.rs"}, "scope: grants nothing"),
        ({"scope": "user/Task.rs"}, "scope: grants nothing"),
        ({"scope": ""}, "scope: grants nothing"),
        ({"jwks": "http://ehr.example/jwks"}, "jwks: must be https, or http on loopback"),
        ({"jwks": "/absent/keys.json"}, "jwks: must be an address, or a file"),
        ({"jwks": "{}"}, "jwks: must be a JSON Web Key Set"),
        ({"jwks": '{"keys":[1]}'}, "jwks: must be a JSON Web Key Set"),
        ({"jwks": '{"keys":'}, "jwks: must be a JSON Web Key Set"),
        ({"jwks": '{"keys":[]}'}, "jwks: must be a JSON Web Key Set"),
        ({"purposes": ("TREAT", "because")}, "purpose: must be a code of PurposeOfUse"),
        ({"allowed_hosts": ("https://ehr.example",)}, "allowed-host: must be a host name"),
        ({"allowed_hosts": ("ehr.example:443",)}, "allowed-host: must be a host name"),
        ({"certificate": "AA:BB"}, "certificate: must be a SHA-256 thumbprint"),
        ({"rate_limit": -1}, "rate-limit: must be requests a minute"),
        ({"scope": "system/Task.rs?status=accepted"}, "scope: grants nothing"),  # nobody here understands the query
    ],
)
def test_wrong_partner_is_refused_and_nothing_kept(changes: dict[str, Any], message: str) -> None:
    store = Shelf()

    with pytest.raises(WrongRegistration) as refused:
        add_partner(store, **changes)

    assert refused.value.message.startswith(message)
    assert store.rows == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "doctor"}, "kind: must be one of physician, nurse"),
        ({"name": " "}, "name: is missing"),
        ({"phone": None}, "phone: is required for a nurse"),
        ({"phone": " "}, "phone: is required for a nurse"),
        ({"kind": "physician", "phone": None}, "phone: is required for a physician"),
        ({"licence": None}, "licence: is required for a nurse"),
        ({"specialty": None}, "specialty: is required for a nurse"),
        ({"state": None}, "state: is required for a nurse"),
        ({"state": "California"}, "state: must be two capital letters"),
        ({"specialty": "nursing"}, "specialty: must be a NUCC taxonomy code"),
        ({"medical_director": True}, "medical-director: must be a physician"),
        ({"organization": "1"}, "organization: must be an NPI of ten digits"),
        ({"id_": "a/b"}, "id: must be 1 to 64"),
    ],
)
def test_wrong_reviewer_is_refused_and_nothing_kept(changes: dict[str, Any], message: str) -> None:
    store = Shelf()

    with pytest.raises(WrongRegistration) as refused:
        add_reviewer(store, **changes)

    assert refused.value.message.startswith(message)
    assert store.rows == {}


@pytest.mark.parametrize("kind", ["network-staff", "eligibility-staff"])
def test_staff_need_neither_licence_nor_phone(kind: str) -> None:
    added, _ = add_reviewer(Shelf(), kind=kind, licence=None, state=None, specialty=None, phone=None)

    assert added.kind == kind


def test_scope_that_grants_nothing_beside_one_that_does_is_warned_about_by_its_place() -> None:
    added, warnings = add_partner(Shelf(), scope="system/Task.rs system/Claim.sr")

    assert warnings == ["scope: number 2 grants nothing, and is ignored"]
    assert added.granted == "system/Task.rs system/Claim.sr"


def test_key_set_is_read_from_its_file_and_kept(tmp_path: Path) -> None:
    public = ECKey.generate_key("P-384", auto_kid=True).as_dict(private=False)
    file = tmp_path / "jwks.json"
    file.write_bytes(orjson.dumps({"keys": [public]}))

    added, _ = add_partner(Shelf(), jwks=str(file))

    assert added.jwks == file.read_text()


def test_loopback_address_of_keys_may_be_plain_http() -> None:
    added, _ = add_partner(Shelf(), jwks="http://127.0.0.1:9000/jwks")

    assert added.jwks == "http://127.0.0.1:9000/jwks"


def test_private_and_shared_keys_are_refused() -> None:
    store = Shelf()
    private = ECKey.generate_key("P-384").as_dict(private=True)
    shared = OctKey.generate_key(256).as_dict(private=True)

    for key in (private, shared):
        with pytest.raises(WrongRegistration, match="public keys only"):
            add_partner(store, jwks=orjson.dumps({"keys": [key]}).decode())
    assert store.rows == {}


def test_refusals_never_repeat_what_was_given() -> None:
    with pytest.raises(WrongRegistration) as refused:
        add_partner(Shelf(), organization="Q-SECRET-Q")

    assert "SECRET" not in refused.value.message


def test_what_limits_a_partner_is_kept_as_it_is_used() -> None:
    store = Shelf()
    hexadecimal = ":".join(["0f"] * 32)

    added, _ = add_partner(
        store, purposes=("TREAT",), allowed_hosts=("Mail.EHR.example",), rate_limit=0, certificate=hexadecimal.upper()
    )

    assert registry.find(store, "clinic") == added
    assert (added.purposes, added.allowed_hosts, added.rate_limit) == (("TREAT",), ("mail.ehr.example",), 0)
    assert added.certificate == "Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8"
    assert "certificate" in registry.listing(store, "partner")[0]


def test_a_scope_with_a_query_is_registered_where_it_is_understood() -> None:
    clause = (Clause((HasId("x"),)),)
    scope = "system/Task.rs?status=accepted"

    added, warnings = add_partner(Shelf(), scope=scope, understand=lambda *_: clause)

    assert (added.granted, warnings) == (scope, [])


def test_keys_that_cannot_serve_are_warned_about() -> None:
    weak = ECKey.generate_key("P-256").as_dict(private=False)

    _, warnings = add_partner(Shelf(), jwks=orjson.dumps({"keys": [weak]}).decode())

    assert [warning.split(":")[0] for warning in warnings] == ["jwks"]
