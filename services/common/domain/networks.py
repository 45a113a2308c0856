"""Networks of clients: by which their attempts are counted, and by which a log may name them."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_NAT64: Final = ip_network("64:ff9b::/96")


def network_of(address: str) -> str:
    """The key by which attempts of a client are counted: an IPv4 address, or the /64 of an IPv6 address.

    One household owns a whole /64. An IPv6 address that stands for an IPv4 address (`::ffff:a.b.c.d`) counts as that one.
    Text that is no address is its own key.
    """
    return _prefix(address, 32, 64, otherwise=address)


def network_prefix(address: str) -> str:
    """The /24 of an IPv4 address, or the /48 of an IPv6 address: a whole address would name a household. Else empty."""
    return _prefix(address, 24, 48, otherwise="")


def _prefix(address: str, bits4: int, bits6: int, *, otherwise: str) -> str:
    try:
        parsed = _plain(ip_address(address.partition("%")[0]))
    except ValueError:
        return otherwise
    bits = bits4 if isinstance(parsed, IPv4Address) else bits6
    return str(ip_network((parsed, bits), strict=False))


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for: mapped, 6to4, Teredo or NAT64. Else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
