"""Only allowed hosts are called, and only at public addresses, whatever their name says."""

import time

import pytest

from second_opinion.delivery.gate import Gate, Refused, Unreachable

PUBLIC, OTHER = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"


def gate(*addresses: str, loopback: bool = False, allowed: str = "ehr.example") -> Gate:
    return Gate(lambda: [allowed], loopback=loopback, resolve=lambda *_: list(addresses))


@pytest.mark.parametrize("url", ["https://ehr.example/fhir", "https://EHR.example.:8443/fhir/Task?x=1"])
def test_a_host_on_the_list_may_be_called(url: str) -> None:
    gate(PUBLIC).check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/fhir",
        "https://ehr.example.evil.example/",
        "https://evil.example/ehr.example",
        "https://ehr.example@evil.example/",
        "https://user:word@ehr.example/",
        "http://ehr.example/fhir",
        "ftp://ehr.example/",
        "file:///etc/passwd",
        "https:///fhir",
        "https://ehr.example:99999/",
        "https://[::1/",
        "",
    ],
)
def test_every_other_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        gate(PUBLIC).check(url)


@pytest.mark.parametrize("listed", ["::1", "[::1]"])
def test_an_ipv6_literal_is_listed_with_or_without_brackets(listed: str) -> None:
    gate("::1", loopback=True, allowed=listed).check("http://[::1]:8080/fhir")


@pytest.mark.parametrize("address", [PUBLIC, OTHER])
def test_a_public_address_is_connected_to_over_https(address: str) -> None:
    assert gate(address).way("https", "ehr.example", 443, 1) == (address, 443)


@pytest.mark.parametrize("loopback", [False, True])
@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.5",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "fe80::1%eth0",
        "fd00::1",
        "fec0::1",
        "ff02::1",
        "::",
        "::ffff:10.0.0.5",
        "::10.0.0.5",
        "64:ff9b::a00:5",
        "64:ff9b::c0a8:101",
        "2002:a00:5::1",
    ],
)
def test_private_and_link_local_addresses_are_refused_even_when_the_host_is_listed(
    address: str, *, loopback: bool
) -> None:
    with pytest.raises(Refused):
        gate(address, loopback=loopback).way("https", "ehr.example", 443, 1)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_loopback_is_called_only_where_the_setting_allows_it_and_then_over_http_too(address: str) -> None:
    with pytest.raises(Refused):
        gate(address).way("https", "ehr.example", 443, 1)
    for scheme in ("http", "https"):
        assert gate(address, loopback=True).way(scheme, "ehr.example", 80, 1) == (address, 80)


def test_http_is_refused_outside_loopback_whatever_the_setting() -> None:
    with pytest.raises(Refused):
        gate(PUBLIC, loopback=True).way("http", "ehr.example", 80, 1)


@pytest.mark.parametrize("other", ["127.0.0.1", "10.0.0.5"])
def test_a_name_with_one_good_and_one_bad_address_is_refused(other: str) -> None:
    for addresses in ((PUBLIC, other), (other, PUBLIC)):
        with pytest.raises(Refused):
            gate(*addresses, loopback=True).way("https", "ehr.example", 443, 1)


def test_loopback_hosts_must_be_on_the_list_too() -> None:
    with pytest.raises(Refused):
        gate("127.0.0.1", loopback=True).check("http://127.0.0.1/fhir")


def test_a_name_without_address_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        gate().way("https", "ehr.example", 443, 1)
    with pytest.raises(Unreachable):
        Gate(lambda: ["x.invalid"], loopback=False, resolve=_unknown).way("https", "x.invalid", 443, 1)


def test_a_name_service_that_does_not_answer_is_not_waited_for() -> None:
    began = time.monotonic()
    slow = Gate(lambda: ["ehr.example"], loopback=False, resolve=_slow)
    with pytest.raises(Unreachable):
        slow.way("https", "ehr.example", 443, 0.05)
    assert time.monotonic() - began < 1


def _unknown(*_: object) -> list[str]:
    raise OSError


def _slow(*_: object) -> list[str]:
    time.sleep(2)
    return [PUBLIC]
