"""Print and mail: an envelope is a folder with its PDFs and a manifest, handed over whole and only once.

The print shop takes folders out of ``outbox`` and answers with files in ``inbox``: the manifest with what became of
it. The ledger remembers what was handed over, also when the folder is long gone.
"""

import contextlib
import hashlib
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from second_opinion.delivery.message import Document, HandedOver, Later, Message, Outcome, Undeliverable

MANIFEST = "manifest.json"
LONGEST_ANSWER = 1024 * 1024  # bytes
STILL_WRITTEN = 60  # seconds a file that is no JSON may still become one
_OTHER = re.compile(r"[^A-Za-z0-9-]+")


@dataclass(frozen=True)
class Answer:
    """A file of the print shop's."""

    name: str
    said: dict[str, Any]


class Mail:
    """The folder shared with the print shop."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is DATA_FOLDER/mail; made when something is first put into it."""
        self._outbox = folder / "outbox"
        self._ledger = folder / "handed-over"
        self._inbox = folder / "inbox"

    def hand_over(self, message: Message) -> Outcome:
        """Put the envelope into the outbox under its own name, complete from the instant it is seen."""
        if message.address is None:
            return Undeliverable("The recipient has neither an endpoint nor an address to mail to")
        if not message.documents:
            return Undeliverable("There is no document to print")
        name = envelope(message)
        try:
            self._put(name, message)
        except OSError as fault:
            return Later(f"The outbox cannot be written: {fault.strerror}")
        return HandedOver(received=False)

    def answers(self) -> list[Answer]:
        """What the print shop answered, oldest name first; files still being written are left for later."""
        if not self._inbox.is_dir():
            return []
        paths = sorted(each for each in self._inbox.glob("*.json") if not each.name.startswith("."))
        return [answer for path in paths if (answer := _answer(path)) is not None]

    def put_away(self, answer: Answer) -> None:
        """It was understood."""
        self._move(answer, "done")

    def put_aside(self, answer: Answer) -> None:
        """It was not understood; a person may look at it there."""
        self._move(answer, "refused")

    def _move(self, answer: Answer, where: str) -> None:
        folder = self._inbox / where
        folder.mkdir(exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):  # another worker read it too, and was quicker
            (self._inbox / answer.name).rename(folder / answer.name)

    def _put(self, name: str, message: Message) -> None:
        """The ledger first, then the name: what is in the ledger and no longer hidden was handed over."""
        hidden, entry = self._outbox / f".{name}", self._ledger / name
        if not entry.exists():
            shutil.rmtree(hidden, ignore_errors=True)
            hidden.mkdir(parents=True, mode=0o700)
            for document in message.documents:
                _write(hidden / document.file, document.content)
            _write(hidden / MANIFEST, orjson.dumps(manifest(message), option=orjson.OPT_INDENT_2))
            _synced(hidden)
            self._ledger.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(entry, b"")
            _synced(self._ledger)
        if hidden.exists():
            hidden.rename(self._outbox / name)
            _synced(self._outbox)


def _answer(path: Path) -> Answer | None:
    """What the file says; nothing, if it cannot be read as an object. None while it may still be written to."""
    try:
        age = time.time() - path.stat().st_mtime
        content = path.read_bytes() if path.stat().st_size <= LONGEST_ANSWER else b""
    except FileNotFoundError:
        return None
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        return Answer(path.name, {}) if age > STILL_WRITTEN else None
    return Answer(path.name, said if isinstance(said, dict) else {})


def envelope(message: Message) -> str:
    """The name of the message's folder: its number, and what tells its recipients apart."""
    value = _OTHER.sub("-", str(message.identifier["value"])).strip("-")[:80]
    parts = [message.identifier, message.reference, message.recipient, message.resent]
    whole = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return f"{value}-{hashlib.sha256(whole).hexdigest()[:12]}"


def manifest(message: Message) -> dict[str, Any]:
    """What the print shop must know, and answers with."""
    return {
        "identifier": message.identifier,
        "kind": message.kind,
        "recipient": message.recipient,
        "address": message.address,
        "resource": message.reference,
        "about": message.about,
        "documents": [_described(each) for each in message.documents],
    }


def _described(document: Document) -> dict[str, Any]:
    digest = hashlib.sha256(document.content).hexdigest()
    return {"file": document.file, "size": len(document.content), "sha256": digest}


def _write(path: Path, content: bytes) -> None:
    """On disk when it returns; health data, readable by its owner only."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())


def _synced(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
