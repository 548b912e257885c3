"""What the measurement of answers that show nothing calls a difference."""

from random import Random

import pytest

from benchmarks.oracles import line


def times(middle: float, seed: int, rounds: int = 500) -> list[float]:
    """Seconds around the middle, as a machine takes them."""
    random = Random(seed)  # noqa: S311 - no secret
    return [random.gauss(middle, middle / 20) + random.expovariate(20 / middle) for _ in range(rounds)]


@pytest.mark.parametrize(
    ("other", "holds"),
    [(0.003, True), (0.00301, True), (0.0032, False), (0.0028, False), (0.004, False)],
)
def test_times_apart_by_more_than_a_little_are_told_apart(other: float, holds: bool) -> None:  # noqa: FBT001 - a table
    measured = line("read", times(0.003, 1), times(0.003, 2), times(other, 3))

    assert measured.holds is holds
