"""A service with one decided case, partners' servers on this machine, and messages that are owed."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

import small_directory
from delivery.listening import Listener
from desks import Caller, Service, service
from second_opinion.access import registry
from second_opinion.fhir.case_view import Delivery
from second_opinion.store.changes import Changes, Event, Work
from second_opinion.workflow import case_file, projection
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.working import perform
from small_orders import an_order

Json = dict[str, Any]
DELAYS = (10, 60)


class Sending:
    """The service, its one case, and what is sent about it."""

    def __init__(self, running: Service) -> None:
        self.service = running
        self.ehr: Caller = running.partner("ehr")
        answered = self.ehr.submit(an_order())
        self.task = self.ehr.task(answered)
        (request,) = self.ehr.found("CommunicationRequest?category=consultation-report-request")
        self.reference = f"CommunicationRequest/{request['id']}"

    @property
    def case(self) -> CaseFile:
        """The case as it is kept."""
        stored = self.service.desk.store.case_by_task(self.task["id"])
        assert stored is not None
        return case_file.load(stored.body)

    def register(self, listener: Listener, npi: str, name: str = "partner", **given: Any) -> None:
        """A partner with an endpoint."""
        registry.add_partner(
            self.service.desk.store, name, partner_class="ehr", organization=npi, endpoint=listener.url, **given
        )

    def keep(self, resource: Json, version: int = 1) -> str:
        """Keep a resource of the case, as a story would; its reference."""
        desk = self.service.desk
        written = resource | {"meta": {"versionId": str(version)}}
        desk.store.save(Changes(resources=[projection.keep(desk, written, self.case)]))
        return f"{resource['resourceType']}/{resource['id']}"

    def a_letter(self, ident: str = "letter-1", pdf: bytes = b"%PDF-1.7 synthetic") -> str:
        """A Communication with its document, as letters are kept; its reference."""
        self.keep({"resourceType": "Binary", "id": f"{ident}-pdf", "data": b64encode(pdf).decode()})
        attachment = {"contentType": "application/pdf", "url": f"Binary/{ident}-pdf", "title": "Letter"}
        html = {"contentType": "text/html", "data": b64encode(b"<p>Letter</p>").decode()}
        content = [{"attachment": attachment}, {"attachment": html}]
        self.keep({"resourceType": "DocumentReference", "id": f"{ident}-document", "content": content})
        return self.keep(
            {
                "resourceType": "Communication",
                "id": ident,
                "identifier": [{"system": "https://second-opinion.example/fhir/NamingSystem/notice", "value": "N-1"}],
                "status": "preparation",
                "topic": {"coding": [{"system": "https://x.example/CodeSystem/notice-kind", "code": "approval"}]},
                "payload": [{"contentReference": {"reference": f"DocumentReference/{ident}-document"}}],
            }
        )

    @property
    def outbox(self) -> list[Path]:
        """Envelopes the print shop can see."""
        folder = self.service.desk.settings.data_folder / "mail" / "outbox"
        return sorted(each for each in folder.glob("*") if not each.name.startswith("."))

    def answer(self, name: str, said: Any) -> Path:
        """A file of the print shop's in the inbox."""
        folder = self.service.desk.settings.data_folder / "mail" / "inbox"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(said if isinstance(said, bytes) else orjson.dumps(said))
        return folder

    def owe(self, recipient: Mapping[str, Any], reference: str | None = None) -> str:
        """Ask for a delivery; its key."""
        key = f"deliver/{reference or self.reference}/{orjson.dumps(recipient).decode()}"
        body = {"reference": reference or self.reference, "recipient": dict(recipient)}
        self.service.desk.store.save(Changes(work=[Work(key, "deliver", self.case.number, body)]))
        return key

    def work(self, key: str) -> Work | None:
        """What is still to be done."""
        return self.service.desk.store.work(key)

    def attempt(self, key: str) -> None:
        """The next try."""
        work = self.work(key)
        assert work is not None
        perform(self.service.desk, key, work.tries)

    def attempts(self, key: str) -> int:
        """Every try until nothing is to be done; how many there were."""
        count = 0
        while self.work(key) is not None:
            self.attempt(key)
            count += 1
            assert count < 20
        return count

    def delivery(self, recipient: Mapping[str, Any], reference: str | None = None) -> Delivery:
        """How it fared."""
        sent = reference or self.reference
        found = self.case.view.delivery(sent, Delivery(sent, dict(recipient)).whom)
        assert found is not None
        return found

    def listed(self) -> list[Json]:
        """The person's list, as the plan sees it."""
        return self.plan.found("Task?code=undelivered")

    @property
    def plan(self) -> Caller:
        """The plan's own system."""
        if registry.find(self.service.desk.store, "plan") is None:
            return self.service.partner("plan", kind="plan")
        return self.service.caller("plan")

    def events(self, kind: str) -> list[Event]:
        """Lines of the case's story."""
        return [each for each in self.service.desk.store.events(self.case.number) if each.kind == kind]


@contextmanager
def sending(folder: Path, directory: list[Json] | None = None, **settings: Any) -> Iterator[Sending]:
    """The service with its case; loopback may be called."""
    given: dict[str, Any] = {"allow_loopback": True, "retry_delays": DELAYS, "send_timeout": 1} | settings
    with service(folder, directory=[small_directory.write(folder)], **given) as running:
        if directory is not None:
            running.load(directory)
        yield Sending(running)
