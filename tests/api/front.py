"""A front door that only reads, on a store in memory, with callers of each kind. All health data is synthetic."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from second_opinion.access import caller, registry
from second_opinion.access.caller import Identify
from second_opinion.access.issuer import Issuer
from second_opinion.access.sealing import Seal
from second_opinion.api import handlers, negotiation, reading
from second_opinion.api.cursors import Cursors
from second_opinion.fhir.codes import Vocabulary
from second_opinion.fhir.definitions.operations import search_parameters
from second_opinion.fhir.definitions.terminology import code_systems
from second_opinion.fhir.search import extract
from second_opinion.settings import Settings
from second_opinion.store.changes import CaseWrite, Changes, ResourceWrite
from second_opinion.store.keeping import Store

ROOT = "https://plan.example"
BASE = f"{ROOT}/fhir"
CANONICAL = "https://second-opinion.example/fhir"
NOW = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)
NPI = "http://hl7.org/fhir/sid/us-npi"
CASE = f"{CANONICAL}/NamingSystem/case"
MEMBER = "https://plan.example/NamingSystem/member"


@dataclass(frozen=True)
class ReadingDesk:
    """Only what reading needs."""

    settings: Settings
    store: Store
    cursors: Cursors
    identify: Identify
    now: Callable[[], datetime]
    seal: Seal
    definitions: Sequence[dict[str, Any]]
    capability: bytes
    older_capability: bytes


class Front:
    """The front door and its callers."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(":memory:")
        self.store.upgrade()
        self.issuer = Issuer(ROOT, BASE, folder)
        self.cursors = Cursors(b"synthetic key")
        words = Vocabulary(CANONICAL, BASE)
        desk = ReadingDesk(
            settings=Settings(public_url=ROOT),
            store=self.store,
            cursors=self.cursors,
            identify=partial(caller.identify, issuer=self.issuer, store=self.store),
            now=lambda: NOW,
            seal=Seal(folder / "keys" / "sealing.json"),
            definitions=[*code_systems(words), *search_parameters(words)],
            capability=b'{"resourceType":"CapabilityStatement"}',
            older_capability=b'{"resourceType":"CapabilityStatement"}',
        )
        self.app = Flask("front", static_folder=None)
        handlers.register(self.app)
        negotiation.register(self.app)
        self.app.register_blueprint(reading.blueprint(desk))
        self._numbers: dict[str, int] = {}
        self._add_partners()

    def _add_partners(self) -> None:
        classes = {"plan": "plan", "clinic": "ehr", "elsewhere": "ehr", "exchange": "hie"}
        npis = ("1234567893", "1245319599", "1003000126", "1558444216")
        for (name, kind), npi in zip(classes.items(), npis, strict=True):
            registry.add_partner(self.store, name, partner_class=kind, organization=npi, name=f"Test {name}")

    def client(self, name: str = "plan", scope: str | None = None) -> FlaskClient:
        """A client that sends this caller's token."""
        client = self.app.test_client()
        token = caller.token(self.store, self.issuer, name, scope=scope)
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    def keep(self, *resources: dict[str, Any], at: datetime = NOW, partner: str | None = None) -> None:
        """Store a first or further version of each."""
        self.store.save(Changes(resources=[self._write(each, at, partner, None) for each in resources]))

    def keep_case(self, number: int, parties: Iterable[str], *resources: dict[str, Any]) -> None:
        """Store the resources of one case these parties take part in."""
        case = CaseWrite(number, 1, f"case-{number}", "received", f"pt-{number}", None, None, NOW, None, b"{}")
        writes = [self._write(each, NOW, None, number) for each in resources]
        self.store.save(Changes(case=case, resources=writes, parties=set(parties)))

    def _write(self, resource: dict[str, Any], at: datetime, partner: str | None, case: int | None) -> ResourceWrite:
        named = f"{resource['resourceType']}/{resource['id']}"
        version = self._numbers[named] = self._numbers.get(named, 0) + 1
        meta = resource.get("meta", {}) | {"versionId": str(version), "lastUpdated": at.isoformat()}
        body = {**resource, "meta": meta}
        terms, spans = extract(body, BASE)
        member = resource.get("for", resource.get("subject", {})).get("reference", "Patient/").partition("/")[2]
        return ResourceWrite(
            type=resource["resourceType"],
            id=resource["id"],
            version=version,
            last_updated=at,
            body=orjson.dumps(body),
            terms=terms,
            spans=spans,
            case=case,
            member=member or None,
            partner=partner,
        )


def ids(response: TestResponse, mode: str = "match") -> list[str]:
    """Type/id of the entries of this mode, in order."""
    assert response.status_code == 200, response.get_data(as_text=True)
    entries = [each for each in bundle(response).get("entry", []) if each["search"]["mode"] == mode]
    return [f"{each['resource']['resourceType']}/{each['resource']['id']}" for each in entries]


def bundle(response: TestResponse) -> dict[str, Any]:
    """The answer's JSON."""
    parsed: dict[str, Any] = orjson.loads(response.data)
    return parsed


def link(response: TestResponse, relation: str) -> str | None:
    """The path and query of one of a Bundle's links."""
    links = {each["relation"]: each["url"] for each in bundle(response)["link"]}
    url: str | None = links.get(relation)
    return url.removeprefix(ROOT) if url else None


def a_task(ident: str = "case-1", **changes: Any) -> dict[str, Any]:
    """A synthetic case Task."""
    task = {
        "resourceType": "Task",
        "id": ident,
        "identifier": [{"system": CASE, "value": f"SMO-2026-{ident}"}],
        "basedOn": [{"reference": "ServiceRequest/sr-1"}],
        "status": "received",
        "businessStatus": {"coding": [{"system": f"{CANONICAL}/CodeSystem/case-status", "code": "pended-clinician"}]},
        "intent": "order",
        "priority": "routine",
        "focus": {"reference": "ServiceRequest/sr-1"},
        "for": {"reference": "Patient/pt-1"},
        "authoredOn": "2026-03-02T17:05:11.000Z",
        "lastModified": "2026-03-04T21:15:42.007Z",
        "requester": {"reference": "Practitioner/pr-1", "identifier": {"system": NPI, "value": "1234567893"}},
        "owner": {"reference": "Organization/plan"},
        "restriction": {"period": {"start": "2026-03-02T17:05:11.000Z", "end": "2026-03-09T17:05:11.000Z"}},
        "output": [{"type": {"text": "determination"}, "valueReference": {"reference": "ClaimResponse/cr-1"}}],
        "note": [{"text": "synthetic"}],
    }
    return {name: value for name, value in (task | changes).items() if value is not None}


def an_order(ident: str = "sr-1", **changes: Any) -> dict[str, Any]:
    """A synthetic ServiceRequest."""
    order = {
        "resourceType": "ServiceRequest",
        "id": ident,
        "identifier": [{"system": "https://ehr.example/orders", "value": "ORD-1"}],
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/pt-1"},
        "authoredOn": "2026-03-02",
    }
    return order | changes


def a_patient(ident: str = "pt-1", **changes: Any) -> dict[str, Any]:
    """A synthetic member."""
    patient = {
        "resourceType": "Patient",
        "id": ident,
        "identifier": [{"system": MEMBER, "value": "M-0001"}],
        "name": [{"family": "Testmémber", "given": ["Alder", "Quill"]}],
        "gender": "female",
        "birthDate": "1961-04-02",
    }
    return patient | changes
