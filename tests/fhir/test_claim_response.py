import pytest

from case_views import VOCABULARY, approved, asked, every_kind, forced, not_required, pended, withdrawn
from second_opinion.cases.attestation import NotAttested
from second_opinion.fhir import claim_response
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import MODIFIED, NOT_CERTIFIED, X12_ACTION, Json


def reviewed(written: Json) -> dict[str, Json]:
    """Parts of the item's reviewAction by the end of their URL."""
    parts = written["item"][0]["adjudication"][0]["extension"][0]["extension"]
    return {each["url"].rpartition("/")[2]: each for each in parts}


@pytest.mark.parametrize("action", [NOT_CERTIFIED, MODIFIED, "A2", ""])
def test_adverse_action_is_never_written_without_an_attestation(action: str) -> None:
    with pytest.raises(NotAttested):
        claim_response.write(forced(approved(), action=action), VOCABULARY)


REVIEWED = {name: view for name, view in every_kind().items() if view.action}


@pytest.mark.parametrize("view", REVIEWED.values(), ids=REVIEWED.keys())
def test_action_code_is_the_views_in_the_x12_system(view: CaseView) -> None:
    code = reviewed(claim_response.write(view, VOCABULARY))["extension-reviewActionCode"]

    assert code["valueCodeableConcept"]["coding"] == [{"system": X12_ACTION, "code": view.action}]


def test_approval_carries_number_and_period_at_head_and_item() -> None:
    written = claim_response.write(approved(), VOCABULARY)

    assert written["preAuthRef"] == "AUTH-000123"
    assert written["preAuthPeriod"] == {"start": "2026-03-02", "end": "2026-05-31"}
    assert reviewed(written)["number"]["valueString"] == "AUTH-000123"
    assert "itemPreAuthPeriod" in str(written["item"][0]["extension"])


@pytest.mark.parametrize(
    "view", [not_required(), pended(), asked(), withdrawn()], ids=["not-required", "pended", "asked", "withdrawn"]
)
def test_everything_else_carries_neither_even_if_an_authorization_is_at_hand(view: CaseView) -> None:
    at_hand = approved(action=view.action, disposition=view.disposition, status=view.status)

    for each in (view, at_hand):
        written = claim_response.write(each, VOCABULARY)
        assert "preAuth" not in str(written).replace("PreAuth", "preAuth")
        assert "number" not in reviewed(written)


@pytest.mark.parametrize("view", every_kind().values(), ids=every_kind().keys())
def test_disposition_starts_with_its_word_and_cites_the_clause(view: CaseView) -> None:
    words = claim_response.write(view, VOCABULARY)["disposition"]

    assert words.startswith(view.disposition)
    assert view.clause in words


def test_word_that_the_sentence_starts_with_is_not_said_twice() -> None:
    written = claim_response.write(approved(sentence="Approved: nobody in the network is available."), VOCABULARY)

    assert written["disposition"] == "Approved: nobody in the network is available (Policy II.D)."


def test_clause_of_the_law_is_not_called_the_policys() -> None:
    words = claim_response.write(pended(clause="42 CFR 438.210"), VOCABULARY)["disposition"]

    assert words.endswith("(42 CFR 438.210).")


def test_question_is_a_note_and_a_communication_request() -> None:
    written = claim_response.write(asked(), VOCABULARY)

    assert written["communicationRequest"] == [{"reference": "CommunicationRequest/crq-2"}]
    assert written["processNote"][1]["text"] == "Why does the member want a second opinion?"
    assert written["item"][0]["noteNumber"] == [1, 2]


def test_answered_question_is_not_asked_again_by_an_approval() -> None:
    written = claim_response.write(approved(question=asked().question), VOCABULARY)

    assert "communicationRequest" not in written
    assert written["item"][0]["noteNumber"] == [1]


def test_withdrawn_response_is_cancelled() -> None:
    assert claim_response.write(withdrawn(), VOCABULARY)["status"] == "cancelled"


def test_member_who_asks_is_not_a_requestor() -> None:
    assert "requestor" in claim_response.write(approved(), VOCABULARY)
    assert "requestor" not in claim_response.write(not_required(), VOCABULARY)


def test_case_number_is_the_administration_reference_number() -> None:
    extension = claim_response.write(pended(), VOCABULARY)["item"][0]["extension"][0]

    assert extension["url"].endswith("extension-administrationReferenceNumber")
    assert extension["valueString"] == "SMO-2026-000123"


def test_second_surgical_opinion_flag_is_never_set() -> None:
    """The flag says that the payer demands an opinion, which nobody here does."""
    assert all("secondSurgical" not in str(claim_response.write(each, VOCABULARY)) for each in every_kind().values())
