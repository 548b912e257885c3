"""Search parameters of what goes out and comes in: messages, documents and their bytes."""

from second_opinion.fhir.search_parameters import PATIENT, PROVIDERS, Parameter, parameter, table

_PARTIES = (*PROVIDERS, "Patient", "RelatedPerson")
_CODES = "http://hl7.org/fhir"
_EVENT_STATUS = (
    "preparation",
    "in-progress",
    "not-done",
    "on-hold",
    "stopped",
    "completed",
    "entered-in-error",
    "unknown",
)

COMMUNICATION = table(
    "Communication",
    parameter(
        "based-on", "reference", "basedOn", targets=("ServiceRequest", "Task", "CommunicationRequest"), selective=True
    ),
    parameter("category", "concept", "category"),
    parameter("encounter", "reference", "encounter", targets=("Encounter",), selective=True),
    parameter("identifier", "identifier", "identifier", selective=True),
    parameter("medium", "concept", "medium"),
    parameter("part-of", "reference", "partOf", targets=("Task", "Communication"), selective=True),
    parameter("patient", "reference", targets=PATIENT, selective=True, stored=("subject",)),
    parameter("received", "date", "received"),
    parameter("recipient", "reference", "recipient", targets=_PARTIES, bounding=True),
    parameter("sender", "reference", "sender", targets=_PARTIES, bounding=True),
    parameter("sent", "date", "sent"),
    parameter("status", "code", "status", system=f"{_CODES}/event-status", codes=_EVENT_STATUS),
    parameter("subject", "reference", "subject", targets=PATIENT, selective=True),
)

DOCUMENT_REFERENCE = table(
    "DocumentReference",
    parameter("author", "reference", "author", targets=_PARTIES, bounding=True),
    parameter("category", "concept", "category"),
    parameter("contenttype", "code", "content.attachment.contentType"),
    parameter("custodian", "reference", "custodian", targets=("Organization",)),
    parameter("date", "date", "date"),
    parameter("encounter", "reference", "context.encounter", targets=("Encounter",), selective=True),
    parameter("identifier", "identifier", "masterIdentifier", "identifier", selective=True),
    parameter("language", "code", "content.attachment.language"),
    parameter("patient", "reference", targets=PATIENT, selective=True, stored=("subject",)),
    parameter(
        "related", "reference", "context.related", targets=("Task", "ClaimResponse", "ServiceRequest"), selective=True
    ),
    parameter(
        "status",
        "code",
        "status",
        system=f"{_CODES}/document-reference-status",
        codes=("current", "superseded", "entered-in-error"),
    ),
    parameter("subject", "reference", "subject", targets=PATIENT, selective=True),
    parameter("type", "concept", "type"),
    shared=dict.fromkeys(("encounter", "identifier", "patient", "type"), "clinical"),
)

NOTICE_PARAMETERS: dict[str, dict[str, Parameter]] = {
    "Communication": COMMUNICATION,
    "DocumentReference": DOCUMENT_REFERENCE,
    "Binary": {},
}
