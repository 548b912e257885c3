"""Settings: one table, from a TOML file, the environment and the command line; what is wrong is told in words."""

from pathlib import Path

import pytest

from second_opinion.settings import Settings, WrongSetting
from second_opinion.store.keeping import Store


def written(folder: Path, text: str) -> Path:
    file = folder / "settings.toml"
    file.write_text(text)
    return file


def test_the_command_line_is_over_the_environment_and_both_are_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'max_body = "1 MB"\nRATE_LIMIT = 5\nclient_id = "of-the-file"\n')

    loaded = Settings.load({"SECOND_OPINION_RATE_LIMIT": "6", "SECOND_OPINION_CLIENT_ID": "e"}, file, client_id="c")

    assert (loaded.max_body, loaded.rate_limit, loaded.client_id) == (1024 * 1024, 6, "c")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colour = 1", "there is no setting 'colour'; known are a"),
        ("max_body = [", "cannot be read as TOML"),
        ('rate_limit = "many"', "rate_limit: must be a whole number"),
        ('production = "perhaps"', "production: must be true or false"),
    ],
)
def test_a_wrong_file_is_refused_in_words(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(WrongSetting, match=told):
        Settings.load({}, written(tmp_path, text))


def test_an_unknown_variable_is_refused() -> None:
    with pytest.raises(WrongSetting, match="SECOND_OPINION_COLOUR: there is no setting 'colour'"):
        Settings.load({"SECOND_OPINION_COLOUR": "red"})


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/name", "postgresql://host:port/name"])
def test_a_database_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(WrongSetting, match="must be sqlite:///path or postgresql://user@host:port/database"):
        Store(url)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Somebody's own words, long enough for a database's head.\n" * 10)

    with pytest.raises(WrongSetting, match="file is not a database"):
        Store(f"sqlite:///{letter}")

    assert letter.read_text().startswith("Somebody's own words")
    with pytest.raises(WrongSetting, match="Is a directory"):
        Store(f"sqlite:///{tmp_path}")


def test_an_answer_may_not_be_allowed_longer_than_its_sender_waits() -> None:
    assert Settings.load({"SECOND_OPINION_ANSWER_WITHIN": "13"}).answer_within == 13

    with pytest.raises(WrongSetting, match="ANSWER_WITHIN"):
        Settings.load({"SECOND_OPINION_ANSWER_WITHIN": "14"})
