"""IPv4 ranges as whole numbers: parsed strictly, compared fast, shown as they are written."""

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Problem = Literal["ipv6", "zeros", "prefix", "no_prefix", "octet", "not_a_range"]

_SHAPE: Final = re.compile(r"(\d{1,10})\.(\d{1,10})\.(\d{1,10})\.(\d{1,10})(?:/(\d{1,10}))?", re.ASCII)
_IPV6: Final = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(/\d+)?", re.ASCII)


class Range(NamedTuple):
    """Both ends belong to it. ``host_bits`` tells that the text had an address where the network stands."""

    first: int
    last: int
    prefix: int
    host_bits: bool = False

    def __str__(self) -> str:
        return f"{show(self.first)}/{self.prefix}"

    @property
    def size(self) -> int:
        """How many addresses."""
        return self.last - self.first + 1

    def overlaps(self, other: "Range") -> bool:
        """Whether they share an address."""
        return self.first <= other.last and other.first <= self.last

    def contains(self, other: "Range") -> bool:
        """Whether the other lies inside (or is the same)."""
        return self.first <= other.first and other.last <= self.last

    def holds(self, address: int) -> bool:
        """Whether the address lies inside."""
        return self.first <= address <= self.last


def show(address: int) -> str:
    """An address in dotted form."""
    return f"{address >> 24 & 255}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


@lru_cache(maxsize=65536)
def parse(text: str) -> Range | Problem:
    """``d.d.d.d/n`` as a range, or what is wrong with it. Surrounding blanks don't count."""
    problem = _problem(text.strip(), prefix=True)
    if problem:
        return problem
    from netaddr import IPNetwork

    network = IPNetwork(text.strip())
    return Range(int(network.first), int(network.last), network.prefixlen, network.value != network.first)


@lru_cache(maxsize=4096)
def parse_address(text: str) -> int | Problem:
    """``d.d.d.d`` as a number, or what is wrong with it."""
    problem = _problem(text.strip(), prefix=False)
    if problem:
        return problem
    from netaddr import IPAddress

    return int(IPAddress(text.strip()))


def _problem(text: str, *, prefix: bool) -> Problem | None:
    match = _SHAPE.fullmatch(text)
    if not match:
        return "ipv6" if _IPV6.fullmatch(text) else "not_a_range"
    *octets, bits = match.groups()
    if any(len(octet) > 1 and octet.startswith("0") for octet in octets):
        return "zeros"
    if any(int(octet) > 255 for octet in octets):
        return "octet"
    if bits is None:
        return "no_prefix" if prefix else None
    if not prefix:
        return "not_a_range"
    if len(bits) > 1 and bits.startswith("0"):
        return "zeros"
    return "prefix" if int(bits) > 32 else None


def known(text: str) -> Range:
    """A range that is certain to be one: for constants, which netaddr need not be imported for."""
    match = _SHAPE.fullmatch(text)
    assert match is not None, text
    *octets, bits = (int(part) for part in match.groups())
    first = sum(octet << shift for octet, shift in zip(octets, (24, 16, 8, 0), strict=True))
    return Range(first, first + (1 << (32 - bits)) - 1, bits)


def of(text: str | None) -> Range | None:
    """The range, or None where there is none or it can't be read (another finding says so)."""
    found = parse(text) if text else None
    return found if isinstance(found, Range) else None


RESERVED: Final = tuple(
    known(t) for t in ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
)
PLATFORM_ADDRESS: Final = known("168.63.129.16/32")
UNUSABLE: Final = tuple(known(t) for t in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"))
PRIVATE: Final = tuple(
    known(t) for t in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15")
)
"""Ranges that no host on the Internet has (RFC 1918, RFC 6598, RFC 2544)."""
EVERYTHING: Final = known("0.0.0.0/0")
