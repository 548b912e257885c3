"""Which members a payer may be told about: by an active consent for it, and none against it. Synthetic data."""

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from second_opinion.access.consents import local_day, members
from second_opinion.fhir.directory_terms import directory_terms

Json = dict[str, Any]

PAYER, OTHER = "5000000007", "9000000025"
TODAY = date(2026, 10, 5)


class Kept:
    """Consents as the directory finds them."""

    def __init__(self, *consents: Json) -> None:
        self._found = [
            (value, orjson.dumps(each)) for each in consents for name, value in directory_terms(each) if name == "actor"
        ]

    def bodies(self, kind: str, name: str, value: str, prefix: bool = False) -> list[tuple[str, bytes]]:  # noqa: ARG002, FBT001, FBT002 - as the store's
        """Those of this value."""
        return [("id", body) for known, body in self._found if known == value] if kind == "Consent" else []


def consent(kind: str | None = "permit", *npis: str, status: str = "active", **more: Any) -> Json:
    """One that names these."""
    actors = [{"reference": {"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": npi}}} for npi in npis]
    provision = {"type": kind, "actor": actors} | more
    return {
        "resourceType": "Consent",
        "status": status,
        "patient": {"reference": "Patient/member-0"},
        "provision": {name: value for name, value in provision.items() if value},
    }


@pytest.mark.parametrize(
    ("consents", "told"),
    [
        ([consent("permit", PAYER)], True),
        ([consent(None, PAYER)], True),
        ([consent("permit", OTHER)], False),
        ([consent("permit", PAYER, status="inactive")], False),
        ([consent("permit", PAYER, period={"start": "2026-10-05", "end": "2026-10-05"})], True),
        ([consent("permit", PAYER, period={"end": "2026-10-04"})], False),
        ([consent("permit", PAYER, period={"start": "2026-10-06"})], False),
        ([consent("permit", PAYER), consent("deny", PAYER)], False),
        ([consent("deny", PAYER), consent("permit", PAYER)], False),
        ([consent("permit", PAYER), consent("deny", OTHER)], True),
        ([consent("permit", PAYER), consent("deny", PAYER, period={"end": "2026-10-04"})], True),
        ([consent("permit", PAYER), consent("deny")], False),
        ([consent("permit", PAYER, provision=[consent("deny", PAYER)["provision"]])], False),
        ([consent("permit", PAYER, provision=[{"type": "deny"}])], False),
        ([consent("permit", PAYER, provision=[consent("deny", OTHER)["provision"]])], True),
    ],
)
def test_a_consent_for_the_payer_counts_and_one_against_it_counts_more(consents: list[Json], told: bool) -> None:  # noqa: FBT001 - a table
    assert members(Kept(*consents), [PAYER], TODAY) == (("member-0",) if told else ())


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 2, 7, 59, 59, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 3, 2, 8, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 7, 2, 6, 59, 59, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 2, 7, tzinfo=UTC), date(2026, 7, 2)),
    ],
)
def test_a_consents_day_is_the_plans(at: datetime, day: date) -> None:
    assert local_day(at) == day
