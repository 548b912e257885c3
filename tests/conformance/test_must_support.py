"""What PAS 2.2.1 wants a payer to be able to say, held against all our answers; what is never said, and why."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

import small_directory
from conformance.claims import answered, directory, operators_table
from desks import service

Json = dict[str, Any]
NO_PACKAGE = Path("nowhere")  # the guide's examples are not needed for it

# Must-support elements of profile-claimresponse, profile-communicationrequest and profile-task; extensions in brackets.
WANTED = {
    "ClaimResponse": """
        [TransmissionIdentifiers] [claimResponseReviewer] [itemAuthorizedProvider] identifier
        identifier[identifierSubDepartment] identifier[identifierJurisdiction] identifier.system identifier.value status
        patient created insurer requestor request request[data-absent-reason] outcome preAuthPeriod preAuthRef item
        item[itemTraceNumber] item[itemPreAuthIssueDate] item[itemPreAuthPeriod] item[authorizationNumber]
        item[administrationReferenceNumber] item[itemRequestedServiceDate] item[itemAuthorizedProvider]
        item[itemAuthorizedProvider][authorizedProviderType] item[itemAuthorizedDetail] item[admissionDates]
        item[dischargeDate] item[communicatedDiagnosis] item.itemSequence item.noteNumber item.adjudication
        item.adjudication[reviewAction] item.adjudication[reviewAction][reviewActionCode]
        item.adjudication[reviewAction][number] item.adjudication[reviewAction][reasonCode]
        addItem addItem[itemTraceNumber] addItem[itemPreAuthIssueDate] addItem[itemPreAuthPeriod]
        addItem[authorizationNumber] addItem[administrationReferenceNumber] addItem[epsdtIndicator]
        addItem[nursingHomeResidentialStatus] addItem[nursingHomeLevelOfCare] addItem[productOrServiceCodeEnd]
        addItem[revenueCode] addItem[revenueUnitRateLimit] addItem[requestedService] addItem[serviceItemRequestType]
        addItem[certificationType] addItem[itemCategory] addItem[admissionDates] addItem[dischargeDate]
        addItem.itemSequence addItem.provider addItem.provider[authorizedProviderType] addItem.productOrService
        addItem.modifier addItem.servicedPeriod addItem.locationCodeableConcept addItem.quantity addItem.unitPrice
        addItem.adjudication addItem.adjudication[reviewAction] adjudication adjudication[reviewAction]
        processNote.number processNote.text communicationRequest error error[errorFollowupAction] error[errorElement]
        error[errorPath] error.code
    """,
    "CommunicationRequest": """
        [serviceLineNumber] identifier category medium payload payload.contentString payload[contentModifier]
        payload[communicatedDiagnosis] requester recipient sender
    """,
    "Task": """
        identifier status statusReason restriction.period requester.identifier owner.identifier for reasonCode
        reasonReference input.valueUrl input.valueCodeableConcept input[serviceLineNumber] input[contentModifier]
    """,
}
MISPLACED = "the extension's own definition forbids it here, and HL7's validator refuses it"
NEVER = {
    "ClaimResponse[itemAuthorizedProvider]": MISPLACED,
    "ClaimResponse.item[communicatedDiagnosis]": f"{MISPLACED}; it stands in CommunicationRequest.payload",
    "ClaimResponse.addItem[productOrServiceCodeEnd]": MISPLACED,
    "ClaimResponse.addItem[revenueUnitRateLimit]": MISPLACED,
    "ClaimResponse.addItem[serviceItemRequestType]": MISPLACED,
    "ClaimResponse.addItem[certificationType]": MISPLACED,
    "CommunicationRequest.sender": "PAS lets only an organization stand there; these are asked of a person",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every element of the three types that some answer has."""
    folder = tmp_path_factory.mktemp("said")
    table = operators_table(folder)
    with service(folder, directory=[small_directory.write(folder)], x12_table=table) as running:
        running.load(directory())
        bodies = [orjson.loads(body) for _, body in answered(running, NO_PACKAGE)]
    entries = (each["resource"] for body in bodies for each in body.get("entry", ()))
    return {path for each in entries if each["resourceType"] in WANTED for path in _paths(each, each["resourceType"])}


def _paths(value: Any, path: str) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, dict):
            continue
        for name, inside in each.items():
            if name != "extension":
                yield f"{path}.{name}"
                yield from _paths(inside, f"{path}.{name}")
        for one in each.get("extension", ()):
            extended = f"{path}[{one['url'].rpartition('/')[2].removeprefix('extension-')}]"
            yield extended
            yield from _paths({"extension": one.get("extension", [])}, extended)


WANTED_PATHS = [
    kind + each if each.startswith("[") else f"{kind}.{each}" for kind, all_ in WANTED.items() for each in all_.split()
]


@pytest.mark.parametrize("path", WANTED_PATHS)
def test_must_support_element_is_said_by_some_answer(said: set[str], path: str) -> None:
    assert (path in said) is (path not in NEVER), NEVER.get(path, "")
