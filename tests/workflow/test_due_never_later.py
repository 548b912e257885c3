"""Whatever is learned, in whatever order and however long it takes: no due time of the answer ever moves later."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import small_directory
from desks import MONDAY, Caller, Json, Service, service, status_of
from second_opinion.workflow.sweep import sweep
from small_directory import CLOSED, INSIDE, MEMBERS, NUCC, OPEN, OUTSIDE, UNKNOWN, UNSTATED
from small_orders import an_order, condition, provider, reason
from workflow.informing import PHONE_LOG, clocks, code, doctor, fact, staff, tell

OF_THE_ANSWER = ("decide", "renderOpinion", "handbook72h", "delayNoticeLatest")
PENDED = frozenset({"pended-clinician", "pended-network", "pended-eligibility", "information-requested"})
NUMBERS = count(1)

Step = Callable[["Story"], None]


class Story:
    """One case, and everything that happens to it."""

    def __init__(self, harbor: Service, ehr: Caller, reviewer: Caller, order: Json) -> None:
        self.harbor, self.ehr, self.reviewer = harbor, ehr, reviewer
        self.number = f"ORD-{next(NUMBERS)}"
        self.order = an_order(self.number, member=MEMBERS[0], **order)
        self.harbor.clock.at = MONDAY
        self.task = ehr.task(ehr.submit(self.order))

    def now(self) -> Json:
        """The case's Task as it stands."""
        return self.ehr.read(f"Task/{self.task['id']}")

    def change(self, **changes: object) -> None:
        """The order changed by its submitter."""
        self.order = self.order | {"id": self.task["focus"]["reference"].partition("/")[2]} | changes
        self.ehr.put(self.order)


def said(given: Json) -> Step:
    def step(story: Story) -> None:
        tell(story.reviewer, story.task, given)

    return step


def changed(**changes: object) -> Step:
    return lambda story: story.change(**changes)


def time_passes(hours: int) -> Step:
    def step(story: Story) -> None:
        story.harbor.clock.move(hours=hours)
        sweep(story.harbor.desk)

    return step


def specialty(npi_code: str) -> Json:
    return {"coding": [{"system": NUCC, "code": npi_code}]}


CHANGES: list[Json] = [
    {"priority": "urgent"},
    {"priority": "routine"},
    {"occurrenceDateTime": "2026-09-01"},
    {"occurrenceDateTime": "2026-12-01"},
    {"performer": [provider(UNKNOWN)]},
    {"reasonCode": [condition("M17.11")]},
    {"reasonCode": [condition("M17.11"), reason("serious-condition")]},
    {"requester": provider(OUTSIDE)},
]
STEPS = st.one_of(
    st.integers(1, 100).map(time_passes),
    st.sampled_from(
        [
            code("urgency", "urgent"),
            code("in-network-alternative", "no", PHONE_LOG),
            code("in-network-alternative", "yes", PHONE_LOG),
            code("in-network-alternative", "unknown", PHONE_LOG),
            code("requester-kind", "member-or-representative", "by phone"),
            code("requester-kind", "other", "by phone"),
            code("requester-kind", "treating-participating", "by phone"),
            code("reason", "serious-condition"),
            fact("reason", valueString="not sure"),
            code("specialty", UNSTATED[0]),
            code("specialty", CLOSED[0]),
            code("opinion-number", "3"),
            code("opinion-number", "2"),
            code("requested-provider", "unspecified"),
            doctor("requested-provider", OUTSIDE),
            doctor("requested-provider", INSIDE[OPEN[0]]),
            doctor("initial-provider", UNKNOWN),
            code("care-source", "unknown"),
        ]
    ).map(said),
    st.sampled_from(CHANGES).map(lambda changes: changed(**changes)),
)
ORDERS: st.SearchStrategy[Json] = st.sampled_from(
    [
        {"performer": [provider(OUTSIDE)]},
        {"performer": [provider(OUTSIDE)], "priority": "urgent", "performerType": specialty(UNSTATED[0])},
        {"performer": [provider(OUTSIDE)], "performerType": specialty(UNSTATED[0])},
        {"performer": [provider(OUTSIDE)], "performerType": specialty(CLOSED[0]), "reasonCode": [condition("M17.11")]},
        {"requester": provider(OUTSIDE), "performer": [provider(OUTSIDE)], "performerType": specialty(CLOSED[0])},
    ]
)


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Caller, Caller]]:
    folder = Path(tmp_path_factory.mktemp("never-later"))
    with service(folder, directory=[small_directory.write(folder)]) as running:
        yield running, running.partner("ehr"), staff(running, "doc", "physician")


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(order=ORDERS, steps=st.lists(STEPS, min_size=1, max_size=7))
def test_no_sequence_of_facts_moves_a_due_time_of_the_answer_later(
    callers: tuple[Service, Caller, Caller], order: Json, steps: list[Step]
) -> None:
    harbor, ehr, reviewer = callers
    # Each story is about a condition of its own, or it would be the same question as the one before.
    order = order | {"reasonCode": [condition(f"Z{next(NUMBERS)}"), *order.get("reasonCode", [])[1:]]}
    story = Story(harbor, ehr, reviewer, order)
    before = story.task
    for step in steps:
        step(story)
        after = story.now()
        earlier, later = clocks(before), clocks(after)
        for name in OF_THE_ANSWER:
            if name in earlier:
                assert later[name] <= earlier[name], name
        assert after["authoredOn"] == before["authoredOn"]
        assert after["restriction"]["period"]["end"] <= before["restriction"]["period"]["end"]
        if status_of(after) in PENDED:
            assert after["restriction"]["period"]["end"] == min(later["decide"], later.get("handbook72h", "9"))
        before = after


@pytest.mark.parametrize("hours", [0, 1, 30, 71])
def test_only_a_physicians_downgrade_moves_it_and_it_then_counts_from_receipt(
    callers: tuple[Service, Caller, Caller], hours: int
) -> None:
    harbor, ehr, reviewer = callers
    order = {"performer": [provider(OUTSIDE)], "priority": "stat", "reasonCode": [condition(f"Z{next(NUMBERS)}")]}
    story = Story(harbor, ehr, reviewer, order)
    assert clocks(story.task)["decide"] == "2026-10-08T16:00:00.000Z"
    harbor.clock.move(hours=hours)

    tell(reviewer, story.task, code("urgency", "standard", "No threat within 72 hours"))

    assert clocks(story.now())["decide"] == "2026-10-12T16:00:00.000Z"
