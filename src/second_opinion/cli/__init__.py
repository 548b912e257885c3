"""The command line: serve, load, policy, explain, partners, reviewers, tokens, database, demo; a file per group."""

from pathlib import Path

import click

from second_opinion.cli import audit, cases, database, load, people, policy, serving
from second_opinion.cli.options import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML file of settings.")
@click.version_option(package_name="second-opinion")
def main(config: Path | None) -> None:
    """Second medical opinions over FHIR: requests in, the plan's policy answers, nothing is lost."""


for command in (
    serving.serve,
    serving.worker,
    serving.demo,
    load.load,
    policy.policy,
    cases.explain,
    cases.read_answer,
    people.partner,
    people.reviewer,
    people.token,
    audit.audit,
    database.database,
):
    main.add_command(command)
