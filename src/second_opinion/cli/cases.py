"""explain, read-answer: what is told of a case."""

from typing import BinaryIO

import click

from second_opinion import app
from second_opinion.cli.options import database_option, settings_of
from second_opinion.workflow import explain as explaining
from second_opinion.workflow import read_answer as reading_answers


@click.command()
@click.argument("case")
@database_option
def explain(case: str, database_url: str | None) -> None:
    """Tell the whole story of a case, by its number or its Task's id."""
    click.echo(explaining.explain(app.desk(settings_of(database_url)), case))


@click.command("read-answer")
@click.argument("file", type=click.File("rb"))
def read_answer(file: BinaryIO) -> None:
    """Print item, code, number and error of anybody's PAS response Bundle; - reads standard input."""
    for line in reading_answers.told(file.read()):
        click.echo(line)
