"""What a process has to say, on stderr: lines are written together, a moment later, for a write each would cost a
request more than reading does; warnings and what is worse are written at once, with all that came before.
"""

import contextlib
import logging
import time
from collections import deque
from multiprocessing.util import Finalize
from threading import Event, Lock, Thread
from typing import TextIO

WITHIN = 0.1  # seconds a line waits for others
FORMAT = "%(asctime)s %(levelname)s %(message)s"

_gathering: "Gathering | None" = None  # of this process


def register(stream: TextIO, level: int) -> None:
    """Let our loggers of this process write to the stream."""
    # What no line shows need not be found out (docs.python.org/3/howto/logging.html#optimization)
    logging._srcfile = None  # noqa: SLF001 - documented there
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = Gathering(stream)
    handler.setFormatter(logging.Formatter(FORMAT))
    ours = logging.getLogger("second_opinion")
    ours.addHandler(handler)
    ours.setLevel(level)
    global _gathering  # noqa: PLW0603 - as a process has one stderr
    _gathering = handler
    Finalize(None, handler.flush, exitpriority=0)  # a web process ends without logging's own farewell


def say(logger: logging.Logger, text: str) -> None:
    """Say it as ``logger.info`` does; where lines are gathered, without a record, which costs more than the line."""
    if _gathering is None:
        logger.info("%s", text)
    else:
        _gathering.say(text)


class Gathering(logging.Handler):
    """Writes lines by the handful."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines: deque[str] = deque()
        self._woken, self._alone = Event(), Lock()
        self._second = (0, "")
        Thread(target=self._write, name="log lines", daemon=True).start()

    def handle(self, record: logging.LogRecord) -> bool:
        """Take a line; nothing here needs the lock each line takes elsewhere."""
        self._lines.append(self.format(record) + "\n")
        if record.levelno >= logging.WARNING:
            self.flush()
        elif not self._woken.is_set():
            self._woken.set()
        return True

    def say(self, text: str) -> None:
        """Take a line of INFO as ``FORMAT`` has it."""
        now = time.time()
        second, written = self._second
        if second != int(now):
            second = int(now)
            written = time.strftime(logging.Formatter.default_time_format, time.localtime(second))  # asks for the zone
            self._second = second, written
        self._lines.append(f"{written},{int((now - second) * 1000):03d} INFO {text}\n")
        if not self._woken.is_set():
            self._woken.set()

    def flush(self) -> None:
        """Write every line there is."""
        with self._alone, contextlib.suppress(OSError, ValueError):  # nobody reads any more: there is no better place
            self._stream.write("".join(self._lines.popleft() for _ in range(len(self._lines))))
            self._stream.flush()

    def _write(self) -> None:
        while self._woken.wait():
            time.sleep(WITHIN)
            self._woken.clear()
            self.flush()
