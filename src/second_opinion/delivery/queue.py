"""The durable queue of one worker process: DBOS, in the service's own database.

A workflow is one try of one work, told by the work's key and the try's number; nothing else is kept in the queue.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import Engine

from second_opinion.store.changes import Work

APPLICATION = "second-opinion"
# Pinned: a try begun by one release is finished by the next one.
APPLICATION_VERSION = "1"
QUEUE = "work"
TRY = "try"
HELD = ("ENQUEUED", "DELAYED", "PENDING")
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
FORGOTTEN_AT_ONCE = 500

AT_ONCE = 48  # tries under way in one worker: several partners may stall before others wait
AT_ONCE_PER_PARTNER = 8  # in all workers together
PER_SECOND_PER_PARTNER = 20  # tries begun, in all workers together
LOOK_EVERY = 0.2  # seconds

Perform = Callable[[str, int], None]


class Queue:
    """This process's hold on the queue; there is one in a process, as there is one DBOS."""

    def __init__(self, url: str, engine: Engine, executor: str, perform: Perform) -> None:
        """``perform(key, tries)`` does one try and tells the store; what it raises is lost."""
        logging.getLogger("dbos").setLevel(logging.ERROR)
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": _address(url),
            "system_database_engine": engine,
            "application_version": APPLICATION_VERSION,
            "executor_id": executor,
            "log_level": "ERROR",
            "serializer": DBOSPortableJSONSerializer(),
            "use_listen_notify": False,
            "max_executor_threads": AT_ONCE + 8,
        }
        self._engine = engine
        DBOS(config=config)
        DBOS.workflow(name=TRY, max_recovery_attempts=None)(perform)

    def open(self) -> None:
        """Begin, with what this executor left unfinished the last time it lived."""
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=AT_ONCE,
            partition_concurrency=AT_ONCE_PER_PARTNER,
            partition_limiter={"limit": PER_SECOND_PER_PARTNER, "period": 1},
            polling_interval_sec=LOOK_EVERY,
            on_conflict="always_update",
        )

    def take(self, works: Sequence[Work]) -> None:
        """Hold these tries durably; one it has held before it does not take again."""
        for work in works:
            options: EnqueueOptions = {
                "workflow_name": TRY,
                "queue_name": QUEUE,
                "workflow_id": _name(work),
                "app_version": APPLICATION_VERSION,
                "queue_partition_key": work.partner or work.kind,  # no kind waits behind another one's backlog
            }
            DBOS.enqueue_workflow_with_options(options, work.key, work.tries)

    def executors(self) -> set[str]:
        """Whoever has tries under way, this worker too."""
        under_way = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        return {each.executor_id for each in under_way if each.executor_id}

    def resume(self, executor: str) -> None:
        """Take over what a dead executor left under way."""
        DBOS._recover_pending_workflows([executor])  # noqa: SLF001 - the one way DBOS offers without its own service

    def dropped(self, works: Sequence[Work]) -> list[Work]:
        """Those whose present try the queue does not hold: it ended without being told to the store."""
        if not works:
            return []
        names = [_name(work) for work in works]
        held = DBOS.list_workflows(workflow_ids=names, status=list(HELD), load_input=False, load_output=False)
        held_names = {each.workflow_id for each in held}
        return [work for work in works if _name(work) not in held_names]

    def forget(self, before: datetime) -> None:
        """Forget some tries that ended before this instant; their work is done, or tried anew."""
        ended = DBOS.list_workflows(
            status=list(ENDED),
            end_time=before.isoformat(),
            limit=FORGOTTEN_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        if ended:
            DBOS.delete_workflows([each.workflow_id for each in ended])

    def close(self, patience: int) -> None:
        """Take nothing more, wait ``patience`` seconds at most for what is under way, and end."""
        DBOS.destroy(workflow_completion_timeout_sec=patience)
        self._engine.dispose()


def _name(work: Work) -> str:
    """The workflow of one try."""
    assert work.asked_at is not None  # noqa: S101 - work read from the store has it
    return f"{work.key}#{work.asked_at.isoformat()}#{work.tries}"


def _address(url: str) -> str:
    """The database's URL as DBOS reads it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
