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
from .transactions import Transactions

FIRST = 10_000  # orders before this number were the samples'
WARM_UP = 0.5  # seconds that are not counted


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


TRANSACTION = Door(
    name="transaction of six resources",
    path="/fhir",
    kind="submitted",
    status=200,
    contains=b'"resourceType":',
    orders=Transactions,
    counted="SELECT count(*) FROM case_file",
)


def transact(prepared: Prepared, options: Options) -> list[Line]:
    """The same of orders that come with five resources they name; the floor inserts the rows of one submitted alone."""
    return _beside_floor(prepared, options, TRANSACTION)


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
    lines: list[Line] = []
    for clients in (1, options.clients):
        rounds = [_round(prepared, options, door, clients) for _ in range(options.rounds)]
        least = door.least if clients == 1 else door.least_at_once
        lines += _lines(f"{door.name}, {at_once(clients)}", [list(each) for each in zip(*rounds, strict=True)], least)
    return lines


def _round(prepared: Prepared, options: Options, door: Door, clients: int) -> list[Run]:
    """Ours, then the floors, each alone on the machine and on a database of its own.

    What ours leaves to be done later, letters and messages, waits while requests write and is not in these figures;
    work that an earlier round left would be.
    """
    orders = door.orders(prepared.members)

    def run(service: Service, path: str) -> tuple[Run, int]:
        sent = Exchange(lambda n: post(path, prepared.token, orders.body(n)), door.status, door.contains)
        load = Load(service, sent, FIRST)
        load.drive(clients, WARM_UP)  # before it rests: what its first requests begin is done then
        service.rest()
        return load.drive(clients, options.seconds), load.sent

    own, other = prepared.copy(f"ours-{door.kind}"), prepared.copy(f"floor-{door.kind}")
    with services.ours(prepared.folder, own) as service:
        ours, count = run(service, door.path)
    _each_opened_its_own(own, door, count)
    with services.floor(prepared.folder, other) as service:
        return [ours, *(run(service, f"/{floor}/{door.kind}")[0] for floor in ("store", "bare"))]


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
