"""Networks of clients: what counts as one sender, and what a log may say of it."""

import re
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, strategies as st

from services.common.domain.networks import network_of, network_prefix


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::FFFF:c000:201", "192.0.2.1", True),
        ("0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("64:ff9b::192.0.2.1", "192.0.2.1", True),
        ("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", False),
        ("2002:c000:201:7::1", "192.0.2.1", True),
        ("2001:0:4136:e378:8000:63bf:3fff:fdfe", "192.0.2.1", True),
        ("", "", True),
        ("no address", "no address", True),
    ],
)
def test_addresses_of_one_household_share_a_network(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_counts_the_same_however_it_is_written(address: IPv4Address) -> None:
    number = int(address)
    written = (
        f"::ffff:{address}",
        str(IPv6Address(0xFFFF << 32 | number)),
        str(IPv6Address(0x0064FF9B << 96 | number)),
        str(IPv6Address(0x2002 << 112 | number << 80 | 1)),
    )
    assert {network_of(each) for each in written} == {network_of(str(address))}


@given(st.ip_addresses())
def test_a_log_never_gets_a_whole_address(address: IPv4Address | IPv6Address) -> None:
    prefix = network_prefix(str(address))
    assert re.fullmatch(r"(\d+\.\d+\.\d+\.0/24|[0-9a-f:]+/48)", prefix)


@pytest.mark.parametrize("text", ["", "localhost", "192.0.2.1.5", "ana@example.org"])
def test_text_that_is_no_address_has_no_prefix(text: str) -> None:
    assert network_prefix(text) == ""
