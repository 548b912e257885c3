"""Orders submitted and drafts created, each beside the floor in alternating rounds."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import samples, services
from .claims import Claims
from .clients import Exchange, Load, WrongAnswer, post
from .figures import Line, Run, at_once, tail, throughput
from .options import Options
from .orders import Orders
from .prepared import Prepared
from .services import Service

FIRST = 10_000  # orders before this number were the samples'


@dataclass(frozen=True)
class Door:
    """One way in, and what is held there."""

    name: str
    path: str
    kind: str  # of the floor's rows
    status: int
    contains: bytes
    orders: Callable[[int], Orders]
    counted: str  # SQL: how many requests opened something of their own
    least: float = 0.5  # of the floor's throughput
    least_at_once: float = 0.5  # the same with many clients


SUBMIT = Door(
    name="ServiceRequest/$submit",
    path=samples.SUBMIT,
    kind="submitted",
    status=200,
    contains=b'"resourceType":',
    orders=Orders,
    counted="SELECT count(*) FROM case_file",
    least_at_once=1.0,
)
CREATE = Door(
    name="ServiceRequest create, drafts",
    path=samples.CREATE,
    kind="created",
    status=201,
    contains=b'"status":"draft"',
    orders=lambda members: Orders(members, "draft"),
    counted="SELECT count(*) FROM resource WHERE type = 'ServiceRequest'",
)


CLAIM = Door(
    name="Claim/$submit, 24 kB",
    path=samples.CLAIM,
    kind="claimed",
    status=200,
    contains=b'"resourceType":"ClaimResponse"',
    orders=Claims,
    counted="SELECT count(*) FROM case_file",
)


def claim(prepared: Prepared, options: Options) -> list[Line]:
    """The same of Claims in PAS request Bundles."""
    return _beside_floor(prepared, options, CLAIM)


def submit(prepared: Prepared, options: Options) -> list[Line]:
    """Throughput and tail of ``$submit``, durable, with one client and with eight."""
    return _beside_floor(prepared, options, SUBMIT)


def create(prepared: Prepared, options: Options) -> list[Line]:
    """The same of drafts, which are stored and decide nothing."""
    return _beside_floor(prepared, options, CREATE)


def _beside_floor(prepared: Prepared, options: Options, door: Door) -> list[Line]:
    samples.write(samples.take(prepared), prepared.folder)
    own, other = prepared.copy(f"ours-{door.kind}"), prepared.copy(f"floor-{door.kind}")
    orders = door.orders(prepared.members)
    with services.ours(prepared.folder, own) as service, services.floor(prepared.folder, other) as floor:

        def load(service: Service, path: str) -> Load:
            sent = Exchange(lambda n: post(path, prepared.token, orders.body(n)), door.status, door.contains)
            return Load(service, sent, FIRST)

        loads = load(service, door.path), load(floor, f"/store/{door.kind}"), load(floor, f"/bare/{door.kind}")
        lines: list[Line] = []
        for clients in (1, options.clients):
            least = door.least if clients == 1 else door.least_at_once
            lines += _lines(f"{door.name}, {at_once(clients)}", options.rounds_of(loads, clients), least)
    _each_opened_its_own(own, door, loads[0].sent)
    return lines


def _lines(work: str, runs: list[list[Run]], least: float) -> list[Line]:
    """The floor held is the first version of any such service: it inserts, and commits each request for itself."""
    ours, through_store, bare = runs
    return [
        throughput(f"{work}; floor: bare inserts", ours, bare, least),
        throughput(f"{work}; beside it: our store alone", ours, through_store),
        tail(work, ours, 5),
        tail(f"{work}, the floor: our store", through_store),
        tail(f"{work}, the floor: bare inserts", bare),
    ]


def _each_opened_its_own(database: Path, door: Door, sent: int) -> None:
    """Every request must have done its whole work."""
    connection = sqlite3.connect(database)
    counted: int = connection.execute(door.counted).fetchone()[0]
    connection.close()
    if counted != sent:
        raise WrongAnswer(f"{door.name}: {sent} requests left {counted} rows")
