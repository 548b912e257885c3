"""The benchmarks run, and what they measure are right answers; how quick those were is no fact of a test."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SMALL = ("--seconds", "0.2", "--rounds", "1", "--clients", "2", "--directory", "200", "100")


def test_every_measured_answer_is_right_and_stands_beside_its_floor() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "submit", "transact", "read", "decide", *SMALL]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own command
    assert ran.returncode in {0, 3}, ran.stderr  # 1: a wrong answer, or a fault
    beside = re.findall(r"│ [\d,]+/s +│ [\d,]+/s +│ (\d+\.\d\d) ", ran.stdout)
    assert len(beside) == 4 + 4 + 4, (
        ran.stdout
    )  # writes beside two floors, reads beside one, each with one and two clients
    assert all(float(ratio) > 0 for ratio in beside)
    assert "one determination" in ran.stdout


def test_a_measurement_nobody_knows_is_refused() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "everything"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own command
    assert ran.returncode == 2
    assert "known are submit" in ran.stderr
