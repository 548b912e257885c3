"""What the commands share: which settings are in force, how an instant is given, how an error is told."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from second_opinion import app
from second_opinion.errors import SecondOpinionError
from second_opinion.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])


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


def settings_of(database_url: str | None = None) -> Settings:
    """The settings of this command: ``--config``, the environment, ``--database``."""
    config = click.get_current_context().find_root().params.get("config")
    return Settings.load(config=config, database_url=database_url)
