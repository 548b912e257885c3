"""What is asked of a doctor or vendor that no system reaches is mailed: the sheet says what, by when, and to whom."""

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from pypdf import PdfReader

import small_directory
from desks import Caller, Service, service
from second_opinion.workflow import case_file
from second_opinion.workflow.returned_mail import read_answers
from small_directory import INSIDE, OPEN, VENDOR
from small_orders import a_ride, an_order, initial_provider, provider
from workflow.informing import fact, tell

Json = dict[str, Any]
SECOND = INSIDE[OPEN[0]]


@pytest.fixture
def harbor(tmp_path: Path) -> Iterator[Service]:
    """A service whose doctors and vendor have addresses, and no endpoints."""
    with service(tmp_path, directory=[small_directory.write(tmp_path)]) as running:
        running.load([_addressed(each) for each in small_directory.resources()])
        running.partner("vendor", kind="vendor", npi=VENDOR)
        yield running


def _addressed(resource: Json) -> Json:
    if resource["resourceType"] not in {"Practitioner", "Organization"}:
        return resource
    street = f"7 {resource['id'].title()} Street"
    return resource | {"address": [{"use": "work", "line": [street], "city": "Stockton", "state": "CA"}]}


@pytest.fixture
def ehr(harbor: Service) -> Caller:
    ehr = harbor.partner("ehr")
    order = an_order(
        performer=[provider(SECOND)],
        occurrenceDateTime="2026-10-20",
        extension=[a_ride("nmt-taxi"), initial_provider()],
    )
    ehr.submit(order)
    harbor.work("deliver")
    return ehr


def envelope(harbor: Service, kind: str) -> tuple[Json, str]:
    """The manifest of the one envelope of this kind, and the words of its sheet; its documents are as it says."""
    folder = harbor.desk.settings.data_folder / "mail" / "outbox"
    (path,) = [each for each in folder.glob("*/manifest.json") if orjson.loads(each.read_bytes())["kind"] == kind]
    manifest = orjson.loads(path.read_bytes())
    (document,) = manifest["documents"]
    pdf = (path.parent / document["file"]).read_bytes()
    assert (document["size"], document["sha256"]) == (len(pdf), sha256(pdf).hexdigest())
    return manifest, " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def test_a_second_doctor_without_an_endpoint_is_asked_for_the_report_on_paper(harbor: Service, ehr: Caller) -> None:
    manifest, words = envelope(harbor, "consultation-report-request")
    (request,) = ehr.found("CommunicationRequest?category=consultation-report-request")

    assert manifest["resource"] == f"CommunicationRequest/{request['id']}"
    assert manifest["identifier"]["value"] == "SMO-2026-000001-R1"
    assert manifest["recipient"]["identifier"]["value"] == SECOND
    assert manifest["about"] == "SMO-2026-000001"
    assert "Please answer by Tuesday, November 3, 2026" in words
    assert "Send it to Testdoctor family-doctor" in words
    assert "The member, through us" in words
    assert "1 Specimen Quay" not in words  # where she lives is not the second doctor's to know
    assert ehr.read(f"CommunicationRequest/{request['id']}")["status"] == "active"


def test_an_initial_provider_without_an_endpoint_learns_on_paper_whom_the_records_go_to(
    harbor: Service, ehr: Caller
) -> None:
    manifest, words = envelope(harbor, "records-request")

    assert manifest["recipient"]["reference"] == "Practitioner/family-doctor"
    assert manifest["identifier"]["value"] == "SMO-2026-000001-P1"
    assert "Send it to Testdoctor inside" in words
    assert "7 Clinic Street" in words
    assert ehr.found("Task?code=undelivered") == []


@pytest.mark.usefixtures("ehr")
def test_a_vendor_without_an_endpoint_learns_on_paper_how_whence_whither_and_when(harbor: Service) -> None:
    _, order = envelope(harbor, "ServiceRequest")
    _, task = envelope(harbor, "transportation")

    assert "Kind of ride Taxi" in order
    for said in ("October 20, 2026", "1 Specimen Quay", "7 Clinic Street", "209-555-0100", "Attendant yes"):
        assert said in task
    for kept_back in ("Harbor Clinic", "Testdoctor", "M17.11", "Cardiology", "207RC0000X", "opinion"):
        assert kept_back not in order + task


def test_an_answer_about_what_changed_is_not_one_about_the_first_envelope(harbor: Service, ehr: Caller) -> None:
    (task,) = ehr.found("Task?code=second-opinion-review")
    tell(ehr, task, fact("visit", valueDateTime="2026-10-22T11:30:00-07:00"))
    harbor.work("deliver")
    mail = harbor.desk.settings.data_folder / "mail"
    manifests = [orjson.loads(each.read_bytes()) for each in (mail / "outbox").glob("*/manifest.json")]
    (changed,) = [each for each in manifests if each["kind"] == "transportation" and "T1-2" in str(each["identifier"])]
    (mail / "inbox").mkdir(exist_ok=True)
    answer = changed | {"status": "mailed", "at": "2026-10-06T09:00:00-07:00"}
    (mail / "inbox" / "answer.json").write_bytes(orjson.dumps(answer))

    assert read_answers(harbor.desk) == 1

    stored = harbor.desk.store.case(1)
    assert stored is not None
    about = [each for each in case_file.load(stored.body).view.deliveries if each.reference == changed["resource"]]
    assert {each.identifier and each.identifier["value"]: each.state for each in about} == {
        None: "handed-over",
        "SMO-2026-000001-T1-2": "delivered",
    }


def test_a_vendor_reads_where_to_drive_and_not_to_whom(harbor: Service, ehr: Caller) -> None:
    (task,) = harbor.caller("vendor").found("Task?code=transportation")
    told = {each["type"]["coding"][0]["code"]: each for each in task["input"]}

    assert told["destination"]["valueAddress"] == {"line": ["7 Clinic Street"], "city": "Stockton", "state": "CA"}
    assert "1 Specimen Quay" not in str(ehr.found("Task?code=transportation"))


def test_without_an_address_the_reason_on_the_list_says_so(tmp_path: Path) -> None:
    with service(tmp_path, directory=[small_directory.write(tmp_path)]) as running:
        running.partner("ehr").submit(an_order(performer=[provider(SECOND)]))
        running.work("deliver")
        listed = running.partner("plan", kind="plan").found("Task?code=undelivered")

    assert {each["statusReason"]["text"] for each in listed} == {
        "The recipient has neither an endpoint nor an address to mail to"
    }
