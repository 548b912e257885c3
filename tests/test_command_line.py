"""Commands as an operator types them: what they print, and how they end."""

from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner, Result

from desks import EXAMPLES
from second_opinion.cli import main
from second_opinion.fhir.own_extensions import MODES
from second_opinion.review import policy as policies
from second_opinion.review import ride_rules


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    monkeypatch.setenv("SECOND_OPINION_DATA_FOLDER", str(tmp_path / "data"))
    return Run()


class Run:
    """The command line in this process."""

    def __call__(self, *words: str | Path) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words])


def test_a_load_tells_its_counts_and_the_snapshot(run: Run) -> None:
    loaded = run("load", EXAMPLES / "directory")

    assert loaded.exit_code == 0
    assert loaded.stdout.endswith("directory snapshot 1 is in force\n")
    assert f"{40:>9} Patient\n" in loaded.stdout


def test_a_load_of_nothing_is_refused_though_it_would_replace_everything(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.ndjson").write_text("")
    (tmp_path / "other.ndjson").write_text('{"resourceType":"Observation","id":"a"}\n')

    for name in ("empty.ndjson", "other.ndjson"):
        refused = run("load", tmp_path / name, "--replace")
        assert refused.exit_code == 1
        assert f"{name}: holds no resource of a directory\n" in refused.stderr


def test_a_database_that_cannot_be_reached_is_told_in_one_line(run: Run) -> None:
    told = run("database", "status", "--database", "postgresql://postgres@127.0.0.1:9/none")

    assert told.exit_code == 1
    assert told.stderr == (
        "Error: The database cannot be reached; is its server running, and are host, port, user and name right?\n"
    )


def test_a_wrong_settings_file_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("colour = 1")

    told = run("--config", tmp_path / "settings.toml", "partner", "list")

    assert told.exit_code == 1
    assert told.stderr.startswith(f"Error: {tmp_path / 'settings.toml'}: there is no setting 'colour'")


def test_a_partner_gets_a_token_alone_on_stdout_until_it_is_disabled(run: Run) -> None:
    added = run("partner", "add", "clinic", "--class", "ehr", "--organization", "1234567890", "--name", "Test clinic")

    assert added.stderr == "warning: organization: the NPI's check digit does not match its other digits\n"
    assert added.stdout == "partner clinic may call as ehr\n"
    assert run("partner", "add", "clinic", "--class", "ehr", "--organization", "1234567893").exit_code == 1
    token = run("token", "clinic").stdout
    assert token.count("\n") == 1
    assert token.count(".") == 2
    assert run("partner", "disable", "clinic").exit_code == 0
    refused = run("token", "clinic")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert run("partner", "enable", "clinic").exit_code == 0
    assert run("token", "clinic").exit_code == 0


def test_the_schema_is_asked_for_and_brought(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"

    assert run("database", "status", "--database", url).exit_code == 1
    assert run("database", "upgrade", "--database", url).exit_code == 0
    assert run("database", "status", "--database", url).exit_code == 0


def test_anybodys_answer_is_read_line_by_line(run: Run, tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text('{"resourceType":"ClaimResponse","outcome":"complete","item":[{"itemSequence":1}]}')

    read = run("read-answer", answer)

    assert (read.exit_code, read.stdout) == (0, "outcome complete\nitem 1: code -, number -\n")


def test_a_file_that_is_no_answer_is_told_so(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")

    assert (run("read-answer", other).exit_code, "no ClaimResponse" in run("read-answer", other).stderr) == (1, True)


@pytest.mark.parametrize(
    ("file", "text", "wrong", "told"),
    [
        ("policy.toml", "member_is_covered =", "member_is_coverd =", "did you mean 'member_is_covered'?"),
        ("timeframes.toml", "[calendar]", "colour = 1\n[calendar]", "colour: there is no such key"),
        ("specialties.toml", "[primary-care]", "[primary]", "there is no key 'primary'"),
        ("sensitive.toml", "[[labels]]", "[[label]]", "there is no key 'label'"),
        ("transportation.toml", '"nmt-taxi", ', "", "mode 'nmt-taxi' must stand in exactly one kind, not in 0"),
        ("transportation.toml", '"nmt-taxi"', '"nmt-taxy"', "did you mean 'nmt-taxi'?"),
        ("transportation.toml", '"nmt-taxi"', '"nemt-air"', "mode 'nemt-air' must stand in exactly one kind, not in 2"),
        ("transportation.toml", "certification = true", "certification = 1", "'certification' must be true or false"),
        ("transportation.toml", "version =", "versoin =", "did you mean 'version'?"),
    ],
)
def test_a_wrong_file_of_a_plan_is_told_with_its_name(
    run: Run, tmp_path: Path, file: str, text: str, wrong: str, told: str
) -> None:
    plan = tmp_path / "plan"
    copytree(policies.folder("hpsj"), plan)
    assert run("policy", "check", plan).exit_code == 0
    written = (plan / file).read_text()
    (plan / file).write_text(written.replace(text, wrong, 1))
    assert text in written

    refused = run("policy", "check", plan)

    assert refused.exit_code == 1
    assert file in refused.stderr
    assert told in refused.stderr


def test_which_rides_wait_is_the_plans_to_say(tmp_path: Path) -> None:
    written = (policies.folder("hpsj") / ride_rules.FILE).read_text()
    own = tmp_path / ride_rules.FILE
    own.write_text(written.replace("certification = false", "certification = true"))

    shipped, stricter = ride_rules.load(policies.folder("hpsj"), MODES), ride_rules.load(own, MODES)

    waiting = [{mode for mode in MODES if rules.waits_for_certification(mode)} for rules in (shipped, stricter)]
    assert waiting == [{mode for mode in MODES if mode.startswith("nemt-")}, MODES]
    assert not stricter.waits_for_certification(None)
