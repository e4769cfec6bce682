"""Whether an address that a person typed may be reached from here: nothing private, local or of the cloud's own."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection

from sources.ports import Refused, Temporary


def check(host: str, port: int, allowed: Collection[str] = ()) -> list[str]:
    """The addresses of a host that may all be reached.

    One private address among them is enough to refuse it: a name may answer differently the next time.

    Args:
        host: as a person typed it.
        port: to be reached.
        allowed: hosts that the operator vouches for, whatever their addresses.

    Raises Refused `address_not_public`, Temporary `host_unknown`.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Temporary("host_unknown", "There is no such server, or its name cannot be looked up now.") from error
    addresses = sorted({str(entry[4][0]) for entry in found})
    if host.casefold() in {name.casefold() for name in allowed}:
        return addresses
    if not addresses or not all(_public(address) for address in addresses):
        raise Refused(
            "address_not_public",
            "That server is inside a private network. Whoever runs ProSaaS can allow it with PRIVATE_HOSTS.",
        )
    return addresses


def _public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        # An IPv4 address in IPv6's clothes is judged as what it is.
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if inner is not None:
            return inner.is_global
        if parsed in ipaddress.ip_network("64:ff9b::/96"):
            return ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF).is_global
    return parsed.is_global and not parsed.is_multicast
