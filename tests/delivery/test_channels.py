"""What every channel owes, asked of each: a message arrives whole, once, or the channel says why not."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pytest
import responses

from delivery.listening import Answer, listening
from second_opinion.delivery.calling import Calls
from second_opinion.delivery.client import Tokens
from second_opinion.delivery.courier import Courier
from second_opinion.delivery.gate import Gate
from second_opinion.delivery.mail import Mail
from second_opinion.delivery.message import Channel, Destination, Document, HandedOver, Later, Message, Undeliverable

PDF = b"%PDF-1.7 synthetic"
NUMBER = {"system": "https://plan.example/delivery", "value": "SMO-2026-000001-R1"}


def a_message(value: str = "SMO-2026-000001-R1", recipient: str = "Patient/one") -> Message:
    number = NUMBER | {"value": value}
    return Message(
        identifier=number,
        reference="Communication/c1",
        body={"resourceType": "Communication", "identifier": [number], "status": "preparation"},
        recipient={"reference": recipient},
        kind="approval",
        about="SMO-2026-000001",
        address={"line": ["1 Specimen Quay"], "city": "Stockton"},
        documents=(Document("01.pdf", PDF),),
    )


@dataclass
class Way:
    """A channel, what has arrived at its other end, and how to stop it from taking anything."""

    channel: Channel
    arrived: Callable[[], list[dict[str, object]]]  # the identifiers
    block: Callable[[], None]
    unblock: Callable[[], None]
    received: bool


@contextmanager
def by_courier(_: Path) -> Iterator[Way]:
    blocked: list[bool] = []
    with listening(lambda request: Answer(503) if blocked else listener.create(request)) as listener:
        calls = Calls(Gate(lambda: ["127.0.0.1"], loopback=True), 2)
        courier = Courier(calls, Tokens(calls, _no_keys, "second-opinion"))  # type: ignore[arg-type]  # asks for no token
        yield Way(
            courier.to(Destination(listener.url)),
            lambda: [json.loads(body)["identifier"][0] for body in listener.created.values()],
            lambda: blocked.append(True),
            blocked.clear,
            received=True,
        )


@contextmanager
def by_mail(folder: Path) -> Iterator[Way]:
    outbox = folder / "mail" / "outbox"

    def block() -> None:
        outbox.parent.mkdir(parents=True, exist_ok=True)
        outbox.write_text("in the way of the folder")

    yield Way(
        Mail(folder / "mail"),
        lambda: [json.loads(each.read_bytes())["identifier"] for each in sorted(outbox.glob("[!.]*/manifest.json"))],
        block,
        outbox.unlink,
        received=False,
    )


def _no_keys() -> None:
    raise AssertionError


@pytest.fixture(params=[by_courier, by_mail])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    with request.param(tmp_path) as built:
        yield built


def test_a_message_arrives(way: Way) -> None:
    assert way.channel.hand_over(a_message()) == HandedOver(received=way.received)
    assert way.arrived() == [NUMBER]


def test_the_same_message_again_arrives_once(way: Way) -> None:
    for _ in range(3):
        assert isinstance(way.channel.hand_over(a_message()), HandedOver)
    assert way.arrived() == [NUMBER]


def test_two_messages_arrive_as_two(way: Way) -> None:
    for value in ("SMO-2026-000001-R1", "SMO-2026-000001-R2"):
        way.channel.hand_over(a_message(value))
    assert [each["value"] for each in way.arrived()] == ["SMO-2026-000001-R1", "SMO-2026-000001-R2"]


def test_what_cannot_be_taken_now_is_told_and_arrives_later(way: Way) -> None:
    way.block()
    outcome = way.channel.hand_over(a_message())
    assert isinstance(outcome, Later)
    assert outcome.reason

    way.unblock()
    assert isinstance(way.channel.hand_over(a_message()), HandedOver)
    assert way.arrived() == [NUMBER]


# Mail alone


def test_an_envelope_has_its_pdfs_byte_for_byte_and_a_manifest_that_describes_them(tmp_path: Path) -> None:
    Mail(tmp_path / "mail").hand_over(a_message())

    (folder,) = (tmp_path / "mail" / "outbox").iterdir()
    assert folder.name.startswith("SMO-2026-000001-R1-")
    assert sorted(each.name for each in folder.iterdir()) == ["01.pdf", "manifest.json"]
    assert (folder / "01.pdf").read_bytes() == PDF
    assert json.loads((folder / "manifest.json").read_bytes()) == {
        "identifier": NUMBER,
        "kind": "approval",
        "recipient": {"reference": "Patient/one"},
        "address": {"line": ["1 Specimen Quay"], "city": "Stockton"},
        "resource": "Communication/c1",
        "about": "SMO-2026-000001",
        "documents": [{"file": "01.pdf", "size": len(PDF), "sha256": sha256(PDF).hexdigest()}],
    }


def test_two_recipients_of_one_number_get_an_envelope_each(tmp_path: Path) -> None:
    mail = Mail(tmp_path / "mail")
    mail.hand_over(a_message(recipient="Patient/one"))
    mail.hand_over(a_message(recipient="Organization/two"))
    assert len(list((tmp_path / "mail" / "outbox").iterdir())) == 2


def test_an_envelope_the_print_shop_has_taken_away_is_not_made_again(tmp_path: Path) -> None:
    mail = Mail(tmp_path / "mail")
    mail.hand_over(a_message())
    (folder,) = (tmp_path / "mail" / "outbox").iterdir()
    folder.rename(tmp_path / "taken")

    assert mail.hand_over(a_message()) == HandedOver(received=False)
    assert list((tmp_path / "mail" / "outbox").iterdir()) == []


@pytest.mark.parametrize("step", ["before the ledger", "before the name"])
def test_a_process_that_died_in_between_leaves_an_envelope_that_is_finished_once(tmp_path: Path, step: str) -> None:
    mail = Mail(tmp_path / "mail")
    mail.hand_over(a_message())
    (folder,) = (tmp_path / "mail" / "outbox").iterdir()
    folder.rename(folder.with_name(f".{folder.name}"))
    if step == "before the ledger":
        (tmp_path / "mail" / "handed-over" / folder.name).unlink()
        (folder.with_name(f".{folder.name}") / "01.pdf").write_bytes(b"half")

    assert mail.hand_over(a_message()) == HandedOver(received=False)
    assert (folder / "01.pdf").read_bytes() == PDF
    assert len(list((tmp_path / "mail" / "outbox").iterdir())) == 1


@pytest.mark.parametrize("missing", [{"documents": ()}, {"address": None}])
def test_mail_without_document_or_address_is_a_persons_matter(tmp_path: Path, missing: dict[str, None]) -> None:
    assert isinstance(Mail(tmp_path / "mail").hand_over(replace(a_message(), **missing)), Undeliverable)  # type: ignore[arg-type]  # one of its own fields


@pytest.mark.parametrize("value", ["../../etc/passwd", ".hidden", "a/b\\c", "", "x" * 300, "Ünïcode"])
def test_no_number_leads_out_of_the_outbox(tmp_path: Path, value: str) -> None:
    Mail(tmp_path / "mail").hand_over(a_message(value))
    (folder,) = (tmp_path / "mail" / "outbox").iterdir()
    assert not folder.name.startswith(".")
    assert (folder / "01.pdf").exists()


# The courier alone, against answers that no server gives easily


@pytest.fixture
def courier() -> Channel:
    calls = Calls(Gate(lambda: ["ehr.example"], loopback=False), 2)
    return Courier(calls, Tokens(calls, _no_keys, "us")).to(Destination("https://ehr.example/fhir/"))  # type: ignore[arg-type]  # as above


@responses.activate
@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(courier: Channel, status: int) -> None:
    responses.get("https://ehr.example/fhir/.well-known/smart-configuration", status=404)
    responses.post("https://ehr.example/fhir/Communication", status=status)
    assert courier.hand_over(a_message()) == HandedOver(received=True)


@responses.activate
def test_the_condition_escapes_what_a_search_would_read_otherwise(courier: Channel) -> None:
    responses.get("https://ehr.example/fhir/.well-known/smart-configuration", status=404)
    sent = responses.post("https://ehr.example/fhir/Communication", status=201)
    courier.hand_over(a_message("a|b,c$d&e f"))
    condition = sent.calls[0].request.headers["If-None-Exist"]
    assert condition == "identifier=https://plan.example/delivery|a%5C%7Cb%5C%2Cc%5C%24d%26e%20f"
