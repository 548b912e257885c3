"""What must outlive the process before it is in the database: audit rows of reads, whose answers wait for no disk.

A process appends its rows to a file of its own and queues them for the next commit; the commit says how many lines
of the file it has. Who dies between leaves the file to whoever starts next. The file is written through memory, which
is the system's and outlives the process: a call for each reader would cost more than its row.
"""

import contextlib
import errno
import fcntl
import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from uuid import uuid4

import orjson

from second_opinion.store.database import Noted, Row

LONGEST = 4 * 2**20  # bytes of one file; then another is begun


class Journal:
    """The journal of this process, in a folder beside the database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._alone = Lock()
        self._files: dict[str, int] = {}  # name -> descriptor, the one being written last
        self._name = ""
        self._written: mmap.mmap | None = None
        self._lines = self._bytes = 0

    def note(self, rows: Sequence[Row], queue: Callable[[Sequence[Row], Noted], object]) -> None:
        """Append the rows, then queue them; both in one order, so that a count of lines says which are in."""
        text = b"".join(_line(row) for row in rows)
        with self._alone:
            written = self._written
            if written is None or self._bytes + len(text) > len(written):
                written = self._begin(max(LONGEST, len(text)))
            written[self._bytes : self._bytes + len(text)] = text
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
                if name == self._name and noted == (name, self._lines):
                    self._forget(name)
                else:
                    os.close(descriptor)
            self._files.clear()
            self._name = ""
            self._let_go()

    def left_behind(self) -> Iterator[tuple[str, list[Row]]]:
        """Each journal whose process has ended, with its rows; gone when the loop goes on."""
        for path in sorted(self._folder.glob("*.journal")) if self._folder.is_dir() else ():
            if path.stem in self._files:
                continue
            with contextlib.suppress(FileNotFoundError, BlockingIOError), _held(path):
                text = path.read_bytes().partition(b"\0")[0]  # behind it nothing was written
                whole = text.split(b"\n")[:-1]  # a line cut off was never answered for
                yield path.stem, [_row(line) for line in whole]
                path.unlink()

    def _begin(self, length: int) -> mmap.mmap:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        name = uuid4().hex
        descriptor = os.open(self._path(name), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            _take_room(descriptor, length)
            begun = mmap.mmap(descriptor, length)
        except OSError:
            self._path(name).unlink()
            os.close(descriptor)
            raise
        self._let_go()
        self._files[name] = descriptor
        self._name, self._lines, self._bytes, self._written = name, 0, 0, begun
        return begun

    def _let_go(self) -> None:
        if self._written is not None:
            self._written.close()
            self._written = None

    def _forget(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)
        os.close(self._files.pop(name))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.journal"


def _take_room(descriptor: int, length: int) -> None:
    """OSError where the disk has no room: found out when memory is written back, it would end the process."""
    if os.pwrite(descriptor, bytes(length), 0) < length:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


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
