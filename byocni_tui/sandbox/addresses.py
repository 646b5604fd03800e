"""The names and addresses by which this machine can be called, for a server that listens on all of them."""

import fcntl
import socket
import struct
from typing import Final

WILDCARDS: Final = ("0.0.0.0", "::")

_SIOCGIFADDR: Final = 0x8915


def names_of_this_machine() -> list[str]:
    """The address that others most likely reach first, then the others, and the host's names; never loopback's unless
    there is nothing else. No packet is sent."""
    found = [_routed(), *_interfaces(), *_resolved()]
    outside = [one for one in dict.fromkeys(found) if one and not one.startswith("127.")]
    return [*outside, *_named()] or ["127.0.0.1"]


def _routed() -> str:
    """The source address of packets to the outside."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("203.0.113.1", 9))
        except OSError:
            return ""
        return str(sock.getsockname()[0])


def _interfaces() -> list[str]:
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(sock, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue  # an interface without an IPv4 address, or a system that has no such question
            found.append(socket.inet_ntoa(answer[20:24]))
    return found


def _resolved() -> list[str]:
    try:
        return socket.gethostbyname_ex(socket.gethostname())[2]
    except OSError:
        return []


def _named() -> list[str]:
    return [one.lower() for one in dict.fromkeys((socket.gethostname(), socket.getfqdn())) if one]
