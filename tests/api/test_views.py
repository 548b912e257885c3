"""Every class of caller against every way of looking: each sees exactly its view. All health data is synthetic."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from werkzeug.test import TestResponse

import small_directory
from desks import Caller, Json, Service, json, service
from determinations import denied
from small_directory import MEMBER_NUMBERS, MEMBERS, NPI, OUTSIDE, VENDOR
from small_orders import PENDED, a_ride, an_order, condition, reason

PAYER = "5000000007"
HIDDEN = "2 Hidden Lane"
CONFIDENTIAL = "https://second-opinion.example/fhir/StructureDefinition/confidential-communication"
CASE_TYPES = ("Task", "ServiceRequest", "Claim", "ClaimResponse", "Patient", "Coverage")
PLAIN, HIV, SHUT, DENIED = MEMBERS[:4]


class Places(NamedTuple):
    """Where the cases are: one plain with a ride, one sensitive, one very restricted, one denied."""

    plain: Json
    sensitive: Json
    restricted: Json
    denied: Json
    ride: Json


@pytest.fixture(scope="module")
def harbor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("views")
    with service(folder, directory=[_directory(folder)]) as running:
        yield running


def _directory(folder: Path) -> Path:
    """The small directory; one member keeps an address to herself, and all allow the payer to be told."""
    resources = small_directory.resources()
    patients = [each for each in resources if each["resourceType"] == "Patient"]
    mark = [{"url": CONFIDENTIAL, "valueBoolean": True}]
    patients[0]["address"].append({"line": [HIDDEN], "extension": mark})
    actor = [{"role": {"text": "Recipient"}, "reference": {"identifier": {"system": NPI, "value": PAYER}}}]
    consents = [
        {
            "resourceType": "Consent",
            "id": f"consent-{number}",
            "status": "active",
            "scope": {"text": "Payer to payer"},
            "category": [{"text": "Information access"}],
            "patient": {"reference": f"Patient/{each['id']}"},
            "provision": {"type": "permit", "actor": actor},
        }
        for number, each in enumerate(patients[:4])
    ]
    file = folder / "views.ndjson"
    file.write_bytes(b"\n".join(orjson.dumps(each) for each in [*resources, *consents]))
    return file


@pytest.fixture(scope="module")
def callers(harbor: Service) -> dict[str, Caller]:
    made = {
        "submitter": harbor.partner("submitter"),
        "consultant": harbor.partner("consultant", npi=OUTSIDE),
        "stranger": harbor.partner("stranger", npi="9000000009"),
        "vendor": harbor.partner("vendor", kind="vendor", npi=VENDOR),
        "other-vendor": harbor.partner("other-vendor", kind="vendor", npi="9000000017"),
        "payer": harbor.partner("payer", kind="payer", npi=PAYER),
        "other-payer": harbor.partner("other-payer", kind="payer", npi="9000000025"),
        "hie": harbor.partner("hie", kind="hie", npi="9000000033"),
        "plan": harbor.partner("plan", kind="plan", npi="9000000041"),
        "physician": harbor.reviewer("physician"),
    }
    made["hie"].client.environ_base["HTTP_X_PURPOSE_OF_USE"] = "TREAT"
    return made


@pytest.fixture(scope="module")
def places(callers: dict[str, Caller]) -> Places:
    ehr = callers["submitter"]
    why = [condition("M17.11"), reason("surgery-necessity")]
    driven = an_order("ORD-1", member=PLAIN, extension=[a_ride()], reasonCode=why)
    plain = ehr.task(ehr.submit(driven))
    ehr.submit(an_order("ORD-1b", member=PLAIN, reasonCode=[condition("I25.10")], **PENDED))
    hiv = ehr.task(ehr.submit(an_order("ORD-2", member=HIV, reasonCode=[condition("B20"), why[1]])))
    label = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]}
    shut = ehr.task(ehr.submit(an_order("ORD-3", member=SHUT, meta=label)))
    refused = ehr.task(ehr.submit(an_order("ORD-4", member=DENIED, **PENDED)))
    decided = callers["physician"].post(f"Task/{refused['id']}/$record-determination", denied())
    assert decided.status_code == 200, decided.get_data(as_text=True)
    (ride,) = callers["physician"].found("Task?code=transportation&patient=Patient/member-0")
    return Places(plain, hiv, shut, refused, ride)


def match(caller: Caller, member: str, **more: str) -> TestResponse:
    named = {
        "patient.identifier": f"{MEMBER_NUMBERS}|{member}",
        "patient.birthdate": "1970-01-01",
        "patient.family": "Testmember",
    }
    return caller.client.post("/fhir/Task/_search", data=named | more)


def found(answered: TestResponse) -> list[Json]:
    assert answered.status_code == 200, answered.get_data(as_text=True)
    return [each["resource"] for each in json(answered).get("entry", []) if each["search"]["mode"] == "match"]


# Who may read the case's Task of each case: plain, sensitive, very restricted, denied; and the ride's.
SEEN = {
    "submitter": "yyyyy",
    "consultant": "nnnyn",  # performer of the denied one alone
    "stranger": "nnnnn",
    "vendor": "nnnny",
    "other-vendor": "nnnnn",
    "payer": "ynnnn",
    "other-payer": "nnnnn",
    "hie": "ynnyn",
    "plan": "yynyy",
    "physician": "yyyyy",
}


@pytest.mark.parametrize("name", SEEN)
def test_each_class_reads_exactly_its_cases(callers: dict[str, Caller], places: Places, name: str) -> None:
    answers = [callers[name].client.get(f"/fhir/Task/{task['id']}") for task in places]

    assert "".join({200: "y", 404: "n"}[each.status_code] for each in answers) == SEEN[name]


@pytest.mark.parametrize("name", SEEN)
def test_no_way_of_looking_shows_more_than_reading_does(callers: dict[str, Caller], places: Places, name: str) -> None:
    caller = callers[name]
    readable = {task["id"] for task, seen in zip(places, SEEN[name], strict=True) if seen == "y"}
    known = {places.plain["id"]} if name == "vendor" else set()  # by number: its ride belongs to it
    hidden = {task["id"] for task in places} - readable - known
    ways = [
        "Task?_lastUpdated=gt2000",
        "Task?patient=Patient/member-0",
        "Task?patient.identifier=" + PLAIN,
        "Task?_sort=due&_lastUpdated=gt2000",
        "Task/_history",
        "ServiceRequest?_lastUpdated=gt2000&_revinclude=Task:focus",
        "ClaimResponse?_lastUpdated=gt2000&_include=*",
        "Task?_lastUpdated=gt2000&_include=*&_revinclude=*",
        "Patient?_lastUpdated=gt2000&_revinclude=Task:patient",
        *(f"Task/{ident}/_history" for ident in hidden),
        *(f"Task/{ident}/_history/1" for ident in hidden),
    ]

    for way in ways:
        answered = caller.client.get(f"/fhir/{way}")
        assert answered.status_code in {200, 400, 403, 404}, way
        assert not any(ident in answered.get_data(as_text=True) for ident in hidden), way


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("type_name", CASE_TYPES)
@pytest.mark.parametrize("name", ["stranger", "other-vendor", "other-payer"])
def test_who_has_to_do_with_nobody_finds_nothing(callers: dict[str, Caller], name: str, type_name: str) -> None:
    answered = callers[name].client.get(f"/fhir/{type_name}?_lastUpdated=gt2000")

    assert answered.status_code in {200, 403}
    assert json(answered).get("total", 0) == 0


def test_the_vendor_reads_of_its_ride_no_diagnosis_reason_or_label(callers: dict[str, Caller], places: Places) -> None:
    vendor = callers["vendor"]
    told = orjson.dumps([*vendor.found("Task"), *vendor.found("ServiceRequest")]).decode()

    assert places.ride["id"] in told
    assert not any(word in told for word in ("M17", "surgery", "HIV", "207R", "opinion-reason"))
    assert vendor.client.get("/fhir/Patient/member-0").status_code == 403


def test_a_strict_match_finds_the_members_cases_and_tells_where_they_stand_alone(
    callers: dict[str, Caller], places: Places
) -> None:
    tasks = found(match(callers["hie"], PLAIN))

    task = next(each for each in tasks if each["id"] == places.plain["id"])
    assert len(tasks) == 2  # neither the ride nor the question put to anybody is among them
    assert task["meta"]["security"][0]["code"] == "REDACTED"
    assert task["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert set(task) <= {
        "resourceType", "id", "meta", "identifier", "status", "businessStatus", "intent", "code", "for", "authoredOn",
        "lastModified", "owner", "output",
    }  # fmt: skip
    assert not any(word in orjson.dumps(tasks).decode() for word in ("ORD-", "M17", "I25", "surgery", "207R"))
    assert found(match(callers["hie"], PLAIN)) == tasks
    assert json(callers["hie"].client.get(f"/fhir/Task/{task['id']}")) == task


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("leave_out", ["patient.identifier", "patient.birthdate", "patient.family"])
def test_less_than_a_strict_match_finds_nobody(callers: dict[str, Caller], leave_out: str) -> None:
    named = {
        "patient.identifier": PLAIN,
        "patient.birthdate": "1970-01-01",
        "patient.family": "Testmember",
    }
    del named[leave_out]

    assert found(callers["hie"].client.post("/fhir/Task/_search", data=named | {"identifier": "ORD-1"})) == []


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize(
    "wrong",
    [
        {"patient.family": "Testmembe"},
        {"patient.family": "testmember"},
        {"patient.birthdate": "1970"},
        {"patient.birthdate": "1970-01-02"},
        {"patient.identifier": "HARBOR-00"},
    ],
)
def test_a_match_that_is_not_exact_finds_nobody(callers: dict[str, Caller], wrong: dict[str, str]) -> None:
    assert found(match(callers["hie"], PLAIN, **wrong)) == []


def test_nobody_a_sensitive_case_and_no_case_are_answered_the_same(callers: dict[str, Caller], places: Places) -> None:
    def said(member: str) -> str:
        body = json(match(callers["hie"], member))
        return str({name: value for name, value in body.items() if name not in {"id", "meta", "timestamp"}})

    sensitive, without_a_case, unknown = said(HIV), said(MEMBERS[8]), said("HARBOR-999")

    assert sensitive == without_a_case == unknown
    absent, filtered = (
        callers["hie"].client.get(f"/fhir/Task/{ident}") for ident in ("absent", places.sensitive["id"])
    )
    assert (absent.status_code, absent.data) == (filtered.status_code, filtered.data) == (404, absent.data)


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize(
    "asked",
    [
        {"reason-code": "M17.11"},
        {"code": "77406008"},
        {"performer": "network"},
        {"requester": "Organization/x"},
        {"focus:ServiceRequest.code": "77406008"},
        {"_has:Claim:related:status": "active"},
        {"_sort": "requester"},
        {"_include": "Task:focus"},
    ],
)
def test_hidden_fields_are_no_oracle(callers: dict[str, Caller], asked: dict[str, str]) -> None:
    plain = [each["id"] for each in found(match(callers["hie"], PLAIN))]

    answered = match(callers["hie"], PLAIN, **asked)

    if answered.status_code == 200:
        assert [each["id"] for each in found(answered)] == plain
        assert all(each["search"]["mode"] != "include" for each in json(answered)["entry"])
    else:
        assert answered.status_code == 400


def test_an_exchange_without_a_purpose_or_with_a_wrong_one_finds_nothing(harbor: Service, places: Places) -> None:
    silent = harbor.caller("hie")

    assert found(match(silent, PLAIN)) == []
    assert silent.client.get(f"/fhir/Task/{places.plain['id']}").status_code == 404
    assert (
        silent.client.get(f"/fhir/Task/{places.plain['id']}", headers={"X-Purpose-Of-Use": "HMARKT"}).status_code == 404
    )


def test_breaking_the_glass_opens_the_very_restricted_to_plan_staff_and_is_on_record(
    harbor: Service, callers: dict[str, Caller], places: Places
) -> None:
    path = f"/fhir/Task/{places.restricted['id']}"
    shut = callers["plan"].client.get(path)
    opened = callers["plan"].client.get(path, headers={"X-Break-Glass": "The member asked us to look"})

    assert (shut.status_code, opened.status_code) == (404, 200)
    assert callers["hie"].client.get(path, headers={"X-Break-Glass": "x"}).status_code == 404
    rows = [row for _, row in harbor.desk.store.audited() if row.resource == f"Task/{places.restricted['id']}"]
    assert [row.detail.get("break_glass") for row in rows if row.actor == "plan"][-1] == "The member asked us to look"


def test_a_sensitive_case_carries_its_label_and_restricted(places: Places) -> None:
    codes = {each["code"] for each in places.sensitive["meta"]["security"]}

    assert codes == {"R", "HIV"}
    assert "security" not in places.plain["meta"]


@pytest.mark.usefixtures("places")
def test_a_hidden_address_stays_with_the_plan_and_the_member(callers: dict[str, Caller]) -> None:
    shown = {
        name: HIDDEN in callers[name].client.get("/fhir/Patient/member-0").get_data(as_text=True)
        for name in ("submitter", "payer", "plan", "physician")
    }
    searched = callers["submitter"].client.get("/fhir/Task?patient=Patient/member-0&_include=Task:patient")

    assert shown == {"submitter": False, "payer": False, "plan": True, "physician": True}
    assert "1 Specimen Quay" in searched.get_data(as_text=True)
    assert HIDDEN not in searched.get_data(as_text=True)
    assert HIDDEN not in callers["submitter"].client.get("/fhir/Patient/_history").get_data(as_text=True)


def test_a_payer_is_told_of_the_members_who_allow_it_alone(callers: dict[str, Caller]) -> None:
    assert callers["payer"].client.get("/fhir/Patient/member-0").status_code == 200
    assert callers["payer"].client.get("/fhir/Patient/member-7").status_code == 404
