"""A message is delivered once, tried again when that may help, and stands on a person's list when nothing does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import orjson
import pytest

import small_directory
from delivery.listening import Answer, Request, listening
from second_opinion.store.changes import Changes, Work
from small_directory import SPECIALIST
from small_orders import provider
from workflow.sending import Sending, sending

DOCTOR = provider(SPECIALIST)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Sending]:
    with sending(tmp_path) as running:
        yield running


def test_it_is_posted_to_the_partner_registered_for_the_recipients_npi(post: Sending) -> None:
    with listening() as listener:
        post.register(listener, SPECIALIST)
        assert post.attempts(post.owe(DOCTOR)) == 1

    (sent,) = listener.posts()
    body = sent.json()
    assert sent.path == "/fhir/CommunicationRequest"
    assert sent.headers["content-type"] == "application/fhir+json"
    number = body["identifier"][0]
    assert sent.headers["if-none-exist"] == f"identifier={number['system']}|{number['value']}"
    assert "id" not in body
    assert body["basedOn"][0]["reference"].startswith("http://127.0.0.1:8080/fhir/ServiceRequest/")
    delivery = post.delivery(DOCTOR)
    assert (delivery.state, delivery.reason) == ("delivered", None)
    assert delivery.sent_at == delivery.received_at == post.service.clock.at
    assert [each.detail["to"] for each in post.events("delivered")] == [SPECIALIST]


def test_told_again_after_it_was_delivered_nothing_is_sent(post: Sending) -> None:
    with listening() as listener:
        post.register(listener, SPECIALIST)
        post.attempts(post.owe(DOCTOR))
        post.attempts(post.owe(DOCTOR))
    assert len(listener.posts()) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 599, 429])
def test_429_and_5xx_are_tried_again_under_the_same_number_until_the_list(post: Sending, status: int) -> None:
    with listening(lambda _: Answer(status if _.method == "POST" else 404)) as listener:
        post.register(listener, SPECIALIST)
        assert post.attempts(post.owe(DOCTOR)) == 3  # two delays, three tries
    assert len({each.headers["if-none-exist"] for each in listener.posts()}) == 1
    assert len(listener.posts()) == 3
    (entry,) = post.listed()
    assert entry["statusReason"]["text"] == f"The recipient's endpoint answered {status}; tried 3 times"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 412, 422, 401])
def test_another_4xx_is_never_tried_again(post: Sending, status: int) -> None:
    with listening(lambda _: Answer(status if _.method == "POST" else 404)) as listener:
        post.register(listener, SPECIALIST)
        assert post.attempts(post.owe(DOCTOR)) == 1
    assert len(listener.posts()) == 1
    assert post.listed()[0]["statusReason"]["text"] == f"The recipient's endpoint answered {status}"


def test_a_fault_of_the_network_is_tried_again(post: Sending) -> None:
    with listening() as listener:
        post.register(listener, SPECIALIST)
    assert post.attempts(post.owe(DOCTOR)) == 3
    assert "failed" in post.listed()[0]["statusReason"]["text"]


def test_a_host_that_stalls_is_tried_again(post: Sending) -> None:
    with listening(lambda _: Answer(pause=3 if _.method == "POST" else 0, status=404)) as listener:
        post.register(listener, SPECIALIST)
        key = post.owe(DOCTOR)
        post.attempt(key)
    assert _waiting(post, key).tries == 1


@pytest.mark.parametrize("dated", [False, True])
def test_retry_after_postpones_the_next_try_at_least_that_far(post: Sending, *, dated: bool) -> None:
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    said = format_datetime(at, usegmt=True) if dated else "7200"
    with listening(lambda _: Answer(429, {"Retry-After": said}) if _.method == "POST" else Answer(404)) as listener:
        post.register(listener, SPECIALIST)
        key = post.owe(DOCTOR)
        post.attempt(key)
    waits = _waiting(post, key).not_before
    assert waits is not None
    assert at <= waits <= at + timedelta(seconds=5)


def test_a_short_retry_after_does_not_shorten_the_delay(post: Sending) -> None:
    began = datetime.now(UTC)
    with listening(lambda _: Answer(429, {"Retry-After": "0"}) if _.method == "POST" else Answer(404)) as listener:
        post.register(listener, SPECIALIST)
        key = post.owe(DOCTOR)
        post.attempt(key)
    waits = _waiting(post, key).not_before
    assert waits is not None
    assert waits >= began + timedelta(seconds=8)  # the first delay less a fifth


def test_what_came_through_before_the_answer_was_lost_is_there_once(post: Sending) -> None:
    def lost_once(request: Request) -> Answer:
        answer = listener.create(request)
        return Answer(answer.status, pause=3) if request.method == "POST" and len(listener.posts()) == 1 else answer

    with listening(lost_once) as listener:
        post.register(listener, SPECIALIST)
        assert post.attempts(post.owe(DOCTOR)) == 2
    assert len(listener.posts()) == 2
    assert len(listener.created) == 1
    assert post.listed() == []


def test_a_redirect_off_the_host_goes_to_the_list_at_once(post: Sending) -> None:
    with listening(lambda _: Answer(307, {"Location": "http://10.0.0.5/fhir/CommunicationRequest"})) as listener:
        post.register(listener, SPECIALIST)
        assert post.attempts(post.owe(DOCTOR)) == 1
    assert "redirect" in post.listed()[0]["statusReason"]["text"]


@pytest.mark.parametrize("url", ["https://10.0.0.5/fhir", "https://169.254.169.254/fhir", "http://93.184.216.34/fhir"])
def test_a_refused_address_goes_to_the_list_at_once_and_not_to_print(post: Sending, url: str) -> None:
    with listening() as listener:
        listener.url = url
        post.register(listener, SPECIALIST)
        assert post.attempts(post.owe(DOCTOR)) == 1
    assert len(post.listed()) == 1
    assert not (post.service.desk.settings.data_folder / "mail").exists()


def test_loopback_is_refused_where_the_setting_does_not_allow_it(tmp_path: Path) -> None:
    with sending(tmp_path, allow_loopback=False) as post, listening() as listener:
        post.register(listener, SPECIALIST)
        assert post.attempts(post.owe(DOCTOR)) == 1
        assert listener.requests == []
        assert len(post.listed()) == 1


def test_a_disabled_partners_endpoint_is_not_used(post: Sending) -> None:
    with listening() as listener:
        post.register(listener, SPECIALIST)
        post.service.desk.store.registry_set_active("partner", active=False)
        post.attempts(post.owe(DOCTOR))
    assert listener.requests == []


def test_the_list_names_the_message_the_case_the_member_and_why_and_only_plan_and_staff_see_it(post: Sending) -> None:
    with listening(lambda _: Answer(422 if _.method == "POST" else 404)) as listener:
        post.register(listener, SPECIALIST)
        post.attempts(post.owe(DOCTOR))

    (entry,) = post.listed()
    assert entry["status"] == "requested"
    assert entry["focus"] == {"reference": post.reference}
    assert entry["partOf"] == [{"reference": f"Task/{post.task['id']}"}]
    assert entry["for"]["reference"] == "Patient/member-0"
    assert entry["performerType"][0]["coding"][0]["code"] == "undeliverable"
    assert post.ehr.found("Task?code=undelivered") == []
    assert post.ehr.client.get(f"/fhir/Task/{entry['id']}").status_code == 404
    assert post.service.desk.store.undelivered() == 1
    assert [each.detail["reason"] for each in post.events("undelivered")] == ["The recipient's endpoint answered 422"]


def test_a_case_withdrawn_while_a_message_is_under_way_takes_the_message_back(post: Sending) -> None:
    def withdrawing(request: Request) -> Answer:
        if request.method == "POST" and len(listener.posts()) == 1:
            order = post.service.desk.store.found("ServiceRequest", post.case.view.service_request_id)
            assert order is not None
            post.ehr.put(orjson.loads(order.body) | {"status": "revoked"})
        return listener.create(request)

    with listening(withdrawing) as listener:
        post.register(listener, SPECIALIST)
        assert post.attempts(post.owe(DOCTOR)) == 1
        rows = post.service.desk.store._database.fetch("SELECT key FROM work WHERE key LIKE '%-revoked'")
        assert len(rows) == 1, "what has just arrived is taken back"
        post.attempts(rows[0][0])

    first, again = listener.posts()
    assert (first.json()["status"], again.json()["status"]) == ("on-hold", "revoked")
    assert again.headers["if-none-exist"].endswith("-revoked")
    assert again.json()["identifier"][0]["value"].endswith("-revoked")


def test_to_a_member_who_has_died_nothing_goes_but_by_a_persons_resend(post: Sending) -> None:
    gone = [each for each in small_directory.resources() if each["id"] == "member-0"]
    others = [each for each in small_directory.resources() if each["id"] != "member-0"]
    post.service.load([*others, gone[0] | {"deceasedBoolean": True}])
    member = {"reference": "Patient/member-0"}

    post.attempts(post.owe(member, post.a_letter()))

    (entry,) = post.listed()
    assert "has died" in entry["statusReason"]["text"]
    assert post.outbox == []
    assert post.plan.client.post(f"/fhir/Task/{entry['id']}/$resend").status_code == 200
    rows = post.service.desk.store._database.fetch("SELECT key FROM work WHERE key LIKE '%/again/%'")
    post.attempts(rows[0][0])
    assert len(post.outbox) == 1


def test_a_message_that_is_over_is_not_sent_unless_it_was_before(post: Sending) -> None:
    first, second = ({"system": "urn:x", "value": value} for value in ("R1", "R1-revoked"))
    resource = {"resourceType": "CommunicationRequest", "id": "crq", "status": "active", "identifier": [first]}
    reference = post.keep(resource)
    with listening() as listener:
        post.register(listener, SPECIALIST)
        post.attempts(post.owe(DOCTOR, reference))
        post.keep(resource | {"status": "revoked", "identifier": [first, second]}, version=2)
        body = {"reference": reference, "recipient": DOCTOR, "identifier": second}
        post.service.desk.store.save(Changes(work=[Work("revoked", "deliver", post.case.number, body)]))
        post.attempts("revoked")
        post.keep({**resource, "id": "another", "status": "revoked"})
        post.attempts(post.owe(DOCTOR, "CommunicationRequest/another"))

    assert [each.headers["if-none-exist"] for each in listener.posts()] == [
        "identifier=urn:x|R1",
        "identifier=urn:x|R1-revoked",
    ]
    assert post.delivery(DOCTOR, "CommunicationRequest/another").state == "dropped"


def _waiting(post: Sending, key: str) -> Work:
    work = post.work(key)
    assert work is not None
    return work
