from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from second_opinion.store.changes import Changes, Conflict, Work
from second_opinion.store.keeping import Store
from store.entries import AT, a_case, a_request

NOW = datetime.now(UTC)


def keys(store: Store, now: datetime = NOW) -> list[str]:
    return [work.key for work in store.waiting_work(now, 100)]


def test_work_is_kept_with_the_case_that_asks_for_it(store: Store) -> None:
    work = Work("deliver/1", "deliver", 1, {"reference": "Communication/1"}, "clinic", NOW)
    store.save(a_request(1, work=[work]))

    (kept,) = store.waiting_work(NOW, 100)
    assert kept == replace(work, asked_at=kept.asked_at)


def test_work_of_a_change_that_fails_is_not_kept(store: Store) -> None:
    store.save(a_request(1))
    with pytest.raises(Conflict):
        store.save(a_request(1, work=[Work("deliver/1", "deliver", 1, {})]))

    assert keys(store) == []


def test_the_same_key_is_the_same_work(store: Store) -> None:
    store.save(Changes(work=[Work("a", "letters", None, {"first": True})]))
    store.save(Changes(work=[Work("a", "letters", None, {"first": False}), Work("b", "letters", None, {})]))

    assert [(work.key, work.body) for work in store.waiting_work(NOW, 100)] == [("a", {"first": True}), ("b", {})]


def test_work_waits_for_its_time(store: Store) -> None:
    later = NOW + timedelta(seconds=10)
    store.save(Changes(work=[Work("later", "deliver", None, {}, not_before=later), Work("now", "deliver", None, {})]))

    assert keys(store, later - timedelta(microseconds=1)) == ["now"]
    assert keys(store, later) == ["later", "now"]


def test_no_more_work_is_given_than_asked_for(store: Store) -> None:
    store.save(Changes(work=[Work(f"{place}", "deliver", None, {}) for place in range(3)]))

    assert [work.key for work in store.waiting_work(NOW, 2)] == ["0", "1"]


def waiting(store: Store, key: str) -> Work:
    (work,) = (each for each in store.waiting_work(NOW + timedelta(days=1), 100) if each.key == key)
    return work


def test_work_handed_over_waits_no_more_but_is_kept(store: Store) -> None:
    store.save(Changes(work=[Work("a", "deliver", None, {}), Work("b", "deliver", None, {})]))
    a = waiting(store, "a")
    store.work_handed_over([a])

    assert keys(store) == ["b"]
    assert store.work("a") == a
    assert store.work_held_since(datetime.now(UTC), 10) == [a]
    assert store.work_held_since(NOW - timedelta(minutes=1), 10) == []


def test_work_done_is_forgotten_and_may_be_asked_for_again(store: Store) -> None:
    store.save(Changes(work=[Work("a", "deliver", None, {})]))
    store.work_done(waiting(store, "a"))
    assert store.work("a") is None

    store.save(Changes(work=[Work("a", "deliver", None, {})]))
    assert keys(store) == ["a"]


def test_work_that_failed_waits_for_its_next_try(store: Store) -> None:
    store.save(Changes(work=[Work("a", "deliver", None, {})]))
    first = waiting(store, "a")
    store.work_handed_over([first])
    store.work_again(first, NOW + timedelta(seconds=10))

    assert keys(store, NOW + timedelta(seconds=9)) == []
    assert waiting(store, "a").tries == 1


def test_a_try_that_was_overtaken_changes_nothing(store: Store) -> None:
    store.save(Changes(work=[Work("a", "deliver", None, {})]))
    first = waiting(store, "a")
    store.work_again(first, NOW)
    store.work_handed_over([first])
    store.work_again(first, NOW + timedelta(days=9))
    store.work_done(first)

    assert waiting(store, "a").tries == 1


def test_a_place_is_held_by_one_at_a_time(database_url: str) -> None:
    one, other = Store(database_url), Store(database_url)
    held = one.hold(1)
    assert held is not None
    assert other.hold(1) is None
    assert one.hold(1) is None

    next_one = other.hold(2)
    assert next_one is not None
    assert not next_one.lost()
    held.release()
    again = other.hold(1)
    assert again is not None
    for place in (next_one, again):
        place.release()
    one.close()
    other.close()


def test_a_case_is_to_be_acted_on_from_its_instant_on(store: Store) -> None:
    for number, act_at in ((1, AT + timedelta(hours=2)), (2, AT), (3, None)):
        store.save(a_request(number, case=a_case(number, act_at=act_at)))

    assert store.cases_to_act(AT - timedelta(microseconds=1), 10) == []
    assert store.cases_to_act(AT, 10) == [2]
    assert store.cases_to_act(AT + timedelta(hours=2), 10) == [2, 1]
    assert store.cases_to_act(AT + timedelta(hours=2), 1) == [2]


def test_a_case_acted_on_has_its_next_instant_or_none(store: Store) -> None:
    store.save(a_request(1, case=a_case(1, act_at=AT)))
    store.save(Changes(case=a_case(1, version=2, act_at=None)))

    assert store.cases_to_act(AT + timedelta(days=1000), 10) == []
