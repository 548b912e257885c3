"""Search parameters of the resources a case shows: R4's own, and ours for when a decision is due."""

from second_opinion.fhir.search_parameters import PATIENT, PROVIDERS, Parameter, parameter, table

DUE = "SearchParameter/due"  # ours, below the canonical base, which is a setting

_PARTIES = (*PROVIDERS, "Patient", "RelatedPerson")
_REQUEST_STATUS = ("draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown")
_INTENT = (
    "proposal",
    "plan",
    "directive",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
)
_PRIORITY = ("routine", "urgent", "asap", "stat")
_TASK_STATUS = (
    "draft",
    "requested",
    "received",
    "accepted",
    "rejected",
    "ready",
    "cancelled",
    "in-progress",
    "on-hold",
    "failed",
    "completed",
    "entered-in-error",
)
_FINANCIAL_STATUS = ("active", "cancelled", "draft", "entered-in-error")
_USE = ("claim", "preauthorization", "predetermination")

_CODES = "http://hl7.org/fhir"
_SHARED = dict.fromkeys(("code", "encounter", "identifier", "patient"), "clinical")

TASK = table(
    "Task",
    parameter("authored-on", "date", "authoredOn"),
    parameter("based-on", "reference", "basedOn", targets=("ServiceRequest", "Task"), selective=True),
    parameter("business-status", "concept", "businessStatus", case_sensitive=False),
    parameter("code", "concept", "code"),
    parameter("due", "date", "restriction.period.end", definition=DUE),
    parameter("encounter", "reference", "encounter", targets=("Encounter",), selective=True),
    parameter(
        "focus", "reference", "focus", targets=("ServiceRequest", "Claim", "CommunicationRequest"), selective=True
    ),
    parameter("group-identifier", "identifier", "groupIdentifier", selective=True),
    parameter("identifier", "identifier", "identifier", selective=True),
    parameter("intent", "code", "intent", system=f"{_CODES}/task-intent", codes=("unknown", *_INTENT)),
    parameter("modified", "date", "lastModified"),
    parameter("owner", "reference", "owner", targets=_PARTIES, bounding=True),
    parameter("part-of", "reference", "partOf", targets=("Task",), selective=True),
    parameter("patient", "reference", targets=PATIENT, selective=True, stored=("subject",)),
    parameter("performer", "concept", "performerType"),
    parameter("period", "period", "executionPeriod"),
    parameter("priority", "code", "priority", system=f"{_CODES}/request-priority", codes=_PRIORITY),
    parameter("requester", "reference", "requester", targets=_PARTIES, bounding=True),
    parameter("status", "code", "status", system=f"{_CODES}/task-status", codes=_TASK_STATUS),
    parameter("subject", "reference", "for", targets=PATIENT, selective=True),
)

SERVICE_REQUEST = table(
    "ServiceRequest",
    parameter("authored", "date", "authoredOn"),
    parameter("based-on", "reference", "basedOn", targets=("ServiceRequest",), selective=True),
    parameter("body-site", "concept", "bodySite"),
    parameter("category", "concept", "category"),
    parameter("code", "concept", "code"),
    parameter("encounter", "reference", "encounter", targets=("Encounter",), selective=True),
    parameter("identifier", "identifier", "identifier", selective=True),
    parameter("instantiates-canonical", "uri", "instantiatesCanonical"),
    parameter("instantiates-uri", "uri", "instantiatesUri"),
    parameter("intent", "code", "intent", system=f"{_CODES}/request-intent", codes=_INTENT),
    parameter("occurrence", "date", "occurrenceDateTime", "occurrencePeriod@period", "occurrenceTiming@timing"),
    parameter("patient", "reference", targets=PATIENT, selective=True, stored=("subject",)),
    parameter("performer", "reference", "performer", targets=_PARTIES, bounding=True),
    parameter("performer-type", "concept", "performerType"),
    parameter("priority", "code", "priority", system=f"{_CODES}/request-priority", codes=_PRIORITY),
    parameter("replaces", "reference", "replaces", targets=("ServiceRequest",), selective=True),
    parameter("requester", "reference", "requester", targets=_PARTIES, bounding=True),
    parameter("requisition", "identifier", "requisition", selective=True),
    parameter("specimen", "reference", "specimen", targets=("Specimen",), selective=True),
    parameter("status", "code", "status", system=f"{_CODES}/request-status", codes=_REQUEST_STATUS),
    parameter("subject", "reference", "subject", targets=PATIENT, selective=True),
    shared=_SHARED,
)

COMMUNICATION_REQUEST = table(
    "CommunicationRequest",
    parameter("authored", "date", "authoredOn"),
    parameter(
        "based-on", "reference", "basedOn", targets=("ServiceRequest", "Task", "CommunicationRequest"), selective=True
    ),
    parameter("category", "concept", "category"),
    parameter("encounter", "reference", "encounter", targets=("Encounter",), selective=True),
    parameter("group-identifier", "identifier", "groupIdentifier", selective=True),
    parameter("identifier", "identifier", "identifier", selective=True),
    parameter("medium", "concept", "medium"),
    parameter("occurrence", "date", "occurrenceDateTime", "occurrencePeriod@period"),
    parameter("patient", "reference", targets=PATIENT, selective=True, stored=("subject",)),
    parameter("priority", "code", "priority", system=f"{_CODES}/request-priority", codes=_PRIORITY),
    parameter("recipient", "reference", "recipient", targets=_PARTIES, bounding=True),
    parameter("replaces", "reference", "replaces", targets=("CommunicationRequest",), selective=True),
    parameter("requester", "reference", "requester", targets=_PARTIES, bounding=True),
    parameter("sender", "reference", "sender", targets=_PARTIES, bounding=True),
    parameter("status", "code", "status", system=f"{_CODES}/request-status", codes=_REQUEST_STATUS),
    parameter("subject", "reference", "subject", targets=PATIENT, selective=True),
)

CLAIM = table(
    "Claim",
    parameter("care-team", "reference", "careTeam.provider", targets=PROVIDERS, bounding=True),
    parameter("created", "date", "created"),
    parameter("detail-udi", "reference", "item.detail.udi", targets=("Device",), selective=True),
    parameter("encounter", "reference", "item.encounter", targets=("Encounter",), selective=True),
    parameter("enterer", "reference", "enterer", targets=PROVIDERS, bounding=True),
    parameter("facility", "reference", "facility", targets=("Location",), bounding=True),
    parameter("identifier", "identifier", "identifier", selective=True),
    parameter("insurer", "reference", "insurer", targets=("Organization",)),
    parameter("item-udi", "reference", "item.udi", targets=("Device",), selective=True),
    parameter("patient", "reference", "patient", targets=PATIENT, selective=True),
    parameter("payee", "reference", "payee.party", targets=_PARTIES, bounding=True),
    parameter("priority", "concept", "priority"),
    parameter("procedure-udi", "reference", "procedure.udi", targets=("Device",), selective=True),
    parameter("provider", "reference", "provider", targets=PROVIDERS, bounding=True),
    parameter("status", "code", "status", system=f"{_CODES}/fm-status", codes=_FINANCIAL_STATUS),
    parameter("subdetail-udi", "reference", "item.detail.subDetail.udi", targets=("Device",), selective=True),
    parameter("use", "code", "use", system=f"{_CODES}/claim-use", codes=_USE),
)

CLAIM_RESPONSE = table(
    "ClaimResponse",
    parameter("created", "date", "created"),
    parameter("disposition", "string", "disposition"),
    parameter("identifier", "identifier", "identifier", selective=True),
    parameter("insurer", "reference", "insurer", targets=("Organization",)),
    parameter(
        "outcome",
        "code",
        "outcome",
        system=f"{_CODES}/remittance-outcome",
        codes=("queued", "complete", "error", "partial"),
    ),
    parameter("patient", "reference", "patient", targets=PATIENT, selective=True),
    parameter("payment-date", "date", "payment.date"),
    parameter("request", "reference", "request", targets=("Claim",), selective=True),
    parameter("requestor", "reference", "requestor", targets=PROVIDERS, bounding=True),
    parameter("status", "code", "status", system=f"{_CODES}/fm-status", codes=_FINANCIAL_STATUS),
    parameter("use", "code", "use", system=f"{_CODES}/claim-use", codes=_USE),
)

CASE_PARAMETERS: dict[str, dict[str, Parameter]] = {
    "Task": TASK,
    "ServiceRequest": SERVICE_REQUEST,
    "CommunicationRequest": COMMUNICATION_REQUEST,
    "Claim": CLAIM,
    "ClaimResponse": CLAIM_RESPONSE,
}
