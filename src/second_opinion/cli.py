"""The command line: serve, load, policy, explain, partners, reviewers, tokens, database, demo."""

import math
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from second_opinion import admitting, app, production
from second_opinion.access import registry
from second_opinion.cases import timeframes
from second_opinion.errors import SecondOpinionError
from second_opinion.fhir import audit_event, json_body
from second_opinion.fhir.own_extensions import MODES
from second_opinion.letters import stationery
from second_opinion.review import policy as policies
from second_opinion.review import reasons, ride_rules, sensitive, table
from second_opinion.review.tables import Tables
from second_opinion.settings import Settings
from second_opinion.store.changes import AuditRow
from second_opinion.workflow import explain as explaining
from second_opinion.workflow import read_answer as reading_answers
from second_opinion.workflow.load import LoadError, load_directory

Command = TypeVar("Command", bound=Callable[..., Any])
MOST_LINES = 50  # bad lines shown of a load; the rest are counted


class Told(click.ClickException):
    """A deliberate error, told in its own words on stderr; exit 1."""


class Commands(click.Group):
    """The commands, each of which tells a deliberate error in one line instead of a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except SecondOpinionError as error:
            raise Told(error.message) from error


class Instant(click.ParamType[datetime]):
    """An ISO 8601 instant; without a zone it is the plan's local time."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant, in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail("must be an instant such as 2026-10-05T09:00:00-07:00", param, ctx)
        return (instant if instant.tzinfo else instant.replace(tzinfo=app.PLAN_ZONE)).astimezone(UTC)


def database_option(command: Command) -> Command:
    """``--database URL``, which every command takes."""
    return click.option("--database", "database_url", metavar="URL", help="Database to use instead of DATABASE_URL.")(
        command
    )


def _settings(database_url: str | None) -> Settings:
    config: Path | None = click.get_current_context().find_root().params.get("config")
    return Settings.load(config=config, database_url=database_url)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML file of settings.")
@click.version_option(package_name="second-opinion")
def main(config: Path | None) -> None:
    """Second medical opinions over FHIR: requests in, the plan's policy answers, nothing is lost."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, help="Web processes.")
@click.option("--clock", type=Instant(), help="Start the clock of cases here: a rehearsal, refused in production.")
@database_option
def serve(host: str, port: int, workers: int, clock: datetime | None, database_url: str | None) -> None:
    """Answer requests until interrupted; migrates the embedded database itself."""
    from second_opinion import serving  # noqa: PLC0415 - the web server's parts are needed by this command only

    settings = _settings(database_url)
    if reasons := production.unsafe(settings, clock=clock is not None):
        raise Told("not safe for production:\n" + "\n".join(f"- {reason}" for reason in reasons))
    serving.require_free(host, port)
    app.prepare(settings)
    click.echo(f"second-opinion serves {settings.fhir_base} on {host}:{port}; Ctrl-C ends it", err=True)
    serving.serve(settings, host, port, workers, clock)


@main.command()
@click.option("--clock", type=Instant(), help="Start the clock of cases here: a rehearsal, refused in production.")
@database_option
def worker(clock: datetime | None, database_url: str | None) -> None:
    """Work in the background until interrupted: deliveries, letters, clocks. ``serve`` has one of its own."""
    from second_opinion import serving  # noqa: PLC0415 - as above

    settings = _settings(database_url)
    if clock is not None and settings.production:
        raise Told("not safe for production:\n- --clock: cases must run on real time")
    app.prepare(settings)
    click.echo("second-opinion works in the background; Ctrl-C ends it", err=True)
    serving.work(settings, app.ahead_of_now(clock))


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--replace", is_flag=True, help="What is not in these files leaves the directory.")
@database_option
def load(paths: tuple[Path, ...], database_url: str | None, *, replace: bool) -> None:
    """Load the plan's directory: NDJSON (.gz too), JSON Bundles, or folders of them; all or nothing."""
    desk = app.desk(_settings(database_url))
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    with bar:
        reading = bar.add_task("reading", total=None)
        try:
            loaded = load_directory(
                desk.store,
                paths,
                replace=replace,
                base=desk.settings.fhir_base,
                now=datetime.now(UTC),
                progress=lambda done, total: bar.update(reading, completed=done, total=total),
            )
        except LoadError as error:
            bar.stop()
            for line in error.lines[:MOST_LINES]:
                click.echo(line, err=True)
            raise
    for kind, count in sorted(loaded.counts.items()):
        click.echo(f"{count:>9,} {kind}")
    for warning in loaded.warnings[:MOST_LINES]:
        click.echo(warning, err=True)
    click.echo(f"directory snapshot {loaded.snapshot} is in force")


@main.group()
def policy() -> None:
    """The plan's written policy: show it, check it, print its table."""


@policy.command("show")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The wording in force on this day; today if not given.")
def policy_show(on: datetime | None) -> None:
    """Clause beside rule."""
    settings = Settings.load(config=click.get_current_context().find_root().params.get("config"))
    click.echo(table.show(policies.load(policies.folder(settings.policy)), on.date() if on else _today()))


@policy.command("check")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
def policy_check(path: Path | None) -> None:
    """Refuse a wrong policy file, in a plan's folder any wrong file, naming file, place and what would be right."""
    settings = Settings.load(config=click.get_current_context().find_root().params.get("config"))
    where = path or policies.folder(settings.policy)
    loaded = policies.load(where)
    click.echo(f"{loaded.plan}: {len(loaded.cards)} rules, every combination of answers is decided; {loaded.digest}")
    if where.is_dir():
        timeframes.load(where / "timeframes.toml")
        Tables.load(where / "specialties.toml")
        sensitive.load(where)
        driven = ride_rules.load(where, MODES)
        click.echo(f"{loaded.plan}: {len(MODES)} modes of transport have their rule; version {driven.version}")
        codes = tuple(each.code for each in reasons.load(where / reasons.FILE))
        click.echo(f"{loaded.plan}: letters in {', '.join(sorted(stationery.load(where, codes).wordings))}")


@policy.command("table")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]))
def policy_table(on: datetime | None) -> None:
    """Every combination of answers with its outcome."""
    settings = Settings.load(config=click.get_current_context().find_root().params.get("config"))
    click.echo(table.as_text(policies.load(policies.folder(settings.policy)), on.date() if on else _today()))


@main.command()
@click.argument("case")
@database_option
def explain(case: str, database_url: str | None) -> None:
    """Tell the whole story of a case, by its number or its Task's id."""
    click.echo(explaining.explain(app.desk(_settings(database_url)), case))


@main.command("read-answer")
@click.argument("file", type=click.File("rb"))
def read_answer(file: BinaryIO) -> None:
    """Print item, code, number and error of anybody's PAS response Bundle; - reads standard input."""
    for line in reading_answers.told(file.read()):
        click.echo(line)


@main.group()
def partner() -> None:
    """Who may call."""


@partner.command("add")
@click.argument("id")
@click.option("--class", "partner_class", required=True, type=click.Choice(registry.CLASSES))
@click.option("--organization", required=True, metavar="NPI")
@click.option("--npi", "npis", multiple=True, metavar="NPI")
@click.option("--name")
@click.option("--jwks", metavar="FILE|URL")
@click.option("--scope")
@click.option("--endpoint", metavar="URL")
@click.option("--client-id", help="Who we are at this partner's token endpoint.")
@click.option("--sender", metavar="ID", help="X12 sender, for subscription filters.")
@click.option("--purpose", "purposes", multiple=True, metavar="CODE", help="Why it may ask: TREAT, HPAYMT, …")
@click.option("--allowed-host", "allowed_hosts", multiple=True, metavar="HOST", help="May be called for it too.")
@click.option("--rate-limit", type=int, metavar="N", help="Requests a minute, instead of RATE_LIMIT; 0: no limit.")
@click.option("--certificate", metavar="SHA256", help="Client certificate its tokens are bound to, as thumbprint.")
@database_option
def partner_add(database_url: str | None, **given: Any) -> None:
    """Register a partner."""
    desk = app.desk(_settings(database_url))
    understand = admitting.understanding(desk.settings.fhir_base)
    added, warnings = registry.add_partner(desk.store, **given, understand=understand)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"partner {added.id} may call as {added.partner_class}")


@main.group()
def reviewer() -> None:
    """Who may decide."""


@reviewer.command("add")
@click.argument("id")
@click.option("--name", required=True)
@click.option("--kind", required=True, type=click.Choice(registry.KINDS))
@click.option("--licence", metavar="NUMBER")
@click.option("--state")
@click.option("--specialty", metavar="NUCC")
@click.option("--phone")
@click.option("--organization", metavar="NPI")
@click.option("--medical-director", is_flag=True)
@database_option
def reviewer_add(database_url: str | None, **given: Any) -> None:
    """Register a reviewer."""
    added, warnings = registry.add_reviewer(app.desk(_settings(database_url)).store, **given)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"reviewer {added.id} may decide as {added.kind}")


def _registry_commands(group: click.Group, kind: str) -> None:
    """``list``, ``disable`` and ``enable``, the same for partners and reviewers."""

    @group.command("list")
    @database_option
    def listing(database_url: str | None) -> None:
        for line in registry.listing(app.desk(_settings(database_url)).store, kind):
            click.echo(line)

    listing.help = f"Every {kind}, disabled ones too."
    for verb, active in (("disable", False), ("enable", True)):

        @group.command(verb)
        @click.argument("id")
        @database_option
        def switch(id: str, database_url: str | None, active: bool = active) -> None:  # noqa: A002, FBT001 - the argument's name on the command line
            registry.set_active(app.desk(_settings(database_url)).store, kind, id, active=active)
            click.echo(f"{kind} {id} is {'enabled' if active else 'disabled'}, in every process at once")

        switch.help = f"{verb.capitalize()} a {kind}."


_registry_commands(partner, "partner")
_registry_commands(reviewer, "reviewer")


@main.command()
@click.argument("id")
@click.option("--scope", help="Less than everything it may.")
@click.option("--member", metavar="NUMBER", help="Bind a member-app token to this member.")
@database_option
def token(id: str, scope: str | None, member: str | None, database_url: str | None) -> None:  # noqa: A002 - as above
    """Print one short-lived access token for a partner or reviewer, and nothing else."""
    click.echo(app.token(app.desk(_settings(database_url)), id, scope, member))


@main.group()
def audit() -> None:
    """The record of every look and every change."""


@audit.command("verify")
@database_option
def audit_verify(database_url: str | None) -> None:
    """Follow the chain of records; exit 1 naming the first that is broken."""
    with app.store(_settings(database_url)) as store:
        store.recover()
        store.wait_for_notes()
        records, broken = store.verify_audit()
    if broken:
        raise Told(f"the audit trail is broken: {broken}; {records:,} records before it hold")
    click.echo(f"{records:,} records, every one as it was written")


@audit.command("export")
@database_option
def audit_export(database_url: str | None) -> None:
    """Every record as an AuditEvent, one JSON line each, oldest first."""
    settings = _settings(database_url)
    with app.store(settings) as store:
        store.recover()
        store.wait_for_notes()
        for number, row in store.audited():
            click.echo(json_body.write(audit_event.write(number, row, settings.fhir_base)))


@audit.command("retire")
@database_option
def audit_retire(database_url: str | None) -> None:
    """Take away the records older than AUDIT_YEARS; export them before, and run it as seldom as you like."""
    settings, now = _settings(database_url), datetime.now(UTC)
    before = now - timedelta(days=math.ceil(settings.audit_years * 365.25))
    by = AuditRow(now, "command line", "operation", None, None, "0", None)
    with app.store(settings) as store:
        store.recover()
        store.wait_for_notes()
        retired = store.retire_audit(before, by)
    click.echo(f"{retired:,} records from before {before:%Y-%m-%d} are taken away")


@main.group()
def database() -> None:
    """Migrations."""


@database.command("upgrade")
@database_option
def database_upgrade(database_url: str | None) -> None:
    """Bring the database to the newest schema."""
    with app.store(_settings(database_url)) as store:
        store.upgrade()
        click.echo(f"database is at {store.status()[0]}")


@database.command("status")
@database_option
def database_status(database_url: str | None) -> None:
    """Where the database stands; exit 1 when it needs an upgrade."""
    with app.store(_settings(database_url)) as store:
        current, newest = store.status()
    click.echo(f"database is at {current or 'nothing'}, newest is {newest}")
    if current != newest:
        sys.exit(1)


@main.command()
@click.option("--once", is_flag=True, help="Stop after printing; exit 0 only if every example got what it promises.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
def demo(port: int, *, once: bool) -> None:
    """Decide every request in fhir_examples/ with the example directory, print the answers, keep serving."""
    from second_opinion import demo as showing  # noqa: PLC0415 - needs the web server's parts

    sys.exit(showing.show(port, once=once))


def _today() -> date:
    return datetime.now(app.PLAN_ZONE).date()
