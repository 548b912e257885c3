"""Letters follow every answer: who gets which, in which language, what keeps one back, and what releases it."""

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

import determinations as given
import letters_directory
from desks import Caller, Service, issue, json, outputs, service, status_of
from letters.printed import Printed
from letters_directory import CONFIDENTIAL_ADDRESS, DIED, KLINGON, PDF, PLAIN, SPANISH
from second_opinion.workflow.explain import explain
from second_opinion.workflow.sweep import sweep
from small_directory import CLOSED, NUCC, OUTSIDE, resources
from small_orders import PENDED, an_order, member_informed, provider
from workflow.informing import code, tell

Json = dict[str, Any]

NOTHING: Json = {"resourceType": "Parameters"}
TRANSLATED = "Un doctor de la red puede atenderle la próxima semana."


@pytest.fixture
def enclosed(tmp_path: Path) -> Path:
    return letters_directory.enclosures(tmp_path / "enclosures", "en", "es")


@pytest.fixture
def harbor(tmp_path: Path, enclosed: Path) -> Iterator[Service]:
    with service(tmp_path, directory=[letters_directory.write(tmp_path)], enclosures_folder=enclosed) as running:
        yield running


@pytest.fixture
def ehr(harbor: Service) -> Caller:
    return harbor.partner("ehr")


@pytest.fixture
def doctor(harbor: Service) -> Caller:
    return harbor.reviewer("doctor")


@pytest.fixture
def nurse(harbor: Service) -> Caller:
    return harbor.reviewer("nurse", kind="nurse")


def pended(ehr: Caller, member: str = PLAIN) -> Json:
    task = ehr.task(ehr.submit(an_order(f"ORD-{member}", member=member, **PENDED)))
    assert status_of(task) == "pended-clinician"
    return task


def denied(*languages: str) -> Json:
    """A denial whose rationale is translated into these languages."""
    body = given.denied()
    for each in body["parameter"]:
        if each["name"] == "rationale" and languages:
            url = "http://hl7.org/fhir/StructureDefinition/translation"
            each["_valueString"] = {
                "extension": [
                    {
                        "url": url,
                        "extension": [
                            {"url": "lang", "valueCode": language},
                            {"url": "content", "valueString": TRANSLATED},
                        ],
                    }
                    for language in languages
                ]
            }
    return body


def letters(caller: Caller, task: str) -> list[Json]:
    return caller.found(f"Communication?part-of=Task/{task}")


def _to_patient(letter: Json) -> bool:
    return str(letter["recipient"][0].get("reference")).startswith("Patient/")


def to_member(found: list[Json]) -> Json:
    (letter,) = [each for each in found if _to_patient(each)]
    return letter


def to_provider(found: list[Json]) -> Json:
    (letter,) = [each for each in found if not _to_patient(each)]
    return letter


def document(caller: Caller, letter: Json) -> Json:
    return caller.read(letter["payload"][0]["contentReference"]["reference"])


def files(caller: Caller, letter: Json) -> list[Json]:
    return [each["attachment"] for each in document(caller, letter)["content"]]


def raw(caller: Caller, file: Json) -> bytes:
    return b64decode(caller.read(file["url"])["data"])


def words(caller: Caller, letter: Json) -> str:
    return Printed(raw(caller, files(caller, letter)[0])).words


def kind(letter: Json) -> str:
    return str(letter["topic"]["coding"][0]["code"])


def test_the_decision_links_its_letters_as_soon_as_they_are_there(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)

    response = json(doctor.record(task["id"], given.denied()))

    found = letters(nurse, task["id"])
    linked = {each["reference"] for each in outputs(nurse.read(f"Task/{task['id']}"), "notice")}
    assert linked == {f"Communication/{each['id']}" for each in found}
    assert response["form"] == next(
        each for each in files(nurse, to_provider(found)) if each["contentType"] == "application/pdf"
    )
    assert ehr.client.get(f"/fhir/{response['form']['url']}").status_code == 200


def test_a_letter_held_back_is_no_form_of_the_answer_yet(
    ehr: Caller, doctor: Caller, nurse: Caller, enclosed: Path
) -> None:
    task = pended(ehr)
    for each in enclosed.iterdir():
        each.unlink()

    response = json(doctor.record(task["id"], given.denied()))

    assert "form" not in response
    assert len(outputs(nurse.read(f"Task/{task['id']}"), "notice")) == 2


def test_a_denial_sends_its_letters_in_the_same_exchange(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)

    doctor.record(task["id"], denied())

    found = letters(nurse, task["id"])
    assert [kind(each) for each in found] == ["denial", "denial"]
    for each in found:
        assert each["status"] == "in-progress"
        assert each["sent"] == "2026-10-05T16:00:00.000Z"
        assert len(each["recipient"]) == 1
        assert each["category"][0]["coding"][0]["code"] == "notice-of-action"
        assert each["partOf"] == [{"reference": f"Task/{task['id']}"}]
    assert to_member(found)["recipient"][0]["reference"] == "Patient/member-0"


def test_only_the_providers_letter_names_who_decided(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], denied())
    found = letters(nurse, task["id"])

    provider_copy, member_copy = words(nurse, to_provider(found)), words(nurse, to_member(found))

    for said in ("Test Reviewer doctor", "209-555-0180"):
        assert said in provider_copy
        assert said not in member_copy


def test_a_letter_shows_what_the_reviewer_decided(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], denied())

    said = words(nurse, to_member(letters(nurse, task["id"])))

    assert "A network heart doctor can see you next week" in said
    assert "October 12, 2026 at 9:30 a.m." in said
    assert "Part II.D:" in said
    assert "Date mailed: October 5, 2026" in said
    assert "The last day is December 4, 2026." in said
    assert "1 Specimen Quay" in said
    assert task["groupIdentifier"]["value"] in said


def test_the_document_has_every_format_language_and_enclosure(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr, SPANISH)
    doctor.record(task["id"], denied("es"))
    letter = to_member(letters(nurse, task["id"]))

    shown = document(nurse, letter)

    assert shown["docStatus"] == "final"
    assert {"reference": f"Task/{task['id']}"} in shown["context"]["related"]
    assert [(each["contentType"], each["language"]) for each in files(nurse, letter)] == [
        ("application/pdf", "es"),
        ("text/html", "es"),
        ("application/pdf", "en"),
        ("text/html", "en"),
        *[("application/pdf", "es")] * 3,
    ]
    assert letter["language"] == "es"
    assert TRANSLATED in words(nurse, letter)


def test_enclosures_are_kept_byte_for_byte(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], denied())

    for letter in letters(nurse, task["id"]):
        kept = [raw(nurse, each) for each in files(nurse, letter)[2:]]
        assert kept == [PDF + f"{name} en".encode() for name in ("your-rights", "nondiscrimination", "language-notice")]


def test_a_binary_is_readable_as_what_it_is(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], denied())
    pdf, html = files(nurse, to_member(letters(nurse, task["id"])))[:2]

    shown = nurse.client.get(f"/fhir/{pdf['url']}", headers={"Accept": "application/pdf"})
    page = nurse.client.get(f"/fhir/{html['url']}", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert (shown.status_code, shown.content_type, shown.data) == (200, "application/pdf", raw(nurse, pdf))
    assert page.content_type == "text/html; charset=utf-8"
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert page.data == raw(nurse, html)
    assert nurse.read(pdf["url"])["securityContext"]["reference"].startswith("DocumentReference/")


@pytest.mark.parametrize("accepted", ["image/png", "application/fhir+xml", "application/pdf;q=0"])
def test_a_binary_is_not_shown_as_what_it_is_not(ehr: Caller, doctor: Caller, accepted: str, nurse: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], denied())
    pdf = files(nurse, to_member(letters(nurse, task["id"])))[0]

    answered = nurse.client.get(f"/fhir/{pdf['url']}", headers={"Accept": accepted})

    assert (answered.status_code, json(answered)["resourceType"]) == (406, "OperationOutcome")


@pytest.mark.parametrize("accepted", ["*/*", "application/fhir+json, application/pdf", "application/fhir+json"])
def test_a_binary_is_fhir_json_where_that_is_taken_as_well(
    ehr: Caller, doctor: Caller, accepted: str, nurse: Caller
) -> None:
    task = pended(ehr)
    doctor.record(task["id"], denied())
    pdf = files(nurse, to_member(letters(nurse, task["id"])))[0]

    answered = nurse.client.get(f"/fhir/{pdf['url']}", headers={"Accept": accepted})

    assert json(answered)["resourceType"] == "Binary"


def test_nobody_else_reads_a_letters_bytes(harbor: Service, ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], denied())
    pdf = files(nurse, to_member(letters(nurse, task["id"])))[0]
    stranger = harbor.partner("stranger", npi="1999999976")

    for headers in ({}, {"Accept": "application/pdf"}):
        assert stranger.client.get(f"/fhir/{pdf['url']}", headers=headers).status_code == 404


def test_an_approval_by_the_computer_is_written_once_by_the_worker(harbor: Service, ehr: Caller, nurse: Caller) -> None:
    nobody_open = {"coding": [{"system": NUCC, "code": CLOSED[0]}]}
    task = ehr.task(ehr.submit(an_order(performer=[provider(OUTSIDE)], performerType=nobody_open)))
    assert status_of(task) == "approved"
    assert letters(nurse, task["id"]) == []

    harbor.work("letters")
    harbor.work("letters")

    found = letters(nurse, task["id"])
    assert [(kind(each), each["status"]) for each in found] == [("approval", "in-progress")] * 2
    assert "We approved the second opinion" in words(nurse, to_member(found))
    assert "No doctor in our network can give you this second opinion." in words(nurse, to_member(found))


def test_an_answer_without_authorization_says_so(harbor: Service, ehr: Caller, nurse: Caller) -> None:
    task = ehr.task(ehr.submit(an_order()))
    assert status_of(task) == "no-authorization-required"

    harbor.work("letters")

    found = letters(nurse, task["id"])
    assert [kind(each) for each in found] == ["approval", "approval"]
    assert {each["status"] for each in found} == {"in-progress"}
    assert "do not need our approval" in words(nurse, to_member(found))


def test_a_question_is_asked_in_the_members_language(harbor: Service, ehr: Caller, nurse: Caller) -> None:
    task = ehr.task(ehr.submit(an_order(member=SPANISH, requester=provider("1999999992"), **PENDED)))
    assert status_of(task) == "information-requested"

    harbor.work("letters")

    letter = to_member(letters(nurse, task["id"]))
    assert kind(letter) == "information"
    assert "¿Quién pide la segunda opinión?" in words(nurse, letter)


def test_a_withdrawal_tells_the_member_that_she_can_ask_herself(harbor: Service, ehr: Caller, nurse: Caller) -> None:
    answered = ehr.submit(an_order(**PENDED))
    order = ehr.order(answered)
    ehr.put(order | {"status": "revoked", "extension": [member_informed()]})

    harbor.work("letters")

    letter = to_member(letters(nurse, ehr.task(answered)["id"]))
    assert kind(letter) == "withdrawal"
    assert "You can ask for it on your own, at any time." in words(nurse, letter)
    assert "We did not deny it." in words(nurse, letter)


def test_an_approval_by_a_reviewer_goes_out_at_once(ehr: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    nurse.record(task["id"], given.approved())

    found = letters(nurse, task["id"])

    assert [(kind(each), each["status"]) for each in found] == [("approval", "in-progress")] * 2
    (number,) = outputs(ehr.read(f"Task/{task['id']}"), "authorization-number")
    assert number["value"] in words(nurse, to_member(found))


def test_a_modification_names_the_doctor_approved(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], given.modified())

    said = words(nurse, to_member(letters(nurse, task["id"])))

    assert "You can have a second opinion with this doctor:" in said
    assert "Your approval number is" in said


def test_more_time_is_told_with_what_is_missing(ehr: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    nurse.record(task["id"], given.extended("2026-10-19T10:00:00-07:00"))

    found = letters(nurse, task["id"])

    assert [(kind(each), each["status"]) for each in found] == [("delay", "in-progress")] * 2
    assert "The report of the heart test." in words(nurse, to_member(found))
    assert "You can file a grievance about the delay" in words(nurse, to_member(found))


def test_a_language_without_wording_gets_english(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr, KLINGON)
    doctor.record(task["id"], denied())

    letter = to_member(letters(nurse, task["id"]))

    assert (letter["language"], letter["status"]) == ("en", "in-progress")


def test_the_confidential_address_wins_and_is_on_no_other_paper(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr, CONFIDENTIAL_ADDRESS)
    doctor.record(task["id"], denied())
    found = letters(nurse, task["id"])

    member_copy, provider_copy = words(nurse, to_member(found)), words(nurse, to_provider(found))

    assert "c/o Test Shelter, 9 Quiet Way Lodi, CA 95240" in member_copy
    assert "Specimen Quay" not in member_copy
    assert "Quiet Way" not in provider_copy
    assert "Quiet Way" not in str(found)


def test_a_deceased_members_letter_is_suppressed_and_the_providers_sent(
    ehr: Caller, doctor: Caller, nurse: Caller
) -> None:
    task = pended(ehr, DIED)
    doctor.record(task["id"], denied())

    (letter,) = letters(nurse, task["id"])

    assert letter == to_provider([letter])
    assert letter["status"] == "in-progress"


def test_a_missing_enclosure_keeps_the_letter_and_the_denial_stands(
    harbor: Service, ehr: Caller, doctor: Caller, enclosed: Path, nurse: Caller
) -> None:
    (enclosed / "your-rights.en.pdf").unlink()
    task = pended(ehr)

    doctor.record(task["id"], denied())

    kept = ehr.read(f"Task/{task['id']}")
    assert status_of(kept) == "denied"
    assert {each["status"] for each in letters(nurse, task["id"])} == {"preparation"}
    assert any("your-rights.en.pdf" in each["text"] for each in kept["note"])
    assert "your-rights.en.pdf" in explain(harbor.desk, task["id"])
    assert document(nurse, letters(nurse, task["id"])[0])["docStatus"] == "preliminary"
    assert "This is a draft." in words(nurse, to_member(letters(nurse, task["id"])))
    assert [each["id"] for each in doctor.found("Task?performer=release")] == [task["id"]]


def test_release_names_what_is_missing_and_changes_nothing(
    harbor: Service, ehr: Caller, doctor: Caller, enclosed: Path, nurse: Caller
) -> None:
    (enclosed / "your-rights.en.pdf").unlink()
    task = pended(ehr)
    doctor.record(task["id"], denied())
    letter = to_member(letters(nurse, task["id"]))
    before = harbor.count("case_event")

    refused = doctor.post(f"Communication/{letter['id']}/$release", NOTHING)

    assert refused.status_code == 422
    assert "your-rights.en.pdf" in issue(refused)["details"]["text"]
    assert doctor.read(f"Communication/{letter['id']}")["meta"]["versionId"] == letter["meta"]["versionId"]
    assert harbor.count("case_event") == before


def test_a_letter_is_released_once_nothing_is_missing_dated_that_day(
    harbor: Service, ehr: Caller, doctor: Caller, enclosed: Path, nurse: Caller
) -> None:
    missing = enclosed / "your-rights.en.pdf"
    body = missing.read_bytes()
    missing.unlink()
    task = pended(ehr)
    doctor.record(task["id"], denied())
    letter = to_member(letters(nurse, task["id"]))
    draft = files(nurse, letter)[0]
    missing.write_bytes(body)
    harbor.clock.move(days=1)

    answered = doctor.client.post(f"/fhir/Communication/{letter['id']}/$release")

    assert (answered.status_code, json(answered)["status"]) == (200, "in-progress")
    assert "Date mailed: October 6, 2026" in words(nurse, json(answered))
    assert files(nurse, json(answered))[0]["url"] == draft["url"]
    assert nurse.read(f"{draft['url']}/_history/1")["data"] != nurse.read(draft["url"])["data"]
    assert len(files(nurse, json(answered))) == 5
    assert doctor.client.post(f"/fhir/Communication/{letter['id']}/$release").status_code == 409


def test_a_denial_without_translation_waits_for_it(harbor: Service, ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr, SPANISH)

    doctor.record(task["id"], denied())

    found = letters(nurse, task["id"])
    assert (to_member(found)["status"], to_provider(found)["status"]) == ("preparation", "in-progress")
    assert "translation of the rationale into español" in explain(harbor.desk, task["id"])
    assert any("translation" in each["text"] for each in ehr.read(f"Task/{task['id']}")["note"])


def test_release_may_bring_the_translation(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr, SPANISH)
    doctor.record(task["id"], denied())
    letter = to_member(letters(nurse, task["id"]))
    rationale = next(each for each in denied("es")["parameter"] if each["name"] == "rationale")

    refused = doctor.post(f"Communication/{letter['id']}/$release", NOTHING)
    answered = doctor.post(f"Communication/{letter['id']}/$release", given.parameters(rationale))

    assert refused.status_code == 422
    assert (answered.status_code, json(answered)["status"]) == (200, "in-progress")
    assert TRANSLATED in words(nurse, json(answered))


def test_what_was_sent_never_changes(harbor: Service, ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], given.approved())
    letter = to_member(letters(nurse, task["id"]))
    sent = [raw(nurse, each) for each in files(nurse, letter)]
    harbor.clock.move(days=3)
    order = ehr.read(f"ServiceRequest/{task['focus']['reference'].rpartition('/')[2]}")

    ehr.put(order | {"status": "revoked", "extension": [member_informed()]})
    harbor.work("letters")

    assert [raw(nurse, each) for each in files(nurse, letter)] == sent
    assert document(nurse, letter)["meta"]["versionId"] == "1"


def test_who_may_release_what(harbor: Service, ehr: Caller, doctor: Caller, nurse: Caller, enclosed: Path) -> None:
    for file in enclosed.iterdir():
        file.unlink()
    task = pended(ehr)
    doctor.record(task["id"], denied())
    address = f"/fhir/Communication/{to_provider(letters(nurse, task['id']))['id']}/$release"
    outside = harbor.reviewer("outside", state="NV")

    for caller, status in ((ehr, 403), (nurse, 403), (outside, 403), (doctor, 422)):
        assert caller.client.post(address).status_code == status
    assert harbor.app.test_client().post(address).status_code == 401
    assert doctor.client.post("/fhir/Communication/nothing/$release").status_code == 404


def test_a_nurse_releases_other_letters(ehr: Caller, nurse: Caller, enclosed: Path) -> None:
    for file in enclosed.iterdir():
        file.unlink()
    task = pended(ehr)
    nurse.record(task["id"], given.extended("2026-10-19T10:00:00-07:00"))
    letter = to_member(letters(nurse, task["id"]))
    letters_directory.enclosures(enclosed, "en")

    assert nurse.client.post(f"/fhir/Communication/{letter['id']}/$release").status_code == 200


def test_delivery_is_asked_for_with_the_release(harbor: Service, ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], denied())

    for letter in letters(nurse, task["id"]):
        assert harbor.desk.store.work(f"deliver/Communication/{letter['id']}") is not None


def test_letters_are_found_by_their_parameters(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], denied())
    letter = to_member(letters(nurse, task["id"]))
    number = letter["identifier"][0]["value"]

    assert nurse.found(f"Communication?identifier={number}") == [letter]
    assert len(nurse.found(f"DocumentReference?related=Task/{task['id']}")) == 2
    assert len(nurse.found("DocumentReference?patient=Patient/member-0&contenttype=text/html&language=en")) == 2
    assert nurse.found("Communication?subject=Patient/member-0&recipient=Patient/member-0") == [letter]


def test_explain_tells_the_letters(harbor: Service, ehr: Caller, doctor: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], denied())

    told = explain(harbor.desk, task["id"])

    assert "denial to the member: in-progress, language en" in told
    assert "letter released by doctor" in told


def expiring(harbor: Service, ehr: Caller) -> Json:
    """A case a day before its time runs out."""
    task = pended(ehr)
    harbor.clock.move(days=6)
    sweep(harbor.desk)
    return task


def test_a_day_before_time_runs_out_the_notice_is_prepared_for_staff_alone(
    harbor: Service, ehr: Caller, doctor: Caller
) -> None:
    task = expiring(harbor, ehr)
    sweep(harbor.desk)

    found = letters(doctor, task["id"])

    assert [(kind(each), each["status"]) for each in found] == [("denial", "preparation")] * 2
    assert "We did not decide in time." in words(doctor, to_member(found))
    assert letters(ehr, task["id"]) == []
    assert ehr.client.get(f"/fhir/Communication/{found[0]['id']}").status_code == 404
    assert ehr.client.get(f"/fhir/{files(doctor, found[0])[0]['url']}").status_code == 404
    assert [each["id"] for each in doctor.found("Task?performer=release")] == [task["id"]]
    assert status_of(ehr.read(f"Task/{task['id']}")) == "pended-clinician"


def test_releasing_the_notice_is_the_denial_attested(
    harbor: Service, ehr: Caller, doctor: Caller, nurse: Caller
) -> None:
    task = expiring(harbor, ehr)
    harbor.clock.move(days=1)
    sweep(harbor.desk)
    found = letters(doctor, task["id"])
    address = f"/fhir/Communication/{to_member(found)['id']}/$release"

    assert nurse.client.post(address).status_code == 403
    answered = doctor.client.post(address)

    assert (answered.status_code, json(answered)["status"]) == (200, "in-progress")
    after = ehr.read(f"Task/{task['id']}")
    assert (after["status"], status_of(after)) == ("rejected", "denied")
    sent = letters(nurse, task["id"])
    assert {each["status"] for each in sent} == {"in-progress"}
    assert "Date mailed: October 12, 2026" in words(nurse, to_member(sent))
    assert "Test Reviewer doctor" in words(nurse, to_provider(sent))
    assert "Test Reviewer doctor" not in words(nurse, to_member(sent))


@pytest.mark.parametrize("body", [denied(), given.approved(), given.extended("2026-10-19T10:00:00-07:00")])
def test_a_decision_voids_the_prepared_notice(harbor: Service, ehr: Caller, doctor: Caller, body: Json) -> None:
    task = expiring(harbor, ehr)
    prepared = letters(doctor, task["id"])

    doctor.record(task["id"], body)

    for each in prepared:
        assert doctor.read(f"Communication/{each['id']}")["status"] == "not-done"
        assert doctor.client.post(f"/fhir/Communication/{each['id']}/$release").status_code == 409
        assert ehr.client.get(f"/fhir/Communication/{each['id']}").status_code == 404
    assert doctor.found("Task?performer=release") == []
    assert {each["status"] for each in letters(ehr, task["id"])} == {"in-progress"}


def test_calling_an_urgent_request_standard_is_told(ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = ehr.task(ehr.submit(an_order(priority="urgent", **PENDED)))

    answered = tell(doctor, task, code("urgency", "standard", "Stable for months."))

    assert answered.status_code == 200, answered.text
    found = letters(nurse, task["id"])
    assert [(kind(each), each["status"]) for each in found] == [("urgency-changed", "in-progress")] * 2
    assert "We will decide by October 12, 2026." in words(nurse, to_member(found))


def test_a_member_who_died_before_the_release_gets_no_letter(
    harbor: Service, ehr: Caller, doctor: Caller, enclosed: Path, nurse: Caller
) -> None:
    (enclosed / "your-rights.en.pdf").unlink()
    task = pended(ehr)
    doctor.record(task["id"], denied())
    letter = to_member(letters(nurse, task["id"]))
    letters_directory.enclosures(enclosed, "en")
    harbor.load([each | ({"deceasedBoolean": True} if each["id"] == "member-0" else {}) for each in resources()])

    answered = doctor.client.post(f"/fhir/Communication/{letter['id']}/$release")

    assert json(answered)["status"] == "not-done"
    assert harbor.desk.store.work(f"deliver/Communication/{letter['id']}") is None


def test_mail_carries_the_letter_and_what_is_enclosed(
    harbor: Service, ehr: Caller, doctor: Caller, nurse: Caller
) -> None:
    task = pended(ehr, CONFIDENTIAL_ADDRESS)
    doctor.record(task["id"], denied())
    letter = to_member(letters(nurse, task["id"]))

    harbor.work("deliver")

    outbox = harbor.desk.settings.data_folder / "mail" / "outbox"
    (manifest,) = [
        each for each in map(read_manifest, outbox.glob("*/manifest.json")) if each["resource"].endswith(letter["id"])
    ]
    assert manifest["address"]["line"] == ["c/o Test Shelter, 9 Quiet Way"]
    folder = outbox / manifest["folder"]
    printed = [(folder / each["file"]).read_bytes() for each in manifest["documents"]]
    assert printed == [raw(nurse, each) for each in files(nurse, letter) if each["contentType"] == "application/pdf"]


def read_manifest(path: Path) -> Json:
    found: Json = orjson.loads(path.read_bytes())
    return found | {"folder": path.parent.name}


def test_letters_in_preparation_are_found_by_who_releases_them(
    ehr: Caller, doctor: Caller, nurse: Caller, enclosed: Path
) -> None:
    (enclosed / "your-rights.en.pdf").unlink()
    task = pended(ehr)
    doctor.record(task["id"], denied())

    assert len(nurse.found("Communication?status=preparation")) == 2


def test_a_denial_on_appeal_answers_the_appeal(harbor: Service, ehr: Caller, doctor: Caller, nurse: Caller) -> None:
    task = pended(ehr)
    doctor.record(task["id"], denied())
    plan = harbor.partner("plan", kind="plan", npi="1999999984")
    appeal = json(plan.post(f"Task/{task['id']}/$appeal", given.appeal()))

    harbor.reviewer("other").record(appeal["id"], denied())

    said = words(nurse, to_member(letters(nurse, appeal["id"])))
    assert "This is our answer to your appeal" in said
    assert "You can ask for an appeal" not in said
