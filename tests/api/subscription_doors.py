"""How each described status of an operation on a Subscription comes about."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from werkzeug.test import TestResponse

from api.running import Service, fhir
from second_opinion.fhir.subscription_topics import PAS_TOPIC
from subscriptions import a_subscription

Json = dict[str, Any]
Door = Callable[[Service, str, str, int, int], TestResponse]

WHERE, OLDER = "/fhir/Subscription", "/fhir/pas/2.0/Subscription"


def _changed(running: Service, method: str, path: str, status: int, largest: int) -> TestResponse:
    """Create, read, update or delete: sent by the plan, once well and once with what gets this status."""
    where = path.removesuffix("/{id}")
    kept = _kept(running, where) if "{id}" in path else {}
    if status == 410:
        running.client().delete(f"{where}/{kept['id']}")
    body = kept or _body(running, where)
    sent: dict[int, bytes] = {
        400: b"{",
        413: b" " * (largest + 1),
        422: orjson.dumps(body | {"criteria": "Task?status=accepted"}),
    }
    headers = {
        400: {"If-Match": 'W/"1", W/"2"'},
        406: {"Accept": "application/fhir+xml"},
        412: {"If-Match": 'W/"9"'},
        415: {"Content-Type": "text/plain"},
    }.get(status, {})
    address = path.replace("{id}", "nothing" if status == 404 else kept.get("id", ""))
    client = running.client(None if status == 401 else "plan", "system/Task.rs" if status == 403 else None)
    data = None if method in {"GET", "DELETE"} else sent.get(status, orjson.dumps(body))
    return client.open(address, method=method, data=data, headers=fhir(headers))


def _asked(running: Service, method: str, path: str, status: int, largest: int) -> TestResponse:
    """$status or $events, by the address or by Parameters."""
    where = path.partition("/{id}")[0].removesuffix("/$status")
    ident = _kept(running, where)["id"]
    if status == 410:
        running.client().delete(f"{where}/{ident}")
    address = path.replace("{id}", "nothing" if status == 404 else ident)
    query = {400: {"colour": "red"}, 422: {"content": "all"}}.get(status, {})
    sent: dict[int, bytes] = {
        413: b" " * (largest + 1),
        422: b'{"resourceType":"Parameters","parameter":[{"valueCode":"x"}]}',
    }
    headers = {406: {"Accept": "application/fhir+xml"}, 415: {"Content-Type": "text/plain"}}.get(status, {})
    client = running.client(None if status == 401 else "plan", "system/Task.rs" if status == 403 else None)
    data = sent.get(status, b'{"resourceType":"Parameters"}') if method == "POST" else None
    return client.open(address, method=method, data=data, query_string=query, headers=fhir(headers))


def _kept(running: Service, where: str) -> Json:
    body = _body(running, where)
    answered = running.client().post(where, data=orjson.dumps(body), headers=fhir())
    assert answered.status_code == 201, answered.text
    kept: Json = orjson.loads(answered.data)
    return kept


def _body(running: Service, where: str) -> Json:
    topic: Json = {"criteria": PAS_TOPIC} if where == OLDER else {}
    return a_subscription(f"{running.hook}/of-its-own", status="off", **topic)


SUBSCRIPTION_DOORS: Mapping[tuple[str, str], Door] = {
    ("GET", f"{OLDER}/{{id}}"): _changed,
    **{
        each: _changed
        for where in (WHERE, OLDER)
        for each in (("POST", where), ("PUT", f"{where}/{{id}}"), ("DELETE", f"{where}/{{id}}"))
    },
    **{
        (method, f"{where}{operation}"): _asked
        for where in (WHERE, OLDER)
        for method in ("GET", "POST")
        for operation in ("/$status", "/{id}/$status", "/{id}/$events")
    },
}
