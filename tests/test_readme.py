"""What the README tells a reader to type works as it stands there."""

import gzip
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from desks import EXAMPLES, ROOT, service
from examples import normalised
from second_opinion.cli import main

README = (EXAMPLES.parent / "README.md").read_text()
MAKEFILE = (EXAMPLES.parent / "Makefile").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
COMMANDS = [shlex.split(line, comments=True) for block in BLOCKS for line in block.replace("\\\n", " ").splitlines()]
MEMBERS = ("Patient", "Coverage")


def told(*words: str) -> list[list[str]]:
    """The commands that begin with these words."""
    return [each for each in COMMANDS if each[: len(words)] == list(words)]


@pytest.fixture
def a_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A folder with the directory files the README names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan-net").mkdir()
    members = []
    for file in (EXAMPLES / "directory").iterdir():
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        if file.name.split(".")[0] in MEMBERS:
            members.append(content)
        else:
            (tmp_path / "plan-net" / file.name.removesuffix(".gz")).write_bytes(content)
    (tmp_path / "members.ndjson.gz").write_bytes(gzip.compress(b"\n".join(members)))
    return CliRunner()


def test_every_command_is_one_that_is_tried_here() -> None:
    known = [("make", "demo"), ("make", "test"), ("curl",)]
    known += [("second-opinion", name) for name in ("load", "partner", "token", "serve", "explain", "policy")]

    assert COMMANDS
    assert [each for each in COMMANDS if not any(tuple(each[: len(one)]) == one for one in known)] == []


@pytest.mark.parametrize("target", [each[1] for each in COMMANDS if each[0] == "make"])
def test_make_has_the_target(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_the_commands_for_running_it_work_one_after_the_other(a_machine: CliRunner) -> None:
    for words in told("second-opinion"):
        name, arguments = words[1], words[1:]
        if name in {"serve", "explain"}:  # those need a service with a case
            continue
        result = a_machine.invoke(main, arguments)
        assert result.exit_code == 0, (arguments, result.output)
        assert result.output


@pytest.mark.parametrize("subcommand", ["check", "table"])
def test_the_policy_commands_named_beside_show_work(a_machine: CliRunner, subcommand: str) -> None:
    assert "policy check, policy table" in README
    assert a_machine.invoke(main, ["policy", subcommand]).exit_code == 0


def test_serve_is_called_with_what_it_takes(a_machine: CliRunner) -> None:
    for words in told("second-opinion", "serve"):
        assert a_machine.invoke(main, [*words[1:], "--help"]).exit_code == 0


def test_the_curl_example_gets_the_answer_the_readme_names_and_its_case_is_explained(
    a_machine: CliRunner, tmp_path: Path
) -> None:
    (words,) = told("curl")
    file = EXAMPLES.parent / words[words.index("-d") + 1].removeprefix("@")
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    with service(tmp_path, url=url) as running:
        sender = running.partner("clinic")
        answered = sender.send(words[-1].removeprefix(f"{ROOT}/fhir/"), file.read_bytes())
    (explain,) = told("second-opinion", "explain")

    told_by = a_machine.invoke(main, [*explain[1:], "--database", url])

    kept = file.with_name(file.name.replace(".request.", ".answer."))
    assert f"fhir_examples/{kept.name}" in README
    assert _without_numbers(normalised(answered.data)) == _without_numbers(normalised(kept.read_bytes()))
    assert told_by.exit_code == 0, told_by.output
    assert told_by.output.startswith(f"Case {explain[2]}: No authorization required")


def _without_numbers(answer: object) -> str:
    """Sent alone it is another case than sent among the others."""
    return re.sub(r"SMO-2026-\d{6}", "SMO", repr(answer))
