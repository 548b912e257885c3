"""What a process has to say reaches stderr: a moment later, at once where it is a warning, and at its end."""

import io
import logging
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from second_opinion import log_lines


@pytest.fixture
def logger() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = log_lines.Gathering(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    named = logging.getLogger("test.log_lines")
    named.propagate = False
    named.setLevel(logging.INFO)
    named.addHandler(handler)
    yield named, stream
    named.removeHandler(handler)


def test_lines_are_written_in_their_order_within_a_moment(logger: tuple[logging.Logger, io.StringIO]) -> None:
    named, stream = logger
    for number in range(3):
        named.info("line %d", number)

    deadline = time.monotonic() + 10
    while not stream.getvalue() and time.monotonic() < deadline:
        time.sleep(0.01)

    assert stream.getvalue() == "INFO line 0\nINFO line 1\nINFO line 2\n"


def test_a_warning_is_written_at_once_behind_what_came_before(logger: tuple[logging.Logger, io.StringIO]) -> None:
    named, stream = logger
    named.info("before")
    named.warning("now")

    assert stream.getvalue() == "INFO before\nWARNING now\n"


def test_a_stream_nobody_reads_any_more_stops_nothing() -> None:
    stream = io.StringIO()
    handler = log_lines.Gathering(stream)
    stream.close()

    handler.handle(logging.LogRecord("x", logging.ERROR, "", 0, "lost", None, None))


def test_the_last_line_of_a_process_is_not_lost() -> None:
    said = (
        "import logging, multiprocessing, sys\n"
        "from second_opinion import log_lines\n"
        "def last():\n"
        "    log_lines.register(sys.stderr, logging.INFO)\n"
        "    logging.getLogger('second_opinion.test').info('the last')\n"
        "process = multiprocessing.get_context('fork').Process(target=last)\n"
        "process.start(); process.join()\n"
    )
    ended = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)  # noqa: S603 - our own words

    assert ended.stderr.endswith("INFO the last\n")


def test_a_line_that_is_only_said_looks_like_every_other(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    handler = log_lines.Gathering(stream)
    handler.setFormatter(logging.Formatter(log_lines.FORMAT))
    record = logging.LogRecord("x", logging.INFO, "", 0, "read", None, None)
    for instant in (1_800_000_000.25, 1_800_000_000.999, 1_800_000_001.0):
        record.created, record.msecs = instant, instant % 1 * 1000
        monkeypatch.setattr(time, "time", lambda instant=instant: instant)
        handler.handle(record)
        handler.say("read")
    handler.flush()

    lines = stream.getvalue().splitlines()
    assert lines[0::2] == lines[1::2]
    assert [line[20:23] for line in lines[0::2]] == ["250", "999", "000"]


def test_where_nothing_is_gathered_a_line_goes_where_the_logger_sends_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "test.said")
    log_lines.say(logging.getLogger("test.said"), "100% said")

    assert [each.getMessage() for each in caplog.records] == ["100% said"]
