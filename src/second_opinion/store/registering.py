"""Partners and reviewers: who is registered, as the bytes the access room keeps; and which assertions were used."""

import time
from collections.abc import Callable
from functools import partial

from second_opinion.store.database import Batch, Database, Transaction
from second_opinion.store.recalled import Recalled

Entry = tuple[str, bytes, bool]  # kind, body, active

_ENTRY = "SELECT kind, body, active FROM registry WHERE id = ?"


class Registry:
    """Who is registered. Asked on every request: what is known is believed while the database's stamp is the same."""

    def __init__(self, database: Database, seconds: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._stamp = database.stamp
        self._recalled = None if self._stamp is None else Recalled(self._stamp, database.fetch, seconds)

    def add(self, kind: str, identity: str, body: bytes) -> None:
        """Register; Conflict("registry") when the id is taken, by whatever kind."""
        written = Batch()
        written.rows["registry"].append((identity, kind, body, 1))
        self._write(written)

    def set_active(self, identity: str, *, active: bool) -> bool:
        """Enable or disable; false when nobody has the id."""
        changed: list[int] = []
        self._write(Batch([partial(_set, identity=identity, active=int(active), changed=changed)]))
        return changed[-1] == 1

    def get(self, identity: str) -> Entry | None:
        """Who has the id now."""
        rows = (self._recalled or self._database).fetch(_ENTRY, (identity,))
        return (rows[0][0], rows[0][1], bool(rows[0][2])) if rows else None

    def listed(self, kind: str) -> list[tuple[str, bytes, bool]]:
        """(id, body, active) of everyone of a kind, by id."""
        rows = self._database.fetch("SELECT id, body, active FROM registry WHERE kind = ? ORDER BY id", (kind,))
        return [(identity, body, bool(active)) for identity, body, active in rows]

    def _write(self, batch: Batch) -> None:
        """Write; it holds for whoever asks after this."""
        self._database.write(batch)
        if self._stamp is not None:
            self._stamp.renew()


def use_assertion(database: Database, partner: str, digest: str, now: int, until: int) -> None:
    """Note that a partner's assertion was used; Conflict("assertion") when it was before. Times are microseconds.

    What has run out is forgotten in the same transaction: the table holds some minutes of assertions.
    """
    written = Batch([partial(_forget, now=now)])
    written.rows["used_assertion"].append((partner, digest, until))
    database.write(written)


def _forget(transaction: Transaction, now: int) -> None:
    transaction.execute("DELETE FROM used_assertion WHERE until < ?", (now,))


def _set(transaction: Transaction, identity: str, active: int, changed: list[int]) -> None:
    changed.append(transaction.execute("UPDATE registry SET active = ? WHERE id = ?", (active, identity)))
