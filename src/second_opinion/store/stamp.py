"""A stamp in memory that all processes on one SQLite file share: whoever knows it knows that nothing has changed."""

import mmap
import os
from pathlib import Path

LENGTH = 8  # bytes


def shared(path: Path, length: int) -> mmap.mmap:
    """So many bytes of memory for all that open this file."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(file, length)
        return mmap.mmap(file, length)
    finally:
        os.close(file)


class Stamp:
    """Of something that seldom changes and is looked at on every request."""

    def __init__(self, path: Path) -> None:
        self._shared = shared(path, LENGTH)

    def read(self) -> bytes:
        """The stamp now."""
        return self._shared[:LENGTH]

    def renew(self) -> None:
        """Something changes, or has: what was read under the old stamp counts no more."""
        self._shared[:LENGTH] = os.urandom(LENGTH)

    def close(self) -> None:
        """Let go of the memory."""
        self._shared.close()
