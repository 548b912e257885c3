import orjson
import pytest

from second_opinion.fhir.search import EXPOSED, Presentation, project

ORDER = (
    b'{"resourceType":"ServiceRequest","id":"sr-1","meta":{"tag":[{"code":"HTEST"}]},"text":{"status":"generated"},'
    b'"status":"active","_status":{"id":"s"},"intent":"order","subject":{"reference":"Patient/pt-1"},'
    b'"occurrenceDateTime":"2026-03-02","quantityQuantity":{"value":1.50},"note":[{"text":"synthetic"}]}'
)
MANDATORY = {"resourceType", "id", "meta", "status", "_status", "intent", "subject"}


def names(presentation: Presentation) -> set[str]:
    return set(orjson.loads(project(ORDER, presentation)))


def test_whole_resource_is_given_byte_for_byte() -> None:
    assert project(ORDER, Presentation()) is ORDER
    assert project(ORDER, Presentation("count")) is ORDER


def test_elements_come_with_those_that_must_be_there() -> None:
    assert names(Presentation(elements=("note", "nonsense"))) == MANDATORY | {"note"}


def test_choice_is_named_with_or_without_its_type() -> None:
    for name in ("occurrence", "occurrenceDateTime"):
        assert names(Presentation(elements=(name,))) == MANDATORY | {"occurrenceDateTime"}


def test_text_and_data_are_each_others_rest() -> None:
    assert names(Presentation("text")) == MANDATORY | {"text"}
    assert names(Presentation("data")) == MANDATORY | {"occurrenceDateTime", "quantityQuantity", "note"}


def test_summary_leaves_notes_and_narrative_out() -> None:
    summary = names(Presentation("true"))

    assert summary >= MANDATORY
    assert not summary & {"note", "text"}


def test_cut_down_resource_is_marked_beside_its_own_tags() -> None:
    cut = orjson.loads(project(ORDER, Presentation("data")))

    assert [each["code"] for each in cut["meta"]["tag"]] == ["HTEST", "SUBSETTED"]


def test_decimals_keep_their_digits() -> None:
    assert b'"value":1.50' in project(ORDER, Presentation("data"))


@pytest.mark.parametrize("type_name", EXPOSED)
def test_every_type_has_a_summary(type_name: str) -> None:
    assert project(orjson.dumps({"resourceType": type_name, "id": "1"}), Presentation("true"))
