"""Parameters of $record-determination: whole by default, each test varies one thing. All synthetic."""

from typing import Any

Json = dict[str, Any]

OWN = "https://second-opinion.example/fhir"
REASONS = f"{OWN}/CodeSystem/determination-reason"
IN_NETWORK = {"reference": "PractitionerRole/by-role-role"}  # of the small directory
APPOINTMENT = "2026-10-12T09:30:00-07:00"

_WORDS = "A network heart doctor can see you next week, so the plan does not pay for the doctor outside the network."


def parameters(*given: Json | None) -> Json:
    """A Parameters of these; None leaves one out."""
    kept = [each for each in given if each is not None]
    return {"resourceType": "Parameters", "parameter": kept} if kept else {"resourceType": "Parameters"}


def without(body: Json, name: str) -> Json:
    """The body without the parameters of this name."""
    return parameters(*(each for each in body["parameter"] if each["name"] != name))


def having(body: Json, *more: Json) -> Json:
    """The body with further parameters."""
    return parameters(*body["parameter"], *more)


def code(name: str, value: str) -> Json:
    """A parameter of type code."""
    return {"name": name, "valueCode": value}


def words(name: str, value: str) -> Json:
    """A parameter of type string."""
    return {"name": name, "valueString": value}


def reason(value: str) -> Json:
    """A reason, coded."""
    return {"name": "reason", "valueCoding": {"system": REASONS, "code": value}}


def alternative(reference: Json | None = None, first: str | None = APPOINTMENT) -> Json:
    """A provider offered."""
    url = f"{OWN}/StructureDefinition/first-appointment"
    when = {"extension": [{"url": url, "valueDateTime": first}]} if first else {}
    return {"name": "alternative", "valueReference": when | (reference or IN_NETWORK)}


def approved() -> Json:
    """Approved."""
    return parameters(
        code("outcome", "approved"), reason("criteria-met"), words("rationale", "You may see this doctor.")
    )


def denied(offered: Json | None = None) -> Json:
    """Denied, whole."""
    return parameters(
        code("outcome", "denied"),
        reason("in-network-equivalent-available"),
        words("rationale", _WORDS),
        alternative(offered),
    )


def modified(*parts: Json) -> Json:
    """Another provider authorized."""
    provider = {"name": "provider", "valueReference": IN_NETWORK}
    return parameters(
        code("outcome", "modified"),
        reason("in-network-equivalent-available"),
        words("rationale", "You may see a network heart doctor instead."),
        alternative(),
        {"name": "modification", "part": [provider, *parts]},
    )


def extended(until: str) -> Json:
    """More time."""
    return parameters(
        code("outcome", "extended"),
        reason("more-time-needed"),
        words("rationale", "We need the test results to decide."),
        {"name": "until", "valueDateTime": until},
        words("missing", "The report of the heart test."),
        code("justification", "member-interest"),
    )


def not_eligible() -> Json:
    """Not this plan's member on the day."""
    return parameters(
        code("outcome", "not-eligible"), reason("not-enrolled"), words("rationale", "You were not enrolled that day.")
    )


def appeal(*, expedited: bool | None = None) -> Json:
    """The member appeals."""
    at_once = {"name": "expedited", "valueBoolean": expedited} if expedited is not None else None
    return parameters(words("reason", "The network doctor does not know my condition."), at_once)
