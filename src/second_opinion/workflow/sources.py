"""The files a directory is loaded from: NDJSON (gzip too), Bundles and single resources, and folders of them."""

import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

LINES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
WHOLE = (".json", ".json.gz")


@dataclass(frozen=True)
class Source:
    """One file; ``name`` is how messages call it."""

    path: Path
    name: str

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size

    def pieces(self) -> Iterator[tuple[int, bytes, int]]:
        """(Line, its bytes, bytes of the file read so far) of every line, or of the whole file as line 1.

        OSError and EOFError where the file cannot be read to its end.
        """
        with self.path.open("rb") as file:
            stream = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if self.path.suffix == ".gz" else file
            with closing(stream):
                if not self.path.name.endswith(LINES):
                    yield 1, stream.read(), self.size
                    return
                for number, line in enumerate(stream, start=1):
                    if not line.isspace():
                        yield number, line, file.tell() if number % 256 == 0 else 0


def sources(paths: Sequence[Path]) -> tuple[list[Source], list[str]]:
    """Every file of the paths, folders read through in the order of names; and what is wrong with them."""
    found: list[Source] = []
    wrong: list[str] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.is_file() and each.name.endswith(LINES + WHOLE))
            found += [Source(each, str(each.relative_to(path.parent))) for each in inside]
            wrong += [] if inside else [f"{path}: holds no .ndjson, .ndjson.gz or .json file"]
        elif not path.is_file():
            wrong.append(f"{path}: is no file and no folder")
        elif path.name.endswith(LINES + WHOLE):
            found.append(Source(path, path.name))
        else:
            wrong.append(f"{path}: must end in .ndjson, .ndjson.gz or .json")
    return found, wrong


class Meter:
    """How much of the files is read, told to ``report`` as (bytes read, bytes to read); every file is read twice."""

    def __init__(self, files: Sequence[Source], report: Callable[[int, int], None]) -> None:
        self._total = 2 * sum(each.size for each in files)
        self._report = report
        self._before = 0

    def pieces(self, source: Source) -> Iterator[tuple[int, bytes]]:
        """(Line, its bytes) of every line of the source."""
        for number, piece, read in source.pieces():
            yield number, piece
            if read:
                self._report(self._before + read, self._total)
        self._before += source.size
        self._report(self._before, self._total)
