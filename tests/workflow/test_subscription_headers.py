"""The headers of a subscription are its owner's secrets: sealed where they are kept, and never guessed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from delivery.listening import Listener
from desks import Caller, Service
from second_opinion import app, production
from second_opinion.access.keys import WrongKeyFile
from second_opinion.access.sealing import FILE, Seal
from second_opinion.settings import Settings
from second_opinion.store import tables
from small_orders import PENDED, an_order
from subscriptions import a_subscription, notified, put, subscribe, subscribed, told, work_off

Json = dict[str, Any]
LINE = "Authorization: Bearer marked-s3cr3t-value"
MARKED = "marked-s3cr3t-value"


@pytest.fixture
def hooked(tmp_path: Path, database_url: str) -> Iterator[tuple[Service, Caller, Listener]]:
    with subscribed(tmp_path, url=database_url) as three:
        yield three


def everything_kept(service: Service) -> str:
    """Every row of every table, as text, and the files of an embedded database."""
    database = service.desk.store._database
    names = (each.name for each in _tables())
    rows = "".join(str([tuple(map(_plain, row)) for row in database.fetch(f"SELECT * FROM {name}")]) for name in names)  # noqa: S608 - our own words
    url = service.desk.settings.database_url or ""
    files = [Path(url.removeprefix("sqlite:///"))] if url.startswith("sqlite") else []
    bodies = [each.read_bytes() for file in files for each in file.parent.glob(f"{file.name}*") if each.is_file()]
    return rows + "".join(body.decode("latin-1") for body in bodies)


def _tables() -> list[Any]:
    return list(tables.metadata.tables.values())


def _plain(value: object) -> object:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else value


def test_a_header_is_nowhere_in_the_database_and_arrives_exactly(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    subscription = subscribe(ehr, listener, service.desk, channel={"header": [LINE]})
    assert put(ehr, subscription, reason="Another reason", status="requested") == 200
    work_off(service.desk)

    assert {each.headers["authorization"] for each in listener.posts()} == {"Bearer marked-s3cr3t-value"}
    kept = everything_kept(service)
    assert subscription["id"] in kept
    assert MARKED not in kept
    assert oct((service.desk.settings.data_folder / "keys" / FILE).stat().st_mode)[-3:] == "600"


def test_its_owner_reads_them_as_they_were_sent(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    subscription = subscribe(ehr, listener, service.desk, channel={"header": [LINE]})
    address = f"Subscription/{subscription['id']}"

    entries = ehr.found("Subscription")
    history = [each["resource"] for each in ehr.read(f"{address}/_history")["entry"]]
    versions = [ehr.read(address), ehr.read(f"{address}/_history/1"), *entries, *history]
    assert [each["channel"]["header"] for each in versions] == [[LINE]] * 5


def test_the_same_headers_sent_again_need_no_new_handshake(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    subscribe(ehr, listener, service.desk, channel={"header": [LINE]})
    (subscription,) = ehr.found("Subscription")

    address = f"Subscription/{subscription['id']}"

    assert put(ehr, subscription) == 200
    assert ehr.read(address)["status"] == "active"
    assert put(ehr, subscription, channel=subscription["channel"] | {"header": ["X-Other: 1"]}) == 200
    assert ehr.read(address)["status"] == "requested"


@pytest.mark.parametrize("what", ["missing", "changed", "spoiled"])
def test_a_key_that_is_gone_is_an_error_of_the_subscription_until_it_is_sent_again(
    hooked: tuple[Service, Caller, Listener], what: str
) -> None:
    service, ehr, listener = hooked
    subscription = subscribe(ehr, listener, service.desk, channel={"header": [LINE]})
    key = service.desk.settings.data_folder / "keys" / FILE
    _spoil(key, what)
    desk = app.desk_on(service.desk.settings, service.desk.store, service.desk.now)  # as started again
    before = len(listener.posts())

    order = an_order("ORD-1", **PENDED)
    answered = ehr.submit(order)
    ehr.put(an_order("ORD-1", id=ehr.order(answered)["id"]))
    work_off(desk)

    kept = ehr.read(f"Subscription/{subscription['id']}")
    assert (kept["status"], len(listener.posts())) == ("error", before)
    assert "key that sealed" in kept["error"]

    key.unlink(missing_ok=True)
    again = app.desk_on(service.desk.settings, service.desk.store, service.desk.now)
    ehr = Service(again, service.clock, app.application(again)).caller("ehr")
    assert put(ehr, subscription, status="requested") == 200
    work_off(again)
    assert told(notified(listener)[before])["type"] == "handshake"


def _spoil(key: Path, what: str) -> None:
    if what == "spoiled":
        key.write_text("{}")
        return
    key.unlink()
    if what == "changed":
        Seal(key).sealed("another key")


def test_a_key_file_that_holds_no_key_seals_nothing_and_opens_nothing(tmp_path: Path) -> None:
    sealed = Seal(tmp_path / "one.json").sealed(LINE)
    (tmp_path / "other.json").write_text("{}")

    assert Seal(tmp_path / "one.json").opened(sealed) == LINE
    assert Seal(tmp_path / "other.json").opened(sealed) is None
    assert Seal(tmp_path / "one.json").opened(LINE) is None
    with pytest.raises(WrongKeyFile, match="must hold"):
        Seal(tmp_path / "other.json").sealed(LINE)


def test_production_refuses_a_sealing_key_others_can_read(tmp_path: Path) -> None:
    key = tmp_path / "keys" / FILE
    Seal(key).sealed("x")
    settings = Settings.load({}, data_folder=tmp_path, production=True)
    safe = [each for each in production.unsafe(settings, clock=False) if each.startswith("DATA_FOLDER")]
    key.chmod(0o640)

    assert safe == []
    assert [each[:11] for each in production.unsafe(settings, clock=False) if "0600" in each] == ["DATA_FOLDER"]


def test_a_subscription_without_headers_needs_no_key(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, _ = hooked

    assert ehr.post("Subscription", a_subscription(hooked[2].url)).status_code == 201
    assert not (service.desk.settings.data_folder / "keys" / FILE).exists()
