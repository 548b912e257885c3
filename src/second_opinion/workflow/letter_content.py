"""What a letter about a case has to say, gathered from the case and the directory; how it is said is the plan's."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from second_opinion.cases.decision import Offer
from second_opinion.cases.notices import Addressee, Notice, NoticeKind
from second_opinion.directory.lookup import Lookup
from second_opinion.fhir import postal
from second_opinion.fhir.case_view import CaseView, Reference
from second_opinion.letters.letter import Asked, Decider, Decision, Doctor, Extension, Grant, Letter, RideTold
from second_opinion.letters.wording import ENGLISH
from second_opinion.workflow import addressees
from second_opinion.workflow.deciding import DEPENDS_ON_ELIGIBILITY
from second_opinion.workflow.desk import Desk

_DECISIONS = frozenset({NoticeKind.DENIAL, NoticeKind.MODIFICATION, NoticeKind.APPROVAL})
CHOICES = 5  # of the doctors a member may choose from, a letter names so many


@dataclass(frozen=True)
class Mailing:
    """When a letter goes out; a draft goes out never."""

    at: datetime
    draft: bool


def letter(desk: Desk, view: CaseView, notice: Notice, patient: dict[str, Any], mailing: Mailing) -> Letter:
    """The letter's content; its dates are those of the plan's zone."""
    today = desk.calendar.day(mailing.at)
    treating = addressees.treating(view)
    to_provider = notice.addressee is Addressee.PROVIDER
    decided_at = (view.due_at if notice.expiry else None) or view.decided_at
    return Letter(
        kind=notice.kind,
        addressee=notice.addressee,
        number=notice.number,
        case_number=view.number,
        received_on=desk.calendar.day(view.received_at),
        decided_on=desk.calendar.day(decided_at),
        member=addressees.member_party(desk, patient, for_provider=to_provider),
        provider=addressees.provider_party(desk, treating) if treating else None,
        service=_service(desk, view),
        mailed_on=None if mailing.draft else today,
        decision=_decision(desk, view, notice),
        decider=_decider(view, notice),
        grant=_grant(desk, view),
        extension=_extension(desk, view) if notice.kind is NoticeKind.DELAY else None,
        asked=_asked(desk, view) if notice.kind is NoticeKind.INFORMATION else None,
        ride=_ride(desk, view, notice),
        choices=_choices(desk, view),
        depends_on_eligibility=DEPENDS_ON_ELIGIBILITY in view.notes,
        appeal_by=today + timedelta(days=desk.frames.appeal_days),
        answers_appeal=view.appeal is not None and notice.kind in _DECISIONS,
        due_on=desk.calendar.day(view.due_at) if view.due_at else None,
    )


def rationale(view: CaseView, notice: Notice) -> dict[str, str]:
    """What the reviewer wrote, by language; the original counts as English."""
    given = view.extension if notice.kind is NoticeKind.DELAY else view.decision
    if given is None or notice.expiry:
        return {}
    return {ENGLISH: given.rationale} | {code.partition("-")[0].lower(): words for code, words in given.translations}


def _decision(desk: Desk, view: CaseView, notice: Notice) -> Decision | None:
    if notice.expiry:
        return Decision(expired=True)
    given = view.extension if notice.kind is NoticeKind.DELAY else view.decision
    if given is None:
        codes = (view.reason_code,) if view.reason_code and notice.kind is NoticeKind.APPROVAL else ()
        return Decision(reasons=codes)
    offers = () if notice.kind is NoticeKind.DELAY or view.decision is None else view.decision.alternatives
    clauses = () if notice.kind is NoticeKind.DELAY or view.decision is None else view.decision.clauses
    return Decision(given.reasons, rationale(view, notice), clauses, tuple(_offered(desk, offers)))


def _decider(view: CaseView, notice: Notice) -> Decider | None:
    """Whose name and direct number the provider is told: of who decided, or gave it more time."""
    given = view.extension if notice.kind is NoticeKind.DELAY else view.decision
    if given is None or not notice.kind.is_adverse:
        return None
    return Decider(given.attestation.name, given.attestation.phone or "")


def _offered(desk: Desk, offers: Iterable[Offer]) -> Iterator[Doctor]:
    with desk.directory.snapshot() as lookup:
        for each in offers:
            first = desk.calendar.local(each.first_appointment) if each.first_appointment else None
            specialty = _specialty(each.reference, lookup)
            words = (desk.tables.name(specialty) if specialty else None) or each.specialty
            yield Doctor(each.name, specialty, words, each.phone, first)


def _specialty(reference: str, lookup: Lookup) -> str | None:
    """The NUCC code of a role or person, by which a language knows the specialty."""
    kind, _, ident = reference.partition("/")
    found = lookup.role(ident) if kind == "PractitionerRole" else None
    person = lookup.practitioner(ident) if kind == "Practitioner" else None
    specialties = found.specialties if found else person.specialties if person else ()
    return specialties[0] if specialties else None


def _service(desk: Desk, view: CaseView) -> Doctor | None:
    """Whom the opinion was asked of, by name; the specialty alone where nobody was named."""
    asked = view.second_doctor
    name = _named(desk, asked) if asked else None
    if name is None and view.specialty is None:
        return None
    return Doctor(name or "", view.specialty, view.specialty_words)


def _named(desk: Desk, reference: Reference) -> str | None:
    found = addressees.provider_party(desk, reference).name
    return found if found != addressees.UNNAMED else None


def _grant(desk: Desk, view: CaseView) -> Grant | None:
    given = view.authorization
    if given is None:
        return None
    changed = view.decision.modification if view.decision else None
    if changed is None:
        return Grant(given.number, given.first_day, given.last_day)
    name = _named(desk, changed.provider) or str(changed.provider.get("display", ""))
    with desk.directory.snapshot() as lookup:
        specialty = _specialty(str(changed.provider.get("reference", "")), lookup)
    doctor = Doctor(name, specialty or view.specialty, view.specialty_words, changed.phone)
    return Grant(given.number, given.first_day, given.last_day, doctor, _visits(changed.quantity))


def _visits(quantity: dict[str, Any] | None) -> str | None:
    return f"{quantity['value']:g}" if quantity and isinstance(quantity.get("value"), int | float) else None


def _extension(desk: Desk, view: CaseView) -> Extension | None:
    given = view.extension
    return Extension(desk.calendar.day(given.until), given.missing, given.justification) if given else None


def _asked(desk: Desk, view: CaseView) -> Asked | None:
    question = view.question
    return Asked(question.missing, desk.calendar.day(question.due_at)) if question else None


def _ride(desk: Desk, view: CaseView, notice: Notice) -> RideTold | None:
    ride = view.ride
    if notice.ride is None or ride is None:
        return None
    visit = desk.calendar.local(ride.needed_at) if ride.needed_at else None
    return RideTold(notice.ride, ride.mode, ride.other_mode, visit)


def _choices(desk: Desk, view: CaseView) -> tuple[Doctor, ...]:
    """In-network doctors of the answer's choice list, by name, specialty and phone."""
    return tuple(_choice(desk, *each) for each in view.alternatives[:CHOICES])


def _choice(desk: Desk, reference: str, words: str) -> Doctor:
    role = addressees.resolved(desk, {"reference": reference})
    with desk.directory.snapshot() as lookup:
        specialty = _specialty(reference, lookup)
    name = _named(desk, {"reference": reference}) or words
    spoken = desk.tables.name(specialty) if specialty else None
    return Doctor(name, specialty, spoken, postal.phone(role))
