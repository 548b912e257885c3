"""Bringing a database to the schema of this release, and saying where it stands."""

from pathlib import Path
from typing import Any

from second_opinion.store.database import Database


def _config(connection: Any) -> Any:
    # Imported where it is used: a web process that finds its database up to date starts without it.
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database) -> None:
    """Run every migration that is missing."""
    from alembic import command  # noqa: PLC0415 - as above

    with database.migrating() as connection:
        command.upgrade(_config(connection), "head")


def status(database: Database) -> tuple[str | None, str]:
    """(the revision the database is at, the newest there is)."""
    from alembic.migration import MigrationContext  # noqa: PLC0415 - as above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    with database.migrating() as connection:
        head = ScriptDirectory.from_config(_config(connection)).get_current_head()
        return MigrationContext.configure(connection).get_current_revision(), str(head)
