"""What one submission really saved and answered, and copies of it with keys of their own: the floor's rows."""

import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from second_opinion import app
from second_opinion.store.changes import Changes, ResourceWrite, Term
from second_opinion.store.keeping import Store
from second_opinion.workflow.opening import new_id

from .claims import Claims
from .orders import Orders
from .prepared import Prepared

FILE = "samples.pickle"
SUBMIT = "/fhir/ServiceRequest/$submit"
CREATE = "/fhir/ServiceRequest"
CLAIM = "/fhir/Claim/$submit"
JSON = "application/fhir+json"
KEPT = frozenset({"Content-Type", "Location", "Link", "ETag", "Last-Modified"})


@dataclass(frozen=True)
class Sample:
    """One request as it was answered, with everything it had the store write."""

    changes: Changes
    status: int
    headers: dict[str, str]
    answer: bytes


@dataclass(frozen=True)
class Samples:
    """One sample of each kind of request and of each read."""

    submitted: list[Sample]
    created: list[Sample]  # drafts
    claimed: list[Sample]  # PAS request Bundles
    task: Sample
    searched: Sample


class _Listening:
    """The store, and what was saved last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.heard = Changes()

    def save(self, changes: Changes) -> None:
        self.heard = changes
        self._store.save(changes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def take(prepared: Prepared) -> Samples:
    """Samples of the service as it is now, on a database of their own."""
    desk = prepared.desk(prepared.copy("samples"))
    listening = _Listening(desk.store)
    client = app.application(replace(desk, store=listening)).test_client()  # type: ignore[arg-type]  # it passes everything on
    taking = _Taking(client, listening, prepared.token)
    try:
        orders, drafts = Orders(prepared.members), Orders(prepared.members, "draft")
        claims = Claims(prepared.members)
        submitted = [taking.post(SUBMIT, orders.body(n), 200) for n in range(orders.kinds)]
        task = "/fhir/Task/" + submitted[0].headers["Location"].rpartition("/")[2]
        return Samples(
            submitted=submitted,
            created=[taking.post(CREATE, drafts.body(n), 201) for n in range(1000, 1000 + drafts.kinds)],
            claimed=[taking.post(CLAIM, claims.body(n), 200) for n in range(2000, 2000 + claims.kinds)],
            task=taking.get(task),
            searched=taking.get(identifier_search(0)),
        )
    finally:
        desk.store.close()


def identifier_search(n: int) -> str:
    """The search for the Task of the n-th order, by the order's own number."""
    return f"/fhir/Task?identifier=https://synthetic-ehr.example/orders%7CORD-{n}"


@dataclass(frozen=True)
class _Taking:
    client: FlaskClient
    listening: _Listening
    token: str

    def post(self, path: str, body: bytes, right: int) -> Sample:
        self.listening.heard = Changes()
        return self._asked("POST", path, right, data=body, content_type=JSON)

    def get(self, path: str) -> Sample:
        return self._asked("GET", path, 200)

    def _asked(self, method: str, path: str, right: int, **more: Any) -> Sample:
        headers = {"Authorization": f"Bearer {self.token}"}
        answered = self.client.open(path, method=method, headers=headers, **more)
        if answered.status_code != right:
            raise RuntimeError(f"{method} {path} answered {answered.status_code}: {answered.get_data(as_text=True)}")
        kept = {name: value for name, value in answered.headers.items() if name in KEPT}
        return Sample(self.listening.heard, right, kept, answered.get_data())


def write(samples: Samples, folder: Path) -> None:
    """For the floor's processes."""
    (folder / FILE).write_bytes(pickle.dumps(samples))


def read(folder: Path) -> Samples:
    """What ``write`` wrote."""
    samples: Samples = pickle.loads((folder / FILE).read_bytes())  # noqa: S301 - our own file, in a folder made for this run
    return samples


class Copies:
    """The changes of a sample again and again, each time with keys no other copy has.

    Keys and what is found by them are fresh; bodies stay as they are, which costs the floor nothing.
    """

    def __init__(self, sample: Sample) -> None:
        self._changes = changes = sample.changes
        self._old = keys(changes)
        self._terms = [_Terms(each.terms, self._old) for each in changes.resources]

    def another(self, number: int) -> Changes:
        """A copy; ``number`` is a case number nobody has."""
        changes = self._changes
        fresh = {old: new_id() for old in self._old}
        case = changes.case
        return replace(
            changes,
            case=replace(case, number=number, task=fresh.get(case.task, case.task)) if case else None,
            resources=[self._resource(place, each, fresh, number) for place, each in enumerate(changes.resources)],
            submissions=[
                replace(each, key=fresh[each.key.rpartition("|")[2]], case=each.case and number)
                for each in changes.submissions
            ],
            open_question=changes.open_question and (changes.open_question[0], new_id()),
            events=[replace(each, case=number) for each in changes.events],
        )

    def _resource(self, place: int, written: ResourceWrite, fresh: dict[str, str], number: int) -> ResourceWrite:
        return ResourceWrite(
            type=written.type,
            id=fresh[written.id],
            version=1,
            last_updated=written.last_updated,
            body=written.body,
            terms=self._terms[place].filled(fresh),
            spans=written.spans,
            case=written.case and number,
            member=written.member,
            partner=written.partner,
        )


def keys(changes: Changes) -> list[str]:
    """What one submission alone is known by: resource ids, the order's own number, case and authorization number."""
    found = [each.id for each in changes.resources]
    found += [each.key.rpartition("|")[2] for each in changes.submissions]
    if changes.case:
        view = json.loads(changes.case.body)["view"]
        found += [view["number"], *([view["authorization"]["number"]] if view.get("authorization") else [])]
    return found


class _Terms:
    """Terms of which some name a key that every copy has its own of."""

    def __init__(self, terms: Sequence[Term], old: Sequence[str]) -> None:
        self._same: list[Term] = []
        self._naming: list[tuple[str, str, str, str]] = []
        for parameter, value in terms:
            if named := next((each for each in old if each in value), None):
                before, _, after = value.partition(named)
                self._naming.append((parameter, before, named, after))
            else:
                self._same.append((parameter, value))

    def filled(self, fresh: dict[str, str]) -> list[Term]:
        named = [(parameter, before + fresh[key] + after) for parameter, before, key, after in self._naming]
        return self._same + named
