"""When something was last written that somebody waits for: a time that all processes on one SQLite file share.

On one machine whatever works in the background takes processor, disk and turns from those who answer requests.
"""

import struct
import time
from pathlib import Path

from second_opinion.store.stamp import shared

RECENTLY = 0.05  # seconds

_NANOSECONDS = struct.Struct("=q")  # of the machine's own clock since it started


class Waiting:
    """Whether somebody waits for writes, as far as one can tell."""

    def __init__(self, path: Path) -> None:
        self._shared = shared(path, _NANOSECONDS.size)
        self._alone = False

    def step_back(self) -> None:
        """Nobody waits for what this process writes."""
        self._alone = True

    def written(self) -> None:
        """This process writes something."""
        if not self._alone:
            _NANOSECONDS.pack_into(self._shared, 0, time.monotonic_ns())

    def lately(self) -> bool:
        """Whether somebody waited for a write a moment ago; a time of before the machine's last start is none."""
        since = time.monotonic_ns() - _NANOSECONDS.unpack_from(self._shared)[0]
        return bool(0 <= since < RECENTLY * 1e9)

    def close(self) -> None:
        """Let go of the memory."""
        self._shared.close()
