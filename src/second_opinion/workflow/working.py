"""Work is done: the kind chooses the story; what fails is tried again later, and never forgotten."""

import logging
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from second_opinion.errors import SecondOpinionError
from second_opinion.store.changes import Work
from second_opinion.store.subscriptions import COUNT
from second_opinion.workflow import claims, deliver, notices
from second_opinion.workflow.counting import count
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.notifying import notify
from second_opinion.workflow.subscribing import end
from second_opinion.workflow.subscription_file import END, NOTIFY
from second_opinion.workflow.trying import TryAgain

Story = Callable[[Desk, Work], None]

# A story returns when there is nothing more to do, and raises to be told again; it may be told twice.
STORIES: Mapping[str, Story] = MappingProxyType(
    {
        claims.CLAIM: claims.decide_later,
        "deliver": deliver.deliver,
        "letters": notices.write_letters,
        COUNT: count,
        NOTIFY: notify,
        END: end,
    }
)

JITTER = 0.2  # of a delay, to either side

log = logging.getLogger("second_opinion.working")


def perform(desk: Desk, key: str, tries: int, stories: Mapping[str, Story] = STORIES) -> None:
    """One try of the work of this key; nothing where that try was made before."""
    work = desk.store.work(key)
    if work is None or work.tries != tries:
        return
    try:
        _story(work, stories)(desk, work)
    except Exception as fault:  # noqa: BLE001 - whatever broke, the work is kept and tried again
        again_at = _again_at(desk, work, fault)
        log.warning("%s is tried again at %s: %s", key, again_at.isoformat(timespec="seconds"), _words(fault))
        desk.store.work_again(work, again_at)
    else:
        desk.store.work_done(work)


def partition(desk: Desk, work: Work) -> str | None:
    """Whose limits of rate and concurrency the work counts against; None: nobody's."""
    if work.kind != "deliver":
        return work.partner
    try:
        return work.partner or deliver.partition(desk, work)
    except Exception:  # noqa: BLE001 - it is a matter of fairness only; the story will say what is wrong
        log.warning("%s counts against nobody's limits", work.key)
        return None


def _story(work: Work, stories: Mapping[str, Story]) -> Story:
    story = stories.get(work.kind)
    if story is None:
        raise TryAgain(f"This release has no story for work of kind {work.kind}")
    return story


def _again_at(desk: Desk, work: Work, fault: Exception) -> datetime:
    """After the delay of RETRY_DELAYS for this try, its last one for all that follow, or later if asked so."""
    delays = desk.settings.retry_delays
    delay = delays[min(work.tries, len(delays) - 1)] if delays else 0
    at = datetime.now(UTC) + timedelta(seconds=delay * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - jitter, not a secret
    earliest = fault.not_before if isinstance(fault, TryAgain) else None
    return max(at, earliest) if earliest else at


def _words(fault: Exception) -> str:
    """What went wrong, without what was received: only our own errors' words may be told."""
    return fault.message if isinstance(fault, SecondOpinionError) else type(fault).__name__
