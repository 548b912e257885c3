"""One Claim on its way to its answer, and what is kept where it opens no case: the answer, and the Bundle as sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from second_opinion.fhir import json_body
from second_opinion.fhir.codes import Json
from second_opinion.fhir.pas import bundle, sent, unanswered
from second_opinion.fhir.pas import request as pas_request
from second_opinion.fhir.pas.bundle import Edition
from second_opinion.fhir.pas.lines import Line, lines_of
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.pas.unanswered import Refusal
from second_opinion.fhir.sent_claim import SentClaim
from second_opinion.store.changes import Changes, Submission, Term, Work
from second_opinion.store.stored import Stored, StoredSubmission
from second_opinion.workflow import projection
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.claim_answers import ClaimAnswer
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk


@dataclass(frozen=True)
class Receiving:
    """One Claim on its way to its answer."""

    desk: Desk
    arrival: Arrival
    request: PasRequest
    lines: tuple[Line, ...]
    place: sent.Place
    edition: Edition
    earlier: StoredSubmission | None  # the same Claim, answered without a case

    @property
    def waits(self) -> bool:
        """Whether it was answered as pended because there was no time to decide it."""
        return self.arrival.since is not None

    def told_before(self) -> Stored | None:
        """The answer to the same Claim that opened no case, where there was one."""
        again = self.earlier is not None
        return self.desk.store.found("ClaimResponse", self.place.response_id) if again else None

    def submission(self, case: int | None, received_at: datetime, *, replaces: bool) -> Submission:
        """The Bundle as it was received, byte for byte."""
        return Submission(
            partner=self.arrival.caller.id,
            key=self.request.key,
            digest=self.request.digest,
            case=case,
            resource=f"Claim/{self.place.claim_id}",
            received_at=received_at,
            body=self.arrival.body,
            replaces=replaces,
        )

    @cached_property
    def known(self) -> SentClaim:
        """The Claim as an answer that opens no case repeats it."""
        return unanswered.as_unanswered(
            sent.read(self.request, self.lines, self.place, self.arrival.caller.id, {}),
        )

    def answer(self, response: Json) -> ClaimAnswer:
        """The ClaimResponse that stands for no case in its Bundle."""
        entries, words, at = self.request.bundle["entry"], self.desk.vocabulary, self.desk.now()
        return ClaimAnswer(bundle.write(response, self.known, entries, lambda _: None, words, at, self.edition))


def refused(receiving: Receiving, refusals: Sequence[Refusal]) -> ClaimAnswer:
    """An answer that opens no case; it is kept and readable all the same."""

    def written(version: int, at: datetime) -> Json:
        return unanswered.write(receiving.known, refusals, receiving.desk.vocabulary, _insurer(receiving), at, version)

    return _kept(receiving, written)


def waiting(receiving: Receiving, terms: Sequence[Term], work: Work) -> ClaimAnswer:
    """An answer that is not decided yet, found by ``terms`` until it is; ``work`` is what decides it."""
    asked = {each.sequence for each in receiving.lines if each.order is not None}

    def written(version: int, at: datetime) -> Json:
        words = receiving.desk.vocabulary
        return unanswered.pended(receiving.known, asked, words, _insurer(receiving), at, version)

    answers = _answer_key(receiving.place.response_id)
    known = receiving.desk.store.submission(receiving.arrival.caller.id, answers) is not None
    return _kept(receiving, written, terms, [work], () if known else (answers,))


def told_again(desk: Desk, response: Json) -> Json | None:
    """The Bundle around an answer that waited and then opened no case; None where it never waited."""
    ident, partner = response["id"], desk.store.submitter("ClaimResponse", response["id"]) or ""
    waited = desk.store.submission(partner, _answer_key(ident))
    kept = desk.store.submission(partner, pas_request.key(waited.digest)) if waited else None
    if kept is None:
        return None
    request = pas_request.read(json_body.read(kept.body), desk.vocabulary)
    sent_as = sent.read(request, lines_of(request), sent.Place(ident, ident, ident), partner, {})
    known, entries = unanswered.as_unanswered(sent_as), request.bundle["entry"]
    return bundle.write(response, known, entries, lambda _: None, desk.vocabulary, desk.now())


def _answer_key(response: str) -> str:
    """The key under which an answer that waited leads to the Claim it answers."""
    return f"answer|{response}"


def _insurer(receiving: Receiving) -> Json:
    return {"display": receiving.desk.policy.title}


def _kept(
    receiving: Receiving,
    written: Callable[[int, datetime], Json],
    terms: Sequence[Term] = (),
    work: Sequence[Work] = (),
    further_keys: Sequence[str] = (),
) -> ClaimAnswer:
    desk, arrival, before = receiving.desk, receiving.arrival, receiving.told_before()
    partner, at = arrival.caller.id, milliseconds(desk.now())
    response = written(before.version + 1 if before else 1, at)
    kept = projection.apart(desk, response, partner=partner, at=at)
    submission = receiving.submission(None, at, replaces=before is not None)
    further = [replace(submission, key=key, body=b"", replaces=False) for key in further_keys]
    desk.store.save(
        Changes(
            resources=[replace(kept, terms=[*kept.terms, *terms])],
            submissions=[submission, *further],
            audit=[arrival.record(at, f"ClaimResponse/{response['id']}", None)],
            answered=partner if arrival.answers_case else None,
            work=list(work),
        )
    )
    return receiving.answer(response)
