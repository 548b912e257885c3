from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from second_opinion.store.changes import Changes, Conflict
from second_opinion.store.keeping import Store
from second_opinion.store.query import Clause, Exactly, Query
from store.entries import AT, EVERYTHING, a_case, a_request, a_resource, a_submission, an_event


def test_everything_saved_is_read_again_as_it_was_written(store: Store) -> None:
    number = store.next_case_number()
    changes = a_request(number)
    store.save(changes)

    task = store.found("Task", f"task-{number}")
    case = store.case(number)
    submission = store.submission("ehr", f"order|{number}")

    assert task is not None
    assert (task.body, task.version, task.last_updated) == (changes.resources[1].body, 1, AT + timedelta(seconds=1))
    assert (task.case_number, task.deleted) == (number, False)
    assert case == store.case_by_task(f"task-{number}")
    assert case is not None
    assert (case.received_at, case.due_at, case.status) == (AT, AT + timedelta(days=5), "pended-clinician")
    assert submission is not None
    assert (submission.digest, submission.case, submission.received_at) == ("0" * 64, number, AT)
    assert store.open_question("ehr", f"question {number}") == number
    assert store.events(number) == changes.events
    assert store.evidence("e" * 64) == b"{}"
    assert store.parties(number) == {"partner:ehr", "npi:1234567893"}
    assert [each.type for each in store.case_resources(number)] == ["ServiceRequest", "Task"]


@pytest.mark.parametrize(
    ("kind", "second"),
    [
        ("submission", lambda number: a_request(number, submissions=[a_submission("order|1")])),
        ("question", lambda number: a_request(number, open_question=("ehr", "question 1"))),
        ("case", lambda number: a_request(number, case=a_case(1))),
        ("case", lambda number: a_request(number, case=a_case(number, task="task-1"))),
        ("case", lambda number: a_request(number, case=a_case(1, version=3))),
        ("resource", lambda number: a_request(number, resources=[a_resource("Task", "task-1")])),
        ("resource", lambda number: a_request(number, resources=[a_resource("Task", "task-1", version=3)])),
        ("resource", lambda number: a_request(number, resources=[a_resource("Task", "absent", version=2)])),
    ],
)
def test_what_somebody_else_took_first_is_a_conflict_and_nothing_of_it_is_kept(
    store: Store, kind: str, second: Callable[[int], Changes]
) -> None:
    store.save(a_request(1))

    with pytest.raises(Conflict) as conflict:
        store.save(second(2))

    assert conflict.value.kind == kind
    assert store.case(2) is None
    assert store.found("ServiceRequest", "s2") is None
    assert store.submission("ehr", "order|2") is None
    assert store.open_question("ehr", "question 2") is None
    assert store.events(2) == []


def test_a_conflict_leaves_what_others_save_at_the_same_time_untouched(store: Store) -> None:
    store.save(a_request(1))
    several = [a_request(number) for number in range(1, 21)]

    def save(changes: Changes) -> str:
        try:
            store.save(changes)
        except Conflict as conflict:
            return conflict.kind
        return "saved"

    with ThreadPoolExecutor(10) as threads:
        outcomes = list(threads.map(save, several))

    assert outcomes == ["submission"] + ["saved"] * 19
    assert all(store.case(number) for number in range(1, 21))


def test_of_ten_equal_requests_at_once_one_is_saved(store: Store) -> None:
    with ThreadPoolExecutor(10) as threads:
        numbers = [store.next_case_number() for _ in range(10)]
        attempts = [threads.submit(store.save, a_request(n, submissions=[a_submission("order|x")])) for n in numbers]
        errors = [attempt.exception() for attempt in attempts]

    assert errors.count(None) == 1
    assert {error.kind for error in errors if isinstance(error, Conflict)} == {"submission"}
    assert sum(1 for number in numbers if store.case(number)) == 1


def test_numbers_given_to_threads_at_once_are_all_different(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda _: store.next_case_number(), range(200)))

    assert len(set(numbers)) == 200


def test_the_first_case_is_number_one(store: Store) -> None:
    assert [store.next_case_number(), store.next_case_number()] == [1, 2]


def test_a_new_version_replaces_the_one_before_and_what_it_was_found_by(store: Store) -> None:
    terms = [("status", "requested"), ("identifier", "same")]
    store.save(Changes(resources=[a_resource(terms=terms, spans=[("due", 1, 2)], case=7, member="p1", partner="ehr")]))
    store.save(Changes(resources=[a_resource(version=2, terms=[("status", "accepted"), ("identifier", "same")])]))

    def total(parameter: str, value: str) -> int:
        return store.search(Query("Task", (Clause((Exactly(parameter, value),)),)), EVERYTHING).total

    task = store.found("Task", "t1")
    assert task is not None
    assert (task.version, task.case_number) == (2, 7)
    assert (total("status", "requested"), total("status", "accepted"), total("identifier", "same")) == (0, 1, 1)


def test_of_two_updates_from_the_same_version_one_is_refused(store: Store) -> None:
    store.save(Changes(resources=[a_resource()]))

    with ThreadPoolExecutor(2) as threads:
        attempts = [threads.submit(store.save, Changes(resources=[a_resource(version=2)])) for _ in range(2)]
        errors = [attempt.exception() for attempt in attempts]

    assert sorted(type(error).__name__ for error in errors) == ["Conflict", "NoneType"]
    task = store.found("Task", "t1")
    assert task is not None
    assert task.version == 2


def test_a_case_moves_on_and_its_question_closes(store: Store) -> None:
    store.save(a_request(1))
    assert [case.number for case in store.open_cases("p1")] == [1]

    store.save(Changes(case=a_case(1, version=2, status="approved"), close_question=True, events=[an_event(1, "done")]))

    case = store.case(1)
    assert case is not None
    assert (case.version, case.status) == (2, "approved")
    assert store.open_question("ehr", "question 1") is None
    assert store.open_cases("p1") == []
    assert [event.kind for event in store.events(1)] == ["received", "done"]


def test_a_closed_question_may_be_asked_again(store: Store) -> None:
    store.save(a_request(1))
    store.save(Changes(case=a_case(1, version=2), close_question=True))

    store.save(a_request(2, open_question=("ehr", "question 1")))

    assert store.open_question("ehr", "question 1") == 2


def test_another_partner_may_ask_the_same_question_and_use_the_same_key(store: Store) -> None:
    store.save(a_request(1))

    store.save(
        a_request(
            2, open_question=("hospital", "question 1"), submissions=[a_submission("order|1", partner="hospital")]
        )
    )

    assert (store.open_question("ehr", "question 1"), store.open_question("hospital", "question 1")) == (1, 2)


def test_cases_of_a_member_are_found_by_condition(store: Store) -> None:
    store.save(a_request(1))
    store.save(a_request(2, case=a_case(2, condition="other|X")))
    store.save(a_request(3, case=a_case(3, member="p2")))

    assert [case.number for case in store.cases_of_member("p1")] == [1, 2]
    assert [case.number for case in store.cases_of_member("p1", "other|X")] == [2]


def test_keys_of_any_length_stay_apart(store: Store) -> None:
    long = "x" * 60_000
    store.save(a_request(1, submissions=[a_submission(long + "1")], open_question=("ehr", long + "1")))
    store.save(a_request(2, submissions=[a_submission(long + "2")], open_question=("ehr", long + "2")))

    assert store.submission("ehr", long + "1") is not None
    assert store.submission("ehr", long + "3") is None
    assert (store.open_question("ehr", long + "1"), store.open_question("ehr", long + "2")) == (1, 2)


def test_a_deleted_resource_is_there_as_deleted_and_found_by_no_search(store: Store) -> None:
    store.save(Changes(resources=[a_resource("Subscription", "s", terms=[("status", "active")])]))
    store.save(Changes(resources=[a_resource("Subscription", "s", version=2, body=b"")]))

    deleted = store.found("Subscription", "s")

    assert deleted is not None
    assert (deleted.version, deleted.deleted) == (2, True)
    assert store.search(Query("Subscription"), EVERYTHING).total == 0
    assert store.body("Subscription", "s") is None
    first = store.read("Subscription", "s", EVERYTHING, version=1)
    assert first is not None
    assert not first.deleted


def test_audit_rows_and_attempts_are_kept(store: Store) -> None:
    store.note([a_request(1).audit[0]] * 3)
    store.wait_for_notes()
    store.attempt(AT, "ehr", "/fhir/ServiceRequest/$submit", "0" * 64)
    rows = store._database.fetch("SELECT count(*) FROM audit")
    attempts = store._database.fetch("SELECT partner, path FROM attempt")

    assert rows == [(3,)]
    assert attempts == [("ehr", "/fhir/ServiceRequest/$submit")]


def test_reports_that_reached_both_are_counted_with_the_time_they_took(store: Store) -> None:
    assert store.reports() == (0, 0)
    store.save(Changes(report_took=timedelta(days=2)))
    store.save(Changes(report_took=timedelta(0)))
    store.save(Changes())

    assert store.reports() == (2, 2 * 24 * 60 * 60)
