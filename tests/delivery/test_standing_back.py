"""Background work stands back while requests write on the same machine, and not for ever."""

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from second_opinion.delivery.worker import STANDS_BACK, stands_back
from second_opinion.store.changes import Changes, Work
from second_opinion.store.keeping import Store
from second_opinion.store.waiting import RECENTLY
from store.entries import an_audit_row

NOW = datetime(2026, 3, 2, 17, 5, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def work(asked_at: datetime, not_before: datetime | None = None) -> Work:
    return Work("letters/1", "letters", 1, {}, not_before=not_before, asked_at=asked_at)


@pytest.mark.parametrize(
    ("due", "stands"),
    [
        (work(NOW), True),
        (work(NOW - STANDS_BACK + MOMENT), True),
        (work(NOW - STANDS_BACK), False),
        (work(NOW - STANDS_BACK, NOW), True),  # asked for long ago, to be tried again only now
        (work(NOW - STANDS_BACK, NOW - STANDS_BACK), False),
    ],
)
def test_work_stands_back_from_requests_until_it_is_long_due(tmp_path: Path, due: Work, *, stands: bool) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    with closing(Store(url)) as requests, closing(Store(url)) as background:
        requests.upgrade()
        background.step_back()
        assert not stands_back(background, due, NOW)

        requests.save(Changes(audit=[an_audit_row()]))
        assert stands_back(background, due, NOW) is stands

        time.sleep(RECENTLY)
        assert not stands_back(background, due, NOW)


def test_what_the_background_writes_and_what_readers_note_is_waited_for_by_nobody(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    with closing(Store(url)) as requests, closing(Store(url)) as background:
        requests.upgrade()
        background.step_back()
        background.save(Changes(audit=[an_audit_row()]))
        requests.note([an_audit_row()])
        requests.wait_for_notes()

        assert not background.is_waited_for()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_with_a_server_of_its_own_keeps_no_work_back(database_url: str) -> None:
    with closing(Store(database_url)) as store:
        store.save(Changes(audit=[an_audit_row()]))

        assert not store.is_waited_for()
