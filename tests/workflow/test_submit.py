"""A request comes in once, at whatever door and however often it is sent: one case, one answer, one receipt."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import small_directory
from desks import BASE, Caller, Service, action_of, issue, json, outputs, service, status_of
from small_directory import CLOSED, MEMBERS, NPI, NUCC, OUTSIDE
from small_orders import PENDED, an_order, condition, provider, reason, received

Json = dict[str, Any]


def test_the_same_content_again_is_answered_with_the_same_case(harbor: Service, ehr: Caller) -> None:
    first = ehr.submit(an_order())
    harbor.clock.move(days=400)
    again = ehr.submit(dict(reversed(an_order().items())) | {"id": "another", "meta": {"versionId": "9"}})

    assert (first.status_code, again.status_code) == (200, 200)
    for header in ("Location", "Link"):
        assert again.headers[header] == first.headers[header]
    assert again.data == first.data
    assert harbor.count("case_file") == 1


def test_a_repeat_tells_the_current_answer(ehr: Caller) -> None:
    first = ehr.submit(an_order(**PENDED))
    changed = ehr.put(an_order(id=ehr.order(first)["id"]))

    again = ehr.submit(an_order())

    assert changed.status_code == 200
    assert json(first)["resourceType"] == "Task"
    assert json(again)["resourceType"] == "ClaimResponse"
    assert again.headers["Location"] == first.headers["Location"]


def test_one_case_whichever_door_it_is_sent_through(harbor: Service, ehr: Caller) -> None:
    created = ehr.create(an_order())
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": an_order()}]}
    transaction = bundle | {
        "type": "transaction",
        "entry": [{"resource": an_order(), "request": {"method": "POST", "url": "ServiceRequest"}}],
    }

    submitted = [ehr.submit(an_order()), ehr.submit(bundle)]
    transacted = json(ehr.transact(transaction))["entry"][0]["response"]

    assert created.status_code == 201
    assert [ehr.task(each)["id"] for each in submitted] == [ehr.task(created)["id"]] * 2
    assert (transacted["status"], transacted["location"]) == ("200 OK", created.headers["Location"])
    assert harbor.count("case_file") == 1


def test_ten_at_once_are_one_case(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=url) as harbor:
        harbor.partner("ehr")
        callers = [harbor.caller("ehr") for _ in range(10)]
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda caller: caller.submit(an_order()), callers))
        assert harbor.count("case_file") == harbor.count("submission") == 1

    assert {(each.status_code, each.headers["Location"], each.data) for each in answers} == {
        (200, answers[0].headers["Location"], answers[0].data)
    }


def test_ten_questions_alike_at_once_are_one_case_with_ten_orders(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=url) as harbor:
        ehr = harbor.partner("ehr")
        orders = [an_order(f"ORD-{number}", **PENDED) for number in range(6)]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda order: harbor.caller("ehr").submit(order), orders))
        assert {each.status_code for each in answers} == {200}
        assert len({each.headers["Location"] for each in answers}) == 1
        assert len(ehr.task(answers[0])["basedOn"]) == 6


def test_different_content_under_one_identifier_names_the_case(harbor: Service, ehr: Caller) -> None:
    first = ehr.submit(an_order())
    number = ehr.task(first)["groupIdentifier"]["value"]

    for refused in (ehr.submit(an_order(**PENDED)), ehr.create(an_order(priority="stat"))):
        assert refused.status_code == 409
        assert issue(refused)["code"] == "duplicate"
        assert issue(refused)["expression"] == ["ServiceRequest.identifier"]
        assert number in issue(refused)["details"]["text"]
        assert refused.headers["Link"] == f'<{first.headers["Location"]}>; rel="related"'
    assert harbor.count("case_file") == 1


def test_an_identifier_that_stands_there_twice_is_one(harbor: Service, ehr: Caller) -> None:
    [number] = an_order()["identifier"]
    twice = an_order(identifier=[number, number | {"use": "usual"}])

    answers = [send(twice) for send in (ehr.submit, ehr.create, ehr.submit)]

    assert [each.status_code for each in answers] == [200, 200, 200]
    assert harbor.count("case_file") == 1


def test_another_partners_identifier_neither_collides_nor_shows(harbor: Service, ehr: Caller) -> None:
    ehr.submit(an_order())
    other = harbor.partner("elsewhere", npi="1245319599")

    answered = other.submit(an_order(member=MEMBERS[1], **PENDED))

    assert answered.status_code == 200
    assert harbor.count("case_file") == 2


def test_without_an_identifier_the_content_is_the_key(harbor: Service, ehr: Caller) -> None:
    first, again = ehr.submit(an_order(identifier=None)), ehr.submit(an_order(identifier=None))

    assert first.headers["Location"] == again.headers["Location"]
    assert harbor.count("case_file") == 1


def test_a_member_nobody_knows_is_422_and_the_receipt_is_kept(harbor: Service, ehr: Caller) -> None:
    refused = ehr.submit(an_order(member="HARBOR-999"))

    assert refused.status_code == 422
    assert issue(refused)["expression"] == ["ServiceRequest.subject"]
    assert "HARBOR-999" not in refused.get_data(as_text=True)
    assert [(at, who) for at, who, _ in harbor.attempts()] == [(1791216000000000, "ehr")]
    assert harbor.count("case_file") == harbor.count("submission") == 0


def test_a_patient_only_the_sender_could_resolve_is_422_and_the_receipt_is_kept(harbor: Service, ehr: Caller) -> None:
    refused = ehr.submit(an_order(subject={"reference": "https://ehr.example/fhir/Patient/77"}))

    assert refused.status_code == 422
    assert len(harbor.attempts()) == 1


def test_an_unknown_member_who_is_loaded_later_may_be_sent_again(ehr: Caller) -> None:
    assert ehr.submit(an_order(member="HARBOR-999")).status_code == 422
    assert ehr.submit(an_order()).status_code == 200


def test_the_plan_says_when_it_first_had_the_request(harbor: Service, ehr: Caller) -> None:
    plan = harbor.partner("plan", kind="plan", npi="1003000126")
    friday = received("2026-10-02T17:30:00-07:00")

    from_plan = plan.task(plan.submit(an_order(extension=[friday])))
    from_ehr = ehr.task(ehr.submit(an_order("ORD-2", member=MEMBERS[1], extension=[friday])))

    assert from_plan["authoredOn"] == "2026-10-03T00:30:00.000Z"
    assert from_ehr["authoredOn"] == "2026-10-05T16:00:00.000Z"


def test_a_receipt_in_the_future_is_refused(harbor: Service) -> None:
    plan = harbor.partner("plan", kind="plan", npi="1003000126")

    refused = plan.submit(an_order(extension=[received("2026-10-05T09:00:02-07:00")]))
    taken = plan.submit(an_order(extension=[received("2026-10-05T09:00:01-07:00")]))

    assert (refused.status_code, issue(refused)["code"]) == (422, "business-rule")
    assert plan.task(taken)["authoredOn"] == "2026-10-05T16:00:00.000Z"


@pytest.mark.parametrize("ago", ["1965-12-31T15:59:59-08:00", "0001-01-01T00:00:00+14:00"])
def test_a_receipt_before_there_were_plans_is_refused(harbor: Service, ago: str) -> None:
    plan = harbor.partner("plan", kind="plan", npi="1003000126")

    refused = plan.submit(an_order(extension=[received(ago)]))

    assert (refused.status_code, issue(refused)["code"]) == (422, "business-rule")


def test_a_serious_condition_is_answered_within_72_hours_and_stays_routine(ehr: Caller) -> None:
    task = ehr.task(ehr.submit(an_order(reasonCode=[condition("C50.9"), reason("serious-condition")], **PENDED)))

    assert task["restriction"]["period"]["end"] == "2026-10-08T16:00:00.000Z"
    assert task["priority"] == "routine"


def test_an_opinion_already_given_is_reviewed_within_30_days(ehr: Caller) -> None:
    answered = ehr.submit(an_order(occurrenceDateTime="2026-10-04", **PENDED))

    assert json(answered)["resourceType"] == "Task"
    assert status_of(json(answered)) == "pended-clinician"
    assert json(answered)["restriction"]["period"]["end"] == "2026-11-04T16:00:00.000Z"
    assert outputs(json(answered), "determination-code")[0]["coding"][0]["code"] == "A4"


@pytest.mark.parametrize("day", ["2026-10-05", "2026-10-06"])
def test_a_visit_today_or_later_is_not_in_the_past(ehr: Caller, day: str) -> None:
    assert json(ehr.submit(an_order(occurrenceDateTime=day)))["resourceType"] == "ClaimResponse"


def test_a_third_opinion_outside_goes_to_a_clinician_and_inside_stays_free(ehr: Caller) -> None:
    third = {"code": {"coding": [{"system": "https://codesystem.x12.org/005010/1365", "code": "21"}]}}

    outside = ehr.submit(an_order("ORD-1", performerType=_specialty(CLOSED[0]), **third, **PENDED))  # type: ignore[arg-type]  # elements of any shape
    inside = ehr.submit(an_order("ORD-2", member=MEMBERS[1], performer=[provider("2000000000")], **third))

    assert status_of(json(outside)) == "pended-clinician"
    assert action_of(json(inside)) == "NA"


def test_an_approval_asks_the_second_doctor_for_the_report(ehr: Caller) -> None:
    approved = ehr.submit(an_order(performerType=_specialty(CLOSED[0]), performer=[provider(OUTSIDE)]))

    (request,) = ehr.found("CommunicationRequest?category=consultation-report-request")
    assert json(approved)["preAuthRef"] == "AUTH-000001"
    assert request["status"] == "active"
    assert request["sender"]["identifier"] == {"system": NPI, "value": OUTSIDE}
    assert [each["reference"] for each in request["recipient"]] == ["Practitioner/specialist", "Patient/member-0"]


def test_a_choice_without_a_doctor_holds_the_request_for_the_report(ehr: Caller) -> None:
    ehr.submit(an_order())

    (request,) = ehr.found("CommunicationRequest?category=consultation-report-request")
    assert (request["status"], "sender" in request) == ("on-hold", False)


@pytest.mark.parametrize(
    ("kind", "key"), [("PractitionerRole", "outside-role"), ("Practitioner", "outside"), ("Organization", "ipa")]
)
def test_a_directory_row_that_cannot_be_read_puts_a_person_in_charge(
    harbor: Service, ehr: Caller, kind: str, key: str
) -> None:
    harbor.spoil(kind, key)

    answered = ehr.submit(an_order(performerType=_specialty(CLOSED[0]), performer=[provider(OUTSIDE)]))

    assert answered.status_code == 200
    task = json(answered)
    assert (task["resourceType"], status_of(task)) == ("Task", "pended-clinician")
    assert outputs(task, "determination-code")[0]["coding"][0]["code"] == "A4"
    assert task["restriction"]["period"]["end"] == "2026-10-12T16:00:00.000Z"


def test_coverage_that_ended_goes_to_eligibility_staff(harbor: Service, ehr: Caller) -> None:
    with_ended = [
        each | {"period": {"end": "2026-10-04"}} if each["id"] == "coverage-0" else each
        for each in small_directory.resources()
    ]
    harbor.load(with_ended)

    pended = ehr.submit(an_order())
    covered_then = ehr.submit(an_order("ORD-2", member=MEMBERS[1]))

    assert status_of(json(pended)) == "pended-eligibility"
    assert json(covered_then)["resourceType"] == "ClaimResponse"


def test_an_approval_says_that_it_depends_on_eligibility_on_the_day_of_the_visit(harbor: Service, ehr: Caller) -> None:
    ends = [
        each | {"period": {"end": "2026-10-05"}} if each["id"] == "coverage-0" else each
        for each in small_directory.resources()
    ]
    harbor.load(ends)
    asked = {"performerType": _specialty(CLOSED[0]), "performer": [provider(OUTSIDE)]}

    after = ehr.task(ehr.submit(an_order(occurrenceDateTime="2026-10-06", **asked)))  # type: ignore[arg-type]  # elements of any shape
    during = ehr.task(ehr.submit(an_order("ORD-2", member=MEMBERS[1], occurrenceDateTime="2026-10-05", **asked)))

    assert status_of(after) == status_of(during) == "approved"
    assert "eligibility on the day of the visit" in after["note"][0]["text"]
    assert "note" not in during


def test_receipt_and_due_time_are_those_of_the_clock(harbor: Service, ehr: Caller) -> None:
    harbor.clock.move(days=50, hours=1)  # Tuesday before Thanksgiving: the federal week ends first
    task = ehr.task(ehr.submit(an_order(**PENDED)))

    assert task["authoredOn"] == "2026-11-24T17:00:00.000Z"
    assert task["restriction"]["period"]["end"] == "2026-12-01T17:00:00.000Z"
    assert harbor.clock.at + timedelta(days=7) == harbor.clock.at.replace(month=12, day=1)


def test_what_submit_answers_is_what_a_read_gives(ehr: Caller) -> None:
    final, pended = ehr.submit(an_order()), ehr.submit(an_order("ORD-2", member=MEMBERS[1], **PENDED))

    assert json(final) == ehr.read(f"ClaimResponse/{json(final)['id']}")
    assert json(pended) == ehr.read(pended.headers["Location"])
    assert pended.headers["Location"].startswith(f"{BASE}/Task/")
    assert pended.headers["ETag"] == 'W/"1"'


def _specialty(code: str) -> Json:
    return {"coding": [{"system": NUCC, "code": code}]}
