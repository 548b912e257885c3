"""Proof of what the directory said: kept once under its SHA-256, and named by every determination that rests on it."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import orjson

from second_opinion.directory.alternatives import Candidates, candidates
from second_opinion.directory.candidate import Candidate
from second_opinion.directory.lookup import Lookup
from second_opinion.directory.model import Period


@dataclass(frozen=True)
class Proven:
    """Candidates with their proof: ``body`` is JSON, ``digest`` its SHA-256 in hexadecimal."""

    found: Candidates
    digest: str
    body: bytes


def proven_candidates(networks: tuple[str, ...], accepted: frozenset[str], day: date, lookup: Lookup) -> Proven:
    """The candidates on the day with their proof, made once for each snapshot and run of days without a change."""
    kept: list[Proven] = lookup.remember(("candidates", networks, accepted), list)
    for each in kept:
        if each.found.window.covers(day):
            return each
    found = candidates(networks, accepted, day, lookup)
    body = orjson.dumps(_as_json(found, lookup.snapshot))
    made = Proven(found, sha256(body).hexdigest(), body)
    kept.append(made)
    return made


def _as_json(found: Candidates, snapshot: int) -> dict[str, object]:
    return {
        "kind": "network-alternatives",
        "snapshot": snapshot,
        "networks": [f"Organization/{each}" for each in found.networks],
        "specialties": list(found.accepted),
        "days": _days(found.window),
        "candidates": [_candidate(each) for each in found.ordered],
    }


def _days(window: Period) -> dict[str, str]:
    bounds = {"from": window.start, "to": window.end}
    return {name: day.isoformat() for name, day in bounds.items() if day}


def _candidate(each: Candidate) -> dict[str, str]:
    line = {"role": f"PractitionerRole/{each.role}", "verdict": each.verdict.value, "why": each.why}
    if each.practitioner:
        line["practitioner"] = f"Practitioner/{each.practitioner}"
    if each.organization:
        line["organization"] = f"Organization/{each.organization}"
    return line
