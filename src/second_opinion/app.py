"""The service built from its settings; the only place that chooses concrete parts."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Flask

from second_opinion import admitting
from second_opinion.access import caller, registry, sealing
from second_opinion.access.consents import consenting
from second_opinion.access.issuer import KEY_FILE
from second_opinion.access.keys import rsa_key, signing_key
from second_opinion.access.sealing import Seal
from second_opinion.api import (
    access_log,
    admission,
    attachments,
    auditing,
    claims,
    consents,
    determinations,
    discovery,
    draining,
    even,
    express,
    handlers,
    in_time,
    information,
    letters,
    messages,
    negotiation,
    oauth,
    offers,
    reading,
    rides,
    service_requests,
    subscriptions,
    turnstile,
    undelivered,
)
from second_opinion.api.cursors import Cursors
from second_opinion.cases import timeframes
from second_opinion.cases.calendar import Calendar
from second_opinion.delivery.calling import Calls
from second_opinion.delivery.client import ClientKeys
from second_opinion.delivery.gate import Gate
from second_opinion.delivery.post import post
from second_opinion.errors import Forbidden, NotFound
from second_opinion.fhir import x12
from second_opinion.fhir.codes import Vocabulary
from second_opinion.fhir.definitions import definitions
from second_opinion.fhir.directory import StoredDirectory
from second_opinion.fhir.own_extensions import MODES
from second_opinion.letters import stationery
from second_opinion.review import policy, reasons, ride_rules, sensitive
from second_opinion.review.tables import Tables
from second_opinion.settings import Settings
from second_opinion.store.keeping import Store
from second_opinion.workflow import counting, returned_mail, sweep, working
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.subscription_file import PAS_2_0

if TYPE_CHECKING:
    from second_opinion.delivery.worker import Worker

PLAN_ZONE = ZoneInfo("America/Los_Angeles")  # dates without a zone, wherever the service runs
VERSION = version("second-opinion")
MAIL_EVERY = 2.0  # seconds between looks into the print shop's inbox


def store(settings: Settings) -> AbstractContextManager[Store]:
    """The database, closed afterwards."""
    return closing(Store(settings.database))


def prepare(settings: Settings) -> None:
    """Bring the database to the newest schema, before any web process opens it."""
    with store(settings) as kept:
        kept.upgrade()
        kept.recover()
    client_keys(settings.data_folder)


def ahead_of_now(clock: datetime | None) -> timedelta:
    """How far the clock of cases runs ahead of real time."""
    return clock - datetime.now(UTC) if clock else timedelta()


def desk(settings: Settings, ahead: timedelta | None = None) -> Desk:
    """The parts, on a database brought to the newest schema."""
    kept = Store(settings.database)
    kept.upgrade()
    return desk_on(settings, kept, running(ahead or timedelta()))


def running(ahead: timedelta) -> Callable[[], datetime]:
    """A clock that runs with real time, so far ahead of it."""
    return lambda: datetime.now(UTC) + ahead


def desk_on(settings: Settings, kept: Store, now: Callable[[], datetime]) -> Desk:
    """The parts around this store and clock."""
    folder = policy.folder(settings.policy)
    frames = timeframes.load(folder / "timeframes.toml")
    gate = Gate(partial(callable_hosts, settings, kept), loopback=settings.allow_loopback)
    calls = Calls(gate, settings.send_timeout)
    known_reasons = reasons.load(folder / reasons.FILE)
    return Desk(
        settings=settings,
        store=kept,
        policy=policy.load(folder),
        reasons=known_reasons,
        stationery=stationery.load(folder, tuple(each.code for each in known_reasons)),
        tables=Tables.load(folder / "specialties.toml"),
        sensitive=sensitive.load(folder),
        rides=ride_rules.load(folder, MODES),
        frames=frames,
        calendar=Calendar(frames.business_days),
        vocabulary=Vocabulary(settings.canonical, settings.fhir_base, x12.load(settings.x12_table)),
        directory=StoredDirectory(kept),
        now=now,
        calls=calls,
        post=post(settings, calls, client_keys),
        seal=Seal(settings.data_folder / "keys" / sealing.FILE),
        identify=consenting(admitting.recognising(settings, kept), kept),
    )


def callable_hosts(settings: Settings, kept: Store) -> set[str]:
    """The hosts outgoing calls may go to now: the setting's, registered partners' endpoints' and their further ones."""
    active = [each for each in registry.partners(kept) if each.active]
    endpoints = {urlsplit(each.endpoint).hostname or "" for each in active if each.endpoint}
    return {*settings.allowed_hosts, *endpoints, *(host for each in active for host in each.allowed_hosts)}


def client_keys(data_folder: Path) -> ClientKeys:
    """Our keys at partners' token endpoints, made when they are first needed."""
    folder = data_folder / "keys"
    return ClientKeys(signing_key(folder / "client.json"), rsa_key(folder / "client-rsa.json"))


def token(parts: Desk, ident: str, scope: str | None, member: str | None) -> str:
    """An access token for a partner or reviewer, bound to the member of this number if one is given."""
    patient = None
    if member is not None:
        with parts.directory.snapshot() as lookup:
            members = lookup.members(member)
        if len(members) != 1:
            raise NotFound("There is no member of that number")
        patient = members[0].id
    if not admitting.embedded(parts.settings):
        raise Forbidden("Tokens are given by the issuers of ISSUERS; the embedded one needs EMBEDDED_ISSUER=true")
    understand = admitting.understanding(parts.settings.fhir_base)
    issuer = admitting.issuer(parts.settings)
    return caller.token(parts.store, issuer, ident, scope=scope, patient=patient, understand=understand)


@dataclass(frozen=True)
class FrontDesk(Desk):
    """The desk with what only the front door needs."""

    identify: admission.Gate
    cursors: Cursors
    definitions: Sequence[dict[str, Any]]
    capability: bytes
    older_capability: bytes


def front(parts: Desk) -> FrontDesk:
    """The desk as the front door needs it."""
    settings, words = parts.settings, parts.vocabulary
    gate = admission.Gate(parts.identify, admitting.rates(settings), admitting.proxies(settings))
    secret = signing_key(settings.data_folder / KEY_FILE).as_dict(private=True)["d"]
    return FrontDesk(
        **{each.name: getattr(parts, each.name) for each in fields(Desk)} | {"identify": gate},
        cursors=Cursors(str(secret).encode()),
        definitions=definitions(words, parts.policy),
        capability=offers.capability(words, admitting.token_endpoint(settings), VERSION),
        older_capability=offers.older_capability(words, admitting.token_endpoint(settings), VERSION),
    )


def application(desk: Desk) -> Flask:
    """The front door around this desk."""
    parts = front(desk)
    app = Flask("second_opinion", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = parts.settings.max_body
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's provider has it, its base class does not
    handlers.register(app)
    negotiation.register(app)
    draining.register(app)
    access_log.register(app)
    auditing.register(app, parts.store)
    gate = parts.identify
    express.register(app, parts, gate, claims.doors(parts, gate) | service_requests.doors(parts, gate))
    turnstile.register(app)
    in_time.register(app, parts.settings.answer_within)
    even.register(app)
    app.register_blueprint(discovery.blueprint(parts, admitting.issuer(parts.settings)))
    app.register_blueprint(oauth.blueprint(admitting.token_server(parts.settings, parts.store)))
    discovery.register_docs(app)
    app.register_blueprint(messages.blueprint(parts))
    app.register_blueprint(rides.blueprint(parts))
    app.register_blueprint(service_requests.blueprint(parts, gate))
    app.register_blueprint(determinations.blueprint(parts))
    app.register_blueprint(information.blueprint(parts))
    app.register_blueprint(attachments.blueprint(parts))
    app.register_blueprint(claims.blueprint(parts, gate))
    app.register_blueprint(consents.blueprint(parts))
    app.register_blueprint(subscriptions.blueprint(parts))
    app.register_blueprint(letters.blueprint(parts))
    app.register_blueprint(subscriptions.blueprint(parts, PAS_2_0))
    app.register_blueprint(undelivered.blueprint(parts))
    app.register_blueprint(reading.blueprint(parts))
    return app


def web(settings: Settings, ahead: timedelta) -> Any:
    """The WSGI application of one web process; its database is ready (``prepare``), and so is validation."""
    return application(desk_on(settings, Store(settings.database), running(ahead))).wsgi_app


def worker(settings: Settings, ahead: timedelta) -> "Worker":
    """The background worker of this process; its database is ready (``prepare``)."""
    from second_opinion.delivery.worker import Worker  # noqa: PLC0415 - its queue's parts are much, and needed here only

    parts = desk_on(settings, Store(settings.database), running(ahead))

    def perform(key: str, tries: int) -> None:
        working.perform(parts, key, tries)

    chores = (
        (settings.sweep_seconds, partial(sweep.sweep, parts)),
        (settings.sweep_seconds, partial(counting.count, parts)),
        (MAIL_EVERY, partial(returned_mail.read_answers, parts)),
    )
    return Worker(settings.database, parts.store, perform, partial(working.partition, parts), chores)
