"""What must outlive the process before it is in the database: audit rows of reads, whose answers wait for no disk.

A process appends its rows to a file of its own and queues them for the next commit; the commit says how many lines
of the file it has. Who dies between leaves the file to whoever starts next.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from uuid import uuid4

import orjson

from second_opinion.store.database import Noted, Row

LONGEST = 8 * 2**20  # bytes of one file; then another is begun


class Journal:
    """The journal of this process, in a folder beside the database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._alone = Lock()
        self._files: dict[str, int] = {}  # name -> descriptor, the one being written last
        self._name = ""
        self._lines = self._bytes = 0

    def note(self, rows: Sequence[Row], queue: Callable[[Sequence[Row], Noted], object]) -> None:
        """Append the rows, then queue them; both in one order, so that a count of lines says which are in."""
        text = b"".join(_line(row) for row in rows)
        with self._alone:
            if not self._name or self._bytes > LONGEST:
                self._begin()
            os.write(self._files[self._name], text)
            self._lines += len(rows)
            self._bytes += len(text)
            queue(rows, Noted(self._name, self._lines))

    def settle(self, noted: Noted) -> None:
        """The lines counted are in the database: files before this one are done with."""
        with self._alone:
            for name in list(self._files):
                if name == noted.name:
                    return
                self._forget(name)

    def close(self, noted: Noted | None) -> None:
        """The process ends with ``noted`` as the last in the database; a file that is not whole in it stays."""
        with self._alone:
            for name, descriptor in list(self._files.items()):
                if noted is not None and (name, self._lines) == (noted.name, noted.lines):
                    self._forget(name)
                else:
                    os.close(descriptor)
            self._files.clear()
            self._name = ""

    def left_behind(self) -> Iterator[tuple[str, list[Row]]]:
        """Each journal whose process has ended, with its rows; gone when the loop goes on."""
        for path in sorted(self._folder.glob("*.journal")) if self._folder.is_dir() else ():
            if path.stem in self._files:
                continue
            with contextlib.suppress(FileNotFoundError, BlockingIOError), _held(path):
                whole = path.read_bytes().split(b"\n")[:-1]  # a line cut off was never answered for
                yield path.stem, [_row(line) for line in whole]
                path.unlink()

    def _begin(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._name, self._lines, self._bytes = uuid4().hex, 0, 0
        path = self._path(self._name)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        self._files[self._name] = descriptor

    def _forget(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)
        os.close(self._files.pop(name))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.journal"


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _line(row: Row) -> bytes:
    return orjson.dumps([each.decode() if isinstance(each, bytes) else each for each in row]) + b"\n"


def _row(line: bytes) -> Row:
    *fields, detail = orjson.loads(line)
    return (*fields, detail.encode())
