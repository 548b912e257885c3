"""policy: show it, check it, print its table."""

from datetime import date, datetime
from pathlib import Path

import click

from second_opinion import app
from second_opinion.cases import timeframes
from second_opinion.cli.options import settings_of
from second_opinion.fhir.own_extensions import MODES
from second_opinion.letters import stationery
from second_opinion.review import policy as policies
from second_opinion.review import reasons, ride_rules, sensitive, table
from second_opinion.review.tables import Tables


@click.group()
def policy() -> None:
    """The plan's written policy: show it, check it, print its table."""


@policy.command("show")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The wording in force on this day; today if not given.")
def policy_show(on: datetime | None) -> None:
    """Clause beside rule."""
    settings = settings_of()
    click.echo(table.show(policies.load(policies.folder(settings.policy)), on.date() if on else _today()))


@policy.command("check")
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
def policy_check(path: Path | None) -> None:
    """Refuse a wrong policy file, in a plan's folder any wrong file, naming file, place and what would be right."""
    settings = settings_of()
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
    settings = settings_of()
    click.echo(table.as_text(policies.load(policies.folder(settings.policy)), on.date() if on else _today()))


def _today() -> date:
    return datetime.now(app.PLAN_ZONE).date()
