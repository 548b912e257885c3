"""Notifications of every kind as they really arrive, and what their owner is answered, for the validator."""

from collections.abc import Iterator
from pathlib import Path

import orjson

import determinations
from pas_bundles import a_bundle
from second_opinion.fhir.codes import Json
from second_opinion.fhir.subscription_topics import PAS_TOPIC
from small_directory import MEMBERS, SPECIALIST
from small_orders import PENDED, an_order
from subscriptions import Taking, channel_extension, notified, put, subscribe, subscribed, told, work_off

CONTENTS = ("empty", "id-only", "full-resource")


def every_notification(folder: Path) -> Iterator[tuple[str, Json]]:
    """Handshakes, events of each content, the PAS Bundle, a heartbeat; $status, $events and the Subscription itself."""
    folder.mkdir(exist_ok=True)
    heartbeat = {"extension": [channel_extension("heartbeat-period", valueUnsignedInt=60)]}
    with subscribed(folder) as (service, _, listener):
        ehr = service.partner("clinic", npi=SPECIALIST)
        kept = [subscribe(ehr, listener, service.desk, content=each) for each in CONTENTS]
        subscribe(ehr, listener, service.desk, content="full-resource", criteria=PAS_TOPIC)
        assert ehr.create(an_order(member=MEMBERS[1], **PENDED)).status_code == 201
        task = ehr.task(ehr.post("Claim/$submit", a_bundle()))
        assert service.reviewer("doctor").record(task["id"], determinations.approved()).status_code == 200
        work_off(service.desk)
        put(ehr, kept[0], channel=kept[0]["channel"] | heartbeat)
        work_off(service.desk, most=4)
        for place, bundle in enumerate(notified(listener)):
            yield f"notification-{place}-{told(bundle)['type']}", bundle
        for content in CONTENTS:
            yield f"events-{content}", ehr.read(f"Subscription/{kept[0]['id']}/$events?content={content}")
        yield "statuses", ehr.read("Subscription/$status")
        yield "subscription", ehr.read(f"Subscription/{kept[1]['id']}")
    yield from _in_error(folder / "error")


def _in_error(folder: Path) -> Iterator[tuple[str, Json]]:
    folder.mkdir(exist_ok=True)
    with subscribed(folder, Taking(404)) as (service, ehr, listener):
        errored = subscribe(ehr, listener, service.desk)
        yield "subscription-in-error", errored
        yield "status-in-error", ehr.read(f"Subscription/{errored['id']}/$status")


def keep_all(answers: Path, folder: Path) -> None:
    """Each as a file."""
    answers.mkdir(exist_ok=True)
    for name, resource in every_notification(folder):
        (answers / f"{name}.json").write_bytes(orjson.dumps(resource))
