"""partner, reviewer, token: who may call, and who may decide."""

from typing import Any

import click

from second_opinion import admitting, app
from second_opinion.access import registry
from second_opinion.cli.options import database_option, settings_of


@click.group()
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
    desk = app.desk(settings_of(database_url))
    understand = admitting.understanding(desk.settings.fhir_base)
    added, warnings = registry.add_partner(desk.store, **given, understand=understand)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"partner {added.id} may call as {added.partner_class}")


@click.group()
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
    added, warnings = registry.add_reviewer(app.desk(settings_of(database_url)).store, **given)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"reviewer {added.id} may decide as {added.kind}")


def _registry_commands(group: click.Group, kind: str) -> None:
    """``list``, ``disable`` and ``enable``, the same for partners and reviewers."""

    @group.command("list")
    @database_option
    def listing(database_url: str | None) -> None:
        for line in registry.listing(app.desk(settings_of(database_url)).store, kind):
            click.echo(line)

    listing.help = f"Every {kind}, disabled ones too."
    for verb, active in (("disable", False), ("enable", True)):

        @group.command(verb)
        @click.argument("id")
        @database_option
        def switch(id: str, database_url: str | None, active: bool = active) -> None:  # noqa: A002, FBT001 - the argument's name on the command line
            registry.set_active(app.desk(settings_of(database_url)).store, kind, id, active=active)
            click.echo(f"{kind} {id} is {'enabled' if active else 'disabled'}, in every process at once")

        switch.help = f"{verb.capitalize()} a {kind}."


_registry_commands(partner, "partner")
_registry_commands(reviewer, "reviewer")


@click.command()
@click.argument("id")
@click.option("--scope", help="Less than everything it may.")
@click.option("--member", metavar="NUMBER", help="Bind a member-app token to this member.")
@database_option
def token(id: str, scope: str | None, member: str | None, database_url: str | None) -> None:  # noqa: A002 - as above
    """Print one short-lived access token for a partner or reviewer, and nothing else."""
    click.echo(app.token(app.desk(settings_of(database_url)), id, scope, member))
