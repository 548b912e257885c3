"""Who made each version of what a case shows: told from the versions and the case's story, both kept as it changed."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from second_opinion.access.registry import REVIEWER
from second_opinion.cases.decision import Decision, Extension
from second_opinion.cases.notices import COMPUTER
from second_opinion.fhir import json_body, provenance
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import Vocabulary
from second_opinion.fhir.decisions import reviewer
from second_opinion.fhir.provenance import Origin, Version
from second_opinion.store.changes import Event
from second_opinion.store.keeping import Store
from second_opinion.store.query import Visibility
from second_opinion.store.stored import Stored
from second_opinion.workflow import case_file
from second_opinion.workflow.ruling import replayed

CONSENT = "Consent"

# A story's line and the version it explains are of one transaction; each takes its time from the clock itself.
_TOGETHER = timedelta(seconds=1)
_A_REVIEWER: dict[str, Any] = {"type": "Practitioner", "display": "A registered reviewer of the plan"}
_LOADED: dict[str, Any] = {"type": "Organization", "display": "The plan, by its directory as it was loaded"}
_MANY = 100  # versions of an order that are looked through


class Origins:
    """How versions came to be; what is known of a case is asked for once."""

    def __init__(self, store: Store, vocabulary: Vocabulary) -> None:
        self._store = store
        self._vocabulary = vocabulary
        self._cases: dict[int, tuple[CaseView, list[Event]]] = {}
        self._orders: dict[str, list[Stored]] = {}

    def of(self, versions: Sequence[Stored]) -> list[Stored]:
        """The Provenance of each version, with the case and member it is about."""
        return [self._one(each) for each in versions if each.type in provenance.TARGETS]

    def _one(self, kept: Stored) -> Stored:
        version = Version(kept.type, kept.id, kept.version)
        written = provenance.write(version, kept.last_updated, self._origin(kept), self._vocabulary)
        body = json_body.write(written)
        return Stored(provenance.TYPE, written["id"], 1, kept.last_updated, body, kept.case_number, member=kept.member)

    def _origin(self, kept: Stored) -> Origin:
        if kept.type == CONSENT:
            by = self._store.submitter(kept.type, kept.id, kept.version)
            return Origin(author=self._person(by) or dict(_LOADED))
        known = self._case(kept.case_number)
        if known is None:  # a draft, or a message that belongs to no case
            return Origin(author=self._person(self._store.submitter(kept.type, kept.id)))
        view, events = known
        if _was_sent(kept, view):  # only who sent it may change it
            return Origin(author=self._person(self._store.submitter(kept.type, kept.id)))
        line = _line(kept, events)
        if line is None:
            return Origin(plan=view.insurer)
        plan, digest = _plan([line, *events]), _digest(line)
        decided = replayed(line.detail)
        return Origin(
            author=None if decided or line.actor == COMPUTER else self._person(line.actor),
            verifier=_verifier(view, decided, self._vocabulary),
            plan=view.insurer,
            policy=f"{plan}|{digest}" if plan and digest else None,
            source=self._source(view, kept),
        )

    def _case(self, number: int | None) -> tuple[CaseView, list[Event]] | None:
        if number is not None and number not in self._cases:
            stored = self._store.case(number)
            if stored is not None:
                self._cases[number] = case_file.load(stored.body).view, self._store.events(number)
        return self._cases.get(number) if number is not None else None

    def _person(self, actor: str | None) -> dict[str, Any] | None:
        """A partner by registry id; that a reviewer acted is told, who it was is not."""
        if actor is None or actor == COMPUTER:
            return None
        registered = self._store.registry_get(actor)
        if registered is not None and registered[0] == REVIEWER:
            return dict(_A_REVIEWER)
        return {"identifier": {"value": actor}}

    def _source(self, view: CaseView, kept: Stored) -> Version | None:
        """The order as it stood when the version was made."""
        order = view.service_request_id
        if order not in self._orders:
            page = self._store.history("ServiceRequest", order, Visibility(everything=True), _MANY, None, None)
            self._orders[order] = page.rows
        before = (each for each in self._orders[order] if each.last_updated <= kept.last_updated + _TOGETHER)
        standing = next(before, None)
        return None if standing is None else Version("ServiceRequest", order, standing.version)


def _was_sent(kept: Stored, view: CaseView) -> bool:
    """Whether the resource is an order or Claim kept as it came in, and not one the plan wrote."""
    if kept.type == "Claim":
        return bool(view.claim_identifiers)
    return kept.type == "ServiceRequest" and kept.id in {view.service_request_id, *view.further_orders}


def _line(kept: Stored, events: Sequence[Event]) -> Event | None:
    """The line of the story of the same transaction; of several, one that decides something."""
    beside = [each for each in events if abs(each.at - kept.last_updated) <= _TOGETHER]
    exact = [each for each in beside if each.at == kept.last_updated]
    for lines in (exact, beside):
        deciding = [each for each in lines if _digest(each)]
        for chosen in (deciding, lines):
            if chosen:
                return chosen[0 if kept.version == 1 else -1]
    return None


def _digest(line: Event) -> str | None:
    """SHA-256 of the policy a determination or decision was made by."""
    digest = line.detail.get("policy") or line.detail.get("trace", {}).get("policy")
    return digest if isinstance(digest, str) else None


def _plan(events: Iterable[Event]) -> str | None:
    """The plan whose policy the table was asked from."""
    return next((each.detail["trace"]["plan"] for each in events if "trace" in each.detail), None)


def _verifier(view: CaseView, decided: Decision | Extension | None, vocabulary: Vocabulary) -> dict[str, Any] | None:
    """The reviewer behind a decision by the attestation's number; behind more time, by kind alone."""
    if isinstance(decided, Decision):
        return reviewer(view, decided, vocabulary)
    return _A_REVIEWER if decided else None
