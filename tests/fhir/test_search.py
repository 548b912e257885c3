from datetime import UTC, datetime
from typing import Any

import pytest

from second_opinion.errors import InvalidSearch
from second_opinion.fhir.search import Include, Search, TooCostly, UnknownParameter, read
from second_opinion.fhir.search_syntax import plain, split
from second_opinion.fhir.search_terms import microseconds
from second_opinion.store.query import (
    Clause,
    Contains,
    EndsWith,
    Exactly,
    HasId,
    Linked,
    LinkedBy,
    Match,
    Present,
    Sort,
    StartsWith,
    Updated,
    Within,
)

BASE = "https://plan.example/fhir"
NOW = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)
MARKER = "Zyxw-marker"


def ask(*pairs: tuple[str, str], type_name: str = "Task", **options: Any) -> Search:
    return read(type_name, pairs, base=BASE, now=NOW, **options)


def only(*pairs: tuple[str, str], type_name: str = "Task") -> tuple[Match, ...]:
    (clause,) = ask(*pairs, type_name=type_name).query.clauses
    return clause.matches


def us(*at: int) -> int:
    return microseconds(datetime(*at, tzinfo=UTC))  # type: ignore[misc,arg-type]  # year, month, day, …


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ("A1", StartsWith("identifier", "A1\x1f")),
        ("s|A1", Exactly("identifier", "A1\x1fs")),
        ("|A1", Exactly("identifier", "A1\x1f")),
        ("s|", EndsWith("identifier", "\x1fs")),
        (r"s\|t|A\,1", Exactly("identifier", "A,1\x1fs|t")),
        (r"A\\1", StartsWith("identifier", "A\\1\x1f")),
    ],
)
def test_token_is_read_in_its_four_forms(value: str, match: Match) -> None:
    assert only(("identifier", value)) == (match,)


def test_code_element_is_found_by_its_own_system_and_by_no_other() -> None:
    assert only(("status", "http://hl7.org/fhir/task-status|Received")) == (Exactly("status", "received\x1f"),)
    assert only(("status", "http://hl7.org/fhir/task-status|")) == (Present("status", missing=False),)
    assert only(("status", "https://other.example|received")) == (
        Exactly("status", "received\x1fhttps://other.example"),
    )


def test_comma_means_any_and_repetition_means_all() -> None:
    asked = ask(("status", "requested,received"), ("status:not", "received"), ("identifier", "a"))

    assert asked.query.clauses == (
        Clause((StartsWith("status", "requested\x1f"), StartsWith("status", "received\x1f"))),
        Clause((StartsWith("status", "received\x1f"),), negated=True),
        Clause((StartsWith("identifier", "a\x1f"),), selective=True),
    )


@pytest.mark.parametrize("value", ["pt-1", "Patient/pt-1", f"{BASE}/Patient/pt-1", f"{BASE}/Patient/pt-1/_history/2"])
@pytest.mark.parametrize("name", ["patient", "subject", "subject:Patient"])
def test_reference_means_the_same_however_it_is_written(name: str, value: str) -> None:
    assert only((name, value)) == (Exactly("subject", "Patient/pt-1"),)


def test_bare_id_may_be_of_any_type_the_reference_allows() -> None:
    assert only(("requestor", "x"), type_name="ClaimResponse") == (
        Exactly("requestor", "Practitioner/x"),
        Exactly("requestor", "PractitionerRole/x"),
        Exactly("requestor", "Organization/x"),
    )


def test_reference_on_another_server_is_taken_as_it_stands() -> None:
    assert only(("focus", "https://ehr.example/fhir/ServiceRequest/1")) == (
        Exactly("focus", "https://ehr.example/fhir/ServiceRequest/1"),
    )


def test_reference_of_a_type_that_cannot_stand_there_finds_nothing() -> None:
    assert only(("patient", "Practitioner/1")) == (HasId(""),)
    assert only(("requester:Patient", "Practitioner/1")) == (HasId(""),)


def test_identifier_of_what_is_pointed_to_is_looked_for_in_both_places() -> None:
    found = only(("owner:identifier", "npi|1"))

    assert found[0] == Exactly("owner:identifier", "1\x1fnpi")
    assert Linked("owner", "Organization", (Exactly("identifier", "1\x1fnpi"),)) in found
    assert set(only(("owner.identifier", "npi|1"))) == set(found)


def test_chain_goes_one_step_through_every_type_that_has_the_parameter() -> None:
    assert only(("patient.birthdate", "1961-04-02")) == (
        Linked("subject", "Patient", (Within("birthdate", "eq", us(1961, 4, 2, 8), us(1961, 4, 3, 8) - 1),)),
    )
    assert only(("requester:Organization.name", "Clínica")) == (
        Linked("requester", "Organization", (StartsWith("name", "clinica"),)),
    )
    assert {each.type for each in only(("requester.name", "x")) if isinstance(each, Linked)} == {
        "Practitioner",
        "Organization",
        "Patient",
    }


def test_has_finds_what_another_resource_points_to() -> None:
    assert only(("_has:Task:focus:status", "received"), type_name="ServiceRequest") == (
        LinkedBy("Task", "focus", (StartsWith("status", "received\x1f"),)),
    )


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ("2026-03-04T10:00:00Z", ("eq", us(2026, 3, 4, 10), us(2026, 3, 4, 10, 0, 1) - 1)),
        ("ge2026-03-04T10:00:00.5Z", ("ge", us(2026, 3, 4, 10, 0, 0, 500000), us(2026, 3, 4, 10, 0, 0, 600000) - 1)),
        ("gt2026-03-04T10:00:00 00:00", ("gt", us(2026, 3, 4, 10), us(2026, 3, 4, 10, 0, 1) - 1)),
        ("lt2026-03-04T10:00:00+02:00", ("lt", us(2026, 3, 4, 8), us(2026, 3, 4, 8, 0, 1) - 1)),
        ("sa2026-03", ("sa", us(2026, 3, 1, 8), us(2026, 4, 1, 7) - 1)),
        ("eb2026", ("eb", us(2026, 1, 1, 8), us(2027, 1, 1, 8) - 1)),
        ("ne2026-03-04", ("ne", us(2026, 3, 4, 8), us(2026, 3, 5, 8) - 1)),
    ],
)
def test_date_is_a_range_with_a_prefix(value: str, match: tuple[str, int, int]) -> None:
    assert only(("authored-on", value)) == (Within("authored-on", *match),)
    assert only(("_lastUpdated", value)) == (Updated(*match),)


def test_approximate_date_is_widened_by_a_tenth_of_its_distance() -> None:
    assert only(("authored-on", "ap2026-03-05T10:00:00Z")) == (
        Within("authored-on", "ap", us(2026, 3, 5, 9), us(2026, 3, 5, 11, 0, 1) - 1),
    )


def test_string_is_folded_unless_exact() -> None:
    assert only(("family", "MUÑ"), type_name="Patient") == (StartsWith("family", "mun"),)
    assert only(("family:contains", "ño"), type_name="Patient") == (Contains("family", "no"),)
    assert only(("family:exact", "Muñoz"), type_name="Patient") == (Exactly("family", "munoz\x1fMuñoz"),)


def test_name_searches_every_part_of_a_name() -> None:
    assert only(("name", "ann"), type_name="Patient") == tuple(
        StartsWith(each, "ann") for each in ("family", "given", "name")
    )


def test_missing_asks_for_presence_of_literal_and_logical_references() -> None:
    (clause,) = ask(("owner:missing", "true")).query.clauses

    assert clause == Clause((Present("owner", missing=False), Present("owner:identifier", missing=False)), negated=True)


def test_every_resource_has_an_id_and_an_instant() -> None:
    assert ask(("_id:missing", "false"), ("_lastUpdated:missing", "false")).query.clauses == ()
    assert only(("_id:missing", "true")) == (HasId(""),)


def test_only_what_few_resources_share_starts_a_search() -> None:
    selective = {
        name: ask((name, "a")).query.clauses[0].selective
        for name in ("_id", "identifier", "patient", "focus", "owner", "requester", "patient.identifier")
    }

    assert selective == {
        "_id": True,
        "identifier": True,
        "patient": True,
        "focus": True,
        "owner": False,
        "requester": False,
        "patient.identifier": True,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("identifier:text", MARKER),
        ("identifier:in", MARKER),
        ("identifier:nonsense", MARKER),
        ("authored-on", MARKER),
        ("authored-on", "xx2026-03-04"),
        ("authored-on", "2026-02-30"),
        ("authored-on", "gt"),
        ("authored-on:exact", "2026"),
        ("patient:Organization", MARKER),
        ("patient.general-practitioner.name", MARKER),
        ("patient.family:missing", "true"),
        ("status.identifier", MARKER),
        ("owner:missing", MARKER),
        ("status", "received,,requested"),
        ("identifier", f"{MARKER}\x00"),
        ("_count", "-1"),
        ("_count", MARKER),
        ("_count", "1.5"),
        ("_summary", MARKER),
        ("_total", MARKER),
        ("_include:iterate:x", "Task:focus"),
        ("_include:exact", "Task:focus"),
        ("_tag:below", MARKER),
        ("_profile:below", MARKER),
    ],
)
def test_what_cannot_be_read_is_refused_naming_the_parameter_and_no_value(name: str, value: str) -> None:
    with pytest.raises(InvalidSearch) as refused:
        ask((name, value), ("identifier", "a"))

    assert refused.value.status == 400
    assert refused.value.expression[0].startswith(f"http.{name.partition(':')[0].partition('.')[0]}")
    assert MARKER not in str(refused.value)
    assert MARKER not in str(refused.value.diagnostics)


def test_unknown_parameter_is_ignored_with_a_warning_and_left_out_of_the_link() -> None:
    asked = ask(("identifier", "a"), ("colour", MARKER))

    assert asked.used == (("identifier", "a"),)
    assert asked.warnings == (
        ("not-supported", "Search parameter 'colour' is not known for Task and was ignored", "http.colour"),
    )


def test_unknown_parameter_is_refused_under_strict_handling_with_what_is_supported() -> None:
    with pytest.raises(UnknownParameter) as refused:
        ask(("colour", MARKER), strict=True)

    assert refused.value.message == "Search parameter 'colour' is not known for Task"
    assert refused.value.expression == ("http.colour",)
    assert str(refused.value.diagnostics).startswith("Supported: _id, _lastUpdated")


def test_name_that_may_be_health_data_is_not_repeated() -> None:
    (warning,) = ask(("identifier", "a"), ("Jane Doe", "x")).warnings

    assert warning == ("not-supported", "A search parameter is not known for Task and was ignored", "http")


@pytest.mark.parametrize(
    "given", [[("status", "received")], [("_lastUpdated", "gt2026")], [("identifier:not", "a")], []]
)
def test_misspelt_parameter_never_widens_a_search_to_everything(given: list[tuple[str, str]]) -> None:
    with pytest.raises(TooCostly):
        ask(("identifer", "a"), *given)


@pytest.mark.parametrize("name", ["_id", "identifier", "focus", "based-on", "part-of", "patient", "requester", "owner"])
def test_misspelt_parameter_beside_a_bounding_one_is_a_warning(name: str) -> None:
    assert ask(("identifer", "a"), (name, "a")).warnings


def test_wide_search_without_a_misspelling_is_fine_unless_the_caller_must_name_someone() -> None:
    assert ask(("status", "received")).query.clauses
    with pytest.raises(TooCostly):
        ask(("status", "received"), guarded=True)


def test_empty_value_is_absent_or_refused_under_strict_handling() -> None:
    assert ask(("status", "")).query.clauses == ()
    with pytest.raises(InvalidSearch):
        ask(("status", ""), strict=True)


def test_code_outside_its_binding_finds_nothing_with_a_warning_or_is_refused() -> None:
    asked = ask(("status", MARKER))

    assert asked.query.clauses == (Clause((HasId(""),), selective=True),)
    assert [kind for kind, _, _ in asked.warnings] == ["code-invalid"]
    assert MARKER not in str(asked.warnings)
    with pytest.raises(InvalidSearch):
        ask(("status", MARKER), strict=True)


def test_code_outside_its_binding_excludes_nothing() -> None:
    assert ask(("status:not", "bogus")).query.clauses == ()


@pytest.mark.parametrize("name", ["_pretty", "_", "_totalMethod", "nocache", "_format"])
def test_harmless_keys_are_ignored_quietly_even_under_strict_handling(name: str) -> None:
    asked = ask((name, "x"), strict=True)

    assert (asked.used, asked.warnings) == ((), ())


@pytest.mark.parametrize(("text", "count"), [("0", 0), ("1", 1), ("100", 100), ("101", 100), ("999999999", 100)])
def test_page_size_is_capped(text: str, count: int) -> None:
    assert ask(("_count", text)).query.count == count


def test_page_has_twenty_matches_when_nothing_is_said() -> None:
    assert ask().query.count == 20


@pytest.mark.parametrize("pair", [("_count", "0"), ("_summary", "count")])
def test_only_the_total_is_asked_for(pair: tuple[str, str]) -> None:
    assert ask(pair).query.total_only


def test_sort_keys_are_taken_in_order_and_unknown_ones_told() -> None:
    asked = ask(("_sort", "-_lastUpdated,due,patient,_id,nonsense"))

    assert asked.query.sort == (
        Sort("_lastUpdated", "updated", descending=True),
        Sort("due", "date"),
        Sort("subject", "term"),
        Sort("_id", "id"),
    )
    assert len(asked.warnings) == 1
    with pytest.raises(InvalidSearch):
        ask(("_sort", "nonsense"), strict=True)


def test_sort_keys_are_few() -> None:
    assert len(ask(("_sort", ",".join(["due"] * 10))).query.sort) == 10
    with pytest.raises(InvalidSearch, match="at most 10 keys"):
        ask(("_sort", ",".join(["due"] * 11)))


def test_includes_are_read_with_target_star_and_iteration() -> None:
    asked = ask(("_include", "Task:focus:ServiceRequest"), ("_include:iterate", "ServiceRequest:patient"))

    assert asked.includes == (
        Include("Task", "focus", "ServiceRequest"),
        Include("ServiceRequest", "patient", iterate=True),
    )
    assert {each.parameter for each in ask(("_include", "*")).includes} >= {"focus", "patient", "output"}
    assert ask(("_include", "Task:*")).includes == ask(("_include", "*")).includes


def test_reverse_includes_are_read_and_those_of_absent_types_find_nothing() -> None:
    asked = ask(("_revinclude", "Task:part-of"), ("_revinclude", "DiagnosticReport:based-on"), strict=True)

    assert asked.reverse_includes == (Include("Task", "part-of"),)
    assert ask(("_revinclude", "Provenance:target")).reverse_includes == (Include("Provenance", "target"),)
    assert Include("Task", "focus") in ask(("_revinclude", "*"), type_name="ServiceRequest").reverse_includes


@pytest.mark.parametrize(
    "pair", [("_include", "Task:colour"), ("_include", "Nothing:focus"), ("_revinclude", "Task:output")]
)
def test_unknown_include_is_told_or_refused(pair: tuple[str, str]) -> None:
    assert len(ask(pair).warnings) == 1
    with pytest.raises(InvalidSearch):
        ask(pair, strict=True)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("a,b", ["a", "b"]), (r"a\,b", [r"a\,b"]), (r"a\\,b", [r"a\\", "b"]), ("", [""]), (",", ["", ""]), ("a\\", ["a"])],
)
def test_list_is_split_where_no_backslash_stands_before(text: str, parts: list[str]) -> None:
    assert split(text, ",") == parts


def test_escapes_are_read_once() -> None:
    assert plain(r"\\, \, \| \$ \x") == r"\, , | $ \x"


def test_a_search_has_so_many_parameters_and_values_and_no_more() -> None:
    assert len(ask(*[("status", "accepted")] * 50).query.clauses) == 50
    with pytest.raises(TooCostly, match="50 parameters"):
        ask(*[("status", "accepted")] * 51)
    assert len(only(("_id", ",".join(["1"] * 200)))) == 200
    with pytest.raises(InvalidSearch, match="200 values"):
        ask(("_id", ",".join(["1"] * 201)))
