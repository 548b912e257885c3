"""Each fact of a request with where it comes from. Knows nothing of how the policy uses them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from second_opinion.directory.providers import disqualification, is_general_practitioner, participation
from second_opinion.directory.question import Question
from second_opinion.directory.stated import PartyKind
from second_opinion.review.facts import CareSource, Reason, RequestedProvider, RequesterKind, Urgency

Answer = tuple[object, str]  # the fact's value, and its source

LISTED = frozenset(
    {"surgery-necessity", "serious-condition", "diagnosis-unclear", "treatment-not-improving", "concerns-raised"}
)
SERIOUS = "serious-condition"


def covered(question: Question) -> Answer:
    """Coverage in force on the day of receipt or of the service."""
    standing, coverage = question.standing, question.coverage
    if coverage is None:
        return False, "Coverage: none of this plan in force on the day of receipt or of the service"
    days = {
        (True, True): "the days of receipt and of the service",
        (True, False): "the day of receipt, not of the service",
        (False, True): "the day of the service, not of receipt",
    }.get((standing.covered_on_receipt, bool(standing.covered_on_service)), "the day of receipt")
    if standing.covered_on_service is None:
        days = "the day of receipt"
    return True, f"{coverage.reference}: in force on {days}"


def other_coverage(question: Question) -> Answer:
    """Coverage of another payer on one of the days."""
    others = question.standing.others
    if not others:
        return False, "Coverage: no other payer's in force"
    return True, f"{', '.join(each.reference for each in others)}: another payer's"


def belongs_elsewhere(question: Question) -> Answer:
    """A specialty another system is responsible for."""
    codes, source = question.specialties
    if not codes:
        return None, source
    return any(map(question.tables.belongs_elsewhere, codes)), f"{source}, against the plan's table of other systems"


def already_rendered(question: Question) -> Answer:
    """The service lies before the day of receipt."""
    last = question.days.service_to
    if last is None:
        return False, "ServiceRequest.occurrence: no last day stated"
    return last < question.days.receipt, "ServiceRequest.occurrence against the day of receipt"


def opinion_number(question: Question) -> Answer:
    """The opinion's number as the order says; our own cases may say more."""
    if question.stated.opinion_number is None:
        return 2, "ServiceRequest.code: no further opinion stated"
    return question.stated.opinion_number, "ServiceRequest.code"


def confidential(question: Question) -> Answer:
    """A confidential address, or a security label of the sender's."""
    if question.member.confidential_address:
        return True, f"{question.member.reference}: confidential communication address"
    return bool(question.stated.sensitive), "ServiceRequest.meta.security, Patient.address"


def requester_kind(question: Question) -> Answer:
    """Who asks, as the policy sees it."""
    party = question.stated.requester
    if party is None:
        return None, "ServiceRequest.requester: not stated"
    if party.kind is PartyKind.RELATED_PERSON:
        return RequesterKind.MEMBER, f"{party.path}: a related person of the member"
    if question.asked_by_member:
        return RequesterKind.MEMBER, f"{party.path}: the member"
    if question.requester is None:
        return RequesterKind.OTHER, f"{party.path}: neither the member, a representative nor a provider"
    day = question.days.receipt
    standing = participation(question.requester, question.networks[0], day, question.lookup)
    if not standing.takes_part:
        return RequesterKind.OTHER, f"{party.path}: not participating on {day}, {standing.why}"
    by = ", ".join(standing.by)
    note = "ordering is its statement that it treats the member"
    return RequesterKind.TREATING, f"{party.path}: participating on {day} by {by}; {note}"


def care_source(question: Question) -> Answer:
    """Whose care the opinion questions."""
    party, found = question.initial_party, question.initial
    if party is None:
        return None, "extension initial-provider: not stated, and no provider asks"
    if found is None:
        return CareSource.SPECIALIST, f"{party.path}: not the member's primary care provider"
    if is_general_practitioner(found, party, question.member, question.lookup):
        return CareSource.PCP, f"{party.path}: {question.member.reference}.generalPractitioner"
    if question.practises_primary_care(party, found):
        return CareSource.PCP, f"{party.path}: practises primary care"
    return CareSource.SPECIALIST, f"{party.path}: neither the member's primary care provider nor in primary care"


def requested_provider(question: Question) -> Answer:
    """Where the provider named in the request stands."""
    party, found = question.stated.requested_provider, question.requested
    if party is None:
        return None, "ServiceRequest.performer: none named"
    if found is None:
        return RequestedProvider.OUT_OF_NETWORK, f"{party.path}: no provider of the directory"
    day = question.days.judged
    standing = participation(found, question.networks[0], day, question.lookup)
    if standing.takes_part:
        return RequestedProvider.IN_NETWORK, f"{party.path}: in the network on {day} by {', '.join(standing.by)}"
    return RequestedProvider.OUT_OF_NETWORK, f"{party.path}: out of network on {day}, {standing.why}"


def provider_disqualified(question: Question) -> Answer:
    """What the directory holds against the provider named; its silence says nothing."""
    party, found = question.stated.requested_provider, question.requested
    if party is None or found is None or not found.known:
        return None, "the directory says nothing of it"
    why = disqualification(found)
    return why is not None, f"{found.reference}: {why or 'nothing against it'}"


def alternative_available(question: Question) -> Answer:
    """Whether somebody in the network can give the opinion."""
    answer, proven = question.alternatives, question.proven
    evidence = f"; evidence {proven.digest}" if proven else ""
    return answer.available, f"directory snapshot {question.lookup.snapshot}: {answer.why}{evidence}"


def urgency(question: Question) -> Answer:
    """Turnaround class as stated."""
    return (Urgency.URGENT if question.stated.urgent else Urgency.STANDARD), "ServiceRequest.priority"


def reason(question: Question) -> Answer:
    """What the request says of its reason."""
    stated = question.stated
    if LISTED.intersection(stated.reason_codes):
        return Reason.LISTED, "ServiceRequest.reasonCode: a listed reason"
    if stated.reason_codes or stated.reason_words:
        return Reason.OTHER, "ServiceRequest.reasonCode, note: another reason"
    if stated.reason_is_empty:
        return Reason.EMPTY, "ServiceRequest.reasonCode: says nothing"
    return None, "ServiceRequest.reasonCode: not stated"


def serious_condition(question: Question) -> Answer:
    """A condition that threatens life, limb or function, as the reason says."""
    return SERIOUS in question.stated.reason_codes, "ServiceRequest.reasonCode"


ANSWERS: Mapping[str, Callable[[Question], Answer]] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            covered,
            belongs_elsewhere,
            already_rendered,
            opinion_number,
            confidential,
            other_coverage,
            requester_kind,
            care_source,
            requested_provider,
            provider_disqualified,
            alternative_available,
            urgency,
            reason,
            serious_condition,
        )
    }
)
