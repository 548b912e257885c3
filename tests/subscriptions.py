"""Subscriptions for tests: bodies as partners send them, a listener that keeps what it is told, a worker's turns."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import small_directory
from delivery.listening import Answer, Listener, Request, listening
from desks import Caller, Service, json, service
from second_opinion.fhir.subscription import BACKPORT
from second_opinion.fhir.subscription_topics import HREX_TOPIC, PAS_TOPIC
from second_opinion.store.changes import Work
from second_opinion.store.subscriptions import COUNT
from second_opinion.workflow import working
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.subscription_file import END, NOTIFY

Json = dict[str, Any]

CASE_STATUS = "https://second-opinion.example/fhir/SubscriptionTopic/case-status"
TOPICS = (CASE_STATUS, HREX_TOPIC, PAS_TOPIC)
OURS = (COUNT, NOTIFY, END)  # kinds of work
LATER = timedelta(days=2)  # beyond every delay and Retry-After


def a_subscription(
    endpoint: str = "https://hooks.example/fhir",
    *,
    content: str = "id-only",
    filters: tuple[str, ...] = (),
    **changes: Any,
) -> Json:
    """The status of cases, id-only; ``channel`` in the changes adds to the channel; None takes an element out."""
    channel: Json = {
        "type": "rest-hook",
        "endpoint": endpoint,
        "payload": "application/fhir+json",
        "_payload": {"extension": [{"url": f"{BACKPORT}/backport-payload-content", "valueCode": content}]},
    } | changes.pop("channel", {})
    body: Json = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Second opinion case status",
        "criteria": CASE_STATUS,
        "channel": {name: value for name, value in channel.items() if value is not None},
    }
    if filters:
        narrowed = [{"url": f"{BACKPORT}/backport-filter-criteria", "valueString": each} for each in filters]
        body["_criteria"] = {"extension": narrowed}
    return {name: value for name, value in (body | changes).items() if value is not None}


def channel_extension(name: str, **value: int) -> Json:
    """One of the Backport's numbers on the channel, such as ("max-count", valuePositiveInt=2)."""
    return {"url": f"{BACKPORT}/backport-{name}", **value}


class Taking:
    """What a listener answers: the statuses in turn, then 200 for ever."""

    def __init__(self, *answers: int | Answer) -> None:
        self.left = list(answers)

    def __call__(self, _: Request) -> Answer:
        answer = self.left.pop(0) if self.left else 200
        return answer if isinstance(answer, Answer) else Answer(answer)


@contextmanager
def subscribed(
    folder: Path, answers: Callable[[Request], Answer] | None = None, **settings: Any
) -> Iterator[tuple[Service, Caller, Listener]]:
    """A service that may call a listener on this machine, and a practice's system that may subscribe."""
    chosen: dict[str, Any] = {
        "allowed_hosts": ("127.0.0.1",),
        "allow_loopback": True,
        "retry_delays": (1, 1),
        "send_timeout": 2,
    }
    with (
        listening(answers or Taking()) as listener,
        service(folder, directory=[small_directory.write(folder)], **chosen | settings) as running,
    ):
        yield running, running.partner("ehr"), listener


def work_off(desk: Desk, ahead: timedelta = LATER, most: int = 200) -> int:
    """Do what a worker would have done for subscriptions by then, in its order; the number of works done."""
    done = 0
    while done < most and (waiting := [each for each in _waiting(desk, ahead) if each.kind in OURS]):
        working.perform(desk, waiting[0].key, waiting[0].tries)
        done += 1
    return done


def _waiting(desk: Desk, ahead: timedelta) -> list[Work]:
    return desk.store.waiting_work(datetime.now(UTC) + ahead, 200)


def notified(listener: Listener) -> list[Json]:
    """The notifications that arrived, in their order."""
    return [each.json() for each in listener.posts()]


def told(bundle: Json) -> dict[str, Any]:
    """What the Parameters of a notification say, events as a list of their parts by name."""
    found: dict[str, Any] = {"events": []}
    for each in bundle["entry"][0]["resource"]["parameter"]:
        if each["name"] == "notification-event":
            found["events"].append({part["name"]: _value(part) for part in each["part"]})
        else:
            found[each["name"]] = _value(each)
    return found


def numbers(bundles: list[Json]) -> list[int]:
    """The event numbers in these notifications, in their order."""
    return [int(event["event-number"]) for bundle in bundles for event in told(bundle)["events"]]


def subscribe(caller: Caller, listener: Listener, desk: Desk, **more: Any) -> Json:
    """An active subscription to the listener."""
    answered = caller.post("Subscription", a_subscription(listener.url, **more))
    assert answered.status_code == 201, answered.text
    work_off(desk, most=1)
    return caller.read(f"Subscription/{json(answered)['id']}")


def put(caller: Caller, subscription: Json, **changes: Any) -> int:
    """PUT it with these changes, None takes an element out; the status of the answer."""
    body = {name: value for name, value in (subscription | changes).items() if value is not None}
    path = f"/fhir/Subscription/{subscription['id']}"
    answered = caller.client.put(path, json=body, content_type="application/fhir+json")
    return answered.status_code


def standing(caller: Caller, subscription: Json) -> dict[str, Any]:
    """What $status says."""
    return told(caller.read(f"Subscription/{subscription['id']}/$status"))


def _value(part: Json) -> Any:
    value = next(value for name, value in part.items() if name.startswith("value"))
    return value["reference"] if isinstance(value, dict) and "reference" in value else value
