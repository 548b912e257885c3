import subprocess
import sys
from pathlib import Path

import pytest

from access.conftest import RealTime
from second_opinion.access.rates import _PLACES, Counts, Rates
from second_opinion.errors import Throttled

ROOT = Path(__file__).parents[2]


def admitted(rates: Rates, caller: str, times: int, own: int | None = None) -> int:
    """How many of so many requests are let in."""
    count = 0
    for _ in range(times):
        try:
            rates.admit(caller, own)
        except Throttled:
            continue
        count += 1
    return count


def test_a_caller_may_ask_so_often_a_minute_and_again_in_the_next(tmp_path: Path, seconds: RealTime) -> None:
    rates = Rates(tmp_path / "rates", 5, seconds)

    assert admitted(rates, "ehr", 7) == 5
    seconds.seconds += 59
    with pytest.raises(Throttled) as refused:
        rates.admit("ehr")
    assert refused.value.headers == {"Retry-After": "1"}
    seconds.seconds += 1
    assert admitted(rates, "ehr", 7) == 5


def test_one_callers_requests_are_not_anothers(tmp_path: Path) -> None:
    rates = Rates(tmp_path / "rates", 3)

    assert [admitted(rates, name, 5) for name in ("ehr", "hie")] == [3, 3]


def test_a_callers_own_limit_goes_before_the_common_one(tmp_path: Path) -> None:
    rates = Rates(tmp_path / "rates", 3)

    assert admitted(rates, "busy", 20, own=10) == 10
    assert admitted(rates, "trusted", 20, own=0) == 20
    assert admitted(Rates(tmp_path / "off", 0), "ehr", 20) == 20


def test_processes_count_together(tmp_path: Path) -> None:
    words = (
        "import sys, pathlib; sys.path.insert(0, 'tests')\n"
        "from access.test_rates import admitted\nfrom second_opinion.access.rates import Rates\n"
        f"print(admitted(Rates(pathlib.Path({str(tmp_path / 'rates')!r}), 500), 'ehr', 400))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", words], cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own words
        for _ in range(2)
    ]

    assert sum(int(process.communicate()[0]) for process in processes) == 500


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    Counts(tmp_path / "new" / "rates")

    assert (tmp_path / "new" / "rates").stat().st_mode & 0o777 == 0o600


def test_more_callers_than_places_are_still_counted(tmp_path: Path, seconds: RealTime) -> None:
    counts = Counts(tmp_path / "rates", seconds)
    for number in range(_PLACES * 2):
        assert counts.incr(f"caller {number}", 60) >= 1

    counts.clear("again")
    assert [counts.incr("again", 60) for _ in range(3)] == [1, 2, 3]
    assert counts.get("again") == 3
    assert counts.check()
    counts.reset()
    assert counts.get("again") == 0
