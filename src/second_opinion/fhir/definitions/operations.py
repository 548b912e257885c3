"""Our operations and search parameters: those the server answers, and no others."""

from second_opinion.directory.learned import LearnedName
from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.definitions import of_people
from second_opinion.fhir.definitions.published import published


def operations(vocabulary: Vocabulary) -> list[Json]:
    """ServiceRequest/$submit, what is learned later, and what people do to a case."""
    return [_submit(vocabulary), _add_information(vocabulary), _resend(vocabulary), *of_people.operations(vocabulary)]


def _resend(vocabulary: Vocabulary) -> Json:
    words = "Sends an undelivered message again; for the plan and its staff, on the Task of the list it stands on."
    answered = "The Task, in progress until the message arrives or comes back to the list."
    return published(vocabulary, "OperationDefinition", "Task-resend", "Send again", words) | {
        "name": "TaskResend",
        "kind": "operation",
        "affectsState": True,
        "code": "resend",
        "resource": ["Task"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [
            {"name": "return", "use": "out", "min": 1, "max": "1", "documentation": answered, "type": "Task"},
        ],
    }


def search_parameters(vocabulary: Vocabulary) -> list[Json]:
    """Task: due."""
    words = "When the decision is due: the end of the Task's restriction period."
    due = published(vocabulary, "SearchParameter", "due", "Decision due", words) | {
        "code": "due",
        "base": ["Task"],
        "type": "date",
        "expression": "Task.restriction.period.end",
        "xpathUsage": "normal",
        "xpath": "f:Task/f:restriction/f:period/f:end",
        "multipleOr": True,
        "multipleAnd": True,
        "comparator": ["eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap"],
        "modifier": ["missing"],
    }
    del due["title"]  # R4's SearchParameter has none
    return [due]


def _add_information(vocabulary: Vocabulary) -> Json:
    words = (
        "Says what was learned of a case since its request came. The table is asked again from all facts; the first "
        "receipt and the clocks running stay as they are."
    )
    names = f"What is learned: {', '.join(LearnedName)}."
    value = "A code, string, boolean, dateTime, Coding, CodeableConcept, Identifier or Reference, as the fact asks for."
    proof = (
        "Who was asked, when, and what was found. Required for in-network-alternative, requester-kind, and urgency "
        "standard."
    )
    fact = "One fact. Staff say what the network search found; a physician that a request is not urgent."
    answered = "A ClaimResponse or the Task. Location names the Task, Link (rel=related) the ServiceRequest."
    return published(vocabulary, "OperationDefinition", "Task-add-information", "Say what was learned later", words) | {
        "name": "TaskAddInformation",
        "kind": "operation",
        "affectsState": True,
        "code": "add-information",
        "resource": ["Task"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [
            {
                "name": "fact",
                "use": "in",
                "min": 1,
                "max": "*",
                "documentation": fact,
                "part": [
                    {"name": "name", "use": "in", "min": 1, "max": "1", "documentation": names, "type": "code"},
                    {"name": "value", "use": "in", "min": 1, "max": "1", "documentation": value, "type": "Element"},
                    {"name": "evidence", "use": "in", "min": 0, "max": "*", "documentation": proof, "type": "string"},
                ],
            },
            {"name": "return", "use": "out", "min": 1, "max": "1", "documentation": answered, "type": "Resource"},
        ],
    }


def _submit(vocabulary: Vocabulary) -> Json:
    words = (
        "Submits a request for a second medical opinion and answers at once: with the ClaimResponse when the answer is "
        "final now, with the Task of the case when it is not."
    )
    given = "The ServiceRequest, contained resources allowed; or a Bundle of one ServiceRequest with what it refers to."
    answered = "A ClaimResponse or a Task. Location names the Task, Link (rel=related) the ServiceRequest."
    return published(vocabulary, "OperationDefinition", "ServiceRequest-submit", "Submit a request", words) | {
        "name": "ServiceRequestSubmit",
        "kind": "operation",
        "affectsState": True,
        "code": "submit",
        "resource": ["ServiceRequest"],
        "system": False,
        "type": True,
        "instance": False,
        "parameter": [
            {"name": "resource", "use": "in", "min": 1, "max": "1", "documentation": given, "type": "Resource"},
            {"name": "return", "use": "out", "min": 1, "max": "1", "documentation": answered, "type": "Resource"},
        ],
    }
