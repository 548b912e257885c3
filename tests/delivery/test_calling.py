"""One call goes to the checked address, ends in time, follows no redirect away, and reads no endless answer."""

import time
from collections.abc import Callable

import pytest

from delivery.listening import Answer, Listener, Request, listening
from second_opinion.delivery.calling import LONGEST_ANSWER, Calls, Reply
from second_opinion.delivery.gate import Gate, Refused, Unreachable

PATIENCE = 0.4  # seconds


def calls(*hosts: str, addresses: Callable[[], list[str]] = lambda: ["127.0.0.1"]) -> Calls:
    allowed = hosts or ("127.0.0.1",)
    return Calls(Gate(lambda: allowed, loopback=True, resolve=lambda *_: addresses()), PATIENCE)


def post(listener: Listener, path: str = "/Communication") -> Reply:
    return calls().call("POST", f"{listener.url}{path}", {"Content-Type": "application/fhir+json"}, b"{}")


def always(answer: Answer) -> Callable[[Request], Answer]:
    return lambda _: answer


def test_the_answer_is_handed_back() -> None:
    with listening(always(Answer(422, {"Retry-After": "3"}, b"no"))) as listener:
        reply = post(listener)

    assert (reply.status, reply.headers["retry-after"], reply.body) == (422, "3", b"no")
    assert [(each.method, each.path, each.body) for each in listener.requests] == [
        ("POST", "/fhir/Communication", b"{}")
    ]


@pytest.mark.parametrize(
    "answer", [Answer(pause=2), Answer(200, {"Content-Length": "1000", "X-Slow": "y"}, b"x", pause=2)]
)
def test_a_host_that_stalls_is_left_in_time(answer: Answer) -> None:
    began = time.monotonic()
    with listening(always(answer)) as listener, pytest.raises(Unreachable, match="in time"):
        post(listener)
    assert time.monotonic() - began < 4 * PATIENCE


def test_an_answer_that_drips_is_cut_and_its_status_holds() -> None:
    began = time.monotonic()
    with listening(always(Answer(201, body=b"x" * 1000, drip=0.05))) as listener:
        assert post(listener).ok
    assert time.monotonic() - began < 4 * PATIENCE


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    with listening(always(Answer(200, body=b"x" * (LONGEST_ANSWER + 10_000)))) as listener:
        assert len(post(listener).body) == LONGEST_ANSWER


def test_nobody_listening_is_unreachable() -> None:
    with listening() as listener:
        pass
    with pytest.raises(Unreachable):
        post(listener)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target", ["http://localhost:1/fhir/Communication", "http://10.0.0.5/x", "//other.example/", "https://127.0.0.1/"]
)
def test_a_redirect_to_another_host_or_scheme_is_not_followed(status: int, target: str) -> None:
    with listening(always(Answer(status, {"Location": target}))) as listener, pytest.raises(Refused):
        post(listener)
    assert len(listener.requests) == 1


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_on_the_host_is_followed_with_the_whole_message(status: int) -> None:
    def answer(request: Request) -> Answer:
        return Answer(status, {"Location": "/fhir/v2"}) if request.path != "/fhir/v2" else Answer(201)

    with listening(answer) as listener:
        assert post(listener).status == 201
    assert [(each.path, each.body) for each in listener.requests] == [
        ("/fhir/Communication", b"{}"),
        ("/fhir/v2", b"{}"),
    ]


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_lose_the_message_is_refused(status: int) -> None:
    with listening(always(Answer(status, {"Location": "/fhir/v2"}))) as listener, pytest.raises(Refused):
        post(listener)


def test_redirects_in_a_circle_end() -> None:
    with listening(always(Answer(307, {"Location": "/fhir/Communication"}))) as listener, pytest.raises(Refused):
        post(listener)
    assert len(listener.requests) == 4


def test_a_name_that_moves_to_a_private_address_between_check_and_call_is_refused() -> None:
    answers = iter([["10.0.0.5"]])
    with pytest.raises(Refused, match="private"):
        calls("ehr.example", addresses=lambda: next(answers)).call("POST", "http://ehr.example/fhir", {}, b"{}")


def test_the_name_is_resolved_once_and_the_connection_goes_to_that_address() -> None:
    answers = iter([["127.0.0.1"]])
    with listening() as listener:
        reply = calls("ehr.example", addresses=lambda: next(answers)).call(
            "POST", f"http://ehr.example:{listener.port}/fhir/Task", {}, b"{}"
        )
    assert reply.status == 201
    assert listener.requests[0].headers["host"] == f"ehr.example:{listener.port}"


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://10.0.0.5:3128")
    with listening() as listener:
        assert post(listener).status == 201
