"""Questions that name what is not there, what is not the caller's and what is kept from it. All data synthetic."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson

from desks import FHIR, Caller, Service
from determinations import approved, denied, parameters
from pas_bundles import an_inquiry
from small_directory import MEMBER_NUMBERS, MEMBERS
from small_orders import ORDERS, PENDED, an_order, condition, reason

FOREIGN, OWN, SENSITIVE, NO_CASE = MEMBERS[:4]
ID = "01234567-89ab-7def-8123-456789abcdef"  # nothing has this id, whatever is made has one as long
FORM = "application/x-www-form-urlencoded"
LETTERS = ("Communication", "DocumentReference", "Binary")
TYPES = ("Task", "ServiceRequest", "ClaimResponse", "Patient", *LETTERS)


@dataclass(frozen=True)
class Named:
    """What a question names; of a type left out there is nothing of the kind."""

    ids: Mapping[str, str]
    order: str = ""  # the order's own number
    member: str = ""  # the member's
    born: str = "1970-01-01"
    family: str = "Testmember"


NOBODY = Named(dict.fromkeys(TYPES, ID) | {"Patient": "member-x"}, "ORD-99", "HARBOR-999")


class Request(NamedTuple):
    """One request; the path is below the FHIR base."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Question:
    """What one caller asks about nothing ("absent") and about what it is not to tell from that."""

    name: str
    caller: str
    ask: Callable[[Named], Request]
    about: Mapping[str, Named]
    by_the_same_steps: bool = True  # else what was found of the member is judged case by case


@dataclass(frozen=True)
class Places:
    """Who asks, and what."""

    callers: Mapping[str, Caller]
    questions: list[Question]


def places(harbor: Service) -> Places:
    """Cases of two practices, denied, with their letters; a sensitive case; an exchange."""
    ours, theirs = harbor.partner("ours"), harbor.partner("theirs", npi="9000000017")
    physician = harbor.reviewer("physician")
    cases = []
    for asker, order, member in ((theirs, "ORD-11", FOREIGN), (ours, "ORD-22", OWN)):
        task = asker.task(asker.submit(an_order(order, member=member, **PENDED)))
        assert physician.record(task["id"], denied()).status_code == 200
        cases.append(_resources(physician, task))
    why = [condition("B20"), reason("surgery-necessity")]
    sensitive = ours.task(ours.submit(an_order("ORD-33", member=SENSITIVE, reasonCode=why)))
    foreign = Named(cases[0], "ORD-11", FOREIGN)
    kept_back = Named({name: cases[1][name] for name in LETTERS})
    restricted = Named({"Task": sensitive["id"]}, "ORD-33", SENSITIVE)
    asked = [*_of_a_practice(foreign, kept_back), *_of_an_exchange(cases[0]["ServiceRequest"], foreign, restricted)]
    return Places({"ours": ours, "hie": harbor.partner("hie", kind="hie", npi="9000000033")}, asked)


def _resources(physician: Caller, task: dict[str, Any]) -> dict[str, str]:
    """Type → id of what the case is made of; of its letters the member's."""
    patient = task["for"]["reference"]
    (letter,) = physician.found(f"Communication?part-of=Task/{task['id']}&recipient={patient}")
    document = letter["payload"][0]["contentReference"]["reference"]
    binary = physician.read(document)["content"][0]["attachment"]["url"]
    (order,) = physician.found(f"ServiceRequest?_has:Task:focus:_id={task['id']}")
    (answer,) = physician.found(f"ClaimResponse?patient={patient}")
    named = [f"Task/{task['id']}", patient, f"ServiceRequest/{order['id']}", f"ClaimResponse/{answer['id']}"]
    named += (f"Communication/{letter['id']}", document, binary)
    pieces = (each.split("/")[-2:] for each in named)
    return {kind: ident for kind, ident in pieces}  # noqa: C416 - two pieces each


_LOOKS = {
    "read": "{type}/{id}",
    "vread": "{type}/{id}/_history/1",
    "history": "{type}/{id}/_history",
    "by id": "{type}?_id={id}",
    "count by id": "{type}?_id={id}&_summary=count",
}
_SEARCHES = {
    "by the order's number": "Task?identifier={system}|{order}",
    "sorted": "Task?identifier={system}|{order}&_sort=due",
    "include": "Task?_id={Task}&_include=Task:patient&_include=Task:focus",
    "revinclude": "ServiceRequest?_id={ServiceRequest}&_revinclude=Task:focus",
    "chain": "Task?patient.identifier={members}|{member}",
    "chain to the order": "Task?focus:ServiceRequest.identifier={system}|{order}",
    "by member": "Task?patient=Patient/{Patient}",
    "_has": "Patient?_has:Task:patient:_id={Task}",
    "parts of a case": "Communication?part-of=Task/{Task}",
    "Provenance": "Provenance?target=Task/{Task}",
}
_NOTHING = parameters()
_FACT = parameters({"name": "fact", "part": [{"name": "name", "valueCode": "urgency"}]})
_OPERATIONS = {
    "$add-information": ("Task", _FACT),
    "$appeal": ("Task", parameters({"name": "reason", "valueString": "Please look again."})),
    "$record-determination": ("Task", approved()),
    "$resend": ("Task", _NOTHING),
    "$release": ("Communication", _NOTHING),
}


def _of_a_practice(foreign: Named, kept_back: Named) -> list[Question]:
    """Looks and operations of a practice that has to do with the second case and not with the first."""
    every = {"absent": NOBODY, "foreign": foreign, "kept back": kept_back}

    def question(name: str, ask: Callable[[Named], Request], needed: str) -> Question:
        return Question(name, "ours", ask, {kind: each for kind, each in every.items() if needed in each.ids})

    made = [question(f"{what} {kind}", _look(path, kind), kind) for kind in TYPES for what, path in _LOOKS.items()]
    for what, path in _SEARCHES.items():
        needed = "Communication" if path.startswith("Communication") else "ClaimResponse"  # what the second case lacks
        made.append(question(what, _search(path), needed))
    for what, (kind, body) in _OPERATIONS.items():
        made.append(question(what, _operation(kind, what, body), kind))
    made.append(question("PUT ServiceRequest", _amended, "ServiceRequest"))
    about = {"absent": NOBODY, "foreign": foreign}
    made.append(Question("$inquire", "ours", _inquired, about, by_the_same_steps=False))
    return made


def _look(path: str, kind: str) -> Callable[[Named], Request]:
    return lambda named: Request("GET", path.format(type=kind, id=named.ids[kind]))


def _search(path: str) -> Callable[[Named], Request]:
    def ask(named: Named) -> Request:
        told = {"system": ORDERS, "members": MEMBER_NUMBERS, "order": named.order, "member": named.member}
        return Request("GET", path.format(**told, **{kind: named.ids.get(kind, ID) for kind in TYPES}))

    return ask


def _operation(kind: str, what: str, body: dict[str, Any]) -> Callable[[Named], Request]:
    sent = orjson.dumps(body)
    return lambda named: Request("POST", f"{kind}/{named.ids[kind]}/{what}", sent, FHIR)


def _amended(named: Named) -> Request:
    ident = named.ids["ServiceRequest"]
    return Request("PUT", f"ServiceRequest/{ident}", orjson.dumps(an_order("ORD-77") | {"id": ident}), FHIR)


def _inquired(named: Named) -> Request:
    return Request("POST", "Claim/$inquire", orjson.dumps(an_inquiry(member=named.member)), FHIR)


def _of_an_exchange(other: str, plain: Named, sensitive: Named) -> list[Question]:
    """A strict match of somebody whose case is sensitive, who has none, who is nobody, and with one field wrong."""
    nobody = replace(NOBODY, family="Testmember")
    about = {
        "absent": nobody,
        "sensitive": sensitive,
        "no case": replace(nobody, member=NO_CASE),
        "birth date wrong": replace(plain, born="1970-01-02"),
        "family name wrong": replace(plain, family="Testmembem"),
    }
    task = {"absent": NOBODY, "sensitive": sensitive, "other kind": Named({"Task": other})}
    made = [Question("strict match", "hie", _match, about)]
    made += [Question(f"{what} of an exchange", "hie", _purposed(path), task) for what, path in _LOOKS.items()]
    return made


def _match(named: Named) -> Request:
    form = {
        "patient.identifier": f"{MEMBER_NUMBERS}|{named.member}",
        "patient.birthdate": named.born,
        "patient.family": named.family,
    }
    return Request("POST", "Task/_search", urlencode(form).encode(), FORM, (("X-Purpose-Of-Use", "TREAT"),))


def _purposed(path: str) -> Callable[[Named], Request]:
    look = _look(path, "Task")
    return lambda named: look(named)._replace(headers=(("X-Purpose-Of-Use", "TREAT"),))
