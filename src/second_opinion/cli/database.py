"""database: migrations."""

import sys

import click

from second_opinion import app
from second_opinion.cli.options import database_option, settings_of


@click.group()
def database() -> None:
    """Migrations."""


@database.command("upgrade")
@database_option
def database_upgrade(database_url: str | None) -> None:
    """Bring the database to the newest schema."""
    with app.store(settings_of(database_url)) as store:
        store.upgrade()
        click.echo(f"database is at {store.status()[0]}")


@database.command("status")
@database_option
def database_status(database_url: str | None) -> None:
    """Where the database stands; exit 1 when it needs an upgrade."""
    with app.store(settings_of(database_url)) as store:
        current, newest = store.status()
    click.echo(f"database is at {current or 'nothing'}, newest is {newest}")
    if current != newest:
        sys.exit(1)
