"""Only public addresses are connected to, and what the settings allow by name."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.proxy.egress import allowed_by_name, refusal
from capture.proxy.guard import DOOR, Door, GuardedLoop


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "a loopback"),
        ("127.255.255.254", "a loopback"),
        ("::1", "a loopback"),
        ("0.0.0.0", "the unspecified"),
        ("::", "the unspecified"),
        ("10.1.2.3", "a private"),
        ("172.16.0.1", "a private"),
        ("192.168.1.1", "a private"),
        ("fc00::1", "a private"),
        ("fdff::1", "a private"),
        ("169.254.169.254", "a link-local"),  # where clouds keep their credentials
        ("fe80::1", "a link-local"),
        ("fe80::1%eth0", "a link-local"),
        ("fec0::1", "a site-local"),
        ("100.64.0.1", "a reserved"),  # RFC 6598
        ("192.0.2.1", "a private"),
        ("198.18.0.1", "a private"),
        ("240.0.0.1", "a private"),
        ("255.255.255.255", "a private"),
        ("224.0.0.1", "a multicast"),
        ("ff02::1", "a multicast"),
        ("::ffff:127.0.0.1", "a loopback"),
        ("::ffff:10.0.0.1", "a private"),
        ("::127.0.0.1", "a reserved"),
        ("2002:7f00:0001::", "a loopback"),  # 6to4
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", "a private"),  # Teredo
        ("64:ff9b::127.0.0.1", "a loopback"),  # NAT64
        ("64:ff9b::a00:1", "a private"),
        ("64:ff9b:1::1", "a private"),
        ("2001:db8::1", "a private"),
        ("2001:db8:7::5efe:127.0.0.1", "a private"),
        ("2606:4700::5efe:127.0.0.1", "a loopback"),  # ISATAP
        ("2606:4700::200:5efe:10.1.2.3", "a private"),
        ("192.0.0.8", "a protocol's or a metadata"),
        ("192.0.0.192", "a protocol's or a metadata"),  # where Oracle's cloud keeps its credentials
        ("168.63.129.16", "a metadata"),  # Azure's
        ("::ffff:168.63.129.16", "a metadata"),
        ("64:ff9b::c000:c0", "a protocol's or a metadata"),
        ("192.88.99.1", "a relay's"),
        ("3fff::1", "a documentation"),
        ("5f00::1", "a segment's"),
    ],
)
def test_an_address_that_is_not_public_is_refused_and_its_kind_named(address: str, kind: str) -> None:
    reason = refusal(address)
    assert reason == f"{address} is {kind} address"


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::"]
)
def test_a_public_address_is_not_refused(address: str) -> None:
    assert refusal(address) is None


@given(st.integers(0, 2**32 - 1))
def test_an_address_inside_another_is_judged_like_itself(number: int) -> None:
    plain = IPv4Address(number)
    refused = refusal(str(plain)) is not None
    assert refused or plain.is_global
    for carrier in (0xFFFF << 32 | number, 0x64FF9B << 96 | number):
        assert (refusal(str(IPv6Address(carrier))) is not None) == refused


def test_what_is_no_address_is_an_error() -> None:
    with pytest.raises(ValueError, match="example"):
        refusal("example.org")


@pytest.mark.parametrize(
    ("host", "port", "entry", "allowed"),
    [
        ("127.0.0.1", 28181, "127.0.0.1:28181", True),
        ("127.0.0.1", 28182, "127.0.0.1:28181", False),
        ("127.0.0.1", 1, "127.0.0.1", True),
        ("Intranet.gov.in.", 443, "intranet.gov.in", True),
        ("intranet.gov.in", 443, " INTRANET.gov.in:443 ", True),
        ("sub.intranet.gov.in", 443, "intranet.gov.in", False),
        ("intranet.gov.in.evil.example", 443, "intranet.gov.in", False),
        ("::1", 80, "[::1]:80", True),
        ("::1", 81, "[::1]:80", False),
        ("[::1]", 81, "::1", True),
        ("localhost", 80, "", False),
        ("2130706433", 80, "127.0.0.1", False),
    ],
)
def test_settings_allow_a_name_or_a_name_with_its_port(host: str, port: int, entry: str, allowed: bool) -> None:
    assert allowed_by_name(host, port, [entry]) is allowed


@pytest.fixture
def listener() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def connect(address: tuple[str, int], door: Door | None) -> None:
    async def go() -> None:
        DOOR.set(door)
        _, writer = await asyncio.open_connection(*address)
        writer.close()
        await writer.wait_closed()

    with asyncio.Runner(loop_factory=GuardedLoop) as runner:
        runner.run(go())


def test_the_loop_connects_where_the_settings_opened_the_door(listener: tuple[str, int]) -> None:
    door = Door(open=True)
    connect(listener, door)
    assert door.refused is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433"])
def test_the_loop_refuses_the_address_a_name_leads_to(host: str, listener: tuple[str, int]) -> None:
    door = Door(open=False)
    with pytest.raises(OSError, match=r"refused: .* is a loopback address"):
        connect((host, listener[1]), door)
    assert door.refused in ("127.0.0.1 is a loopback address", "::1 is a loopback address")


def test_without_a_door_nothing_is_allowed(listener: tuple[str, int]) -> None:
    with pytest.raises(ConnectionRefusedError, match="loopback"):
        connect(listener, None)


def test_after_one_refused_address_of_a_name_the_others_are_refused_too() -> None:
    door = Door(open=False, refused="10.0.0.1 is a private address")
    with pytest.raises(ConnectionRefusedError, match=r"10\.0\.0\.1"):
        connect(("93.184.216.34", 80), door)
