"""PUT of an order: a draft opens its case, new content asks the table again, revoked withdraws."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import small_directory
from desks import Caller, Service, action_of, issue, json, outputs, service, status_of
from small_directory import CLOSED, MEMBERS, NUCC, OUTSIDE, SPECIALIST, UNKNOWN
from small_orders import PENDED, an_order, condition, member_informed, provider, the_member

Json = dict[str, Any]

NONE_INSIDE: Json = {
    "performerType": {"coding": [{"system": NUCC, "code": CLOSED[0]}]},
    "performer": [provider(OUTSIDE)],
}


def kept_id(answered: Any) -> str:
    """The kept order's id, as $submit or create tells it."""
    body = json(answered)
    found: str = (
        body["id"] if body["resourceType"] == "ServiceRequest" else answered.headers["Link"].split("/")[-1][:36]
    )
    return found


def test_a_draft_made_active_opens_its_case_with_receipt_then(harbor: Service, ehr: Caller) -> None:
    ident = kept_id(ehr.create(an_order(status="draft")))
    harbor.clock.move(days=2)

    opened = ehr.put(an_order(id=ident))

    assert (opened.status_code, opened.headers["ETag"]) == (200, 'W/"2"')
    assert opened.headers["Location"].endswith(f"/ServiceRequest/{ident}/_history/2")
    task = ehr.task(opened)
    assert task["authoredOn"] == "2026-10-07T16:00:00.000Z"
    assert task["focus"] == {"reference": f"ServiceRequest/{ident}"}
    assert ehr.submit(an_order()).headers["Location"].endswith(task["id"])


def test_a_draft_changed_stays_a_draft(harbor: Service, ehr: Caller) -> None:
    ident = kept_id(ehr.create(an_order(status="draft")))

    changed = ehr.put(an_order(id=ident, status="draft", priority="stat"))

    assert (changed.status_code, json(changed)["priority"]) == (200, "stat")
    assert ehr.create(an_order(status="draft", priority="stat")).status_code == 200
    assert harbor.count("case_file") == 0


def test_a_draft_thrown_away_has_no_case(harbor: Service, ehr: Caller) -> None:
    ident = kept_id(ehr.create(an_order(status="draft")))

    assert ehr.put(an_order(id=ident, status="revoked")).status_code == 200
    assert harbor.count("case_file") == 0


def test_new_content_on_an_open_case_asks_again_with_the_first_receipt(harbor: Service, ehr: Caller) -> None:
    first = ehr.submit(an_order(**PENDED))
    harbor.clock.move(days=2)

    changed = ehr.put(an_order(id=kept_id(first), **NONE_INSIDE))

    assert changed.status_code == 200
    task = ehr.task(changed)
    assert (task["id"], status_of(task)) == (json(first)["id"], "approved")
    assert task["authoredOn"] == "2026-10-05T16:00:00.000Z"
    assert task["restriction"]["period"]["end"] == "2026-10-12T16:00:00.000Z"
    response = ehr.read(outputs(task, "determination")[0]["reference"])
    assert response["created"] == "2026-10-07T16:00:00.000Z"
    assert response["meta"]["versionId"] == "2"


def test_what_new_content_leaves_out_is_gone(ehr: Caller) -> None:
    first = ehr.submit(an_order(**PENDED))

    task = ehr.task(ehr.put(an_order(id=kept_id(first))))

    named = [each for each in task["input"] if each["type"]["coding"][0]["code"] == "requested-provider"]
    assert "valueReference" not in named[0]
    assert status_of(task) == "no-authorization-required"


def test_only_a_clinician_makes_an_urgent_request_standard(ehr: Caller) -> None:
    first = ehr.submit(an_order(priority="urgent", **PENDED))

    task = ehr.task(ehr.put(an_order(id=kept_id(first), priority="routine", **PENDED)))

    assert task["restriction"]["period"]["end"] == "2026-10-08T16:00:00.000Z"
    assert task["priority"] == "urgent"


def test_sending_back_what_was_read_changes_nothing(harbor: Service, ehr: Caller) -> None:
    first = ehr.submit(an_order(**PENDED))

    same = ehr.put(ehr.order(first))

    assert (same.status_code, same.headers["ETag"]) == (200, 'W/"1"')
    assert [each.kind for each in harbor.desk.store.events(1)] == ["received", "determined"]


def test_new_content_after_the_answer_is_409(ehr: Caller) -> None:
    first = ehr.submit(an_order())

    refused = ehr.put(an_order(id=kept_id(first), **PENDED))

    assert (refused.status_code, issue(refused)["code"]) == (409, "conflict")


def test_an_order_cannot_become_another_members(ehr: Caller) -> None:
    first = ehr.submit(an_order(**PENDED))

    refused = ehr.put(an_order(id=kept_id(first), member=MEMBERS[1], **PENDED))

    assert (refused.status_code, issue(refused)["expression"]) == (422, ["ServiceRequest.subject"])


def test_an_active_order_cannot_become_a_draft(ehr: Caller) -> None:
    first = ehr.submit(an_order(**PENDED))

    assert ehr.put(an_order(id=kept_id(first), status="draft", **PENDED)).status_code == 422


def test_a_changed_order_cannot_take_another_orders_identifier(ehr: Caller) -> None:
    first = ehr.submit(an_order("ORD-1", **PENDED))
    ehr.submit(an_order("ORD-2", member=MEMBERS[1], **PENDED))

    refused = ehr.put(an_order("ORD-2", id=kept_id(first), **PENDED))

    assert (refused.status_code, issue(refused)["code"]) == (409, "duplicate")
    assert "SMO-2026-000002" in issue(refused)["details"]["text"]


@pytest.mark.parametrize(("header", "status"), [('W/"1"', 200), ('W/"2"', 412), ('"1"', 200), ("nonsense", 412)])
def test_if_match_must_name_the_current_version(ehr: Caller, header: str, status: int) -> None:
    first = ehr.submit(an_order(**PENDED))

    answered = ehr.put(an_order(id=kept_id(first), priority="asap", **PENDED), If_Match=header)

    assert answered.status_code == status


@pytest.mark.parametrize("ident", [None, "another"])
def test_the_id_in_the_body_must_be_the_one_in_the_address(ehr: Caller, ident: str | None) -> None:
    import orjson  # noqa: PLC0415

    address = f"/fhir/ServiceRequest/{kept_id(ehr.submit(an_order(**PENDED)))}"
    refused = ehr.client.put(address, data=orjson.dumps(an_order(id=ident, **PENDED)), content_type="application/json")

    assert (refused.status_code, issue(refused)["expression"]) == (400, ["ServiceRequest.id"])


def test_revoked_withdraws_the_case_and_everything_it_asked_for(harbor: Service, ehr: Caller) -> None:
    answered = ehr.submit(an_order(requester=provider(UNKNOWN), **NONE_INSIDE))
    harbor.clock.move(hours=5)

    withdrawn = ehr.put(ehr.order(answered) | {"status": "revoked"})

    assert withdrawn.status_code == 200
    task = ehr.task(withdrawn)
    assert (task["status"], status_of(task)) == ("cancelled", "withdrawn")
    assert task["statusReason"]["text"]
    assert task["executionPeriod"]["end"] == "2026-10-05T21:00:00.000Z"
    response = ehr.read(outputs(task, "determination")[0]["reference"])
    assert (response["status"], action_of(response)) == ("cancelled", "C")
    assert response["disposition"].startswith("Withdrawn")
    assert ehr.found("Claim")[0]["status"] == "cancelled"
    assert [each["status"] for each in ehr.found("Task?code=additional-information")] == ["cancelled"]
    assert {each["status"] for each in ehr.found("CommunicationRequest")} == {"revoked"}
    assert ehr.order(answered)["status"] == "revoked"


def test_an_approval_withdrawn_carries_no_authorization(ehr: Caller) -> None:
    answered = ehr.submit(an_order(**NONE_INSIDE))

    task = ehr.task(ehr.put(ehr.order(answered) | {"status": "revoked"}))

    response = ehr.read(outputs(task, "determination")[0]["reference"])
    assert not {"preAuthRef", "preAuthPeriod"} & set(response)
    assert outputs(task, "authorization-number") == []
    assert {each["status"] for each in ehr.found("CommunicationRequest")} == {"revoked"}


def test_a_repeat_after_withdrawal_is_answered_with_the_withdrawn_case(ehr: Caller) -> None:
    answered = ehr.submit(an_order(**PENDED))
    ehr.put(ehr.order(answered) | {"status": "revoked"})

    again = ehr.submit(an_order(**PENDED))

    assert (again.status_code, status_of(json(again))) == (200, "withdrawn")


@pytest.mark.parametrize(("informed", "status"), [(None, 422), (False, 422), (True, 200)])
def test_the_members_own_request_is_withdrawn_only_with_her_knowledge(
    ehr: Caller,
    *,
    informed: bool | None,
    status: int,
) -> None:
    answered = ehr.submit(an_order(requester=the_member(), **PENDED))
    said = {} if informed is None else {"extension": [member_informed(informed=informed)]}

    answered = ehr.put(ehr.order(answered) | {"status": "revoked"} | said)

    assert answered.status_code == status


def test_a_withdrawn_case_is_closed(ehr: Caller) -> None:
    answered = ehr.submit(an_order(**PENDED))
    revoked = ehr.order(answered) | {"status": "revoked"}
    ehr.put(revoked)

    for body in (revoked, an_order(id=revoked["id"], **PENDED), an_order(id=revoked["id"])):
        assert ehr.put(body).status_code == 409


def test_others_may_not_change_it_and_strangers_do_not_see_it(harbor: Service, ehr: Caller) -> None:
    answered = ehr.submit(an_order(**PENDED))
    revoked = ehr.order(answered) | {"status": "revoked"}
    practice, stranger = harbor.partner("practice", npi=SPECIALIST), harbor.partner("stranger", npi="1245319599")

    assert practice.put(revoked).status_code == 403
    assert stranger.put(revoked).status_code == 404
    assert status_of(ehr.task(answered)) == "pended-clinician"


def test_one_senders_withdrawal_leaves_anothers_request_standing(harbor: Service, ehr: Caller) -> None:
    first = ehr.submit(an_order("ORD-1", **PENDED))
    practice = harbor.partner("practice", npi=SPECIALIST)
    second = practice.submit(an_order("ORD-9", **PENDED))

    assert ehr.put(ehr.order(first) | {"status": "revoked"}).status_code == 200
    still = status_of(ehr.task(first))
    assert practice.put(practice.order(second) | {"status": "revoked"}).status_code == 200

    assert (still, status_of(ehr.task(first))) == ("pended-clinician", "withdrawn")


def test_six_changes_at_once_are_six_versions_one_after_the_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=url) as harbor:
        ident = kept_id(harbor.partner("ehr").submit(an_order(**PENDED)))
        changed = [
            an_order(id=ident, reasonCode=[condition("M17.11"), {"text": f"Reason {number}"}], **PENDED)
            for number in range(6)
        ]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda order: harbor.caller("ehr").put(order), changed))

    assert sorted(each.headers["ETag"] for each in answers) == [f'W/"{number}"' for number in range(2, 8)]
