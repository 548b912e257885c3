"""One determination, over every combination of answers the table knows."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product

from second_opinion.review import policy
from second_opinion.review.engine import determine
from second_opinion.review.facts import CareSource, Facts, Reason, RequestedProvider, RequesterKind, Urgency

from .figures import Line, Run
from .options import Options
from .prepared import Prepared

MOST = 200e-6  # seconds


def decide(_: Prepared, options: Options) -> list[Line]:
    """Time of one determination, its trace included."""
    loaded = policy.load(policy.folder("hpsj"))
    today = datetime.now(UTC).date()
    every = list(_combinations())
    latencies: list[float] = []
    end = time.perf_counter() + options.seconds
    while time.perf_counter() < end:
        for facts in every:
            start = time.perf_counter()
            determine(facts, loaded, today)
            latencies.append(time.perf_counter() - start)
    run = Run(sum(latencies), latencies)
    mean = sum(latencies) / len(latencies)
    ours = f"mean {mean * 1e6:.0f} µs, p99 {run.p99 * 1e6:.0f} µs"
    return [Line("one determination, all combinations", ours, target="< 200 µs", holds=run.p99 < MOST)]


def _combinations() -> Iterator[Facts]:
    for requester, care, provider, alternative, urgency, reason in product(
        (*RequesterKind, None),
        (*CareSource, None),
        (*RequestedProvider, None),
        (True, False, None),
        Urgency,
        (Reason.LISTED, Reason.OTHER, Reason.EMPTY, None),
    ):
        yield Facts(
            covered=True,
            requester_kind=requester,
            care_source=care,
            requested_provider=provider,
            alternative_available=alternative,
            urgency=urgency,
            reason=reason,
        )
