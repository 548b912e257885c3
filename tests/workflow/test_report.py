"""The second doctor's report reaches the member and the initial provider, or the loop stays open."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

import documents
from delivery.listening import Answer, Listener, Request, listening
from desks import BASE, Caller, Service, issue, json, service, status_of
from second_opinion.access import registry
from second_opinion.workflow.returned_mail import read_answers
from second_opinion.workflow.sweep import sweep
from second_opinion.workflow.working import perform
from small_directory import FAMILY_DOCTOR, NPI, OUTSIDE, SPECIALIST, write
from small_orders import ORDERS, an_order, initial_provider, member_informed, provider

Json = dict[str, Any]
PDF = b"%PDF-1.7 synthetic report"
SECOND = "2000000000"  # in the network, of the first open specialty


class Loop:
    """An order for a named second doctor, with servers of both doctors."""

    def __init__(self, running: Service, stack: ExitStack) -> None:
        self.service = running
        self.first_answers: Answer | None = None
        self.first = stack.enter_context(listening(self._first))
        self.second = stack.enter_context(listening())
        self.ehr = self._partner("ehr", SPECIALIST, self.first)
        self.doctor = self._partner("second", SECOND, self.second)
        answered = self.ehr.submit(an_order(performer=[provider(SECOND)], status="active"))
        assert answered.status_code == 200, answered.get_data(as_text=True)
        self.task_id = self.ehr.task(answered)["id"]
        self.plan = running.partner("plan", kind="plan", npi="9000000041")

    def _partner(self, name: str, npi: str, listener: Listener) -> Caller:
        registry.add_partner(
            self.service.desk.store, name, partner_class="ehr", organization=npi, endpoint=listener.url
        )
        return self.service.caller(name)

    def _first(self, request: Request) -> Answer:
        if self.first_answers is not None and request.method == "POST":
            return self.first_answers
        return self.first.create(request)

    @property
    def task(self) -> Json:
        return self.plan.read(f"Task/{self.task_id}")

    def work(self) -> None:
        """The worker does all that is owed, once each."""
        store = self.service.desk.store
        for key, tries in store._database.fetch("SELECT key, tries FROM work WHERE kind IN ('deliver', 'letters')"):
            perform(self.service.desk, key, tries)

    def mail(self, status: str = "mailed") -> None:
        """The print shop answers every envelope of the outbox about the report."""
        folder = self.service.desk.settings.data_folder / "mail"
        (folder / "inbox").mkdir(parents=True, exist_ok=True)
        for manifest in (folder / "outbox").glob("*/manifest.json"):
            said = orjson.loads(manifest.read_bytes())
            if said["kind"] == "consultation-report-delivery":
                answer = said | {"status": status, "at": "2026-10-06T09:00:00-07:00", "reason": "moved"}
                (folder / "inbox" / f"{said['resource'].replace('/', '-')}-{status}.json").write_bytes(
                    orjson.dumps(answer)
                )
        read_answers(self.service.desk)

    def copies(self) -> list[Json]:
        return self.plan.found(f"Communication?part-of=Task/{self.task_id}&category=consultation-report-delivery")

    def report(self, **changes: Any) -> Json:
        """A Communication that brings the report."""
        body: Json = {
            "resourceType": "Communication",
            "identifier": [{"system": "https://second.example/reports", "value": "REP-1"}],
            "status": "completed",
            "basedOn": [{"reference": f"{BASE}/ServiceRequest/{self.task['focus']['reference'].partition('/')[2]}"}],
            "payload": [{"contentAttachment": attachment()}],
        }
        return {name: value for name, value in (body | changes).items() if value is not None}


def attachment(data: bytes = PDF, **changes: Any) -> Json:
    return {
        "contentType": "application/pdf",
        "data": b64encode(data).decode(),
        "size": len(data),
        "hash": b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode(),
        "title": "Consultation report",
    } | changes


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    given: dict[str, Any] = {"allow_loopback": True, "retry_delays": (10,), "send_timeout": 2}
    with ExitStack() as stack:
        running = stack.enter_context(service(tmp_path, directory=[write(tmp_path)], **given))
        yield Loop(running, stack)


def posted(listener: Listener, kind: str) -> list[Json]:
    return [each.json() for each in listener.posts() if each.path == f"/fhir/{kind}"]


def test_the_second_doctor_is_asked_for_the_report_and_the_first_for_the_records(loop: Loop) -> None:
    loop.work()
    loop.work()

    (report,) = posted(loop.second, "CommunicationRequest")
    (records,) = posted(loop.first, "CommunicationRequest")
    assert report["category"][0]["coding"][0]["code"] == "consultation-report-request"
    assert records["category"][0]["coding"][0]["code"] == "records-request"
    assert [each["reference"].split("/")[-2] for each in report["recipient"]] == ["Practitioner", "Patient"]


def test_the_loop_closes_when_both_have_the_report(loop: Loop) -> None:
    answered = loop.doctor.post("Communication", loop.report())

    assert (answered.status_code, json(answered)["resourceType"]) == (201, "Communication")
    assert status_of(loop.task) == "report-due"
    assert {each["status"] for each in loop.copies()} == {"preparation"}
    loop.work()
    assert status_of(loop.task) == "report-due"  # the member's copy is on its way by mail
    loop.mail()

    assert (loop.task["status"], status_of(loop.task)) == ("completed", "report-delivered")
    assert {each["status"] for each in loop.copies()} == {"completed"}
    assert all({"sent", "received"} <= set(each) for each in loop.copies())
    assert loop.plan.read(loop.task["focus"]["reference"])["status"] == "completed"


def test_each_gets_the_report_byte_for_byte_once(loop: Loop) -> None:
    loop.doctor.post("Communication", loop.report())
    for _ in range(3):
        loop.work()

    (copy,) = posted(loop.first, "Communication")
    assert b64decode(copy["payload"][0]["contentAttachment"]["data"]) == PDF
    folder = loop.service.desk.settings.data_folder / "mail" / "outbox"
    envelopes = [orjson.loads(each.read_bytes()) for each in folder.glob("*/manifest.json")]
    (envelope,) = [each for each in envelopes if each["kind"] == "consultation-report-delivery"]
    assert envelope["recipient"]["reference"] == "Patient/member-0"
    assert envelope["documents"][0]["sha256"] == hashlib.sha256(PDF).hexdigest()


def test_with_one_of_the_two_the_loop_stays_open(loop: Loop) -> None:
    loop.first_answers = Answer(400)
    loop.doctor.post("Communication", loop.report())
    loop.work()
    loop.mail()

    assert status_of(loop.task) == "report-due"
    (entry,) = [each for each in loop.plan.found("Task?code=undelivered") if "Communication/" in str(each["focus"])]
    assert entry["for"] == {"reference": "Patient/member-0"}
    loop.first_answers = None
    assert loop.plan.client.post(f"/fhir/Task/{entry['id']}/$resend").status_code == 200
    loop.work()

    assert status_of(loop.task) == "report-delivered"


def test_returned_mail_keeps_the_loop_open(loop: Loop) -> None:
    loop.doctor.post("Communication", loop.report())
    loop.work()
    loop.mail("returned")

    assert status_of(loop.task) == "report-due"
    assert {each["status"] for each in loop.copies()} == {"completed", "not-done"}


def test_the_same_report_again_is_the_same_answer_and_delivered_once(loop: Loop) -> None:
    first = loop.doctor.post("Communication", loop.report())
    again = loop.doctor.post("Communication", loop.report())
    other = loop.doctor.post("Communication", loop.report(payload=[{"contentAttachment": attachment(b"%PDF other")}]))

    assert (again.status_code, again.headers["Location"]) == (200, first.headers["Location"])
    assert (other.status_code, issue(other)["code"]) == (409, "duplicate")
    assert len(loop.copies()) == 2


DOORS: dict[str, Json] = {
    "Communication": {"status": "completed", "payload": [{"contentAttachment": attachment()}]},
    "CommunicationRequest": {"status": "active", "payload": [{"contentAttachment": attachment()}]},
    "DocumentReference": {"status": "current", "content": [{"attachment": attachment()}]},
    "DiagnosticReport": {"status": "final", "code": {"text": "Consult note"}, "presentedForm": [attachment()]},
}


def through(kind: str, about: Json) -> Json:
    where = {"context": {"related": [about]}} if kind == "DocumentReference" else {"basedOn": [about]}
    return {"resourceType": kind, **DOORS[kind], **where}


@pytest.mark.parametrize("kind", DOORS)
def test_every_door_takes_the_report(loop: Loop, kind: str) -> None:
    answered = loop.doctor.post(kind, through(kind, {"identifier": {"system": ORDERS, "value": "ORD-1"}}))

    assert answered.status_code == 201, answered.get_data(as_text=True)
    kept = loop.plan.read(answered.headers["Location"].partition("/_history")[0])
    assert kept["resourceType"] in {kind, "DocumentReference"}
    assert len(loop.copies()) == 2
    (document,) = loop.plan.found("DocumentReference?category=consultation-report&patient=Patient/member-0")
    url = document["content"][0]["attachment"]["url"]
    assert b64decode(loop.plan.read(url)["data"]) == PDF


@pytest.mark.parametrize("kind", DOORS)
@pytest.mark.parametrize("about", [{"reference": "Task/none"}, {"identifier": {"system": ORDERS, "value": "NONE"}}])
def test_a_report_of_no_case_is_refused_at_every_door(loop: Loop, kind: str, about: Json) -> None:
    answered = loop.doctor.post(kind, through(kind, about))

    assert answered.status_code == 422
    assert issue(answered)["expression"][0].startswith(kind)


@pytest.mark.parametrize("kind", ["Communication", "DocumentReference", "DiagnosticReport"])
def test_only_the_second_doctor_reports(loop: Loop, kind: str) -> None:
    answered = loop.ehr.post(kind, through(kind, {"reference": f"Task/{loop.task_id}"}))

    assert answered.status_code == 403


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"size": 3}, "size"),
        ({"hash": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "hash"),
        ({"data": None, "url": "https://elsewhere.example/report.pdf"}, "url"),
        ({"data": None}, "data"),
    ],
)
def test_a_document_that_is_not_what_it_says_is_refused(loop: Loop, wrong: Json, path: str) -> None:
    sent = {name: value for name, value in (attachment() | wrong).items() if value is not None}

    answered = loop.doctor.post("Communication", loop.report(payload=[{"contentAttachment": sent}]))

    assert answered.status_code == 422
    assert issue(answered)["expression"] == [f"Communication.payload[0].contentAttachment.{path}"]
    assert loop.copies() == []


def test_what_the_report_recommends_is_a_draft_and_no_case(loop: Loop) -> None:
    recommended = {
        "resourceType": "ServiceRequest",
        "id": "mri",
        "status": "active",
        "intent": "proposal",
        "code": {"text": "Magnetic resonance imaging of the knee"},
        "subject": {"reference": "Patient/theirs"},
    }
    loop.doctor.post("Communication", loop.report(contained=[recommended]))

    drafts = loop.plan.found("ServiceRequest?intent=proposal&patient=Patient/member-0")
    assert [(each["status"], each["subject"]["reference"]) for each in drafts] == [("draft", "Patient/member-0")]
    assert len(loop.plan.found("Task?code=second-opinion-review&patient=Patient/member-0")) == 1


def test_no_report_before_there_is_an_opinion_to_give(loop: Loop) -> None:
    answered = loop.ehr.submit(an_order("ORD-9", performer=[provider(OUTSIDE)], reasonCode=[{"text": "second view"}]))
    pended = loop.ehr.task(answered)
    outside = loop.service.partner("outside", npi=OUTSIDE)

    refused = outside.post("Communication", loop.report(basedOn=None, about=[{"reference": f"Task/{pended['id']}"}]))

    assert refused.status_code == 409


def a_message(loop: Loop, recipients: list[Json], **changes: Any) -> Json:
    body: Json = {
        "resourceType": "CommunicationRequest",
        "identifier": [{"system": "https://first.example/messages", "value": "M-1"}],
        "status": "active",
        "about": [{"reference": f"Task/{loop.task_id}"}],
        "recipient": recipients,
        "payload": [{"contentString": "Please bring the images."}],
    }
    return body | changes


def test_a_message_about_the_case_is_forwarded_with_its_senders_number_beside_ours(loop: Loop) -> None:
    answered = loop.ehr.post("CommunicationRequest", a_message(loop, [provider(SECOND)]))
    loop.work()

    assert answered.status_code == 201, answered.get_data(as_text=True)
    forwarded = [each for each in posted(loop.second, "CommunicationRequest") if "-F1" in str(each["identifier"])]
    assert [each["value"] for each in forwarded[0]["identifier"]][1] == "M-1"
    assert forwarded[0]["payload"] == [{"contentString": "Please bring the images."}]


def test_recipients_outside_the_case_are_named(loop: Loop) -> None:
    answered = loop.ehr.post(
        "CommunicationRequest", a_message(loop, [provider(SECOND), {"identifier": {"system": NPI, "value": OUTSIDE}}])
    )

    assert answered.status_code == 422
    assert issue(answered)["expression"] == ["CommunicationRequest.recipient[1]"]


def test_a_sender_outside_the_case_finds_none(loop: Loop) -> None:
    stranger = loop.service.partner("stranger", npi="9000000009")

    here = stranger.post("CommunicationRequest", a_message(loop, [provider(SECOND)]))
    nowhere = a_message(loop, [provider(SECOND)], about=[{"reference": "Task/01234567-89ab-7def-8123-456789abcdef"}])
    absent = stranger.post("CommunicationRequest", nowhere)

    assert (here.status_code, here.data) == (absent.status_code, absent.data) == (404, here.data)


def test_a_withdrawn_case_takes_back_what_was_sent_and_drops_the_rest(loop: Loop) -> None:
    loop.ehr.post("CommunicationRequest", a_message(loop, [provider(SECOND)]))
    loop.work()
    order = loop.ehr.read(loop.task["focus"]["reference"])
    revoked = loop.ehr.put(order | {"status": "revoked", "extension": [*order.get("extension", []), member_informed()]})
    assert revoked.status_code == 200, revoked.get_data(as_text=True)
    loop.work()

    sent = posted(loop.second, "CommunicationRequest")
    assert [each["status"] for each in sent].count("revoked") == 2
    assert all(each["status"] == "revoked" for each in loop.plan.found("CommunicationRequest?patient=Patient/member-0"))
    assert loop.ehr.post("CommunicationRequest", a_message(loop, [provider(SECOND)], identifier=[])).status_code >= 400


def test_where_no_doctor_is_named_the_request_waits(loop: Loop) -> None:
    loop.ehr.submit(an_order("ORD-7", member="HARBOR-005", extension=[initial_provider(FAMILY_DOCTOR)]))
    loop.work()

    (waiting,) = loop.plan.found("CommunicationRequest?category=consultation-report-request&status=on-hold")
    assert "sender" not in waiting


def test_the_report_is_asked_for_again_and_then_it_is_a_persons_matter(loop: Loop) -> None:
    loop.work()
    loop.work()
    asked = _request(loop)
    before = len(posted(loop.second, "CommunicationRequest"))
    due = next(each["valueDateTime"] for each in _clock(loop.task, "consultReport"))
    loop.service.clock.at = datetime.fromisoformat(due) - timedelta(days=2, seconds=1)
    sweep(loop.service.desk)
    assert loop.plan.found(f"CommunicationRequest?priority=urgent&based-on=CommunicationRequest/{asked}") == []

    for days, reminders in ((-2, 1), (0, 2), (5, 3), (10, 4)):
        loop.service.clock.at = datetime.fromisoformat(due) + timedelta(days=days)
        sweep(loop.service.desk)
        sweep(loop.service.desk)
        found = loop.plan.found(f"CommunicationRequest?priority=urgent&based-on=CommunicationRequest/{asked}")
        assert len(found) == reminders
    loop.work()

    assert len(posted(loop.second, "CommunicationRequest")) == before + 4
    assert "medical director" in str(loop.task["note"])
    assert loop.plan.found("Task?performer=medical-director")[0]["id"] == loop.task_id


def test_once_the_report_is_here_nobody_is_reminded(loop: Loop) -> None:
    loop.doctor.post("Communication", loop.report())
    loop.service.clock.move(days=90)
    sweep(loop.service.desk)

    assert loop.plan.found("CommunicationRequest?priority=urgent&patient=Patient/member-0") == []


def test_a_report_comes_through_submit_attachment_too(loop: Loop) -> None:
    (request,) = loop.plan.found("CommunicationRequest?category=consultation-report-request")
    body = documents.parameters(request["identifier"][0], {"value": "HARBOR-000"})

    answered = loop.doctor.post("$submit-attachment", body)

    assert answered.status_code == 200, answered.get_data(as_text=True)
    assert len(loop.copies()) == 2
    assert status_of(loop.task) == "report-due"
    assert loop.ehr.post("$submit-attachment", body).status_code == 403


def _request(loop: Loop) -> str:
    (request,) = loop.plan.found("CommunicationRequest?category=consultation-report-request")
    return str(request["id"])


def _clock(task: Json, name: str) -> Iterator[Json]:
    for extension in task["extension"]:
        parts = {each["url"]: each for each in extension.get("extension", ())}
        if parts.get("name", {}).get("valueCode") == name:
            yield parts["due"]


def test_the_measure_counts_a_report_both_have_among_those_due_and_the_days_since_the_visit(loop: Loop) -> None:
    def measured(name: str) -> str:
        text = loop.plan.client.get("/metrics").text
        return text.partition(f"\nsecond_opinion_reports_{name} ")[2].split()[0]

    assert (measured("delivered_share"), measured("days")) == ("NaN", "NaN")
    loop.doctor.post("Communication", loop.report())
    loop.work()
    assert (measured("delivered_share"), measured("days")) == ("0.0", "NaN")
    loop.service.clock.move(days=3)
    loop.mail()

    assert measured("delivered_share") == "1.0"
    assert 3 <= float(measured("days")) < 3.1
