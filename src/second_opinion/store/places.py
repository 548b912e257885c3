"""Numbered places, each held by one living process at most: who a worker is, and whose work nobody does any more."""

import fcntl
import os
from pathlib import Path
from typing import Protocol


class Place(Protocol):
    """A place this process holds; it is free again when the process ends, whatever ends it."""

    def lost(self) -> bool:
        """Whether somebody else may hold it by now."""

    def release(self) -> None:
        """Leave it."""


class FilePlace:
    """A place held by a lock on a file; the system gives it back at the end of the process."""

    def __init__(self, file: int) -> None:
        self._file = file

    def lost(self) -> bool:
        """Never: nobody but this process can give the lock back."""
        return False

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._file)


def file_place(path: Path) -> FilePlace | None:
    """The place of this file, None where another process, or this one, holds it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return FilePlace(file)
