"""The registry's rows, kept in memory: what access asks of a store, and nothing else."""

from dataclasses import dataclass, field

from second_opinion.store.changes import Conflict


@dataclass
class Shelf:
    """Rows by id: kind, body, active."""

    rows: dict[str, tuple[str, bytes, bool]] = field(default_factory=dict)

    def registry_add(self, kind: str, id: str, body: bytes) -> None:  # noqa: A002 - the registry's own word
        if id in self.rows:
            raise Conflict("registry")
        self.rows[id] = (kind, body, True)

    def registry_get(self, id: str) -> tuple[str, bytes, bool] | None:  # noqa: A002 - as above
        return self.rows.get(id)

    def registry_list(self, kind: str) -> list[tuple[str, bytes, bool]]:
        return [(id_, body, active) for id_, (of, body, active) in self.rows.items() if of == kind]

    def registry_set_active(self, id: str, active: bool) -> bool:  # noqa: A002, FBT001 - the store's signature
        if id in self.rows:
            kind, body, _ = self.rows[id]
            self.rows[id] = (kind, body, active)
        return id in self.rows
