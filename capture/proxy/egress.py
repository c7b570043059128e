"""Where a capture may connect to: the public internet, and what the settings allow by name.

The rule is applied to the address a socket is about to connect to, never to a URL: names,
redirects, odd spellings of numbers and DNS rebinding all end there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: the upper half of an interface identifier before an IPv4 address

_OTHERS = (
    (IPv4Network("192.0.0.0/24"), "a protocol's or a metadata"),  # RFC 6890; Oracle's cloud answers at 192.0.0.192
    (IPv4Network("192.88.99.0/24"), "a relay's"),  # RFC 7526
    (IPv4Network("168.63.129.16/32"), "a metadata"),  # Azure's, in public space
    (IPv6Network("3fff::/20"), "a documentation"),  # RFC 9637
    (IPv6Network("5f00::/16"), "a segment's"),  # RFC 9602
)
"""What Python's releases do not know, or know differently: network, and its kind."""


def refusal(address: str) -> str | None:
    """Why `address` (a literal IPv4 or IPv6 address) must not be connected to; None if it may.

    Refused are loopback, private and unique local, link-local, shared (RFC 6598), multicast,
    unspecified, documentation and reserved addresses, also where an IPv6 address carries an
    IPv4 one (mapped, 6to4, Teredo, NAT64, ISATAP), and where clouds answer with a machine's credentials.
    Source: the IANA special-purpose address registries.
    """
    parsed = ip_address(address.partition("%")[0])
    for candidate in (parsed, *_carried(parsed)):
        kind = _special_kind(candidate)
        if kind is not None:
            return f"{address} is {kind} address"
    return None


def allowed_by_name(host: str, port: int, allow_hosts: Collection[str]) -> bool:
    """Whether the settings allow `host` on `port`, wherever it leads.

    An entry is a name or address, alone (any port) or with `:port`; IPv6 addresses with a
    port stand in brackets. Names are compared without case and without a final dot.
    """
    name = _name(host)
    return any(
        name == entry_name and entry_port in (None, port) for entry_name, entry_port in map(_parse_entry, allow_hosts)
    )


def _carried(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses inside an IPv6 one."""
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def _special_kind(address: Address) -> str | None:
    for network, kind in _OTHERS:
        if address.version == network.version and address in network:
            return kind
    if address.is_unspecified:
        return "the unspecified"
    if address.is_loopback:
        return "a loopback"
    if address.is_link_local:
        return "a link-local"
    if address.is_multicast:
        return "a multicast"
    if isinstance(address, IPv6Address):
        # judged by what they carry; Python's releases differ over the kind of 6to4 itself
        if address.ipv4_mapped is not None or address.sixtofour is not None:
            return None
        if address.is_site_local:
            return "a site-local"
        if address in _NAT64:
            return None
        if address in _NAT64_LOCAL:
            return "a private"
    if address.is_private:
        return "a private"
    if address.is_reserved or not address.is_global:
        return "a reserved"
    return None


def _parse_entry(entry: str) -> tuple[str, int | None]:
    entry = entry.strip()
    if entry.startswith("["):
        host, _, rest = entry[1:].partition("]")
        port = rest.removeprefix(":")
    elif entry.count(":") == 1:
        host, _, port = entry.partition(":")
    else:
        host, port = entry, ""
    return _name(host), int(port) if port.isdigit() else None


def _name(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
