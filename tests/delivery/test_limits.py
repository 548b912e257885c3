"""Each partner is sent so much at once and so much a second, and waits for no other that is slow or at its limit."""

import sqlite3
from contextlib import ExitStack, closing

import psycopg

from delivery.listening import listening
from delivery.test_worker import Counting, Post, post, until
from second_opinion.delivery.queue import AT_ONCE_PER_PARTNER, PER_SECOND_PER_PARTNER
from small_directory import FAMILY_DOCTOR, SPECIALIST

__all__ = ("post",)

STALLED = 3  # partners
SECOND = 1000  # milliseconds


def started(post: Post, partner: str) -> list[int]:
    """When the tries of a partner's messages began, by the queue's own clock, in milliseconds."""
    asked = "SELECT started_at_epoch_ms FROM {} WHERE queue_partition_key = {} ORDER BY 1"
    if post.url.startswith("sqlite"):
        with closing(sqlite3.connect(post.url.removeprefix("sqlite:///"))) as file:
            return [row[0] for row in file.execute(asked.format("workflow_status", "?"), (partner,))]
    with psycopg.connect(post.url) as server:
        return [row[0] for row in server.execute(asked.format("dbos.workflow_status", "%s").encode(), (partner,))]


def test_a_partner_is_sent_no_more_in_a_second_than_its_limit_and_holds_up_nobody(post: Post) -> None:
    count = 2 * PER_SECOND_PER_PARTNER + 1
    with listening() as limited, listening() as other, post.working():
        post.register(limited, SPECIALIST, "limited")
        post.register(other, FAMILY_DOCTOR, "other")
        post.owe(SPECIALIST, count)
        until(lambda: bool(limited.posts()))
        post.owe(FAMILY_DOCTOR, 2)
        until(lambda: len(other.posts()) == 2)
        until(lambda: post.standing() == 0)

    began, others = started(post, "limited"), started(post, "other")
    assert len(began) == len(limited.posts()) == count
    for first, beyond in zip(began, began[PER_SECOND_PER_PARTNER:], strict=False):
        assert beyond - first >= SECOND
    assert others[-1] < began[-1]


def test_several_partners_that_stall_hold_up_no_other(post: Post) -> None:
    counting = Counting()
    with ExitStack() as all_of_them:
        slow = [all_of_them.enter_context(listening(counting.answer)) for _ in range(STALLED)]
        quick = all_of_them.enter_context(listening())
        numbers = [f"700000000{place}" for place in range(STALLED)]
        for place, (listener, npi) in enumerate(zip(slow, numbers, strict=True)):
            post.register(listener, npi, f"slow-{place}")
        post.register(quick, FAMILY_DOCTOR, "quick")
        with post.working():
            for npi in numbers:
                post.owe(npi, AT_ONCE_PER_PARTNER + 1)
            until(lambda: counting.now == STALLED * AT_ONCE_PER_PARTNER)
            post.owe(FAMILY_DOCTOR, 2)
            until(lambda: len(quick.posts()) == 2)
            assert counting.now == counting.most == STALLED * AT_ONCE_PER_PARTNER
            counting.go.set()
            until(lambda: post.standing() == 0)
