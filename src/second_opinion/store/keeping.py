"""The store: one database, SQLite or PostgreSQL by URL, and everything that is kept in it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy.exc import ArgumentError

from second_opinion.settings import WrongSetting
from second_opinion.store import (
    audit_chain,
    case_files,
    migrating,
    reading,
    registering,
    snapshots,
    subscriptions,
    versions,
    worklist,
    writing,
)
from second_opinion.store.changes import AuditRow, Changes, Event, ResourceChange, SubscriptionEvent, Work
from second_opinion.store.database import Batch, Database
from second_opinion.store.matches import after as behind
from second_opinion.store.numbering import Numbers
from second_opinion.store.places import Place
from second_opinion.store.query import Query, Visibility
from second_opinion.store.searching import Search
from second_opinion.store.snapshots import Load
from second_opinion.store.stored import Page, Stored, StoredCase, StoredSubmission, microseconds
from second_opinion.store.visibility import EVERYTHING

RIGHT_URL = "DATABASE_URL: must be sqlite:///path or postgresql://user@host:port/database"


def _database(url: str) -> Database:
    """The database of the URL; WrongSetting where there cannot be one."""
    try:
        return _opened(url)
    except (ArgumentError, ValueError) as fault:
        raise WrongSetting(RIGHT_URL) from fault
    except (OSError, sqlite3.Error) as fault:
        why = fault.strerror if isinstance(fault, OSError) else str(fault)
        raise WrongSetting(f"DATABASE_URL: the file cannot be used as a database ({why})") from fault


def _opened(url: str) -> Database:
    if url in {":memory:", "sqlite://", "sqlite:///:memory:"}:
        from second_opinion.store.sqlite_memory import SqliteMemory  # noqa: PLC0415 - only the database in use is loaded

        return SqliteMemory()
    if url.startswith("sqlite:///"):
        from second_opinion.store.sqlite import SqliteFile  # noqa: PLC0415 - as above

        return SqliteFile(Path(url.removeprefix("sqlite:///")))
    if not url.startswith(("postgresql://", "postgresql+psycopg://")):
        raise WrongSetting(RIGHT_URL)
    from second_opinion.store.postgresql import Postgresql  # noqa: PLC0415 - as above

    return Postgresql(url)


class Store:
    """Everything that is kept; safe for any number of threads, and of processes on one database."""

    def __init__(self, url: str) -> None:
        self._database = _database(url)
        self._registry = registering.Registry(self._database)
        self._cases = Numbers(self._database, "case", 50)
        self._rows = Numbers(self._database, "resource", 1000)
        # Who waits for an answer asks the same again and again.
        self._searches = lru_cache(maxsize=1024)(partial(Search, self._database))
        self._current = False

    def upgrade(self) -> None:
        """Bring the database to the schema of this release."""
        migrating.upgrade(self._database)

    def status(self) -> tuple[str | None, str]:
        """(the revision the database is at, None when it is empty; the newest there is)."""
        return migrating.status(self._database)

    def is_current(self) -> bool:
        """Whether the schema is this release's; asked of the database until it is, for it never goes back."""
        if not self._current:
            current, newest = self.status()
            self._current = current == newest
        return self._current

    def ping(self) -> None:
        """Answer, or raise Unavailable."""
        self._database.fetch("SELECT value FROM counter WHERE name = 'snapshot'")

    def close(self) -> None:
        """Finish what is queued and let go of the database."""
        self._database.close()

    # Writing

    def next_case_number(self) -> int:
        """A number no case has had."""
        return self._cases.take()

    def save(self, changes: Changes) -> None:
        """Write all of it durably, or none: Conflict when somebody else was first, Unavailable when nothing can be."""
        self._database.write(writing.batch(changes, self._rows.take))

    def note(self, rows: Sequence[AuditRow]) -> None:
        """Write audit rows soon, without waiting for the disk; they outlive the process."""
        self._database.note([audit_chain.row(row) for row in rows])

    def wait_for_notes(self) -> None:
        """Return when all that was noted before is in the database."""
        self._database.wait_for_notes()

    def recover(self) -> int:
        """Write what processes that died had noted; how many rows."""
        return self._database.recover()

    def verify_audit(self) -> tuple[int, str | None]:
        """How many audit records hold, and what is wrong with the first that does not."""
        return audit_chain.verify(self._database)

    def retire_audit(self, before: datetime, by: AuditRow) -> int:
        """Take away audit records from before the instant, which ``by`` puts on record; how many."""
        retired: list[int] = []
        self._database.write(Batch(steps=[lambda each: retired.append(audit_chain.retire(each, before, by))]))
        return retired[-1]

    def audited(self) -> Iterator[tuple[int, AuditRow]]:
        """Every audit record with its number, oldest first."""
        return audit_chain.entries(self._database)

    def attempt(self, received_at: datetime, partner: str, path: str, digest: str) -> None:
        """Keep that a request came whose member could not be identified."""
        written = Batch()
        written.rows["attempt"].append((microseconds(received_at), partner, path, digest))
        self._database.write(written)

    # Resources

    def read(self, type: str, id: str, visibility: Visibility, version: int | None = None) -> Stored | None:  # noqa: A002 - FHIR's own words
        """The current version, or the one asked for, if the caller may see it."""
        return reading.read(self._database, type, id, visibility, version)

    def found(self, type: str, id: str) -> Stored | None:  # noqa: A002 - FHIR's own words
        """The current version, for our own work."""
        return reading.read(self._database, type, id, EVERYTHING, None)

    def case_resources(self, number: int) -> list[Stored]:
        """Every current resource of a case, in the order they were made, but not the files (Binary)."""
        return reading.of_case(self._database, number)

    def history(
        self,
        type: str,  # noqa: A002 - FHIR's own word
        id: str | None,  # noqa: A002 - FHIR's own word
        visibility: Visibility,
        count: int,
        after: tuple[Any, ...] | None = None,
        since: datetime | None = None,
    ) -> Page:
        """Versions of one resource, or of all of a type, newest first; ``since`` leaves out older changes."""
        return versions.history(self._database, type, id, visibility, count, after, since)

    def search(self, query: Query, visibility: Visibility) -> Page:
        """One page of what matches, with the exact total of what the caller may see."""
        return self._searches(query, visibility).page()

    def by_reference(self, references: Sequence[str], visibility: Visibility) -> list[Stored]:
        """The resources that "Type/id" name, each once."""
        return reading.by_reference(self._database, references, visibility)

    def referring(self, type: str, parameter: str, references: Sequence[str], visibility: Visibility) -> list[Stored]:  # noqa: A002 - FHIR's own word
        """The resources of a type whose reference parameter points at one of "Type/id", each once."""
        return reading.referring(self._database, type, parameter, references, visibility)

    # Cases

    def case(self, number: int) -> StoredCase | None:
        """The case of this number."""
        return case_files.case(self._database, number)

    def case_by_task(self, task: str) -> StoredCase | None:
        """The case shown as this Task id."""
        return case_files.case_by_task(self._database, task)

    def cases_of_member(self, member: str, condition: str | None = None) -> list[StoredCase]:
        """The member's cases, oldest first; with ``condition`` those about it."""
        return case_files.cases_of_member(self._database, member, condition)

    def open_cases(self, member: str) -> list[StoredCase]:
        """The member's cases whose question is open, oldest first."""
        return case_files.open_cases(self._database, member)

    def cases_to_act(self, now: datetime, count: int) -> list[int]:
        """The numbers of cases whose ``act_at`` has come, the longest due first."""
        return case_files.to_act(self._database, now, count)

    def look_again(self, number: int, version: int, at: datetime | None) -> None:
        """Set when the clock sweep looks at the case, if this is still its version."""
        case_files.look_again(self._database, number, version, at)

    def look_at_once(self, status: str) -> None:
        """Have the clock sweep look at every case of this status as soon as it runs."""
        case_files.look_at_once(self._database, status)

    def submitter(self, type: str, id: str, version: int | None = None) -> str | None:  # noqa: A002 - FHIR's own words
        """Registry id of the partner that submitted a resource, or this version of one of the directory."""
        return case_files.submitter(self._database, type, id, version)

    def case_counts(self) -> dict[str, int]:
        """Cases by status."""
        return case_files.counts(self._database)

    def parties(self, number: int) -> set[str]:
        """Who takes part in a case."""
        return case_files.parties(self._database, number)

    def submission(self, partner: str, key: str) -> StoredSubmission | None:
        """What this partner's business key stands for."""
        return case_files.submission(self._database, partner, key)

    def open_question(self, partner: str, question: str) -> int | None:
        """The number of the open case about this question, as this partner sees it."""
        return case_files.open_question(self._database, partner, question)

    def events(self, number: int) -> list[Event]:
        """The story of a case, first to last."""
        return case_files.events(self._database, number)

    def evidence(self, digest: str) -> bytes | None:
        """The evidence of this SHA-256."""
        return case_files.evidence(self._database, digest)

    # Work

    def waiting_work(self, now: datetime, count: int) -> list[Work]:
        """Work no worker has whose time has come, oldest first."""
        return worklist.waiting(self._database, now, count)

    def work_held_since(self, before: datetime, count: int) -> list[Work]:
        """Work whose present try a worker's queue has held since ``before`` or longer."""
        return worklist.held_since(self._database, before, count)

    def work(self, key: str) -> Work | None:
        """The work of this key, if it is still to be done."""
        return worklist.work(self._database, key)

    def work_standing(self, kind: str) -> tuple[int, datetime | None]:
        """How much work of a kind is to be done, and since when (real time) the oldest of it."""
        return worklist.standing(self._database, kind)

    def undelivered(self) -> int:
        """How many messages ever came onto a person's list."""
        count: int = self._database.fetch("SELECT value FROM counter WHERE name = 'undelivered'")[0][0]
        return count

    def reports(self) -> tuple[int, int]:
        """How many reports reached both who are owed them, and the seconds all of them took."""
        found = self._database.fetch("SELECT name, value FROM counter WHERE name IN ('reports', 'report-seconds')")
        values: dict[str, int] = dict(found)
        return values["reports"], values["report-seconds"]

    def work_handed_over(self, works: Sequence[Work]) -> None:
        """Mark tries that a worker's queue now holds."""
        worklist.handed_over(self._database, works)

    def work_done(self, work: Work) -> None:
        """Forget it."""
        worklist.done(self._database, work)

    def work_again(self, work: Work, not_before: datetime) -> None:
        """Let it be tried once more, not before this instant of real time."""
        worklist.again(self._database, work, not_before)

    def step_back(self) -> None:
        """Nobody waits for what this process writes."""
        if self._database.waiting is not None:
            self._database.waiting.step_back()

    def is_waited_for(self) -> bool:
        """Whether others who answer requests write to this database just now, and would be slowed down by more work."""
        return self._database.waiting is not None and self._database.waiting.lately()

    def hold(self, place: int) -> Place | None:
        """One of the numbered places a process may hold while it lives; None where somebody else holds it."""
        return self._database.hold(place)

    # Subscriptions

    def subscription(self, id: str) -> bytes | None:  # noqa: A002 - FHIR's own word
        """The subscription of this id, as JSON."""
        return subscriptions.body(self._database, id)

    def subscriptions(self, owner: str | None = None) -> list[bytes]:
        """The subscriptions of a partner; without one, all that are not off."""
        if owner is None:
            return subscriptions.counting(self._database)
        return subscriptions.of_owner(self._database, owner)

    def uncounted_changes(self, count: int) -> list[ResourceChange]:
        """What changed and is not yet counted for those who subscribed, oldest first."""
        return subscriptions.changes(self._database, count)

    def subscription_events(self, id: str, first: int, last: int) -> list[SubscriptionEvent]:  # noqa: A002 - as above
        """The events of a subscription with these numbers, both ends included."""
        return subscriptions.events(self._database, id, first, last)

    # Registry

    def registry_add(self, kind: str, id: str, body: bytes) -> None:  # noqa: A002 - the registry's own word
        """Register; Conflict("registry") when the id is taken."""
        self._registry.add(kind, id, body)

    def registry_get(self, id: str) -> tuple[str, bytes, bool] | None:  # noqa: A002 - the registry's own word
        """(kind, body, active)."""
        return self._registry.get(id)

    def registry_list(self, kind: str) -> list[tuple[str, bytes, bool]]:
        """(id, body, active) of everyone of a kind, by id."""
        return self._registry.listed(kind)

    def registry_set_active(self, id: str, active: bool) -> bool:  # noqa: A002, FBT001 - the registry's own words
        """Enable or disable; false when nobody has the id."""
        return self._registry.set_active(id, active=active)

    def use_assertion(self, partner: str, digest: str, now: int, until: int) -> None:
        """Note a partner's assertion as used; Conflict("assertion") when it was, in whatever process. Microseconds."""
        registering.use_assertion(self._database, partner, digest, now, until)

    # Directory

    def active_snapshot(self) -> int:
        """The number of the directory in force, 0 before the first load."""
        return reading.snapshot(self._database)

    def in_force(self, type: str, parameters: Sequence[str], value: str, prefix: bool = False) -> reading.Found:  # noqa: A002, FBT001, FBT002 - as ``bodies``
        """What ``bodies`` finds of the directory by any of the parameters, and the number of the snapshot it is of."""
        return reading.in_force(self._database, type, parameters, value, below=behind(value) if prefix else None)

    def one_in_force(self, type: str, id: str) -> reading.Found:  # noqa: A002 - FHIR's own words
        """The resource of the directory with this id, if there is one, and the number of the snapshot it is of."""
        return reading.one_in_force(self._database, type, id)

    def load_snapshot(self, sources: Sequence[str], replace: bool) -> AbstractContextManager[Load]:  # noqa: FBT001 - read at the call by its name
        """A new directory to load into; invisible until its ``activate``, gone without."""
        return snapshots.load_snapshot(self._database, self._rows, sources, replace=replace)

    def body(self, type: str, id: str) -> bytes | None:  # noqa: A002 - FHIR's own words
        """The current body of one resource."""
        return reading.body(self._database, type, id)

    def bodies(self, type: str, parameter: str, value: str, prefix: bool = False) -> list[tuple[str, bytes]]:  # noqa: A002, FBT001, FBT002 - FHIR's own word; read at the call by its name
        """(id, body) of the current resources with this value of a parameter, or one that starts with it."""
        return reading.bodies(self._database, type, parameter, value, below=behind(value) if prefix else None)
