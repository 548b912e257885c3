"""The ClaimResponse to a client's Claim, put together from the answers of its cases."""

from dataclasses import replace
from pathlib import Path

from case_views import VOCABULARY, approved, denied, pended
from second_opinion.fhir import x12
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.pas import answer
from second_opinion.fhir.sent_claim import SentClaim, SentItem


def a_claim(*cases: str | None) -> SentClaim:
    """A Claim with an item for each case number."""
    items = tuple(SentItem(sequence=n, case=each) for n, each in enumerate(cases, start=1))
    identifiers = ({"system": "urn:trnorg:1", "value": "T1"},)
    return SentClaim(
        "clm-1", "cr-1", "ehr", "key", "clm-1", identifiers, {"text": "professional"}, {"value": "B1"}, items
    )


def several(*views: CaseView) -> tuple[CaseView, SentClaim]:
    """The first of these cases, the others beside it, and their Claim."""
    numbered = [replace(each, number=f"SMO-2026-00000{n}") for n, each in enumerate(views, start=1)]
    claim = a_claim(*(each.number for each in numbered))
    return replace(numbered[0], siblings=tuple(numbered[1:]), sent_claims=(claim,)), claim


def test_pended_if_any_is_else_the_worst() -> None:
    assert answer.write(*several(approved(), pended()), VOCABULARY)["disposition"].startswith(
        "Pended. Item 1: Approved"
    )
    assert answer.write(*several(approved(), denied()), VOCABULARY)["disposition"].startswith(
        "Denied. Item 1: Approved"
    )


def test_outcome_is_partial_while_only_some_are_pended() -> None:
    assert answer.write(*several(approved(), pended()), VOCABULARY)["outcome"] == "partial"
    assert answer.write(*several(pended(), pended()), VOCABULARY)["outcome"] == "complete"


def test_granted_number_stands_at_the_head_without_its_code() -> None:
    written = answer.write(*several(approved()), VOCABULARY)

    (adjudication,) = written["adjudication"]
    assert adjudication["extension"][0]["extension"] == [{"url": "number", "valueString": written["preAuthRef"]}]
    assert "adjudication" not in answer.write(*several(pended()), VOCABULARY)


def test_operators_codes_stand_in_the_answer(tmp_path: Path) -> None:
    view, claim = several(denied(), approved())
    reason = view.decision.reasons[0] if view.decision else ""
    table = tmp_path / "x12.csv"
    table.write_text(f"element,use,code\n886,{reason},ZZ\n98,provider,YY\n")

    written = answer.write(view, claim, replace(VOCABULARY, x12=x12.load(table)))

    assert "ZZ" in str(written["item"][0]["adjudication"])
    assert "YY" in str(written["item"][1]["extension"])
    assert not {"ZZ", "YY"} & set(str(answer.write(view, claim, VOCABULARY)).split("'"))


def test_the_same_note_is_said_once_for_all_items() -> None:
    written = answer.write(*several(pended(), pended()), VOCABULARY)

    assert [each["noteNumber"] for each in written["item"]] == [[1], [1]]
    assert len(written["processNote"]) == 1
