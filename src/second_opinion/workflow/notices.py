"""The letters a case owes: booked when something happened, rendered, released when nothing is missing, told on."""

from dataclasses import dataclass, field, replace

from uuid_utils import uuid7

from second_opinion.cases.attestation import Attestation
from second_opinion.cases.notices import COMPUTER, Addressee, Notice, NoticeKind, NoticeStatus, RideChange
from second_opinion.cases.status import CaseStatus
from second_opinion.fhir import postal
from second_opinion.fhir.case_view import Reference
from second_opinion.store.changes import Changes, Event, ResourceWrite, Work
from second_opinion.workflow import addressees, case_file, projection, rendering
from second_opinion.workflow.arrival import told_anew
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk

_OVERTAKEN = "The case was decided, extended or withdrawn before this notice was released"
_DIED = "The member has died; letters to the household are not sent"


@dataclass(frozen=True)
class Rendered:
    """The case with its letters rendered, and what is saved with it beside its own resources."""

    case: CaseFile
    binaries: list[ResourceWrite] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def owed(
    desk: Desk,
    case: CaseFile,
    kind: NoticeKind,
    *,
    released_by: Attestation | None = None,
    expiry: bool = False,
    cause: str | None = None,
    ride: RideChange | None = None,
) -> CaseFile:
    """The case owing one letter of this kind to the member and one to the treating provider.

    What ``released_by`` decided goes out as soon as nothing is missing, and so does what needs no person; a notice of
    action nobody released stands on the list of letters to release. A deceased member's letter is suppressed.
    The same ``cause`` owes its letters once.
    """
    cause = cause or f"{kind}@{case.version}"
    if any(each.cause == cause for each in case.view.notices):
        return case
    releases = released_by.reviewer if released_by else None if kind.is_adverse else COMPUTER
    notices = list(overtaken(case).view.notices)
    for addressee, recipient in _addressees(desk, case):
        notices.append(
            Notice(
                kind=kind,
                addressee=addressee,
                number=f"{case.view.number.replace('SMO', 'NOA')}-{len(notices) + 1}",
                communication_id=str(uuid7()),
                document_id=str(uuid7()),
                recipient=recipient,
                prepared_at=milliseconds(desk.now()),
                cause=cause,
                reasons=_reasons(case, kind),
                ride=ride,
                expiry=expiry,
                release=releases,
            )
        )
    return replace(case, view=replace(case.view, notices=tuple(notices)))


def overtaken(case: CaseFile) -> CaseFile:
    """The case decided, extended or withdrawn: a prepared notice that nothing was decided in time is void."""
    return replace(case, view=replace(case.view, notices=tuple(_overtaken(each) for each in case.view.notices)))


def rendered(desk: Desk, case: CaseFile) -> Rendered:
    """The letters not rendered yet, rendered; released where somebody released them and nothing is missing."""
    result = Rendered(case)
    for notice in case.view.notices:
        if notice.in_preparation and notice.rendered_at is None:
            result = _with(desk, result, notice)
    return result


def released(desk: Desk, case: CaseFile, notice: Notice, by: Attestation) -> Rendered:
    """One letter rendered again as of today and sent, if nothing is missing: ``waits_for`` of it says what is.

    A notice that time ran out is a denial once it is released: every copy of it goes out.
    """
    if notice.addressee is Addressee.MEMBER and postal.deceased(addressees.patient(desk, case.member)):
        gone = replace(notice, status=NoticeStatus.NOT_DONE, status_reason=_DIED, waits_for=())
        return Rendered(_replaced(case, notice, gone), events=[_event(case, gone, "letter suppressed", by.reviewer)])
    together = [each for each in case.view.notices if each is notice or (each.expiry and each.cause == notice.cause)]
    result = Rendered(case)
    for each in together:
        if each.in_preparation:
            result = _with(desk, result, replace(each, release=by.reviewer), instead_of=each)
    return result


def write_letters(desk: Desk, work: Work) -> None:
    """The worker's story: letters of a computer's answer, unless the case has gone on since."""
    told_anew(lambda: _written(desk, work))


def _written(desk: Desk, work: Work) -> None:
    stored = desk.store.case(work.case) if work.case is not None else None
    if stored is None:
        return
    case = case_file.load(stored.body)
    if _has_gone_on(case, work) or any(each.cause == work.key for each in case.view.notices):
        return
    ride = RideChange(work.body["ride"]) if "ride" in work.body else None
    case = owed(desk, case, NoticeKind(work.body["kind"]), cause=work.key, ride=ride)
    save(desk, rendered(desk, next_version(desk, case)))


def _has_gone_on(case: CaseFile, work: Work) -> bool:
    """Whether the letter would tell what is so no more."""
    if "ride" in work.body:
        ride = case.view.ride
        return case.view.status == CaseStatus.WITHDRAWN or ride is None or ride.change != work.body["ride"]
    return bool(case.view.status != work.body["status"])


def next_version(desk: Desk, case: CaseFile) -> CaseFile:
    """The case about to change."""
    now = milliseconds(desk.now())
    return replace(case, version=case.version + 1, view=replace(case.view, updated_at=now))


def save(desk: Desk, done: Rendered, *, events: tuple[Event, ...] = (), changes: Changes | None = None) -> None:
    """Keep a case whose letters changed, with everything that goes with it."""
    case, written = projection.next_versions(desk, done.case, desk.store.case_resources(done.case.number))
    changes = changes or Changes()
    changes.case = case_file.row(case)
    changes.resources += [*written, *done.binaries]
    changes.parties |= set(case.parties)
    changes.work += done.work
    changes.events += [*events, *done.events]
    desk.store.save(changes)


def _with(desk: Desk, so_far: Rendered, notice: Notice, instead_of: Notice | None = None) -> Rendered:
    """One more letter rendered, and sent where it can be."""
    drawn, files = rendering.render(desk, so_far.case, notice)
    case = _replaced(so_far.case, instead_of or notice, drawn)
    what = "letter released" if drawn.released_at else "letter prepared"
    return Rendered(
        case,
        [*so_far.binaries, *(projection.keep(desk, each, case) for each in files)],
        [*so_far.work, *([_delivery(case, drawn)] if drawn.released_at else [])],
        [*so_far.events, _event(case, drawn, what, drawn.release or COMPUTER)],
    )


def _delivery(case: CaseFile, notice: Notice) -> Work:
    return Work(
        key=f"deliver/Communication/{notice.communication_id}",
        kind="deliver",
        case=case.number,
        body={"reference": f"Communication/{notice.communication_id}", "recipient": notice.recipient},
    )


def _event(case: CaseFile, notice: Notice, what: str, actor: str) -> Event:
    detail = {
        "letter": notice.number,
        "kind": str(notice.kind),
        "to": str(notice.addressee),
        "language": notice.language,
        "files": {f"Binary/{each.binary_id}": each.sha1 for each in notice.attachments},
    } | ({"waits_for": list(notice.waits_for)} if notice.waits_for else {})
    return Event(case.number, case.view.updated_at, what, actor, detail)


def _replaced(case: CaseFile, old: Notice, new: Notice) -> CaseFile:
    changed = tuple(new if each is old else each for each in case.view.notices)
    return replace(case, view=replace(case.view, notices=changed))


def _overtaken(notice: Notice) -> Notice:
    if notice.expiry and notice.in_preparation:
        return replace(notice, status=NoticeStatus.NOT_DONE, status_reason=_OVERTAKEN, waits_for=())
    return notice


def _reasons(case: CaseFile, kind: NoticeKind) -> tuple[str, ...]:
    """The coded reasons the letter tells, as they are now: what the case comes to later is another letter's."""
    view = case.view
    if kind is NoticeKind.DELAY:
        return view.extension.reasons if view.extension else ()
    if kind not in {NoticeKind.DENIAL, NoticeKind.MODIFICATION, NoticeKind.APPROVAL}:
        return ()
    return view.decision.reasons if view.decision else (view.reason_code,) if view.reason_code else ()


def _addressees(desk: Desk, case: CaseFile) -> list[tuple[Addressee, Reference]]:
    found: list[tuple[Addressee, Reference]] = []
    if not postal.deceased(addressees.patient(desk, case.member)):
        found.append((Addressee.MEMBER, case.view.member))
    if (provider := addressees.treating(case.view)) is not None:
        found.append((Addressee.PROVIDER, provider))
    return found
