from datetime import timedelta

import pytest

from api.front import BASE, NOW, Front, a_patient, a_task, an_order, bundle, ids, link
from second_opinion.api.definitions import TYPES
from second_opinion.fhir.search import EXPOSED


def test_resource_is_answered_as_it_was_stored_with_its_version(front: Front) -> None:
    front.keep(a_task(note=[{"text": "ünïcode"}]))

    response = front.client().get("/fhir/Task/case-1")

    assert response.status_code == 200
    assert response.headers["ETag"] == 'W/"1"'
    assert response.headers["Last-Modified"] == "Thu, 05 Mar 2026 20:00:00 GMT"
    assert response.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    stored = front.store.found("Task", "case-1")
    assert stored is not None
    assert response.data == stored.body


@pytest.mark.parametrize("path", ["/fhir/Task/case-1/", "/fhir/Task/case-1?_format=json", "/fhir/Task/case-1?_=7"])
def test_trailing_slash_and_harmless_parameters_change_nothing(front: Front, path: str) -> None:
    front.keep(a_task())

    assert front.client().get(path).status_code == 200


def test_head_is_get_without_a_body(front: Front) -> None:
    front.keep(a_task())
    client = front.client()

    head, get = client.head("/fhir/Task/case-1"), client.get("/fhir/Task/case-1")

    assert head.data == b""
    assert (head.headers["ETag"], head.headers["Content-Length"]) == (
        get.headers["ETag"],
        get.headers["Content-Length"],
    )


@pytest.mark.parametrize("type_name", EXPOSED)
def test_unknown_id_is_404_on_every_type(front: Front, type_name: str) -> None:
    assert front.client().get(f"/fhir/{type_name}/none").status_code == 404


@pytest.mark.parametrize("ident", ["%00", "a" * 65, "a b", "é", "$everything", "..%2f"])
def test_what_can_be_no_id_is_404(front: Front, ident: str) -> None:
    assert front.client().get(f"/fhir/Task/{ident}").status_code == 404


def test_what_the_caller_may_not_see_looks_exactly_like_what_is_not_there(front: Front) -> None:
    front.keep_case(1, {"partner:clinic"}, a_task("case-1"))

    assert front.client("clinic").get("/fhir/Task/case-1").status_code == 200
    hidden, absent = (front.client("elsewhere").get(f"/fhir/Task/{each}") for each in ("case-1", "case-2"))
    assert (hidden.status_code, hidden.data) == (absent.status_code, absent.data) == (404, hidden.data)


@pytest.mark.parametrize("header", ['W/"1"', '"1"', "*", 'W/"7", W/"1"'])
def test_version_the_caller_has_is_304_without_body(front: Front, header: str) -> None:
    front.keep(a_task())

    response = front.client().get("/fhir/Task/case-1", headers={"If-None-Match": header})

    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == 'W/"1"'


def test_other_version_is_answered_in_full_whatever_its_date(front: Front) -> None:
    front.keep(a_task())
    headers = {"If-None-Match": 'W/"2"', "If-Modified-Since": "Thu, 05 Mar 2026 20:00:00 GMT"}

    assert front.client().get("/fhir/Task/case-1", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Thu, 05 Mar 2026 20:00:00 GMT", 304),
        ("Thu, 05 Mar 2026 19:59:59 GMT", 200),
        ("Thu, 05 Mar 2026 20:00:01 GMT", 304),
        ("yesterday", 200),
    ],
)
def test_unmodified_resource_is_304(front: Front, since: str, status: int) -> None:
    front.keep(a_task(), at=NOW + timedelta(milliseconds=7))

    assert front.client().get("/fhir/Task/case-1", headers={"If-Modified-Since": since}).status_code == status


def test_earlier_version_is_still_read(front: Front) -> None:
    front.keep(a_task(status="received"))
    front.keep(a_task(status="accepted"), at=NOW + timedelta(hours=1))
    client = front.client()

    assert bundle(client.get("/fhir/Task/case-1/_history/1"))["status"] == "received"
    assert bundle(client.get("/fhir/Task/case-1/_history/2"))["status"] == "accepted"
    assert client.get("/fhir/Task/case-1/_history/1").headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize("version", ["0", "3", "-1", "x", "01", "99999999999999999999"])
def test_unknown_version_is_404(front: Front, version: str) -> None:
    front.keep(a_task())

    assert front.client().get(f"/fhir/Task/case-1/_history/{version}").status_code == 404


def test_history_is_newest_first_and_says_what_happened(front: Front) -> None:
    front.keep(a_task(status="received"))
    front.keep(a_task(status="accepted"), at=NOW + timedelta(hours=1))

    response = front.client().get("/fhir/Task/case-1/_history")

    parsed = bundle(response)
    assert (parsed["type"], parsed["total"]) == ("history", 2)
    assert [each["request"] for each in parsed["entry"]] == [
        {"method": "PUT", "url": "Task/case-1"},
        {"method": "POST", "url": "Task"},
    ]
    assert [each["response"]["status"] for each in parsed["entry"]] == ["200", "201"]
    assert {each["fullUrl"] for each in parsed["entry"]} == {f"{BASE}/Task/case-1"}


def test_history_is_paged_to_its_end(front: Front) -> None:
    for hour in range(5):
        front.keep(a_task(), at=NOW + timedelta(hours=hour))
    client = front.client()

    versions, url, pages = [], "/fhir/Task/case-1/_history?_count=2", 0
    while url:
        response = client.get(url)
        versions += [each["resource"]["meta"]["versionId"] for each in bundle(response)["entry"]]
        url, pages = link(response, "next") or "", pages + 1

    assert (versions, pages) == (["5", "4", "3", "2", "1"], 3)


def test_history_since_leaves_out_what_is_older(front: Front) -> None:
    front.keep(a_task())
    front.keep(a_task(), at=NOW + timedelta(hours=1))
    client = front.client()

    assert bundle(client.get("/fhir/Task/case-1/_history?_since=2026-03-05T21:00:00Z"))["total"] == 1
    assert bundle(client.get("/fhir/Task/case-1/_history?_since=2026-03-05T21:00:00+00:00"))["total"] == 1
    assert bundle(client.get("/fhir/Task/case-1/_history?_since=2026-03-05T21:00:01Z"))["total"] == 0
    assert client.get("/fhir/Task/case-1/_history?_since=lately").status_code == 400


def test_history_of_a_type_holds_all_its_resources_and_of_nothing_is_404(front: Front) -> None:
    front.keep(a_task("case-1"), a_task("case-2"), an_order())
    client = front.client()

    assert bundle(client.get("/fhir/Task/_history"))["total"] == 2
    assert client.get("/fhir/Task/none/_history").status_code == 404
    assert bundle(client.get("/fhir/Task/_history?_count=0")).get("entry") is None


def test_history_of_another_partners_case_is_404(front: Front) -> None:
    front.keep_case(1, {"partner:clinic"}, a_task("case-1"))

    assert front.client("elsewhere").get("/fhir/Task/case-1/_history").status_code == 404
    assert bundle(front.client("elsewhere").get("/fhir/Task/_history"))["total"] == 0


def test_elements_and_summary_are_cut_down_on_reading_too(front: Front) -> None:
    front.keep(a_task())
    client = front.client()

    parsed = bundle(client.get("/fhir/Task/case-1?_elements=focus"))

    assert set(parsed) == {"resourceType", "id", "meta", "status", "intent", "focus"}
    assert parsed["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "note" not in bundle(client.get("/fhir/Task/case-1?_summary=true"))
    assert "note" in bundle(client.get("/fhir/Task/case-1?_summary=false"))
    assert client.get("/fhir/Task/case-1?_summary=most").status_code == 400


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("system/Task.r", "/fhir/Task/case-1", 200),
        ("system/Task.r", "/fhir/Task/case-1/_history", 200),
        ("system/Task.r", "/fhir/Task?status=received", 403),
        ("system/Task.s", "/fhir/Task?status=received", 200),
        ("system/Task.s", "/fhir/Task/case-1", 403),
        ("system/Patient.rs", "/fhir/Task/case-1", 403),
    ],
)
def test_each_reading_needs_its_own_right(front: Front, scope: str, path: str, status: int) -> None:
    front.keep(a_task(), a_patient())

    response = front.client("plan", scope).get(path)

    assert response.status_code == status
    if status == 403:
        assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("path", ["/fhir/Task/case-1", "/fhir/Task", "/fhir/Task/_history", "/fhir/CodeSystem/service"])
def test_nothing_is_read_without_a_token(front: Front, path: str) -> None:
    response = front.app.test_client().get(path)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("mode", ["", "?mode=full", "?mode=normative", "?mode=terminology", "?_format=json"])
def test_metadata_needs_no_token(front: Front, mode: str) -> None:
    assert bundle(front.app.test_client().get(f"/fhir/metadata{mode}"))["resourceType"] == "CapabilityStatement"


def test_metadata_in_no_known_mode_is_refused(front: Front) -> None:
    assert front.app.test_client().get("/fhir/metadata?mode=x").status_code == 400


def test_published_definition_is_read_and_searched_by_any_caller(front: Front) -> None:
    client = front.client("exchange")

    assert bundle(client.get("/fhir/CodeSystem/case-status"))["id"] == "case-status"
    found = client.get("/fhir/CodeSystem?url=https://second-opinion.example/fhir/CodeSystem/case-status")
    assert ids(found) == ["CodeSystem/case-status"]
    assert ids(client.get("/fhir/CodeSystem?_id=case-status,service&status=active")) == [
        "CodeSystem/case-status",
        "CodeSystem/service",
    ]
    assert ids(client.get("/fhir/CodeSystem?name=nothing")) == []
    assert client.get("/fhir/CodeSystem/none").status_code == 404


def test_search_of_definitions_tells_of_unknown_parameters(front: Front) -> None:
    client = front.client()

    assert len(bundle(client.get("/fhir/CodeSystem?colour=x"))["entry"]) > 1
    assert client.get("/fhir/CodeSystem?colour=x", headers={"Prefer": "handling=strict"}).status_code == 400


def test_search_of_definitions_takes_missing_and_no_other_modifier(front: Front) -> None:
    client = front.client()

    every = bundle(client.get("/fhir/CodeSystem"))["total"]

    assert bundle(client.get("/fhir/CodeSystem?url:missing=true"))["total"] == 0
    assert bundle(client.get("/fhir/CodeSystem?url:missing=false"))["total"] == every
    for query in ("url:below=https://second-opinion.example", "url:missing=perhaps"):
        assert client.get(f"/fhir/CodeSystem?{query}").status_code == 400


@pytest.mark.parametrize("query", ["_summary=count", "_count=0"])
def test_search_of_definitions_counts(front: Front, query: str) -> None:
    counted = bundle(front.client().get(f"/fhir/CodeSystem?{query}"))

    assert counted["total"] > 1
    assert "entry" not in counted


@pytest.mark.parametrize("type_name", TYPES)
def test_every_type_of_definition_is_searched(front: Front, type_name: str) -> None:
    assert bundle(front.client().get(f"/fhir/{type_name}"))["type"] == "searchset"
