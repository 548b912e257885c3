"""Search parameters of the loaded directory: members with their coverage, and Plan-Net's providers and networks."""

from second_opinion.fhir.search_parameters import PATIENT, PROVIDERS, Parameter, parameter, table

PLAN_NET = "http://hl7.org/fhir/us/davinci-pdex-plan-net"
NETWORK_REFERENCE = f"{PLAN_NET}/StructureDefinition/network-reference"

_ORGANIZATION = ("Organization",)
_GENDER = ("male", "female", "other", "unknown")
_GENDER_SYSTEM = "http://hl7.org/fhir/administrative-gender"
_COVERAGE_STATUS = ("active", "cancelled", "draft", "entered-in-error")
_CONSENT_STATUS = ("draft", "proposed", "active", "rejected", "inactive", "entered-in-error")
_PERSON = dict.fromkeys(("birthdate", "family", "gender", "given"), "individual")

PATIENTS = table(
    "Patient",
    parameter("birthdate", "date", "birthDate"),
    parameter("family", "string", "name.family"),
    parameter("gender", "code", "gender", system=_GENDER_SYSTEM, codes=_GENDER),
    parameter("general-practitioner", "reference", "generalPractitioner", targets=PROVIDERS, bounding=True),
    parameter("given", "string", "name.given"),
    parameter("identifier", "identifier", "identifier", selective=True),
    parameter("name", "name", "name", stored=("family", "given", "name")),
    shared=_PERSON,
)

COVERAGES = table(
    "Coverage",
    parameter("beneficiary", "reference", "beneficiary", targets=PATIENT, selective=True),
    parameter("identifier", "identifier", "identifier", selective=True),
    parameter("patient", "reference", targets=PATIENT, selective=True, stored=("beneficiary",)),
    parameter("payor", "reference", "payor", targets=("Organization", "Patient", "RelatedPerson")),
    parameter("status", "code", "status", system="http://hl7.org/fhir/fm-status", codes=_COVERAGE_STATUS),
)

PRACTITIONERS = table(
    "Practitioner",
    parameter("family", "string", "name.family"),
    parameter("given", "string", "name.given"),
    parameter("identifier", "identifier", "identifier", selective=True),
    parameter("name", "name", "name", stored=("family", "given", "name")),
    shared={"family": "individual", "given": "individual"},
)

PRACTITIONER_ROLES = table(
    "PractitionerRole",
    parameter("date", "period", "period"),
    parameter(
        "network",
        "reference",
        f"extension({NETWORK_REFERENCE}).valueReference",
        targets=_ORGANIZATION,
        definition=f"{PLAN_NET}/SearchParameter/practitionerrole-network",
    ),
    parameter("organization", "reference", "organization", targets=_ORGANIZATION, bounding=True),
    parameter("practitioner", "reference", "practitioner", targets=("Practitioner",), selective=True),
    parameter("role", "concept", "code"),
    parameter("specialty", "concept", "specialty"),
)

ORGANIZATIONS = table(
    "Organization",
    parameter("identifier", "identifier", "identifier", selective=True),
    parameter("name", "string", "name", "alias"),
    parameter("partof", "reference", "partOf", targets=_ORGANIZATION, bounding=True),
    parameter("type", "concept", "type"),
)

CONSENTS = table(
    "Consent",
    parameter("identifier", "identifier", "identifier", selective=True),
    parameter("patient", "reference", "patient", targets=PATIENT, selective=True),
    parameter("status", "code", "status", system="http://hl7.org/fhir/consent-state-codes", codes=_CONSENT_STATUS),
    shared=dict.fromkeys(("identifier", "patient"), "clinical"),
)

DIRECTORY_PARAMETERS: dict[str, dict[str, Parameter]] = {
    "Patient": PATIENTS,
    "Coverage": COVERAGES,
    "Consent": CONSENTS,
    "Practitioner": PRACTITIONERS,
    "PractitionerRole": PRACTITIONER_ROLES,
    "Organization": ORGANIZATIONS,
}

INSIDE_PARAMETERS: dict[str, dict[str, Parameter]] = {  # looked up by the directory itself, not offered to callers
    "OrganizationAffiliation": table(
        "OrganizationAffiliation",
        parameter("network", "reference", "network", targets=_ORGANIZATION),
        parameter(
            "participating-organization", "reference", "participatingOrganization", targets=_ORGANIZATION, bounding=True
        ),
        parameter("primary-organization", "reference", "organization", targets=_ORGANIZATION, bounding=True),
        parameter("role", "concept", "code"),
        parameter("specialty", "concept", "specialty"),
    ),
    "HealthcareService": table(
        "HealthcareService",
        parameter("identifier", "identifier", "identifier", selective=True),
        parameter("organization", "reference", "providedBy", targets=_ORGANIZATION, bounding=True),
        parameter("specialty", "concept", "specialty"),
    ),
    "Location": table(
        "Location",
        parameter("identifier", "identifier", "identifier", selective=True),
        parameter("organization", "reference", "managingOrganization", targets=_ORGANIZATION, bounding=True),
    ),
    "Endpoint": table(
        "Endpoint",
        parameter("identifier", "identifier", "identifier", selective=True),
        parameter("organization", "reference", "managingOrganization", targets=_ORGANIZATION, bounding=True),
    ),
    "InsurancePlan": table(
        "InsurancePlan",
        parameter("administered-by", "reference", "administeredBy", targets=_ORGANIZATION, bounding=True),
        parameter("identifier", "identifier", "identifier", selective=True),
        parameter("name", "string", "name", "alias"),
        parameter("owned-by", "reference", "ownedBy", targets=_ORGANIZATION, bounding=True),
    ),
    "Flag": table(
        "Flag",
        parameter("identifier", "identifier", "identifier", selective=True),
        parameter("patient", "reference", "subject", targets=PATIENT, selective=True),
    ),
}
