"""Every class of caller, granted every scope, against every type in every way of looking: none is told beyond its view.

What may not be told is looked for in whole answers, headers included: ids of what is kept from the class, and the words
of diagnoses. All health data is synthetic.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

import small_directory
from desks import Caller, Service, service
from determinations import denied
from second_opinion.access import registry
from second_opinion.fhir.search_registry import EXPOSED
from small_directory import MEMBERS, VENDOR
from small_orders import PENDED, a_ride, an_order, condition, reason

PLAIN, SENSITIVE = MEMBERS[:2]
KEPT = (
    "Task",
    "ServiceRequest",
    "Claim",
    "ClaimResponse",
    "Communication",
    "CommunicationRequest",
    "DocumentReference",
    "Binary",
)
WORDS = frozenset({"M17", "B20", "Z21", "surgery-necessity"})
SENSITIVE_WORDS = frozenset({"B20", "Z21"})
LISTS = ("?_lastUpdated=gt2000", "?_lastUpdated=gt2000&_include=*&_revinclude=*", "/_history", "?_summary=count&_id=x")
ONE = ("/{}", "/{}/_history", "/{}/_history/1")


class Seen(NamedTuple):
    """What there is, and who asks."""

    all: frozenset[tuple[str, str]]  # type and id of all that is kept of cases
    sensitive: frozenset[str]  # ids of what is kept of the sensitive ones
    callers: dict[str, Caller]


@pytest.fixture(scope="module")
def harbor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("matrix")
    with service(folder, directory=[small_directory.write(folder)]) as running:
        yield running


@pytest.fixture(scope="module")
def seen(harbor: Service) -> Seen:
    ehr, physician = harbor.partner("ehr"), harbor.reviewer("physician")
    why = reason("surgery-necessity")
    for member, codes in ((PLAIN, ("M17.11", "M17.12")), (SENSITIVE, ("B20", "Z21"))):
        first, second = ([condition(code), why] for code in codes)
        ehr.submit(an_order(f"ORD-1-{member}", member=member, reasonCode=first, extension=[a_ride()]))
        refused = ehr.task(ehr.submit(an_order(f"ORD-2-{member}", member=member, reasonCode=second, **PENDED)))
        assert physician.record(refused["id"], denied()).status_code == 200
    found = [(each["resourceType"], each) for kind in KEPT for each in physician.found(f"{kind}?_lastUpdated=gt2000")]
    callers = {}
    for number, kind in enumerate(("hie", "payer", "vendor", "ehr", "member-app")):
        npi = VENDOR if kind == "vendor" else f"900000000{number}"
        name = f"any-{kind}"
        registry.add_partner(
            harbor.desk.store, name, partner_class=kind, organization=npi, name="Test", scope="system/*.cruds"
        )
        callers[kind] = harbor.caller(name, member=PLAIN if kind == "member-app" else None)
    callers["hie"].client.environ_base["HTTP_X_PURPOSE_OF_USE"] = "TREAT"
    sensitive = (each["id"] for _, each in found if "member-1" in str(each))
    return Seen(frozenset((kind, each["id"]) for kind, each in found), frozenset(sensitive), callers)


@pytest.mark.parametrize("kind", ["hie", "payer", "vendor", "ehr", "member-app"])
def test_no_scope_and_no_way_of_looking_tells_a_class_more_than_its_view(seen: Seen, kind: str) -> None:
    """A payer without a consent and a practice without a case are told of nothing at all."""
    everything = frozenset(ident for _, ident in seen.all)
    forbidden = {
        "hie": seen.sensitive | WORDS,
        "vendor": WORDS,
        "payer": everything | WORDS,
        "ehr": everything | WORDS,
        "member-app": seen.sensitive | SENSITIVE_WORDS,
    }[kind]
    told = []
    assert len(seen.sensitive) > len(KEPT)

    for path in _paths(seen):
        answered = seen.callers[kind].client.get(path)
        whole = f"{answered.headers} {answered.get_data(as_text=True)}"
        asked = {each for each in forbidden if each in path}  # what the caller named itself is no news to it
        told += [f"{path}: {each}" for each in forbidden - asked if each in whole]
        assert answered.status_code in {200, 400, 403, 404}, path

    assert told == []


def _paths(seen: Seen) -> Iterator[str]:
    for kind in EXPOSED:
        yield from (f"/fhir/{kind}{way}" for way in LISTS)
    for kind, ident in sorted(seen.all):
        yield from (f"/fhir/{kind}{way.format(ident)}" for way in ONE)
        yield f"/fhir/Provenance?target={kind}/{ident}"
