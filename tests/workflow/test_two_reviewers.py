"""Two reviewers at once: one wins, the other learns that the case is decided; on each kind of database."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

import determinations as given
import small_directory
from desks import Caller, Json, action_of, outputs, service, status_of
from small_orders import PENDED, an_order


@pytest.mark.parametrize("rounds", [3])
def test_one_of_two_determinations_at_once_stands_whole(tmp_path: Path, database_url: str, rounds: int) -> None:
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=database_url) as harbor:
        ehr, first, second = harbor.partner("ehr"), harbor.reviewer("first"), harbor.reviewer("second")
        for number in range(rounds):
            order = an_order(f"ORD-{number}", member=small_directory.MEMBERS[number], **PENDED)
            task = ehr.task(ehr.submit(order))["id"]
            together = Barrier(2)

            def send(caller: Caller, body: Json, task: str = task, together: Barrier = together) -> int:
                together.wait(5)
                return caller.record(task, body).status_code

            with ThreadPoolExecutor(2) as pool:
                sent = [pool.submit(send, first, given.approved()), pool.submit(send, second, given.denied())]
                statuses = [each.result(30) for each in sent]

            assert sorted(statuses) == [200, 409]
            won = "approved" if statuses[0] == 200 else "denied"
            kept = ehr.read(f"Task/{task}")
            assert status_of(kept) == won
            (response,) = outputs(kept, "determination")
            assert action_of(ehr.read(response["reference"])) == {"approved": "A1", "denied": "A3"}[won]


def test_one_of_two_appeals_at_once_is_taken_up(tmp_path: Path, database_url: str) -> None:
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=database_url) as harbor:
        ehr, plan, doctor = harbor.partner("ehr"), harbor.partner("plan", kind="plan"), harbor.reviewer("doctor")
        task = ehr.task(ehr.submit(an_order(**PENDED)))["id"]
        assert doctor.record(task, given.denied()).status_code == 200
        again = harbor.caller("plan")
        together = Barrier(2)

        def send(caller: Caller) -> int:
            together.wait(5)
            return caller.appeal(task, given.appeal()).status_code

        with ThreadPoolExecutor(2) as pool:
            statuses = [each.result(30) for each in [pool.submit(send, plan), pool.submit(send, again)]]

        assert sorted(statuses) == [201, 409]
        assert len(plan.found(f"Task?part-of=Task/{task}")) == 1


def test_a_reviewer_and_new_facts_at_once_leave_one_story(tmp_path: Path, database_url: str) -> None:
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=database_url) as harbor:
        ehr, doctor = harbor.partner("ehr"), harbor.reviewer("doctor")
        answered = ehr.submit(an_order(**PENDED))
        task, order = ehr.task(answered)["id"], ehr.order(answered)
        together = Barrier(2)

        def change() -> int:
            together.wait(5)
            return ehr.put(order | {"priority": "urgent"}).status_code

        def decide() -> int:
            together.wait(5)
            return doctor.record(task, given.denied()).status_code

        with ThreadPoolExecutor(2) as pool:
            changed, decided = (each.result(30) for each in (pool.submit(change), pool.submit(decide)))

        assert decided == 200
        assert changed in {200, 409}
        assert status_of(ehr.read(f"Task/{task}")) == "denied"
