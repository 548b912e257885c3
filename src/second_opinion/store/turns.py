"""Whose turn it is to write: fair between processes, because SQLite's own waiting is not."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock


class Turns:
    """Turns at one file, for the threads and processes that hold a Turns for the same path.

    Two gates: whoever waits stands between them, so who has just finished cannot come in again first.
    """

    def __init__(self, path: Path) -> None:
        self._gates = [_opened(path.with_name(path.name + ending)) for ending in (".queue", ".lock")]
        self._mine = Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn and hold it."""
        queue, turn = self._gates
        with self._mine:
            fcntl.flock(queue, fcntl.LOCK_EX)
            try:
                fcntl.flock(turn, fcntl.LOCK_EX)
            finally:
                fcntl.flock(queue, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(turn, fcntl.LOCK_UN)

    def take_at_once(self) -> bool:
        """Take the turn if nobody has it or waits for it; it is to be given back. False, too, once it is closed."""
        if not self._mine.acquire(blocking=False):
            return False
        taken = False
        try:
            if self._gates and _locked(self._gates[0]):
                queue, turn = self._gates
                taken = _locked(turn)
                fcntl.flock(queue, fcntl.LOCK_UN)
        finally:
            if not taken:
                self._mine.release()
        return taken

    def give_back(self) -> None:
        """The turn taken at once is over."""
        _, turn = self._gates
        fcntl.flock(turn, fcntl.LOCK_UN)
        self._mine.release()

    def add(self, rows: int, limit: int) -> bool:
        """Count rows written by whoever has the turn; true, and counted from nothing again, once above ``limit``."""
        _, turn = self._gates
        total = int.from_bytes(os.pread(turn, 8, 0), "big") + rows
        os.pwrite(turn, (0 if total > limit else total).to_bytes(8, "big"), 0)
        return total > limit

    def close(self) -> None:
        """Let go of the files, once nobody in this process holds the turn."""
        with self._mine:
            for gate in self._gates:
                os.close(gate)
            self._gates.clear()


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _locked(gate: int) -> bool:
    """Lock the gate, if it is free."""
    try:
        fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
