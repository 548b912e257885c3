from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from api.front import BASE, CASE, MEMBER, NOW, NPI, Front, a_patient, a_task, an_order, bundle, ids, link

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    "query",
    [
        f"identifier={CASE}|SMO-2026-case-1",
        "identifier=SMO-2026-case-1",
        "based-on=ServiceRequest/sr-1&_id=case-1",
        "focus=sr-1&_id=case-1,none",
        f"focus={BASE}/ServiceRequest/sr-1&_id=case-1",
        "_id=case-1&status=requested,received",
        "_id=case-1&status=RECEIVED",
        "_id=case-1&priority:not=urgent",
        "_id=case-1&owner:missing=false",
        f"_id=case-1&requester:identifier={NPI}|1234567893",
        f"_id=case-1&requester.identifier={NPI}|1234567893",
        f"_id=case-1&patient.identifier={MEMBER}|M-0001",
        f"patient.identifier={MEMBER}|M-0001&patient.birthdate=1961-04-02&patient.family=testmember&_id=case-1",
        "_id=case-1&subject:Patient.family=TESTM",
        "_id=case-1&authored-on=ge2026-03-02T17:05:11+00:00",
        "_id=case-1&authored-on=2026-03",
        "_id=case-1&due=lt2026-03-10",
        "_id=case-1&_lastUpdated=gt2026-03-05T19:59:59Z",
    ],
)
def test_case_is_found(front: Front, query: str) -> None:
    other = a_task("case-2", priority="urgent", status="accepted", **{"for": {"reference": "Patient/pt-2"}})
    front.keep(a_task(), other, an_order())
    with front.store.load_snapshot(["test"], replace=False) as load:
        load.put([front._write(a_patient(), NOW, None, None)])
        load.activate({"Patient": 1}, "digest")
    client = front.client()

    get = client.get(f"/fhir/Task?{query}")
    posted = client.post("/fhir/Task/_search", data=query.replace("+", "%2B"), headers=FORM)

    assert ids(get) == ["Task/case-1"]
    assert ids(posted) == ids(get)
    assert bundle(posted)["total"] == bundle(get)["total"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "_id=case-1&status:not=received",
        "_id=case-1&owner:missing=true",
        "_id=case-1&authored-on=gt2026-03-02",
        "_id=case-1&patient=pt-2",
        "_id=case-1&patient.identifier=M-0002",
        "_id=none",
        "identifier=smo-2026-case-1",
        "identifier=SMO",
    ],
)
def test_case_is_not_found(front: Front, query: str) -> None:
    front.keep(a_task())

    response = front.client().get(f"/fhir/Task?{query}")

    assert ids(response) == []
    assert bundle(response)["total"] == 0
    assert "entry" not in bundle(response)


def test_order_that_a_case_points_to_is_found_by_has(front: Front) -> None:
    front.keep(a_task(), an_order(), an_order("sr-2"))

    assert ids(front.client().get("/fhir/ServiceRequest?_has:Task:focus:status=received")) == ["ServiceRequest/sr-1"]


def test_url_and_form_of_a_posted_search_are_merged(front: Front) -> None:
    front.keep(a_task(), a_task("case-2"))

    response = front.client().post("/fhir/Task/_search?status=received", data="_id=case-2", headers=FORM)

    assert ids(response) == ["Task/case-2"]


def test_posted_search_without_body_is_a_search_and_in_json_is_not(front: Front) -> None:
    front.keep(a_task())
    client = front.client()

    assert ids(client.post("/fhir/Task/_search?_id=case-1")) == ["Task/case-1"]
    assert client.post("/fhir/Task/_search", json={"status": "received"}).status_code == 415


def test_everything_about_one_order_comes_in_one_call(front: Front) -> None:
    front.keep(a_task(), an_order(), a_task("child", partOf=[{"reference": "Task/case-1"}], focus=None, basedOn=None))
    query = (
        "identifier=https://ehr.example/orders|ORD-1&_revinclude=Task:focus&_revinclude=CommunicationRequest:based-on"
    )

    response = front.client().get(f"/fhir/ServiceRequest?{query}&_revinclude=Provenance:target")

    assert ids(response) == ["ServiceRequest/sr-1"]
    assert ids(response, "include") == ["Task/case-1", "Provenance/ServiceRequest-sr-1-1"]


def test_include_reaches_further_only_with_iterate(front: Front) -> None:
    front.keep(a_task(), an_order(basedOn=[{"reference": "ServiceRequest/sr-0"}]), an_order("sr-0"))
    client = front.client()
    once = "/fhir/Task?_id=case-1&_include=Task:focus&_include=Task:output"

    assert ids(client.get(once), "include") == ["ServiceRequest/sr-1"]
    assert ids(client.get(f"{once}&_include:iterate=ServiceRequest:based-on"), "include") == [
        "ServiceRequest/sr-1",
        "ServiceRequest/sr-0",
    ]


def test_include_may_be_limited_to_a_type(front: Front) -> None:
    front.keep(a_task(), an_order())
    client = front.client()

    assert ids(client.get("/fhir/Task?_id=case-1&_include=Task:focus:Claim"), "include") == []
    assert ids(client.get("/fhir/Task?_id=case-1&_include=Task:focus:ServiceRequest"), "include") == [
        "ServiceRequest/sr-1"
    ]


def test_match_beats_include_and_nothing_is_listed_twice(front: Front) -> None:
    front.keep(a_task("parent"), a_task("child", partOf=[{"reference": "Task/parent"}]))

    response = front.client().get("/fhir/Task?_id=parent,child&_include=Task:part-of&_revinclude=Task:part-of")

    assert sorted(ids(response)) == ["Task/child", "Task/parent"]
    assert ids(response, "include") == []


def test_include_brings_nothing_the_caller_may_not_read(front: Front) -> None:
    front.keep_case(1, {"partner:clinic"}, a_task())
    front.keep_case(2, {"partner:elsewhere"}, an_order())

    of_another = front.client("clinic").get("/fhir/Task?_id=case-1&_include=Task:focus")
    without_scope = front.client("plan", "system/Task.rs").get("/fhir/Task?_id=case-1&_include=Task:focus")

    assert (ids(of_another), ids(of_another, "include")) == (["Task/case-1"], [])
    assert (ids(without_scope), ids(without_scope, "include")) == (["Task/case-1"], [])


def test_pages_follow_each_other_and_none_is_shown_twice_while_others_arrive(front: Front) -> None:
    front.keep(*(a_task(f"case-{number}") for number in range(7)))
    client = front.client()

    seen, url, pages = [], "/fhir/Task?status=received&_count=3&_sort=-_id", 0
    while url:
        response = client.get(url)
        seen += ids(response)
        front.keep(a_task(f"zz-{pages}"))
        url, pages = link(response, "next") or "", pages + 1

    assert seen == [f"Task/case-{number}" for number in reversed(range(7))]
    assert pages == 3


def test_last_page_has_no_next_and_later_ones_lead_back_to_the_first(front: Front) -> None:
    front.keep(*(a_task(f"case-{number}") for number in range(3)))
    client = front.client()

    first = client.get("/fhir/Task?_count=2&_sort=_id")
    second = client.get(link(first, "next") or "")

    assert (ids(first), ids(second)) == (["Task/case-0", "Task/case-1"], ["Task/case-2"])
    assert link(second, "next") is None
    assert ids(client.get(link(second, "first") or "")) == ids(first)
    assert bundle(first)["total"] == bundle(second)["total"] == 3
    assert bundle(first)["link"][1]["url"].startswith(f"{BASE}/Task?_page=")


def test_page_link_shows_nothing_of_the_search(front: Front) -> None:
    front.keep(a_task("case-1"), a_task("case-2"))

    onward = link(front.client().get("/fhir/Task?patient=pt-1&_count=1"), "next")

    assert onward is not None
    assert "pt-1" not in onward
    assert list(parse_qs(urlsplit(onward).query)) == ["_page"]


def test_page_link_of_another_caller_or_another_type_is_refused(front: Front) -> None:
    front.keep(a_task("case-1"), a_task("case-2"))
    onward = link(front.client().get("/fhir/Task?_count=1"), "next") or ""

    assert front.client().get(onward).status_code == 200
    assert front.client("clinic").get(onward).status_code == 400
    assert front.client().get(onward.replace("/Task?", "/Claim?")).status_code == 400
    assert front.client().get(onward[:-4] + "AAAA").status_code == 400


def test_self_link_holds_what_counted_percent_encoded(front: Front) -> None:
    front.keep(a_task())

    response = front.client().get(f"/fhir/Task?identifier={CASE}|SMO-2026-case-1&colour=x&status=&_pretty=true")

    assert link(response, "self") == (
        "/fhir/Task?identifier=https%3A%2F%2Fsecond-opinion.example%2Ffhir%2FNamingSystem%2Fcase%7CSMO-2026-case-1"
    )


def test_ignored_parameter_is_told_in_an_entry(front: Front) -> None:
    front.keep(a_task())

    response = front.client().get("/fhir/Task?_id=case-1&colour=x")

    (outcome,) = [each for each in bundle(response)["entry"] if each["search"]["mode"] == "outcome"]
    assert outcome["resource"]["issue"][0]["severity"] == "warning"
    assert outcome["fullUrl"].startswith("urn:uuid:")
    assert bundle(response)["total"] == 1


def test_strict_search_is_refused_naming_the_parameter(front: Front) -> None:
    prefer = {"Prefer": "return=minimal, handling=strict"}

    response = front.client().get("/fhir/Task?_id=case-1&colour=x", headers=prefer)

    (issue,) = bundle(response)["issue"]
    assert response.status_code == 400
    assert (issue["code"], issue["expression"]) == ("not-supported", ["http.colour"])
    assert issue["details"]["coding"][0]["code"] == "MSG_PARAM_UNKNOWN"
    assert "authored-on" in issue["diagnostics"]


def test_misspelt_parameter_alone_is_refused(front: Front) -> None:
    response = front.client().get("/fhir/Task?identifer=x")

    assert (response.status_code, bundle(response)["issue"][0]["code"]) == (400, "too-costly")


@pytest.mark.parametrize(
    "query", ["_count=0", "_summary=count", "_summary=count&_count=5", "_count=0&_totalMethod=count"]
)
def test_total_alone_is_answered_without_entries(front: Front, query: str) -> None:
    front.keep(a_task("case-1"), a_task("case-2"))

    parsed = bundle(front.client().get(f"/fhir/Task?{query}"))

    assert parsed["total"] == 2
    assert "entry" not in parsed
    assert [each["relation"] for each in parsed["link"]] == ["self"]


def test_total_counts_only_what_the_caller_may_see(front: Front) -> None:
    front.keep_case(1, {"partner:clinic"}, a_task("case-1"))
    front.keep_case(2, {"partner:elsewhere"}, a_task("case-2"))

    assert bundle(front.client("clinic").get("/fhir/Task?_count=0"))["total"] == 1
    assert bundle(front.client().get("/fhir/Task?_count=0"))["total"] == 2
    assert ids(front.client("clinic").get("/fhir/Task?status=received")) == ["Task/case-1"]


def test_caller_of_class_hie_must_name_somebody(front: Front) -> None:
    front.keep(a_task())

    assert front.client("exchange").get("/fhir/Task?status=received").status_code == 400
    assert ids(front.client("exchange").get("/fhir/Task?identifier=SMO-2026-case-1")) == []


def test_work_list_is_sorted_by_when_it_is_due(front: Front) -> None:
    def due(ident: str, day: int) -> dict[str, object]:
        return a_task(ident, restriction={"period": {"end": f"2026-03-{day:02}T00:00:00Z"}})

    front.keep(due("late", 20), due("soon", 8), due("next", 9), a_task("never", restriction=None))
    client = front.client()
    query = "/fhir/Task?business-status=pended-clinician&_sort="

    assert ids(client.get(f"{query}due")) == ["Task/soon", "Task/next", "Task/late", "Task/never"]
    assert ids(client.get(f"{query}-due")) == ["Task/late", "Task/next", "Task/soon", "Task/never"]


def test_what_changed_since_the_last_poll_is_found_in_order(front: Front) -> None:
    for minute in range(3):
        front.keep(a_task(f"case-{minute}"), at=NOW + timedelta(minutes=minute))
    query = "requester=Practitioner/pr-1&_lastUpdated=gt2026-03-05T20:00:00Z&_sort=-_lastUpdated"

    assert ids(front.client().get(f"/fhir/Task?{query}")) == ["Task/case-2", "Task/case-1"]


def test_elements_are_about_matches_and_summary_about_all(front: Front) -> None:
    front.keep(a_task(), an_order())
    client = front.client()

    entries = bundle(client.get("/fhir/Task?_id=case-1&_elements=focus&_include=Task:focus"))["entry"]
    assert "note" not in entries[0]["resource"]
    assert entries[0]["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "authoredOn" in entries[1]["resource"]
    for each in bundle(client.get("/fhir/Task?_id=case-1&_summary=text&_include=Task:focus"))["entry"]:
        assert each["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
        assert "identifier" not in each["resource"]


def test_stored_body_stands_in_the_bundle_byte_for_byte(front: Front) -> None:
    front.keep(a_task())
    stored = front.store.found("Task", "case-1")

    assert stored is not None
    assert stored.body in front.client().get("/fhir/Task?_id=case-1").data
