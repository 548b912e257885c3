"""Callers and Parameters for facts learned later. All synthetic."""

from typing import Any

from werkzeug.test import TestResponse

from desks import Caller, Json, Service
from second_opinion.access import registry
from small_directory import CLOSED, NUCC, OUTSIDE, UNSTATED
from small_orders import an_order, condition, provider

PHONE_LOG = "Called Dr. Testdoctor's office, Mon 9:40: no new patients; first appointment in March"

NO_REASON: Json = {"reasonCode": [condition("M17.11")]}
OUT: Json = {"performer": [provider(OUTSIDE)]}
CLOSED_NETWORK: Json = {"performerType": {"coding": [{"system": NUCC, "code": CLOSED[0]}]}}
UNPROVED: Json = {"performerType": {"coding": [{"system": NUCC, "code": UNSTATED[0]}]}}
R4: Json = {"requester": provider(OUTSIDE), **OUT, **CLOSED_NETWORK}
R5: Json = CLOSED_NETWORK
R8: Json = {**OUT, **CLOSED_NETWORK, **NO_REASON}
R9: Json = {"priority": "urgent", **OUT, **UNPROVED}
R10: Json = {**OUT, **UNPROVED}


def fact(name: str, evidence: tuple[str, ...] = (), **value: Any) -> Json:
    """One fact parameter."""
    parts: list[Json] = [{"name": "name", "valueCode": name}, {"name": "value", **value}]
    return {"name": "fact", "part": [*parts, *({"name": "evidence", "valueString": each} for each in evidence)]}


def code(name: str, value: str, *evidence: str) -> Json:
    """A coded fact."""
    return fact(name, evidence, valueCode=value)


def doctor(name: str, npi: str) -> Json:
    """A fact that names a provider."""
    return fact(name, valueReference=provider(npi))


def tell(caller: Caller, task: Json | str, *facts: Json) -> TestResponse:
    """POST Task/$add-information."""
    ident = task if isinstance(task, str) else task["id"]
    return caller.post(f"Task/{ident}/$add-information", {"resourceType": "Parameters", "parameter": list(facts)})


def told(caller: Caller, task: Json | str, *facts: Json) -> Json:
    """The case's Task after the facts were taken."""
    answered = tell(caller, task, *facts)
    assert answered.status_code == 200, answered.get_data(as_text=True)
    return caller.task(answered)


def opened(caller: Caller, *number: str, **changes: Any) -> Json:
    """The Task of a case just opened."""
    answered = caller.submit(an_order(*number, **changes))
    assert answered.status_code == 200, answered.get_data(as_text=True)
    return caller.task(answered)


def staff(harbor: Service, name: str, kind: str, **more: Any) -> Caller:
    """A reviewer's client."""
    clinical = {"licence": "A12345", "state": "CA", "specialty": "207Q00000X", "phone": "209-555-0142"}
    given = {**(clinical if kind in {"physician", "nurse"} else {}), **more}
    registry.add_reviewer(harbor.desk.store, name, name=f"Test {name}", kind=kind, **given)
    return harbor.caller(name)


def clocks(task: Json) -> dict[str, str]:
    """The case's clocks by name."""
    found = {}
    for each in task["extension"]:
        parts = {part["url"]: part for part in each.get("extension", ())}
        if "due" in parts:
            found[parts["name"]["valueCode"]] = parts["due"]["valueDateTime"]
    return found
