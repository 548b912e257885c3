"""audit: verify, export, retire."""

import math
from datetime import UTC, datetime, timedelta

import click

from second_opinion import app
from second_opinion.cli.options import Told, database_option, settings_of
from second_opinion.fhir import audit_event, json_body
from second_opinion.store.changes import AuditRow


@click.group()
def audit() -> None:
    """The record of every look and every change."""


@audit.command("verify")
@database_option
def audit_verify(database_url: str | None) -> None:
    """Follow the chain of records; exit 1 naming the first that is broken."""
    with app.store(settings_of(database_url)) as store:
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
    settings = settings_of(database_url)
    with app.store(settings) as store:
        store.recover()
        store.wait_for_notes()
        for number, row in store.audited():
            click.echo(json_body.write(audit_event.write(number, row, settings.fhir_base)))


@audit.command("retire")
@database_option
def audit_retire(database_url: str | None) -> None:
    """Take away the records older than AUDIT_YEARS; export them before, and run it as seldom as you like."""
    settings, now = settings_of(database_url), datetime.now(UTC)
    before = now - timedelta(days=math.ceil(settings.audit_years * 365.25))
    by = AuditRow(now, "command line", "operation", None, None, "0", None)
    with app.store(settings) as store:
        store.recover()
        store.wait_for_notes()
        retired = store.retire_audit(before, by)
    click.echo(f"{retired:,} records from before {before:%Y-%m-%d} are taken away")
