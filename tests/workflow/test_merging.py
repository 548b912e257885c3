"""The same question again is one case with the earliest receipt; nothing granted is ever taken back."""

from dataclasses import replace
from typing import Any

from desks import Caller, Service, json, outputs, status_of
from second_opinion.access import registry
from second_opinion.cases.status import CaseStatus
from second_opinion.review.facts import Facts, Reason, RequesterKind, Urgency
from second_opinion.store.changes import Changes
from second_opinion.workflow import case_file
from second_opinion.workflow.merging import restated, together
from second_opinion.workflow.repeats import kept_case
from small_directory import CLOSED, INSIDE, MEMBERS, NUCC, OPEN, OUTSIDE, SPECIALIST, UNKNOWN, UNSTATED
from small_orders import PENDED, a_ride, an_order, condition, provider, reason, received, the_member

Json = dict[str, Any]

NAMED_INSIDE: Json = {"performer": [provider(INSIDE[OPEN[0]])]}


def specialty(code: str) -> Json:
    return {"performerType": {"coding": [{"system": NUCC, "code": code}]}}


NONE_INSIDE = specialty(CLOSED[0])
UNPROVED = specialty(UNSTATED[0])


def test_the_same_question_joins_the_open_case_and_the_earliest_receipt_runs_on(harbor: Service, ehr: Caller) -> None:
    first = ehr.submit(an_order("ORD-1", **PENDED))
    harbor.clock.move(days=2)
    second = ehr.submit(an_order("ORD-2", **PENDED))

    task = ehr.task(second)
    assert first.headers["Location"] == second.headers["Location"]
    assert task["authoredOn"] == "2026-10-05T16:00:00.000Z"
    assert task["restriction"]["period"]["end"] == "2026-10-12T16:00:00.000Z"
    assert {each["value"] for each in task["identifier"]} >= {"ORD-1", "ORD-2"}
    assert len(task["basedOn"]) == 2
    assert ehr.found("Task?identifier=ORD-2")[0]["id"] == task["id"]


def test_an_earlier_receipt_told_later_brings_every_clock_forward(harbor: Service, ehr: Caller) -> None:
    ehr.submit(an_order("ORD-1", **PENDED))
    plan = harbor.partner("plan", kind="plan", npi="1003000126")

    task = plan.task(plan.submit(an_order("ORD-1", extension=[received("2026-10-01T09:00:00-07:00")], **PENDED)))

    assert task["authoredOn"] == "2026-10-01T16:00:00.000Z"
    assert task["restriction"]["period"]["end"] == "2026-10-08T16:00:00.000Z"


def test_another_doctor_is_new_facts_on_the_open_case(ehr: Caller) -> None:
    pended = ehr.submit(an_order("ORD-1", **PENDED))
    free = ehr.submit(an_order("ORD-2", **NAMED_INSIDE))

    assert json(pended)["resourceType"] == "Task"
    assert json(free)["resourceType"] == "ClaimResponse"
    assert free.headers["Location"] == pended.headers["Location"]


def test_a_further_order_that_names_nobody_keeps_the_doctor_named(ehr: Caller) -> None:
    ehr.submit(an_order("ORD-1", performer=[provider(OUTSIDE)], **UNPROVED))
    task = ehr.task(ehr.submit(an_order("ORD-2", priority="urgent", **UNPROVED)))

    named = next(each for each in task["input"] if each["type"]["coding"][0]["code"] == "requested-provider")
    assert named["valueReference"]["identifier"]["value"] == OUTSIDE
    assert (task["priority"], status_of(task)) == ("urgent", "pended-clinician")


def test_urgent_stays_urgent_whatever_comes_later(ehr: Caller) -> None:
    ehr.submit(an_order("ORD-1", priority="urgent", **PENDED))
    task = ehr.task(ehr.submit(an_order("ORD-2", priority="routine", **PENDED)))

    assert task["priority"] == "urgent"
    assert task["restriction"]["period"]["end"] == "2026-10-08T16:00:00.000Z"


def test_the_member_adopts_anothers_request_with_the_first_receipt(harbor: Service, ehr: Caller) -> None:
    asked = ehr.submit(an_order("ORD-1", requester=provider(UNKNOWN), performer=[provider(OUTSIDE)], **NONE_INSIDE))
    (question,) = ehr.found("Task?code=additional-information")
    harbor.clock.move(days=1)

    answered = ehr.submit(an_order("ORD-2", requester=the_member(), performer=[provider(OUTSIDE)], **NONE_INSIDE))

    assert status_of(json(asked)) == "information-requested"
    task = ehr.task(answered)
    assert (task["id"], status_of(task)) == (json(asked)["id"], "approved")
    assert task["authoredOn"] == "2026-10-05T16:00:00.000Z"
    assert task["requester"]["reference"] == "Patient/member-0"
    assert ehr.read(f"Task/{question['id']}")["status"] == "completed"


def test_a_request_of_somebody_entitled_stays_hers(ehr: Caller) -> None:
    ehr.submit(an_order("ORD-1", requester=the_member(), **PENDED))
    task = ehr.task(ehr.submit(an_order("ORD-2", requester=provider(UNKNOWN), **PENDED)))

    assert status_of(task) == "pended-clinician"
    assert task["requester"]["reference"] == "Patient/member-0"


def test_another_condition_member_or_specialty_is_another_case(ehr: Caller) -> None:
    others = (
        an_order("ORD-1", **PENDED),
        an_order("ORD-2", **PENDED, reasonCode=[condition("M17.12")]),
        an_order("ORD-3", member=MEMBERS[1], **PENDED),
        an_order("ORD-4", **PENDED, **UNPROVED),
    )

    assert len({ehr.submit(each).headers["Location"] for each in others}) == 4


def test_a_question_without_a_condition_is_never_the_same(ehr: Caller) -> None:
    orders = (an_order(number, reasonCode=[reason("other")], **PENDED) for number in ("ORD-1", "ORD-2"))

    assert len({ehr.submit(each).headers["Location"] for each in orders}) == 2


def test_a_change_of_doctor_after_an_approval_stays_on_the_case(harbor: Service, ehr: Caller) -> None:
    approved = ehr.submit(an_order("ORD-1", performer=[provider(OUTSIDE)], **NONE_INSIDE))
    harbor.clock.move(days=3)
    changed = ehr.submit(an_order("ORD-2", performer=[provider(UNKNOWN)], **NONE_INSIDE))

    assert changed.headers["Location"] == approved.headers["Location"]
    for granted in ("preAuthRef", "preAuthPeriod"):
        assert json(changed)[granted] == json(approved)[granted]
    (report,) = ehr.found("CommunicationRequest?category=consultation-report-request")
    assert report["sender"]["identifier"]["value"] == UNKNOWN


def test_a_change_a_person_must_decide_leaves_the_granted_answer_standing(ehr: Caller) -> None:
    free = ehr.submit(an_order("ORD-1", **NAMED_INSIDE))
    pended = ehr.submit(an_order("ORD-2", **PENDED))
    again = ehr.submit(an_order("ORD-3", **PENDED))

    assert pended.headers["Location"] != free.headers["Location"]
    assert again.headers["Location"] == pended.headers["Location"]
    assert status_of(ehr.task(free)) == "no-authorization-required"
    assert status_of(ehr.task(pended)) == "pended-clinician"


def test_after_withdrawal_the_same_question_is_a_new_case(ehr: Caller) -> None:
    first = ehr.submit(an_order("ORD-1", **PENDED))
    ehr.put(ehr.order(first) | {"status": "revoked"})

    assert ehr.submit(an_order("ORD-2", **PENDED)).headers["Location"] != first.headers["Location"]


def test_who_cannot_see_the_first_case_opens_another_that_staff_find(harbor: Service, ehr: Caller) -> None:
    first = ehr.submit(an_order(requester=the_member(), extension=[a_ride()], performer=[provider(UNKNOWN)]))
    stranger = harbor.partner("stranger", npi="1245319599")

    second = stranger.submit(an_order("ORD-2", requester=the_member(), performer=[provider(UNKNOWN)]))

    assert second.headers["Location"] != first.headers["Location"]
    number = ehr.task(first)["groupIdentifier"]["value"]
    assert number not in second.get_data(as_text=True) + stranger.client.get("/fhir/Task").get_data(as_text=True)
    from second_opinion.workflow.explain import explain  # noqa: PLC0415 - what staff read

    assert number in explain(harbor.desk, stranger.task(second)["id"])


def test_who_takes_part_sees_and_joins_the_case_of_another_sender(harbor: Service, ehr: Caller) -> None:
    first = ehr.submit(an_order("ORD-1", **PENDED))
    practice = harbor.partner("practice", npi=SPECIALIST)

    joined = practice.submit(an_order("ORD-1", **PENDED))

    assert joined.headers["Location"] == first.headers["Location"]
    assert joined.headers["Link"] != first.headers["Link"]


def test_the_second_question_takes_the_place_of_the_first(harbor: Service, ehr: Caller) -> None:
    why = {"reasonCode": [condition("M17.11")]}
    ehr.submit(an_order("ORD-1", requester=provider(UNKNOWN), performer=[provider(OUTSIDE)], **NONE_INSIDE, **why))  # type: ignore[arg-type]  # elements of any shape
    (asked_first,) = ehr.found("Task?code=additional-information")
    harbor.clock.move(hours=3)
    again = ehr.submit(an_order("ORD-2", performer=[provider(OUTSIDE)], **NONE_INSIDE, **why))  # type: ignore[arg-type]  # elements of any shape
    (asked_then,) = ehr.found("Task?code=additional-information")

    assert status_of(json(again)) == "information-requested"
    assert asked_then["id"] == asked_first["id"]
    missing = [each["valueCode"] for each in asked_then["input"] if "valueCode" in each]
    assert (asked_then["status"], missing) == ("requested", ["reason"])


def test_all_facts_together_keep_what_the_later_request_leaves_out() -> None:
    before = Facts(
        requester_kind=RequesterKind.MEMBER, urgency=Urgency.URGENT, reason=Reason.LISTED, opinion_number=3,
        serious_condition=True, confidential=True, sources={"reason": "first", "urgency": "first"},
    )  # fmt: skip
    after = Facts(
        requester_kind=RequesterKind.OTHER, urgency=Urgency.STANDARD, reason=Reason.EMPTY, opinion_number=None,
        serious_condition=False, confidential=False, alternative_available=True,
        sources={"reason": "second", "urgency": "second"},
    )  # fmt: skip

    both = together(before, after)

    assert both == Facts(
        requester_kind=RequesterKind.MEMBER, urgency=Urgency.URGENT, reason=Reason.LISTED, opinion_number=3,
        serious_condition=True, confidential=True, alternative_available=True,
    )  # fmt: skip
    assert both.sources == {"reason": "first", "urgency": "first"}


def test_a_restated_order_loses_its_reason_and_requester_but_not_its_urgency() -> None:
    before = Facts(requester_kind=RequesterKind.MEMBER, urgency=Urgency.URGENT, reason=Reason.LISTED)
    after = Facts(requester_kind=RequesterKind.OTHER, urgency=Urgency.STANDARD)

    assert restated(before, after) == Facts(requester_kind=RequesterKind.OTHER, urgency=Urgency.URGENT)


def test_nothing_new_is_attached_by_gate_g3(harbor: Service, ehr: Caller) -> None:
    ehr.submit(an_order("ORD-1", **PENDED))
    ehr.submit(an_order("ORD-2", **PENDED))

    events = harbor.desk.store.events(1)
    assert [each.kind for each in events] == ["received", "determined", "attached", "determined"]
    assert events[-1].detail["trace"]["rule"] == "G3"
    assert outputs(ehr.found("Task")[0], "determination-code")[0]["coding"][0]["code"] == "A4"


def test_a_visit_already_made_out_leaves_the_same_doctor_s_next_request_a_case_of_its_own(
    harbor: Service, ehr: Caller
) -> None:
    for number in ("ORD-1", "ORD-2"):
        named = NAMED_INSIDE if number == "ORD-1" else PENDED
        ehr.submit(an_order(number, **named))
    for case in (1, 2):
        schedule(harbor, case)

    third = ehr.submit(an_order("ORD-3", **PENDED))

    assert third.status_code == 200
    assert harbor.count("case_file") == 3


def schedule(harbor: Service, number: int) -> None:
    """Put the case where a booked visit puts it."""
    case = kept_case(harbor.desk, number)
    view = replace(case.view, status=CaseStatus.SCHEDULED.value)
    moved = replace(case, version=case.version + 1, view=view)
    harbor.desk.store.save(Changes(case=case_file.row(moved)))


def test_a_question_that_two_changed_cases_still_hold_can_be_asked_anew(ehr: Caller) -> None:
    for number, other in (("ORD-1", UNSTATED[0]), ("ORD-2", UNSTATED[1])):
        order = an_order(number, **PENDED)
        kept = ehr.submit(order).headers["Link"].split("/ServiceRequest/")[1].split(">")[0]
        assert ehr.put(an_order(number, id=kept, **PENDED, **specialty(other))).status_code == 200

    answered = ehr.submit(an_order("ORD-3", **PENDED))

    assert answered.status_code == 200
    assert ehr.submit(an_order("ORD-4", **PENDED)).headers["Location"] == answered.headers["Location"]


def test_a_sender_who_may_only_create_can_ask_the_same_question_again_and_again(harbor: Service) -> None:
    registry.add_partner(
        harbor.desk.store, "sender", partner_class="ehr", organization="1003000126", scope="system/ServiceRequest.c"
    )
    sender = harbor.caller("sender")

    answered = [sender.submit(an_order(f"ORD-{number}", **PENDED)) for number in range(4)]

    assert [each.status_code for each in answered] == [200] * 4
    assert len({each.headers["Location"] for each in answered}) == 1
