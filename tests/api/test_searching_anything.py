"""Whatever stands in a URL, a search is answered or refused, and a value never comes back in a refusal."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.front import Front, a_patient, a_task, an_order, bundle
from second_opinion.fhir.search import EXPOSED, PARAMETERS

MARKER = "zyxwmarker"

modifiers = st.sampled_from(
    [
        "",
        ":not",
        ":missing",
        ":exact",
        ":contains",
        ":identifier",
        ":Patient",
        ".identifier",
        ".name",
        ":of-type",
        ".",
        ":",
    ]
)
results = st.sampled_from(
    ["_count", "_sort", "_include", "_revinclude", "_summary", "_elements", "_total", "_page", "_x"]
)
pieces = st.sampled_from(
    [MARKER, ",", "|", "\\", "$", "gt", "ap", "2026-03", "T10:00:00 00:00", "Patient/", "%", "ü", "\x00"]
)
values = st.lists(pieces, max_size=4).map("".join) | st.sampled_from(
    ["true", "0", "*", "Task:focus", "-due,_id", "json"]
)


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    front = Front(tmp_path_factory.mktemp("front"))
    front.keep(a_task(), an_order(), a_patient())
    yield front
    front.store.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), type_name=st.sampled_from(EXPOSED), strict=st.booleans())
def test_search_is_answered_or_refused(stocked: Front, data: st.DataObject, type_name: str, *, strict: bool) -> None:
    named = st.builds(str.__add__, st.sampled_from(sorted(PARAMETERS[type_name])), modifiers)
    pairs = data.draw(st.lists(st.tuples(named | results, values), max_size=3))
    headers = {"Prefer": "handling=strict"} if strict else {}

    got = stocked.client().get(f"/fhir/{type_name}", query_string=pairs, headers=headers)
    posted = stocked.client().post(f"/fhir/{type_name}/_search", data=dict(pairs), headers=headers)

    for response in (got, posted):
        assert response.status_code in {200, 400, 415}
        if response.status_code == 400:
            assert bundle(response)["resourceType"] == "OperationOutcome"
            assert MARKER not in response.get_data(as_text=True)
