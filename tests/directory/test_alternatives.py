"""Whether somebody in the network can give the opinion: who counts, who is open, and what that comes to."""

from datetime import date, datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.worked import (
    CARDIOLOGY,
    CLOSED,
    DAY,
    INTERVENTIONAL,
    OPEN,
    PACIFIC,
    Tables,
    Worked,
    directory,
    person,
    provider,
    rival,
    stated,
)
from second_opinion.directory.alternatives import SHOWN, Alternatives, Exclusions, candidates, choose
from second_opinion.directory.candidate import Verdict
from second_opinion.directory.evidence import proven_candidates
from second_opinion.directory.model import (
    Accepting,
    Accepts,
    Affiliation,
    Group,
    Member,
    Period,
    Place,
    Pointer,
    Role,
    Service,
)
from second_opinion.directory.resolve import Resolution, resolve
from second_opinion.directory.stated import Identifier, PartyKind

RECEIVED = datetime(2026, 3, 2, 9, tzinfo=PACIFIC)


def resolved(lookup: Worked | None = None, **changes: object) -> Resolution:
    return resolve(stated(**changes), lookup or directory(), Tables(), RECEIVED, PACIFIC)


def available(lookup: Worked | None = None, **changes: object) -> object:
    return resolved(lookup, **changes).facts.alternative_available


def excluded(resolution: Resolution) -> dict[str, str]:
    return {each["role"]: each["why"] for each in resolution.summary["excluded"]}


def with_rival(**changes: object) -> Worked:
    lookup = directory()
    lookup.roles[1] = rival(**changes)
    return lookup


def test_open_candidate_in_another_practice_is_an_alternative() -> None:
    found = resolved()

    assert found.facts.alternative_available is True
    assert found.alternatives == (("PractitionerRole/r-rival", "Rival"),)


@pytest.mark.parametrize(
    "changes",
    [
        {"networks": ("else",)},
        {"active": False},
        {"period": Period(None, date(2026, 3, 1))},
        {"period": Period(date(2026, 3, 3))},
        {"specialties": ("207X00000X",)},
        {"organization": "here"},
        {"practitioner": "initial"},
        {"accepting": CLOSED},
        {"accepting": (Accepting(Accepts.EXISTING),)},
        {"accepting": (Accepting(Accepts.FAMILIES),)},
    ],
)
def test_candidate_that_fails_one_test_leaves_none(changes: dict[str, object]) -> None:
    assert available(with_rival(**changes)) is False


@pytest.mark.parametrize("period", [Period(None, DAY), Period(DAY)])
def test_candidate_counts_on_the_first_and_the_last_day_of_its_contract(period: Period) -> None:
    assert available(with_rival(period=period)) is True


def test_candidate_that_says_nothing_of_new_patients_leaves_it_unknown() -> None:
    assert available(with_rival(accepting=())) is None


def test_one_open_candidate_among_others_is_enough() -> None:
    lookup = with_rival(accepting=())
    lookup.roles.append(Role("r-open", networks=("net",), specialties=(CARDIOLOGY,), accepting=OPEN))

    assert available(lookup) is True


def test_equivalent_specialty_is_accepted() -> None:
    assert available(with_rival(specialties=(INTERVENTIONAL,))) is True


def test_without_any_specialty_it_is_unknown() -> None:
    lookup = directory(roles=[])

    assert available(lookup, specialties_needed=()) is None


def test_without_any_network_it_is_unknown() -> None:
    lookup = directory(groups=[], products_=[])

    assert available(lookup) is None


def test_practitioner_no_longer_active_is_no_candidate() -> None:
    lookup = directory(practitioners_=[person("initial"), person("rival", active=False)])

    assert available(lookup) is False


def test_practitioner_with_a_revoked_qualification_is_no_candidate() -> None:
    lookup = directory(practitioners_=[person("initial"), person("rival", disqualified="a qualification is revoked")])

    assert available(lookup) is False


def test_organization_no_longer_active_has_no_candidate() -> None:
    lookup = directory()
    lookup.groups.append(Group("there", active=False))

    assert available(lookup) is False


def test_provider_requested_is_not_its_own_alternative() -> None:
    assert available(requested_provider=provider("rival")) is False


def test_practice_the_initial_provider_has_left_is_no_tie() -> None:
    lookup = with_rival(organization="former")
    left = Period(None, date(2026, 3, 1))
    lookup.roles.append(Role("r-left", practitioner="initial", organization="former", period=left))

    assert available(lookup) is True


def test_any_practice_of_the_initial_provider_is_a_tie() -> None:
    lookup = with_rival(organization="second")
    lookup.roles.append(Role("r-second", practitioner="initial", organization="second"))

    assert available(lookup) is False


def test_practice_the_request_names_is_a_tie_though_the_doctor_is_unknown() -> None:
    lookup = directory()
    lookup.groups.append(Group("there", (Identifier("npi-there", "http://hl7.org/fhir/sid/us-npi"),)))
    unknown = provider("nobody", "ServiceRequest.requester", organization_npis=("npi-there",))

    assert excluded(resolved(lookup, initial_provider=unknown)) == {
        "PractitionerRole/r-rival": "practises with the initial provider"
    }


def test_organization_as_initial_provider_excludes_its_own_doctors() -> None:
    lookup = directory()
    lookup.groups.append(Group("there"))
    organization = provider("x", kind=PartyKind.ORGANIZATION, npis=(), own_reference="Organization/there")

    assert excluded(resolved(lookup, initial_provider=organization)) == {
        "PractitionerRole/r-rival": "practises with the initial provider"
    }


@pytest.mark.parametrize("pointer", ["Practitioner/rival", "PractitionerRole/r-rival"])
def test_provider_closed_to_all_but_its_own_patients_is_open_to_them(pointer: str) -> None:
    lookup = with_rival(accepting=(Accepting(Accepts.EXISTING),))
    member = lookup.members_[0]
    lookup.members_ = [Member(member.id, member.identifiers, general_practitioners=(Pointer(pointer),))]

    assert available(lookup) is True


def test_own_provider_that_takes_nobody_stays_closed() -> None:
    lookup = with_rival(accepting=CLOSED)
    member = lookup.members_[0]
    lookup.members_ = [Member(member.id, member.identifiers, general_practitioners=(Pointer("Practitioner/rival"),))]

    assert available(lookup) is False


ELSEWHERE = (Accepting(Accepts.NEW, "else"),)
HERE_CLOSED = (Accepting(Accepts.NONE, "net"), Accepting(Accepts.NEW))


@pytest.mark.parametrize(
    ("role", "service", "place", "expected"),
    [
        (OPEN, CLOSED, CLOSED, True),
        (CLOSED, OPEN, OPEN, False),
        ((), OPEN, CLOSED, True),
        ((), CLOSED, OPEN, False),
        ((), (), OPEN, True),
        ((), (), CLOSED, False),
        ((), (), (), None),
        (ELSEWHERE, (), (), None),
        (ELSEWHERE, CLOSED, OPEN, False),
        ((Accepting(Accepts.NEW, "net"),), CLOSED, CLOSED, True),
        (HERE_CLOSED, (), (), False),
        ((*CLOSED, *OPEN), (), (), True),
    ],
)
def test_most_specific_level_that_speaks_of_the_members_network_wins(
    role: tuple[Accepting, ...], service: tuple[Accepting, ...], place: tuple[Accepting, ...], expected: object
) -> None:
    lookup = with_rival(accepting=role, services=("s",), places=("p",))
    lookup.services = [Service("s", accepting=service)]
    lookup.places = [Place("p", accepting=place)]

    assert available(lookup) is expected


def test_service_or_location_no_longer_active_says_nothing() -> None:
    lookup = with_rival(accepting=(), services=("s",), places=("p",))
    lookup.services = [Service("s", active=False, accepting=OPEN)]
    lookup.places = [Place("p", active=False, accepting=OPEN)]

    assert available(lookup) is None


def test_specialty_of_a_role_is_its_own_else_its_services_else_its_practitioners() -> None:
    by_service = with_rival(specialties=(), services=("s",))
    by_service.services = [Service("s", specialties=(CARDIOLOGY,))]
    by_person = with_rival(specialties=())
    by_person.practitioners_[1] = person("rival", specialties=(CARDIOLOGY,))
    own_wins = with_rival(specialties=("207X00000X",), services=("s",))
    own_wins.services = by_service.services

    assert (available(by_service), available(by_person), available(own_wins)) == (True, True, False)


def test_choice_shows_name_specialty_and_phone_of_at_most_twenty_in_a_stable_order() -> None:
    lookup = directory()
    lookup.roles += [
        rival_of(n, specialty_words="Cardiology", phone="209-555-0100") for n in reversed(range(SHOWN + 5))
    ]
    lookup.practitioners_ += [person(f"doctor-{n:02d}") for n in range(SHOWN + 5)]

    offered = resolved(lookup).alternatives

    assert len(offered) == SHOWN
    assert offered[0] == ("PractitionerRole/r-00", "Doctor-00, Cardiology, 209-555-0100")
    assert offered == resolved(lookup).alternatives


def rival_of(n: int, **changes: object) -> Role:
    given_: dict[str, object] = {
        "practitioner": f"doctor-{n:02d}",
        "organization": f"practice-{n}",
        "networks": ("net",),
        "specialties": (CARDIOLOGY,),
        "accepting": OPEN,
    }
    return Role(f"r-{n:02d}", **{**given_, **changes})  # type: ignore[arg-type]  # fields by name


def test_evidence_names_every_candidate_with_its_verdict_and_its_reason() -> None:
    found = resolved()
    (digest, body), *rest = found.evidence.items()
    proof = orjson.loads(body)

    assert not rest
    assert digest in found.facts.sources["alternative_available"]
    assert found.summary["evidence"] == digest
    assert {each["role"]: (each["verdict"], each["why"]) for each in proof["candidates"]} == {
        "PractitionerRole/r-initial": ("not-stated", "nothing says whether it takes new patients"),
        "PractitionerRole/r-rival": ("open", "takes new patients, says the role"),
        "PractitionerRole/r-outsider": ("unfit", "neither role nor affiliation names the network"),
    }
    assert excluded(found) == {"PractitionerRole/r-initial": "is the initial provider"}


def test_evidence_is_made_once_for_days_between_which_nothing_changes() -> None:
    lookup = with_rival(period=Period(date(2026, 1, 1), date(2026, 6, 30)))
    first = proven_candidates(("net",), frozenset({CARDIOLOGY}), DAY, lookup)

    assert first.found.window == Period(date(2026, 1, 1), date(2026, 6, 30))
    assert proven_candidates(("net",), frozenset({CARDIOLOGY}), date(2026, 6, 30), lookup) is first
    assert proven_candidates(("net",), frozenset({CARDIOLOGY}), date(2026, 7, 1), lookup).digest != first.digest


PERIODS = st.builds(
    Period,
    st.none() | st.dates(date(2026, 2, 20), date(2026, 3, 10)),
    st.none() | st.dates(date(2026, 2, 20), date(2026, 3, 10)),
)
ROLES = st.lists(
    st.builds(
        lambda active, period, person_, organization, networks, accepting: {
            "active": active,
            "period": period,
            "practitioner": person_,
            "organization": organization,
            "networks": networks,
            "accepting": accepting,
        },
        st.booleans(),
        PERIODS,
        st.sampled_from(["initial", "rival", "outsider"]),
        st.sampled_from(["here", "there", None]),
        st.sampled_from([(), ("net",), ("else",)]),
        st.sampled_from([(), OPEN, CLOSED, ELSEWHERE]),
    ),
    max_size=6,
)


def crowd(made: list[dict[str, object]]) -> Worked:
    lookup = directory()
    lookup.roles = [
        Role(f"r{n}", specialties=(CARDIOLOGY,), **each)  # type: ignore[arg-type]  # fields by name
        for n, each in enumerate(made)
    ]
    lookup.affiliations_ = [Affiliation("a", participating="there", networks=("net",), period=Period(DAY))]
    return lookup


EXCLUDED = Exclusions(initial=frozenset({"initial"}), practices=frozenset({"here"}))


@settings(deadline=None)  # the machine may be busy with something else
@given(ROLES)
def test_answer_follows_from_the_verdicts_of_those_not_excluded(made: list[dict[str, object]]) -> None:
    found = candidates(("net",), {CARDIOLOGY}, DAY, crowd(made))
    left = [each for each in found.ordered if each.practitioner != "initial" and each.organization != "here"]
    verdicts = {each.verdict for each in left}
    expected = True if Verdict.OPEN in verdicts else None if Verdict.NOT_STATED in verdicts else False

    answer: Alternatives = choose(found, EXCLUDED)

    assert answer.available is expected
    assert {role for role, _ in answer.offered} == {
        f"PractitionerRole/{each.role}" for each in left if each.verdict is Verdict.OPEN
    }


@settings(deadline=None)  # the machine may be busy with something else
@given(ROLES)
def test_every_day_of_a_window_has_the_same_verdicts(made: list[dict[str, object]]) -> None:
    lookup = crowd(made)
    found = candidates(("net",), {CARDIOLOGY}, DAY, lookup)

    for offset in range(-12, 12):
        day = DAY + timedelta(days=offset)
        if found.window.covers(day):
            assert candidates(("net",), {CARDIOLOGY}, day, lookup).ordered == found.ordered
