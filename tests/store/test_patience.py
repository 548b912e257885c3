import time

import pytest

from second_opinion.errors import OutOfTime
from second_opinion.store import patience


def test_the_background_may_wait_as_long_as_it_likes() -> None:
    assert patience.left() is None
    assert patience.left(6) == 6
    with patience.deciding():
        assert patience.left() is None


def test_all_waiting_of_a_request_is_counted_together() -> None:
    with patience.answering(60):
        first, most = patience.left(), patience.left(6)
        time.sleep(0.01)
        second = patience.left()
    assert first is not None
    assert second is not None
    assert first - second >= 0.01
    assert most == 6


def test_deciding_leaves_time_to_keep() -> None:
    with patience.answering(patience.KEEPING):
        with patience.deciding(), pytest.raises(OutOfTime) as over:
            patience.left()
        assert patience.left() is not None
    assert over.value.headers == {"Retry-After": "5"}


def test_time_in_which_the_sender_is_waited_for_does_not_count() -> None:
    with patience.answering(0.5):
        before = patience.left()
        with patience.not_counting():
            time.sleep(0.6)
        after = patience.left()
    assert before is not None
    assert after is not None
    assert before - after < 0.4


def test_what_is_over_stays_over_until_the_next_request() -> None:
    with patience.answering(0), pytest.raises(OutOfTime):
        patience.left()
    with patience.answering(60):
        assert patience.left() is not None
    assert patience.left() is None
