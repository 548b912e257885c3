"""load: the plan's directory."""

from datetime import UTC, datetime
from pathlib import Path

import click

from second_opinion import app
from second_opinion.cli.options import database_option, settings_of
from second_opinion.workflow.load import LoadError, load_directory

MOST_LINES = 50  # bad lines shown of a load; the rest are counted


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--replace", is_flag=True, help="What is not in these files leaves the directory.")
@database_option
def load(paths: tuple[Path, ...], database_url: str | None, *, replace: bool) -> None:
    """Load the plan's directory: NDJSON (.gz too), JSON Bundles, or folders of them; all or nothing."""
    from rich.console import Console  # noqa: PLC0415 - other commands start without it
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    desk = app.desk(settings_of(database_url))
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
