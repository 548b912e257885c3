"""serve, worker, demo: what runs until it is interrupted."""

import sys
from datetime import datetime

import click

from second_opinion import app, production
from second_opinion.cli.options import Instant, Told, database_option, settings_of


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, help="Web processes.")
@click.option("--clock", type=Instant(), help="Start the clock of cases here: a rehearsal, refused in production.")
@database_option
def serve(host: str, port: int, workers: int, clock: datetime | None, database_url: str | None) -> None:
    """Answer requests until interrupted; migrates the embedded database itself."""
    from second_opinion import serving  # noqa: PLC0415 - the web server's parts are needed by this command only

    settings = settings_of(database_url)
    if reasons := production.unsafe(settings, clock=clock is not None):
        raise Told("not safe for production:\n" + "\n".join(f"- {reason}" for reason in reasons))
    serving.require_free(host, port)
    app.prepare(settings)
    click.echo(f"second-opinion serves {settings.fhir_base} on {host}:{port}; Ctrl-C ends it", err=True)
    serving.serve(settings, host, port, workers, clock)


@click.command()
@click.option("--clock", type=Instant(), help="Start the clock of cases here: a rehearsal, refused in production.")
@database_option
def worker(clock: datetime | None, database_url: str | None) -> None:
    """Work in the background until interrupted: deliveries, letters, clocks. ``serve`` has one of its own."""
    from second_opinion import serving  # noqa: PLC0415 - as above

    settings = settings_of(database_url)
    if clock is not None and settings.production:
        raise Told("not safe for production:\n- --clock: cases must run on real time")
    app.prepare(settings)
    click.echo("second-opinion works in the background; Ctrl-C ends it", err=True)
    serving.work(settings, app.ahead_of_now(clock))


@click.command()
@click.option("--once", is_flag=True, help="Stop after printing; exit 0 only if every example got what it promises.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
def demo(port: int, *, once: bool) -> None:
    """Decide every request in fhir_examples/ with the example directory, print the answers, keep serving."""
    from second_opinion import demo as showing  # noqa: PLC0415 - needs the web server's parts

    sys.exit(showing.show(port, once=once))
