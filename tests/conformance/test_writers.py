"""Everything written and published, held against R4 and the guides by HL7's own validator, in one run."""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

import documents
from case_views import VOCABULARY, approved, denied, every_kind, lettered, sent_letter
from conformance import claims
from conformance.notifications import keep_all
from second_opinion.errors import InvalidElement
from second_opinion.fhir import (
    attachments,
    bundles,
    capability,
    case_resources,
    decisions,
    notices,
    outcome,
    outgoing,
    provenance,
    received_documents,
    undelivered_task,
)
from second_opinion.fhir.bundles import HistoryEntry, ResponseEntry, SearchEntry
from second_opinion.fhir.capability import Offer, Service
from second_opinion.fhir.case_view import Delivery
from second_opinion.fhir.codes import Json
from second_opinion.fhir.definitions import definitions
from second_opinion.review import policy

SHARED = Path(__file__).parents[2].parent / "shared"
VALIDATE = SHARED / "tools" / "fhir-validate" / "validate"
AT = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)
# the validator cannot generate a snapshot of any StructureDefinition, the guides' own included
KNOWN = "Error generating Snapshot: Unable to resolve package id hl7.fhir.r4.core#null\n"

pytestmark = [
    pytest.mark.skipif(not VALIDATE.exists(), reason="HL7's validator is not beside this repository"),
    pytest.mark.skipif(shutil.which("java") is None, reason="java is not installed"),
]


def keep(folder: Path, name: str, body: bytes) -> None:
    """Put one answer into the folder to be checked."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_bytes(body)


def some_bundles() -> dict[str, bytes]:
    """One Bundle of each kind around a written Task."""
    written = case_resources.write(approved(), VOCABULARY)[0]
    url, body = f"{VOCABULARY.base}/Task/case-1", orjson.dumps(written)
    told = orjson.dumps(outcome.warnings([("not-supported", "Ignored.", "http.colour")]))
    unnamed = "urn:uuid:0a5d9d5f-95a5-4c1a-9ee3-9d0b6bb0e0b1"
    found = [SearchEntry(url, body), SearchEntry(unnamed, told, "outcome")]
    return {
        "searchset": bundles.searchset(found, 1, [("self", f"{VOCABULARY.base}/Task?_id=case-1")], AT),
        "history": bundles.history([HistoryEntry(url, body, "PUT", "Task/case-1", 2, AT)], 1, [], AT),
        "transaction-response": bundles.transaction_response([ResponseEntry("201 Created", url, 1, AT)], AT),
    }


def a_document() -> list[Json]:
    """A document that came in answer to the plan's question."""
    given = attachments.read(documents.parameters({"value": "SMO-2026-000124-I1"}, {"value": "M-0001"}))
    return received_documents.write(approved(), VOCABULARY, given.documents[0], "doc-1", "bin-1", given.sender[0])


def a_statement() -> Json:
    """The CapabilityStatement of one offer."""
    service = Service("Example plan", "0.1.0", AT, token_url="https://plan.example/oauth/token")
    return capability.statement(VOCABULARY, [Offer("Task", ("read",), (("_id", "token", None),))], service)


def some_provenance() -> list[Json]:
    """Of an order, and of what a reviewer decided on it."""
    view = denied()
    assert view.decision is not None
    order, task = (provenance.Version(kind, f"{kind.lower()}-1", 1) for kind in ("ServiceRequest", "Task"))
    sent = provenance.Origin(author={"identifier": {"value": "clinic"}})
    decided = provenance.Origin(
        verifier=decisions.reviewer(view, view.decision, VOCABULARY), plan=view.insurer, policy="hpsj|1", source=order
    )
    return [provenance.write(order, AT, sent, VOCABULARY), provenance.write(task, AT, decided, VOCABULARY)]


def write_everything(answers: Path, published: Path) -> None:
    """Every kind of case, Bundle, error and definition as files."""
    for name, view in every_kind().items():
        for written in case_resources.write(view, VOCABULARY):
            keep(answers, f"{name}-{written['resourceType']}-{written['id']}", orjson.dumps(written))
            sent = outgoing.write(written, VOCABULARY, lambda _: None)
            keep(answers, f"{name}-sent-{written['resourceType']}-{written['id']}", orjson.dumps(sent))
    for state in ("undelivered", "owed", "delivered"):
        delivery = Delivery("Communication/com-1", {"display": "A clinic"}, state, task_id="list-1")
        entry = undelivered_task.write(approved(), VOCABULARY, delivery, 1)
        keep(answers, f"list-{state}", orjson.dumps(entry))
    letter = sent_letter()
    binary = notices.binary(lettered(letter), letter, letter.attachments[0], b"%PDF-1.7")
    keep(answers, "binary", orjson.dumps(binary))
    for received in a_document():
        keep(answers, f"received-{received['resourceType']}", orjson.dumps(received))
    for told in some_provenance():
        keep(answers, told["id"], orjson.dumps(told))
    for name, body in some_bundles().items():
        keep(answers, name, body)
    keep(answers, "error", orjson.dumps(outcome.write(InvalidElement("Wrong.", "ServiceRequest.subject"))))
    keep(answers, "opened", orjson.dumps(outcome.case_opened(approved())))
    keep(answers, "statement", orjson.dumps(a_statement()))
    for definition in definitions(VOCABULARY, *(policy.load(policy.folder(plan)) for plan in policy.available())):
        keep(published, f"{definition['resourceType']}-{definition['id']}", orjson.dumps(definition))


def test_everything_written_and_published_is_free_of_errors(tmp_path: Path) -> None:
    answers, published, known = tmp_path / "answers", tmp_path / "published", tmp_path / "known.txt"
    write_everything(answers, published)
    keep_all(answers, tmp_path / "notifying")
    claims.keep_all(answers, tmp_path / "claims", SHARED / "data")
    known.write_text(KNOWN)

    run = subprocess.run(  # noqa: S603  # the validator beside the repository, on files written here
        [VALIDATE, "--package", published, "--known", known, answers, published],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    if run.returncode == 2:
        pytest.skip(f"HL7's validator could not run: {run.stderr[-300:]}")
    assert run.returncode == 0, run.stdout[-5000:]
    assert VOCABULARY.canonical not in run.stdout, "a code or extension of ours that is not published"
