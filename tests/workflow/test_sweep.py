"""The clocks act on a case when its time comes: once, also when run twice, on two workers, or long after."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import determinations
import small_directory
from desks import Caller, Json, Service, action_of, json, outputs, service, status_of
from second_opinion.cases.timeframes import AtExpiry
from second_opinion.workflow import working
from second_opinion.workflow.explain import explain
from second_opinion.workflow.sweep import sweep
from small_directory import MEMBERS, OUTSIDE
from small_orders import PENDED, an_order, provider, reason
from workflow.informing import CLOSED_NETWORK, NO_REASON, R4, R8, R9, R10, clocks, code, opened, staff, told

NUMBER = "SMO-2026-000001"


def swept(harbor: Service, ehr: Caller, task: Json) -> Json:
    """The case's Task after a sweep."""
    sweep(harbor.desk)
    return ehr.read(f"Task/{task['id']}")


def notes(task: Json) -> str:
    return " ".join(each["text"] for each in task.get("note", ()))


def queue(task: Json) -> str:
    found: str = task["performerType"][0]["coding"][0]["code"]
    return found


@pytest.mark.parametrize("order", [R8, {**R4}], ids=["R8", "R4"])
def test_a_question_nobody_answers_is_a_clinicians_after_one_business_day(
    harbor: Service, ehr: Caller, order: Json
) -> None:
    task = opened(ehr, **order)
    assert status_of(task) == "information-requested"

    harbor.clock.move(hours=23, minutes=59)
    assert status_of(swept(harbor, ehr, task)) == "information-requested"
    harbor.clock.move(minutes=1)
    after = swept(harbor, ehr, task)

    assert (status_of(after), queue(after)) == ("pended-clinician", "clinician")
    assert after["restriction"]["period"] == task["restriction"]["period"]
    (child,) = ehr.found("Task?code=additional-information")
    assert child["status"] == "requested"
    assert "asked, and not answered in time" in explain(harbor.desk, NUMBER)


def test_what_was_asked_in_vain_is_not_asked_again_by_other_facts(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R8)
    harbor.clock.move(days=1)
    sweep(harbor.desk)

    after = told(ehr, task, code("care-source", "specialist"))

    assert status_of(after) == "pended-clinician"


def test_a_late_answer_is_still_an_answer(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R8)
    harbor.clock.move(days=1)
    sweep(harbor.desk)

    assert status_of(told(ehr, task, code("reason", "surgery-necessity"))) == "approved"


def test_an_alternative_unproved_for_a_business_day_counts_as_none(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R10)

    harbor.clock.move(hours=23, minutes=59)
    assert status_of(swept(harbor, ehr, task)) == "pended-network"
    harbor.clock.move(minutes=1)
    after = swept(harbor, ehr, task)

    assert status_of(after) == "approved"
    assert outputs(after, "authorization-number")
    assert "treated as no alternative" in explain(harbor.desk, NUMBER)
    response = ehr.read(outputs(after, "determination")[0]["reference"])
    assert action_of(response) == "A1"


def test_a_business_day_from_friday_ends_on_monday(harbor: Service, ehr: Caller) -> None:
    harbor.clock.move(days=4)
    task = opened(ehr, **R10)

    harbor.clock.move(days=2, hours=23)
    assert status_of(swept(harbor, ehr, task)) == "pended-network"
    harbor.clock.move(hours=1)
    assert status_of(swept(harbor, ehr, task)) == "approved"


def test_an_urgent_alternative_unproved_for_24_hours_counts_as_none(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R9)
    assert status_of(task) == "pended-clinician"

    harbor.clock.move(hours=23, minutes=59)
    assert status_of(swept(harbor, ehr, task)) == "pended-clinician"
    harbor.clock.move(minutes=1)
    assert status_of(swept(harbor, ehr, task)) == "approved"


def test_an_urgent_request_without_a_reason_stays_with_the_clinician(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R9, **NO_REASON)
    harbor.clock.move(hours=24)

    after = swept(harbor, ehr, task)

    assert (status_of(after), queue(after)) == ("pended-clinician", "clinician")
    assert "treated as no alternative" in explain(harbor.desk, NUMBER)


def test_finding_out_ends_a_day_before_the_decision_is_due(harbor: Service, ehr: Caller) -> None:
    """A serious condition is answered within 72 hours; received on Friday, Monday's business day would be too late."""
    harbor.clock.move(days=4)
    task = opened(ehr, **R10, reasonCode=[*NO_REASON["reasonCode"], reason("serious-condition")])

    harbor.clock.move(hours=47)
    assert status_of(swept(harbor, ehr, task)) == "pended-network"
    harbor.clock.move(hours=1)
    assert status_of(swept(harbor, ehr, task)) == "approved"


def test_a_day_before_it_is_due_the_case_is_warned_of(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **PENDED)

    harbor.clock.move(days=5, hours=23, minutes=59)
    assert "due soon" not in notes(swept(harbor, ehr, task))
    harbor.clock.move(minutes=1)
    after = swept(harbor, ehr, task)

    assert "due soon" in notes(after)
    assert (status_of(after), queue(after)) == ("pended-clinician", "clinician")
    assert "due soon" in explain(harbor.desk, NUMBER)


def test_undecided_when_due_the_case_is_the_medical_directors(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **PENDED)

    harbor.clock.move(days=6, hours=23, minutes=59)
    assert queue(swept(harbor, ehr, task)) == "clinician"
    harbor.clock.move(minutes=1)
    after = swept(harbor, ehr, task)

    assert (status_of(after), after["status"], queue(after)) == ("pended-clinician", "received", "medical-director")
    assert "medical director" in notes(after)
    assert "medical director" in explain(harbor.desk, NUMBER)
    assert action_of(ehr.read(outputs(after, "determination")[0]["reference"])) == "A4"


def test_new_facts_do_not_take_an_expired_case_off_the_medical_directors_list(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **PENDED)
    harbor.clock.move(days=7)
    sweep(harbor.desk)

    after = told(ehr, task, code("care-source", "pcp"))

    assert queue(after) == "medical-director"
    assert "medical director" in notes(after)
    order = task["focus"]["reference"].partition("/")[2]
    assert queue(ehr.task(ehr.put(an_order(id=order, note=[{"text": "see scan"}], **PENDED)))) == "medical-director"


def test_time_that_jumped_is_caught_up_in_order(harbor: Service, ehr: Caller) -> None:
    question, search = opened(ehr, **R8), opened(ehr, "ORD-2", member=MEMBERS[1], **R10)
    harbor.clock.move(days=30)

    assert sweep(harbor.desk) == 4

    assert queue(ehr.read(f"Task/{question['id']}")) == "medical-director"
    assert status_of(ehr.read(f"Task/{search['id']}")) == "approved"
    kinds = [each.kind for each in harbor.desk.store.events(1)]
    acts = [each for each in kinds if each not in {"received", "determined", "letter prepared"}]
    assert acts == ["unanswered", "due-soon", "expired"]


def test_a_plan_may_approve_what_it_did_not_decide_in_time(harbor: Service, ehr: Caller) -> None:
    approving = replace(harbor.desk, frames=replace(harbor.desk.frames, at_expiry=AtExpiry.APPROVE))
    task = opened(ehr, **PENDED)
    harbor.clock.move(days=7)

    sweep(approving)

    after = ehr.read(f"Task/{task['id']}")
    assert status_of(after) == "approved"
    assert outputs(after, "authorization-number")
    assert "approve by default" in notes(after)
    assert "approve by default" in explain(harbor.desk, NUMBER)


def test_a_sweep_run_twice_acts_once(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **PENDED)
    harbor.clock.move(days=7)

    assert sweep(harbor.desk) == 2
    before = ehr.read(f"Task/{task['id']}")
    assert sweep(harbor.desk) == 0
    assert ehr.read(f"Task/{task['id']}") == before


def test_a_case_decided_and_told_of_is_left_alone(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R10)
    told(staff(harbor, "nan", "network-staff"), task, code("in-network-alternative", "no", "Called all three"))
    write_letters(harbor)
    harbor.clock.move(days=30)

    assert sweep(harbor.desk) == 0


def test_an_approval_nobody_wrote_to_the_member_about_is_the_medical_directors(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, performer=[provider(OUTSIDE)], **CLOSED_NETWORK)
    assert clocks(task)["notifyMemberWritten"] == "2026-10-07T16:00:00.000Z"

    harbor.clock.move(hours=47, minutes=59)
    assert sweep(harbor.desk) == 0
    harbor.clock.move(minutes=1)
    late = swept(harbor, ehr, task)
    assert (status_of(late), queue(late)) == ("approved", "medical-director")
    assert "letter to the member had not" in notes(late)

    write_letters(harbor)
    assert "performerType" not in ehr.read(f"Task/{task['id']}")
    harbor.clock.move(days=30)
    assert sweep(harbor.desk) == 0


def test_a_denial_whose_letters_lack_their_enclosures_is_escalated_when_they_are_late(
    harbor: Service, ehr: Caller
) -> None:
    task = opened(ehr, **PENDED)
    body = determinations.denied()
    decided = staff(harbor, "doc", "physician").post(f"Task/{task['id']}/$record-determination", body)
    assert decided.status_code == 200, decided.get_data(as_text=True)

    harbor.clock.move(hours=24)
    after = swept(harbor, ehr, task)
    assert "letter to the provider had not" in notes(after)
    assert "letter to the member had not" not in notes(after)
    harbor.clock.move(hours=24)
    after = swept(harbor, ehr, task)

    assert "letter to the member had not" in notes(after)
    assert {each["coding"][0]["code"] for each in after["performerType"]} == {"medical-director", "release"}


def test_an_urgent_search_is_on_the_networks_list_too(ehr: Caller) -> None:
    task = opened(ehr, **R9)

    assert [each["coding"][0]["code"] for each in task["performerType"]] == ["clinician", "network"]


def write_letters(harbor: Service) -> None:
    """What the worker does with the letters that are owed."""
    for work in harbor.desk.store.waiting_work(harbor.clock.at + timedelta(days=3650), 100):
        if work.kind == "letters":
            working.perform(harbor.desk, work.key, work.tries)


def test_after_a_downgrade_the_warning_waits_for_the_new_due_time(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, priority="urgent", **PENDED)
    harbor.clock.move(hours=48)
    assert "due soon" in notes(swept(harbor, ehr, task))
    told(staff(harbor, "doc", "physician"), task, code("urgency", "standard", "No threat within 72 hours"))

    harbor.clock.move(hours=24)
    assert queue(swept(harbor, ehr, task)) == "clinician"
    harbor.clock.move(days=3)
    assert sweep(harbor.desk) == 1
    assert clocks(swept(harbor, ehr, task))["decide"] == "2026-10-12T16:00:00.000Z"


def test_coverage_loaded_later_asks_the_table_with_the_first_receipt(harbor: Service, ehr: Caller) -> None:
    everything = small_directory.resources()
    harbor.load([each for each in everything if each["id"] != "coverage-0"])
    task = opened(ehr)
    assert status_of(task) == "pended-eligibility"
    harbor.clock.move(hours=3)
    assert sweep(harbor.desk) == 0

    harbor.load(everything)
    after = swept(harbor, ehr, task)

    assert status_of(after) == "no-authorization-required"
    assert after["authoredOn"] == task["authoredOn"]
    assert after["restriction"]["period"] == task["restriction"]["period"]


def test_a_load_without_the_coverage_leaves_the_case_where_it_is(harbor: Service, ehr: Caller) -> None:
    without = [each for each in small_directory.resources() if each["id"] != "coverage-0"]
    harbor.load(without)
    task = opened(ehr)

    harbor.load(without)
    after = swept(harbor, ehr, task)

    assert status_of(after) == "pended-eligibility"
    assert sweep(harbor.desk) == 0


def test_a_case_closed_as_not_eligible_owes_no_letter_and_stands_on_no_list(harbor: Service, ehr: Caller) -> None:
    harbor.load([each for each in small_directory.resources() if each["id"] != "coverage-0"])
    task = opened(ehr)
    staff(harbor, "eli", "eligibility-staff").record(task["id"], determinations.not_eligible())

    harbor.clock.move(days=30)
    after = swept(harbor, ehr, task)

    assert status_of(after) == "not-eligible"
    assert "performerType" not in after
    assert "medical director" not in notes(after)


def test_one_case_that_cannot_be_acted_upon_does_not_keep_the_others(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R10)
    with harbor.desk.store._database.migrating() as connection:
        statement = "UPDATE case_file SET body = '{}' WHERE number = 1"
        assert connection.exec_driver_sql(statement).rowcount == 1
    other = opened(ehr, "ORD-2", member=MEMBERS[1], **R10)
    harbor.clock.move(days=2)

    sweep(harbor.desk)

    assert status_of(ehr.read(f"Task/{other['id']}")) == "approved"
    assert status_of(ehr.read(f"Task/{task['id']}")) == "pended-network"


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """A service on a database that two workers may share."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        url = server.url(server.new_database())
    else:
        url = f"sqlite:///{tmp_path / 'shared.db'}"
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=url) as running:
        yield running


def test_two_workers_at_once_act_once(shared: Service) -> None:
    ehr = shared.partner("ehr")
    tasks = [opened(ehr, each, member=each, **PENDED) for each in MEMBERS]
    shared.clock.move(days=7)

    with ThreadPoolExecutor(4) as workers:
        acts = sum(workers.map(lambda _: sweep(shared.desk), range(4)))

    assert acts == 2 * len(tasks)
    for number, task in enumerate(tasks, start=1):
        shown = ehr.read(f"Task/{task['id']}")
        assert (queue(shown), len(shown["note"])) == ("medical-director", 2)
        kinds = [each.kind for each in shared.desk.store.events(number)][2:]
        assert kinds == ["due-soon", "letter prepared", "letter prepared", "expired"]
    assert json(ehr.submit(an_order(MEMBERS[0], member=MEMBERS[0], **PENDED)))["resourceType"] == "Task"
