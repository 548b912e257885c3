"""Elements every writer uses: instants, meta, references, identifiers, what is absent."""

from datetime import UTC, datetime
from functools import lru_cache

from second_opinion.fhir.case_view import CaseView, Reference
from second_opinion.fhir.codes import DATA_ABSENT, FILLER, Json, Vocabulary

CONFIDENTIALITY = frozenset({"R", "V"})  # v3-Confidentiality: restricted, very restricted
_PROVIDERS = frozenset({"Practitioner", "PractitionerRole", "Organization"})


@lru_cache(maxsize=64)  # one answer says the same instant many times
def instant(at: datetime) -> str:
    """A FHIR instant or dateTime in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def meta(view: CaseView, reference: str, *, labelled: bool = True) -> Json:
    """The meta of the resource ``Type/id`` as this change writes it; a label would tell a driver what it is about."""
    written: Json = {"versionId": str(view.version(reference)), "lastUpdated": instant(view.updated_at)}
    if view.labels and labelled:
        written["security"] = [_security(each) for each in dict.fromkeys((_degree(view), *view.labels))]
    return written


def _degree(view: CaseView) -> str:
    """v3-Confidentiality of a sensitive case: restricted, or what its sender found worse."""
    return "V" if "V" in view.labels else "R"


def _security(label: str) -> Json:
    degree = label in CONFIDENTIALITY
    system = "v3-Confidentiality" if degree else "v3-ActCode"
    return {"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": label}


def to(type_name: str, ident: str) -> Reference:
    """A literal reference on this server."""
    return {"reference": f"{type_name}/{ident}"}


def case_identifier(view: CaseView, vocabulary: Vocabulary) -> Json:
    """The case number as an Identifier, the reviewing side's number."""
    return {"use": "official", "type": {"coding": [FILLER]}} | case_number(view, vocabulary)


def case_number(view: CaseView, vocabulary: Vocabulary) -> Json:
    """The case number, plain: what groups everything that belongs to the case."""
    return {"system": vocabulary.naming("case"), "value": view.number}


def identifier(vocabulary: Vocabulary, system: str, value: str) -> Json:
    """An Identifier in one of our own systems."""
    return {"system": vocabulary.naming(system), "value": value}


def provider(reference: Reference | None) -> Reference | None:
    """The reference unless it leads to something else than a provider, such as the member or her representative."""
    if reference is None:
        return None
    kind = reference.get("type") or str(reference.get("reference", "")).rpartition("/")[0].rpartition("/")[2]
    return reference if not kind or kind in _PROVIDERS else None


def absent(reason: str, display: str) -> Reference:
    """A required Reference that cannot be given: a data-absent-reason code and words."""
    return {"extension": [{"url": DATA_ABSENT, "valueCode": reason}], "display": display}


def citation(clause: str) -> str:
    """The clause as cited; numbers of the policy's own parts say that they are the policy's."""
    return f"Policy {clause}" if clause.startswith("I") else clause


def explained(view: CaseView) -> str:
    """The determination in plain words with its clause."""
    return f"{view.sentence.rstrip('.')} ({citation(view.clause)})."


def answered(view: CaseView) -> str:
    """The determination as ClaimResponse.disposition: its word first, then the reason with its clause."""
    words = explained(view)
    return words if words.startswith(view.disposition) else f"{view.disposition}. {words}"
