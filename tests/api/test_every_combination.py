"""All 486 combinations of the table's inputs, sent as real FHIR in every form, get their row's answer."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from werkzeug.test import TestResponse

import small_directory
from desks import BASE, MONDAY, Caller, Service, action_of, json, outputs, service, status_of
from policies.test_every_case import INPUTS, row_of
from second_opinion.fhir import validation
from second_opinion.review.facts import CareSource, Reason, RequestedProvider, RequesterKind, Urgency
from small_directory import CLOSED, FAMILY_DOCTOR, INSIDE, MEMBERS, NUCC, OPEN, OUTSIDE, SPECIALIST, UNKNOWN, UNSTATED
from small_orders import an_order, condition, initial_provider, provider, reason

Json = dict[str, Any]


class Row(NamedTuple):
    """What a row of the table answers with."""

    resource: str
    task: str
    status: str
    action: str
    word: str


FREE = Row("ClaimResponse", "accepted", "no-authorization-required", "NA", "No authorization required")
GRANTED = Row("ClaimResponse", "accepted", "approved", "A1", "Approved")
ASKED = Row("Task", "received", "information-requested", "A4", "Pended")
CLINICIAN = Row("Task", "received", "pended-clinician", "A4", "Pended")
NETWORK = Row("Task", "received", "pended-network", "A4", "Pended")
ROWS = {"R1": FREE, "R2": FREE, "R3": CLINICIAN, "R4": ASKED, "R5": GRANTED, "R6": GRANTED, "R7": CLINICIAN}
ROWS |= {"R8": ASKED, "R9": CLINICIAN, "R10": NETWORK, "R11": CLINICIAN}

AVAILABLE = {True: OPEN, False: CLOSED, None: UNSTATED}
BY_DOCTOR = {CareSource.PCP: FAMILY_DOCTOR, CareSource.SPECIALIST: SPECIALIST}
FORMS = ("contained", "collection", "logical", "parameters")


@pytest.fixture(scope="module")
def harbor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("harbor")
    with service(folder, directory=[small_directory.write(folder)]) as running:
        running.partner("ehr")
        yield running


@pytest.fixture(scope="module")
def ehr(harbor: Service) -> Caller:
    return harbor.caller("ehr")


def order_of(number: int, values: tuple[Any, ...]) -> Json:
    """The combination as an order with logical references, each of the shapes in its turn."""
    kind, source, requested, available, urgency, why = values
    member, specialty = MEMBERS[number % 9], AVAILABLE[available][number % 3]
    order = an_order(f"ORD-{number}", member=member, priority=PRIORITIES[urgency][number % 2])
    order["performerType"] = {"coding": [{"system": NUCC, "code": specialty}]}
    order["requester"] = _requester(kind, source, order["subject"], number)
    if source and not (kind is RequesterKind.TREATING and number % 2):
        order["extension"] = [initial_provider(BY_DOCTOR[source])]
    if requested is not None:
        outside = (OUTSIDE, UNKNOWN)[number % 2]
        order["performer"] = [provider(INSIDE[specialty] if requested is RequestedProvider.IN_NETWORK else outside)]
    order["reasonCode"] = [condition(f"Z{number:03d}.0"), *REASON_CODES[why][number % 2]]
    if why is Reason.OTHER and number % 2:
        order["note"] = [{"text": "In the synthetic member's own words"}]
    return {name: value for name, value in order.items() if value is not None}


PRIORITIES = {Urgency.URGENT: ("urgent", "stat"), Urgency.STANDARD: ("routine", None)}
REASON_CODES: dict[Reason | None, tuple[list[Json], list[Json]]] = {
    Reason.LISTED: ([reason("surgery-necessity")], [reason("concerns-raised")]),
    Reason.OTHER: ([reason("other")], []),  # the second says it in a note
    None: ([], []),
}


def _requester(kind: RequesterKind, source: CareSource | None, subject: Json, number: int) -> Json | None:
    if kind is RequesterKind.MEMBER:
        return subject
    if kind is RequesterKind.TREATING:
        return provider(BY_DOCTOR[source or CareSource.SPECIALIST])
    if source is None:
        return (None, {"display": "Somebody who is no provider"})[number % 2]
    return provider((OUTSIDE, UNKNOWN)[number % 2])


def sent(form: str, order: Json) -> Json:
    """The order in this form: its people contained, beside it in a Bundle, by number only, or in Parameters."""
    if form == "logical":
        return order
    if form == "parameters":
        return {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": order}]}
    patient: Json = {
        "resourceType": "Patient",
        "id": "member",
        "identifier": [order["subject"]["identifier"]],
        "name": [{"family": "TESTMEMBER"}],
        "birthDate": "1970-01-01",
    }
    address = "#member" if form == "contained" else "urn:uuid:0b6a2c1e-5d5e-4a44-9d43-1f0a7a8f0a01"
    of_patient = {"reference": address}
    order = order | {"subject": of_patient}
    if order.get("requester", {}).get("type") == "Patient":
        order["requester"] = of_patient
    if form == "contained":
        return order | {"contained": [patient]}
    entries = [{"fullUrl": "urn:uuid:0b6a2c1e-5d5e-4a44-9d43-1f0a7a8f0a02", "resource": order}]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [*entries, {"fullUrl": address, "resource": patient}],
    }


@pytest.mark.parametrize("form", FORMS)
def test_every_combination_gets_its_row_of_the_table(ehr: Caller, form: str) -> None:
    place = FORMS.index(form)
    mine = [(number, values) for number, values in enumerate(INPUTS) if number % len(FORMS) == place]

    assert len(mine) in {121, 122}
    for number, values in mine:
        answered = ehr.submit(sent(form, order_of(number, values)))
        try:
            _as_its_row_says(ehr, answered, values)
        except AssertionError as wrong:
            raise AssertionError(f"{form} {number} {row_of(values)}: {values}") from wrong


def _as_its_row_says(ehr: Caller, answered: TestResponse, values: tuple[Any, ...]) -> None:
    row = ROWS[row_of(values)]
    body = json(answered)
    assert (answered.status_code, body["resourceType"]) == (200, row.resource), body
    task = ehr.task(answered)
    assert answered.headers["Location"] == f"{BASE}/Task/{task['id']}"
    assert (task["status"], status_of(task)) == (row.task, row.status)
    assert task["authoredOn"] == "2026-10-05T16:00:00.000Z"
    due = MONDAY + (timedelta(hours=72) if values[4] is Urgency.URGENT else timedelta(days=7))
    assert task["restriction"]["period"]["end"] == due.isoformat(timespec="milliseconds")[:-6] + "Z"
    response = ehr.read(outputs(task, "determination")[0]["reference"])
    _response_says(response, task, row)
    assert body in (task, response)
    order = ehr.order(answered)
    assert task["focus"] == {"reference": f"ServiceRequest/{order['id']}"}
    assert order["subject"]["reference"].startswith("Patient/member-")
    for resource in (task, response, order):
        validation.check(resource, resource["resourceType"])


def _response_says(response: Json, task: Json, row: Row) -> None:
    assert (response["status"], response["outcome"]) == ("active", "complete")
    assert action_of(response) == row.action == outputs(task, "determination-code")[0]["coding"][0]["code"]
    assert response["disposition"].startswith(row.word)
    granted = row is GRANTED
    assert ("preAuthRef" in response) is ("preAuthPeriod" in response) is granted
    assert bool(outputs(task, "authorization-number")) is bool(outputs(task, "authorization-period")) is granted
    if granted:
        assert outputs(task, "authorization-number")[0]["value"] == response["preAuthRef"]
        assert response["preAuthPeriod"] == outputs(task, "authorization-period")[0]
    assert ("communicationRequest" in response) is (row is ASKED)
    assert outputs(task, "determination-reason")[0]["text"]


def test_none_of_them_was_denied_and_no_two_became_one_case(harbor: Service, ehr: Caller) -> None:
    for number, values in enumerate(INPUTS):
        ehr.submit(sent(FORMS[number % len(FORMS)], order_of(number, values)))

    counts = harbor.desk.store.case_counts()
    assert counts == {
        "no-authorization-required": 216,
        "approved": 48,
        "pended-clinician": 129,
        "pended-network": 36,
        "information-requested": 57,
    }


def test_where_nobody_is_named_the_network_s_open_doctors_are_the_choice(tmp_path: Path) -> None:
    with service(tmp_path, directory=[small_directory.write(tmp_path)]) as harbor:
        ehr = harbor.partner("ehr")

        tasks = {code: ehr.task(ehr.submit(_choice(code))) for code in OPEN}

    offered = {
        code: [each["reference"] for each in outputs(task, "alternative-provider")] for code, task in tasks.items()
    }
    roles = ("by-role", "by-service", "by-place")
    assert offered == {code: [f"PractitionerRole/{role}-role"] for code, role in zip(OPEN, roles, strict=True)}


def _choice(specialty: str) -> Json:
    asked = {"coding": [{"system": NUCC, "code": specialty}]}
    return an_order(f"CHOICE-{specialty}", performerType=asked, reasonCode=[condition("C00.0")])
