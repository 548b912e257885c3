"""Code systems and codes of others we write, one line each with its source; and our own vocabulary's addresses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from second_opinion.fhir.own_codes import OWN_SYSTEMS
from second_opinion.fhir.x12 import X12

Json = dict[str, Any]

# Systems
SNOMED = "http://snomed.info/sct"  # R4 §4.3.0.1
LOINC = "http://loinc.org"  # R4 §4.3.0.1
NUCC = "http://nucc.org/provider-taxonomy"  # US Core, Plan-Net
NPI = "http://hl7.org/fhir/sid/us-npi"  # R4 §2.24.0.3
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"  # US Core; PAS value sets
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"  # HL7 v2 table 0203
TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"  # R4 Task.code
ADJUDICATION = "http://terminology.hl7.org/CodeSystem/adjudication"  # R4, fixed by PAS
CLAIM_TYPE = "http://terminology.hl7.org/CodeSystem/claim-type"  # R4
PROCESS_PRIORITY = "http://terminology.hl7.org/CodeSystem/processpriority"  # R4
COMMUNICATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/communication-category"  # R4
PARTICIPATION_MODE = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"  # R4 Communication.medium
BSER_STATUS = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"  # BSeR
CDEX = "http://hl7.org/fhir/us/davinci-cdex/CodeSystem/cdex-temp"  # CDex
HREX = "http://hl7.org/fhir/us/davinci-hrex/CodeSystem/hrex-temp"  # HRex
PAS_CODES = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"  # PAS 2.2.1
X12_ACTION = "https://codesystem.x12.org/005010/306"  # HCR01, PAS 2.2.1
X12_REJECTED = "https://codesystem.x12.org/005010/901"  # AAA03, PAS 2.2.1
X12_SERVICE = "https://codesystem.x12.org/005010/1365"  # UM03, PAS 2.2.1

# Profiles and extensions of others
PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition"
CDEX_DATA_REQUEST = "http://hl7.org/fhir/us/davinci-cdex/StructureDefinition/cdex-task-data-request"
DATA_ABSENT_SYSTEM = "http://terminology.hl7.org/CodeSystem/data-absent-reason"  # R4
DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def coding(system: str, code: str, display: str | None = None) -> Json:
    """A Coding."""
    return {"system": system, "code": code} if display is None else {"system": system, "code": code, "display": display}


def concept(*codings: Json, text: str | None = None) -> Json:
    """A CodeableConcept of these codings, with or without words."""
    built: Json = {"coding": list(codings)} if codings else {}
    if text is not None:
        built["text"] = text
    return built


# Codes
SECOND_OPINION = coding(SNOMED, "77406008", "Confirmatory medical consultation (procedure)")  # CH-RAD-Order
CONSULTATION = coding(X12_SERVICE, "3")  # PAS ReferralRequest example
FULFILL = coding(TASK_CODE, "fulfill")  # R4, SDOHCC, BSeR
CONSULT_NOTE = coding(LOINC, "11488-4", "Consult note")  # US Core, PAS, CDex
DATA_REQUEST = coding(CDEX, "data-request-code")  # CDex Task data request
DATA_CODE = coding(HREX, "data-code")  # HRex Task input
TRANSPORTATION_REQUEST = coding(SNOMED, "428632005", "Transportation request")  # SNOMED CT
TRANSPORTATION = coding(SNOMED, "410365006", "Transportation case management")  # SDOHCC
PLACER = coding(IDENTIFIER_TYPE, "PLAC")  # the ordering system's number
FILLER = coding(IDENTIFIER_TYPE, "FILL")  # the reviewing system's number
SUBMITTED = coding(ADJUDICATION, "submitted")  # fixed by PAS profile-claimresponse
PROFESSIONAL = coding(CLAIM_TYPE, "professional")  # R4
STAT = coding(PROCESS_PRIORITY, "stat")  # R4
NORMAL = coding(PROCESS_PRIORITY, "normal")  # R4
MESSAGE = coding(PAS_CODES, "freeFormMessage")  # PAS Claim.supportingInfo
INSTRUCTION = coding(COMMUNICATION_CATEGORY, "instruction")  # R4
NOTIFICATION = coding(COMMUNICATION_CATEGORY, "notification")  # R4
MAILED = coding(PARTICIPATION_MODE, "MAILWRIT")  # R4: written, by mail
PAYER_LETTER = coding(
    LOINC, "52034-6", "Payer letter"
)  # nearest type of a plan's letter; our notice-kind stands beside
CONFIDENTIALITY = coding("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "R")  # restricted
ELECTRONIC = coding(PARTICIPATION_MODE, "ELECTRONIC")  # R4

# X12 306 action codes the service writes (licensed list: only those used)
NOT_REQUIRED, CERTIFIED, NOT_CERTIFIED, PENDED, MODIFIED, CANCELLED = "NA", "A1", "A3", "A4", "A6", "C"

RIDE_CODES: Mapping[str, str] = MappingProxyType(  # transport-mode → HCPCS level II
    {
        "nmt-taxi": "A0100",  # non-emergency taxi
        "nmt-bus": "A0110",  # non-emergency bus
        "nemt-wheelchair-van": "A0130",  # non-emergency wheelchair van
        "nemt-litter-van": "T2005",  # non-emergency stretcher van
    }
)


@dataclass(frozen=True)
class Vocabulary:
    """Addresses of our own words: ``canonical`` names them for good, ``base`` is where this server stands.

    Fragments handed out are shared between answers and must not be changed.
    """

    canonical: str  # setting CANONICAL
    base: str  # PUBLIC_URL/fhir
    x12: X12 = field(default_factory=X12, compare=False)  # codes an operator added

    def system(self, name: str) -> str:
        """URL of one of our CodeSystems."""
        return f"{self.canonical}/CodeSystem/{name}"

    def naming(self, name: str) -> str:
        """URL of one of our identifier systems: case, task, delivery, authorization, claim, trip."""
        return f"{self.canonical}/NamingSystem/{name}"

    def extension(self, name: str) -> str:
        """URL of one of our extensions."""
        return f"{self.canonical}/StructureDefinition/{name}"

    def own(self, system: str, code: str) -> Json:
        """Coding of one of our own codes; KeyError for a code that is not published."""
        return self._codings[system, code]

    def own_concept(self, system: str, code: str) -> Json:
        """CodeableConcept of one of our own codes; KeyError for a code that is not published."""
        return self._concepts[system, code]

    @cached_property
    def _codings(self) -> Mapping[tuple[str, str], Json]:
        return {
            (name, code.code): coding(self.system(name), code.code, code.display)
            for name, system in OWN_SYSTEMS.items()
            for code in system.codes
        }

    @cached_property
    def _concepts(self) -> Mapping[tuple[str, str], Json]:
        return {key: {"coding": [each]} for key, each in self._codings.items()}
