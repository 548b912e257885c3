"""Work is done once, tried again when it fails, and never forgotten."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from desks import Service
from second_opinion.errors import Unavailable
from second_opinion.store.changes import Changes, Work
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.trying import TryAgain
from second_opinion.workflow.working import perform

DELAYS = (10, 60, 300, 1800, 7200, 21600)  # the default RETRY_DELAYS


def ask(harbor: Service, kind: str = "told") -> None:
    harbor.desk.store.save(Changes(work=[Work("told/1", kind, None, {"words": "hello"})]))


def failing(fault: Exception) -> Callable[[Desk, Work], None]:
    def story(_desk: Desk, _work: Work) -> None:
        raise fault

    return story


def again_at(harbor: Service) -> datetime:
    work = harbor.desk.store.work("told/1")
    assert work is not None
    assert work.not_before is not None
    return work.not_before


def test_the_kind_chooses_the_story(harbor: Service) -> None:
    ask(harbor)
    told: list[str] = []

    perform(harbor.desk, "told/1", 0, {"told": lambda _, work: told.append(work.body["words"])})

    assert told == ["hello"]
    assert harbor.desk.store.work("told/1") is None


def test_a_try_made_before_is_not_made_again(harbor: Service) -> None:
    ask(harbor)
    told: list[str] = []
    stories = {"told": lambda _, work: told.append(work.key)}

    perform(harbor.desk, "told/1", 1, stories)
    perform(harbor.desk, "told/1", 0, stories)
    perform(harbor.desk, "told/1", 0, stories)

    assert told == ["told/1"]


@pytest.mark.parametrize("tries", range(8))
def test_what_fails_waits_for_its_next_try_give_or_take_a_fifth(harbor: Service, tries: int) -> None:
    ask(harbor)
    delay = DELAYS[min(tries, 5)]

    for each in range(tries + 1):
        began = datetime.now(UTC)
        perform(harbor.desk, "told/1", each, {"told": failing(RuntimeError())})

    waited = (again_at(harbor) - began).total_seconds()
    assert 0.8 * delay <= waited <= 1.2 * delay + 1


def test_a_story_may_ask_for_a_later_try_but_not_for_an_earlier_one(harbor: Service) -> None:
    ask(harbor)
    now = datetime.now(UTC)

    perform(harbor.desk, "told/1", 0, {"told": failing(TryAgain("busy", now + timedelta(hours=1)))})
    assert again_at(harbor) == now + timedelta(hours=1)

    perform(harbor.desk, "told/1", 1, {"told": failing(TryAgain("busy", now))})
    assert again_at(harbor) >= now + timedelta(seconds=48)


@pytest.mark.parametrize("fault", [RuntimeError("secret"), Unavailable("The database is away")])
def test_the_log_names_our_own_words_only(harbor: Service, fault: Exception, caplog: pytest.LogCaptureFixture) -> None:
    ask(harbor)
    perform(harbor.desk, "told/1", 0, {"told": failing(fault)})

    assert "secret" not in caplog.text
    assert ("RuntimeError" in caplog.text) != ("The database is away" in caplog.text)


def test_work_this_release_knows_no_story_for_is_kept(harbor: Service) -> None:
    ask(harbor, kind="unheard-of")
    perform(harbor.desk, "told/1", 0, {})

    assert harbor.desk.store.work("told/1") is not None
