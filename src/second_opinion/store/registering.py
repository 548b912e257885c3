"""Partners and reviewers: who is registered, as the bytes the access room keeps; and which assertions were used."""

from functools import partial

from second_opinion.store.database import Batch, Database, Transaction


def add(database: Database, kind: str, identity: str, body: bytes) -> None:
    """Register; Conflict("registry") when the id is taken, by whatever kind."""
    written = Batch()
    written.rows["registry"].append((identity, kind, body, 1))
    database.write(written)


def get(database: Database, identity: str) -> tuple[str, bytes, bool] | None:
    """(kind, body, active)."""
    rows = database.fetch("SELECT kind, body, active FROM registry WHERE id = ?", (identity,))
    return (rows[0][0], rows[0][1], bool(rows[0][2])) if rows else None


def listed(database: Database, kind: str) -> list[tuple[str, bytes, bool]]:
    """(id, body, active) of everyone of a kind, by id."""
    rows = database.fetch("SELECT id, body, active FROM registry WHERE kind = ? ORDER BY id", (kind,))
    return [(identity, body, bool(active)) for identity, body, active in rows]


def set_active(database: Database, identity: str, *, active: bool) -> bool:
    """Enable or disable; false when nobody has the id."""
    changed: list[int] = []
    database.write(Batch([partial(_set, identity=identity, active=int(active), changed=changed)]))
    return changed[-1] == 1


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
