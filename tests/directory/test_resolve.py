"""The facts of a request, each on both sides of its limit, with where it comes from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, NoReturn

import pytest

from directory.worked import (
    DENTIST,
    FAMILY_MEDICINE,
    NUMBERS,
    PACIFIC,
    Tables,
    Worked,
    directory,
    person,
    provider,
    stated,
)
from second_opinion.directory.lookup import DirectoryMoved
from second_opinion.directory.model import CoverageRecord, Group, Member, Period, Pointer, Practitioner
from second_opinion.directory.resolve import Resolution, resolve
from second_opinion.directory.stated import NPI, Identifier, PartyKind, StatedMember, StatedParty
from second_opinion.errors import Unavailable
from second_opinion.review.facts import CareSource, Facts, Reason, RequestedProvider, RequesterKind, Urgency

RECEIVED = datetime(2026, 3, 2, 9, tzinfo=PACIFIC)
REQUESTER = "ServiceRequest.requester"


def resolved(lookup: Worked | None = None, **changes: object) -> Resolution:
    return resolve(stated(**changes), lookup or directory(), Tables(), RECEIVED, PACIFIC)


def facts(lookup: Worked | None = None, **changes: object) -> Facts:
    return resolved(lookup, **changes).facts


def party(kind: PartyKind, **changes: object) -> StatedParty:
    return replace(StatedParty(kind, REQUESTER), **changes)  # type: ignore[arg-type]  # fields by name


def test_member_nobody_knows_leaves_every_other_fact_unasked() -> None:
    found = resolved(member=StatedMember("ServiceRequest.subject", (Identifier("M9", NUMBERS),)))

    assert found.member is None
    assert found.facts == Facts(member_identified=False)


def test_every_fact_says_where_it_comes_from() -> None:
    found = facts()

    own_cases = {"repeats_open_case"}
    assert set(found.sources) == {name for name in found.__dataclass_fields__ if name != "sources"} - own_cases
    assert all(found.sources.values())


@pytest.mark.parametrize(
    ("requester", "kind"),
    [
        (None, None),
        (party(PartyKind.PATIENT, is_subject=True), RequesterKind.MEMBER),
        (party(PartyKind.PATIENT, own_reference="Patient/m1"), RequesterKind.MEMBER),
        (party(PartyKind.PATIENT, own_reference="Patient/m2"), RequesterKind.OTHER),
        (party(PartyKind.RELATED_PERSON), RequesterKind.MEMBER),
        (party(PartyKind.OTHER), RequesterKind.OTHER),
        (provider("initial", REQUESTER), RequesterKind.TREATING),
        (provider("outsider", REQUESTER), RequesterKind.OTHER),
        (provider("nobody", REQUESTER), RequesterKind.OTHER),
    ],
)
def test_requester_kind(requester: StatedParty | None, kind: RequesterKind | None) -> None:
    assert facts(requester=requester).requester_kind is kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (Identifier("SUB-1"), RequesterKind.MEMBER),  # her own coverage's
        (Identifier("FAMILY"), RequesterKind.OTHER),  # shared with another member: who of them asks is not said
        (Identifier("M1", "https://other.example"), RequesterKind.OTHER),
        (Identifier("M2", NUMBERS), RequesterKind.OTHER),
    ],
)
def test_the_member_asks_under_any_number_the_plan_keeps_for_her_alone(number: Identifier, kind: RequesterKind) -> None:
    lookup = directory()
    lookup.members_.append(Member("m2", (Identifier("M2", NUMBERS),)))
    lookup.coverages_ += [
        CoverageRecord(f"more-{member}", member, numbers)
        for member, numbers in (("m1", (Identifier("SUB-1"), Identifier("FAMILY"))), ("m2", (Identifier("FAMILY"),)))
    ]

    found = resolved(lookup, requester=party(PartyKind.PATIENT, identifiers=(number,)))

    assert found.facts.requester_kind is kind
    assert (found.requester is not None and found.requester.reference == "Patient/m1") is (kind is RequesterKind.MEMBER)


def test_trace_says_that_ordering_states_the_treatment() -> None:
    source = facts(requester=provider("initial", REQUESTER)).sources["requester_kind"]

    assert "PractitionerRole/r-initial" in source
    assert "its statement that it treats the member" in source


@pytest.mark.parametrize(
    ("last_day", "kind"), [(date(2026, 3, 2), RequesterKind.TREATING), (date(2026, 3, 1), RequesterKind.OTHER)]
)
def test_requester_must_participate_on_the_day_of_receipt(last_day: date, kind: RequesterKind) -> None:
    lookup = directory()
    lookup.roles[0] = replace(lookup.roles[0], period=Period(None, last_day))

    assert facts(lookup, requester=provider("initial", REQUESTER)).requester_kind is kind


def test_day_of_receipt_is_the_plans_local_day() -> None:
    before_midnight_in_california = datetime(2026, 3, 3, 7, 59, tzinfo=UTC)

    found = resolve(stated(), directory(), Tables(), before_midnight_in_california, PACIFIC)

    assert found.days.receipt == date(2026, 3, 2)


def test_organization_that_participates_is_treating() -> None:
    lookup = directory()
    lookup.groups.append(Group("here", (Identifier("npi-here", NPI),)))
    organization = party(PartyKind.ORGANIZATION, npis=("npi-here",))

    assert facts(lookup, requester=organization).requester_kind is RequesterKind.TREATING


def test_role_whose_person_has_no_number_stands_for_its_organization() -> None:
    lookup = directory()
    lookup.groups.append(Group("here", (Identifier("npi-here", NPI),)))
    role = party(PartyKind.PRACTITIONER, organization_npis=("npi-here",))

    assert facts(lookup, requester=role).requester_kind is RequesterKind.TREATING


def general_practitioner(pointer: Pointer) -> Worked:
    lookup = directory()
    lookup.members_ = [Member("m1", (Identifier("M1", NUMBERS),), general_practitioners=(pointer,))]
    return lookup


@pytest.mark.parametrize(
    ("pointer", "source"),
    [
        (Pointer("Practitioner/initial"), CareSource.PCP),
        (Pointer("PractitionerRole/r-initial"), CareSource.PCP),
        (Pointer(None, (Identifier("npi-initial", NPI),)), CareSource.PCP),
        (Pointer("Practitioner/rival"), CareSource.SPECIALIST),
        (Pointer("PractitionerRole/r-rival"), CareSource.SPECIALIST),
        (Pointer("Organization/here"), CareSource.SPECIALIST),
        (Pointer("Practitioner/not-loaded"), CareSource.SPECIALIST),
    ],
)
def test_care_of_the_members_own_provider_is_primary(pointer: Pointer, source: CareSource) -> None:
    assert facts(general_practitioner(pointer)).care_source is source


def test_care_of_the_members_own_clinic_is_primary() -> None:
    lookup = general_practitioner(Pointer("Organization/here"))
    lookup.groups.append(Group("here"))
    clinic = party(PartyKind.ORGANIZATION, own_reference="Organization/here")

    assert facts(lookup, initial_provider=clinic).care_source is CareSource.PCP


def test_unknown_provider_with_the_number_of_the_members_own_is_primary() -> None:
    lookup = general_practitioner(Pointer(None, (Identifier("npi-nobody", NPI),)))

    assert facts(lookup, initial_provider=provider("nobody")).care_source is CareSource.PCP


def test_provider_in_primary_care_is_primary_as_stated_or_as_loaded() -> None:
    lookup = directory()
    lookup.roles[0] = replace(lookup.roles[0], specialties=(FAMILY_MEDICINE,))

    assert facts(lookup).care_source is CareSource.PCP
    assert facts(initial_provider=provider("nobody", specialties=(FAMILY_MEDICINE,))).care_source is CareSource.PCP


def test_what_the_request_states_of_a_specialty_goes_before_the_directory() -> None:
    lookup = directory()
    lookup.roles[0] = replace(lookup.roles[0], specialties=(FAMILY_MEDICINE,))
    as_cardiologist = provider("initial", specialties=("207RC0000X",))

    assert facts(lookup, initial_provider=as_cardiologist).care_source is CareSource.SPECIALIST


def test_provider_who_asks_is_the_initial_provider_where_none_is_named() -> None:
    found = resolved(initial_provider=None, requester=provider("initial", REQUESTER))

    assert found.initial_provider is not None
    assert found.initial_provider.reference == "Practitioner/initial"
    assert found.facts.care_source is CareSource.SPECIALIST


def test_member_who_asks_names_no_initial_provider() -> None:
    found = resolved(initial_provider=None)

    assert found.initial_provider is None
    assert found.facts.care_source is None


@pytest.mark.parametrize(
    ("requested", "where"),
    [
        (None, None),
        (provider("rival"), RequestedProvider.IN_NETWORK),
        (provider("outsider"), RequestedProvider.OUT_OF_NETWORK),
        (provider("nobody"), RequestedProvider.OUT_OF_NETWORK),
        (party(PartyKind.OTHER, display="a clinic"), RequestedProvider.OUT_OF_NETWORK),
    ],
)
def test_requested_provider(requested: StatedParty | None, where: RequestedProvider | None) -> None:
    assert facts(requested_provider=requested).requested_provider is where


def test_trace_says_that_the_directory_does_not_know_the_provider() -> None:
    source = facts(requested_provider=provider("nobody")).sources["requested_provider"]

    assert "the directory does not know this provider" in source


@pytest.mark.parametrize(
    ("service", "where"),
    [
        (date(2026, 3, 31), RequestedProvider.IN_NETWORK),
        (date(2026, 4, 1), RequestedProvider.OUT_OF_NETWORK),
        (date(2026, 1, 1), RequestedProvider.IN_NETWORK),
    ],
)
def test_requested_provider_is_judged_on_the_day_of_a_later_service(service: date, where: RequestedProvider) -> None:
    lookup = directory()
    lookup.roles[1] = replace(lookup.roles[1], period=Period(date(2026, 3, 1), date(2026, 3, 31)))

    found = facts(lookup, requested_provider=provider("rival"), service_from=service, service_to=service)

    assert found.requested_provider is where


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (person("outsider"), False),
        (person("outsider", active=False), True),
        (person("outsider", disqualified="a qualification is revoked"), True),
    ],
)
def test_only_the_directorys_evidence_disqualifies(known: Practitioner, expected: bool) -> None:  # noqa: FBT001 - a case's expected answer
    lookup = directory(practitioners_=[known])

    assert facts(lookup, requested_provider=provider("outsider")).provider_disqualified is expected


def test_silence_of_the_directory_disqualifies_nobody() -> None:
    assert facts(requested_provider=provider("nobody")).provider_disqualified is None
    assert facts(requested_provider=None).provider_disqualified is None


def test_practitioner_no_longer_active_is_out_of_network() -> None:
    lookup = directory(practitioners_=[person("rival", active=False)])

    assert facts(lookup, requested_provider=provider("rival")).requested_provider is RequestedProvider.OUT_OF_NETWORK


@pytest.mark.parametrize(
    ("needed", "requested", "specialty"),
    [
        (("207X00000X",), provider("rival", specialties=("207T00000X",)), "207X00000X"),
        ((), provider("rival", specialties=("207T00000X",)), "207T00000X"),
        ((), provider("rival"), "207RC0000X"),
        ((), None, "207RC0000X"),
    ],
)
def test_specialty_is_the_one_needed_then_the_requested_providers_then_the_initial_ones(
    needed: tuple[str, ...], requested: StatedParty | None, specialty: str
) -> None:
    assert resolved(specialties_needed=needed, requested_provider=requested).specialty == specialty


def test_specialty_of_nobody_is_unknown() -> None:
    found = resolved(specialties_needed=(), initial_provider=provider("nobody"))

    assert found.specialty is None
    assert found.facts.belongs_elsewhere is None


@pytest.mark.parametrize(("code", "expected"), [(DENTIST, True), ("207X00000X", False)])
def test_specialty_of_another_system_belongs_elsewhere(code: str, expected: bool) -> None:  # noqa: FBT001 - a case's expected answer
    assert facts(specialties_needed=(code,)).belongs_elsewhere is expected


@pytest.mark.parametrize(
    ("first", "last", "rendered"),
    [
        (None, None, False),
        (date(2026, 3, 1), date(2026, 3, 1), True),
        (date(2026, 3, 2), date(2026, 3, 2), False),
        (date(2026, 2, 1), date(2026, 3, 2), False),
        (date(2026, 2, 1), None, False),
    ],
)
def test_service_before_the_day_of_receipt_was_rendered(
    first: date | None,
    last: date | None,
    rendered: bool,  # noqa: FBT001 - a case's expected answer
) -> None:
    assert facts(service_from=first, service_to=last).already_rendered is rendered


def test_coverage_the_request_names_is_the_one_used() -> None:
    lookup = directory()
    lookup.coverages_.append(CoverageRecord("c2", "m1", classes=(("HMO", None),)))
    member = StatedMember("ServiceRequest.subject", coverage_own_references=("Coverage/c2",))

    assert resolved().coverage == "Coverage/c1"
    assert resolved(lookup, member=member).coverage == "Coverage/c2"


def test_coverage_on_the_day_of_service_alone_says_so() -> None:
    lookup = directory()
    lookup.coverages_ = [replace(lookup.coverages_[0], period=Period(date(2026, 4, 1)))]
    day = date(2026, 4, 9)

    found = resolved(lookup, service_from=day, service_to=day)

    assert found.facts.covered is True
    assert (found.covered_on_receipt, found.covered_on_service) == (False, True)
    assert found.facts.sources["covered"] == "Coverage/c1: in force on the day of the service, not of receipt"


@pytest.mark.parametrize(
    ("codes", "words", "empty", "reason", "serious"),
    [
        ((), False, False, None, False),
        (("surgery-necessity",), False, False, Reason.LISTED, False),
        (("serious-condition",), True, False, Reason.LISTED, True),
        (("other",), False, False, Reason.OTHER, False),
        (("other", "diagnosis-unclear"), False, False, Reason.LISTED, False),
        ((), True, False, Reason.OTHER, False),
        ((), False, True, Reason.EMPTY, False),
    ],
)
def test_reason(
    codes: Sequence[str],
    words: bool,  # noqa: FBT001 - as stated
    empty: bool,  # noqa: FBT001 - as stated
    reason: Reason | None,
    serious: bool,  # noqa: FBT001 - a case's expected answer
) -> None:
    found = facts(reason_codes=tuple(codes), reason_words=words, reason_is_empty=empty)

    assert found.reason is reason
    assert found.serious_condition is serious


def test_urgency_and_opinion_number_are_as_stated() -> None:
    assert (facts().urgency, facts().opinion_number) == (Urgency.STANDARD, 2)
    assert (facts(urgent=True).urgency, facts(opinion_number=3).opinion_number) == (Urgency.URGENT, 3)


@pytest.mark.parametrize(
    ("address", "labels", "expected"), [(False, (), False), (True, (), True), (False, ("R",), True)]
)
def test_confidential_address_or_label_makes_the_case_confidential(
    address: bool,  # noqa: FBT001 - as loaded
    labels: tuple[str, ...],
    expected: bool,  # noqa: FBT001 - as stated and as expected
) -> None:
    lookup = directory()
    lookup.members_ = [replace(lookup.members_[0], confidential_address=address)]

    assert facts(lookup, sensitive=labels).confidential is expected


def test_parties_carry_reference_number_and_name() -> None:
    found = resolved(requester=provider("initial", REQUESTER), requested_provider=provider("nobody", display="Dr N"))

    assert found.requester is not None
    assert (found.requester.reference, found.requester.npi, found.requester.display) == (
        "Practitioner/initial",
        "npi-initial",
        "Initial",
    )
    assert found.second_doctor is not None
    assert (found.second_doctor.reference, found.second_doctor.npi, found.second_doctor.display) == (
        None,
        "npi-nobody",
        "Dr N",
    )
    assert resolved().requester is not None
    assert resolved().requester.reference == "Patient/m1"  # type: ignore[union-attr]  # not None, as just asserted


class Broken(Worked):
    """A directory whose affiliations and payers cannot be read."""

    fault: Exception = KeyError("network")

    def affiliations(self, _organization: str, /) -> NoReturn:
        raise self.fault


def broken(fault: Exception) -> Broken:
    made = Broken(**{**vars(directory()), "kept": {}})
    made.fault = fault
    return made


def test_look_up_that_fails_fails_the_facts_that_rest_on_it_and_no_other() -> None:
    found = resolved(broken(KeyError("network")), requested_provider=provider("outsider"))
    values: dict[str, Any] = vars(found.facts)

    assert values["requested_provider"] == "failed: KeyError"
    assert values["alternative_available"] == "failed: KeyError"
    assert found.facts.sources["requested_provider"] == "failed: KeyError"
    assert found.facts.covered is True
    assert found.facts.requester_kind is RequesterKind.MEMBER
    assert found.second_doctor is not None
    assert found.alternatives == ()
    assert not found.evidence


@pytest.mark.parametrize("fault", [DirectoryMoved(), Unavailable("the store is gone")])
def test_directory_that_moved_or_is_gone_ends_the_reading(fault: Exception) -> None:
    with pytest.raises(type(fault)):
        resolved(broken(fault), requested_provider=provider("outsider"))
