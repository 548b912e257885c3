"""The operations by which people decide a case, as OperationDefinitions."""

from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.definitions.published import published


def operations(vocabulary: Vocabulary) -> list[Json]:
    """Task/$record-determination, Task/$appeal and Communication/$release."""
    return [_record_determination(vocabulary), _appeal(vocabulary), _release(vocabulary)]


def _record_determination(vocabulary: Vocabulary) -> Json:
    words = (
        "A registered reviewer decides the case; who decides is the token's, never the body's. Everything that is "
        "missing is named before anything is kept."
    )
    answered = "The ClaimResponse; of a case given more time the Task. Location names the Task."
    return published(
        vocabulary, "OperationDefinition", "Task-record-determination", "Record a determination", words
    ) | {
        "name": "TaskRecordDetermination",
        "kind": "operation",
        "affectsState": True,
        "code": "record-determination",
        "resource": ["Task"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [
            _given("outcome", 1, "1", "code", "approved, modified, denied, extended or not-eligible."),
            _given("reason", 1, "*", "Coding", "Code of determination-reason that stands for the outcome."),
            _given("rationale", 1, "1", "string", "Why, in plain words for the member; translations by extension."),
            _given("clause", 0, "*", "string", "Clause it rests on; the reason's own if not given."),
            _given("alternative", 0, "*", "Reference", "Provider offered; for an adverse outcome one in the network."),
            {
                "name": "modification",
                "use": "in",
                "min": 0,
                "max": "1",
                "documentation": "What is authorized instead of what was asked for.",
                "part": [
                    _given("provider", 1, "1", "Reference", "Who is to give the opinion."),
                    _given("period", 0, "1", "Period", "First and last day of the authorization."),
                    _given("quantity", 0, "1", "Quantity", "How much is authorized."),
                ],
            },
            _given("until", 0, "1", "dateTime", "Extended: the new time, at most 14 days after the decision is due."),
            _given("missing", 0, "*", "string", "Extended: what exactly is missing."),
            _given("justification", 0, "1", "code", "Extended: member-asked, provider-asked or member-interest."),
            {"name": "return", "use": "out", "min": 1, "max": "1", "documentation": answered, "type": "Resource"},
        ],
    }


def _appeal(vocabulary: Vocabulary) -> Json:
    words = (
        "The member appeals an adverse decision: a new case on the same order, decided by a clinician who did not "
        "decide before, in 30 days or, expedited, in 72 hours. What was decided stays as it is until then and after."
    )
    return published(vocabulary, "OperationDefinition", "Task-appeal", "Appeal", words) | {
        "name": "TaskAppeal",
        "kind": "operation",
        "affectsState": True,
        "code": "appeal",
        "resource": ["Task"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [
            _given("reason", 1, "1", "string", "Why, in the member's words."),
            _given("expedited", 0, "1", "boolean", "Whether waiting would harm the member."),
            {
                "name": "return",
                "use": "out",
                "min": 1,
                "max": "1",
                "documentation": "The new Task, partOf the one appealed.",
                "type": "Task",
            },
        ],
    }


def _release(vocabulary: Vocabulary) -> Json:
    words = (
        "A registered reviewer lets a letter in preparation go; what is still missing, such as an enclosure, is named. "
        "Releasing the notice that no decision was made in time is the denial, attested by who releases it."
    )
    translated = (
        "Translations of the rationale, by extension, which the letter waits for; its own words change nothing."
    )
    return published(vocabulary, "OperationDefinition", "Communication-release", "Release a letter", words) | {
        "name": "CommunicationRelease",
        "kind": "operation",
        "affectsState": True,
        "code": "release",
        "resource": ["Communication"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [
            _given("rationale", 0, "1", "string", translated),
            {
                "name": "return",
                "use": "out",
                "min": 1,
                "max": "1",
                "documentation": "The Communication, as it now stands.",
                "type": "Communication",
            },
        ],
    }


def _given(name: str, least: int, most: str, kind: str, words: str) -> Json:
    return {"name": name, "use": "in", "min": least, "max": most, "documentation": words, "type": kind}
