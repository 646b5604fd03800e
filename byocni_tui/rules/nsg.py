"""Effective security rules of one network security group: which rule decides about a flow.

Rules are taken by priority, the custom ones before the defaults, and the first that matches decides, as Azure does it.
A flow is a set of packets (ranges of addresses, a range of ports), so that several rules may decide about its parts;
every part comes out as one ``Decision``. What can't be known (a service tag whose addresses aren't published here, an
application security group) makes a decision uncertain, never wrong.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

Direction = Literal["Inbound", "Outbound"]
Protocol = Literal["Tcp", "Udp", "Icmp", "Esp", "Ah"]
"""The last three have no ports: rules that name some are not about them."""
Span = tuple[int, int]
"""Both ends belong to it: addresses as numbers, or ports."""
Spans = tuple[Span, ...]

INTERNET: Final = 1 << 32
"""Stands for any public host that isn't Azure's."""
AZURE: Final = INTERNET + 1
"""Stands for Azure's own public services."""
WITH_PORTS: Final[tuple[Protocol, ...]] = ("Tcp", "Udp")
ANY_PORT: Final[Span] = (0, 65535)
EVERYWHERE: Final[Span] = (0, AZURE)
IPV4: Final[Span] = (0, INTERNET - 1)
SOURCE_PORT: Final = "source port"
"""Stands among the unknown for a rule that is only for some source ports."""
PIECES: Final = 2000
"""A flow that hostile rules cut into more pieces than this goes on with the first address of each further one."""


class Match(NamedTuple):
    """What one side of a rule names: ``sure`` addresses, and whether there is more that isn't known."""

    sure: Spans
    maybe: Spans = ()
    unknown: tuple[str, ...] = ()


class SecurityRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, read. ``path`` is its place in the group's item (``properties.securityRules[3]``)."""

    name: str
    path: str
    priority: int
    direction: str
    allow: bool
    protocol: str
    source: Match
    destination: Match
    source_ports: Spans
    ports: Spans
    default: bool = False
    raw: dict[str, Any] = {}


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """Packets of one protocol in one direction, from any source port."""

    direction: Direction
    protocol: Protocol
    source: Span
    destination: Span
    ports: Span = ANY_PORT


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a part of a flow, and the very rule that says so (None: no rule matches, so it is dropped).
    ``unknown`` are the things that this rule names and nobody here knows; ``doubts`` those of rules before it that may
    have allowed the part already."""

    allow: bool
    rule: SecurityRule | None
    source: Span
    destination: Span
    ports: Span
    unknown: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether nothing unknown is involved."""
        return not (self.unknown or self.doubts)

    @property
    def area(self) -> int:
        """How many pairs of addresses."""
        return (self.source[1] - self.source[0] + 1) * (self.destination[1] - self.destination[0] + 1)


def merged(spans: Iterable[Span]) -> Spans:
    """The same numbers in as few spans as possible, in order."""
    out: list[Span] = []
    for first, last in sorted(spans):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return tuple(out)


def without(spans: Spans, holes: Spans) -> Spans:
    """What of ``spans`` is in none of ``holes`` (both merged)."""
    out = []
    for first, last in spans:
        for low, high in holes:
            if high < first or low > last:
                continue
            if low > first:
                out.append((first, low - 1))
            first = high + 1
        if first <= last:
            out.append((first, last))
    return tuple(out)


class _Box(NamedTuple):
    source: Span
    destination: Span
    ports: Span
    doubts: tuple[str, ...] = ()


def _split(whole: Span, spans: Spans) -> tuple[list[Span], list[Span]]:
    """The parts of ``whole`` that are in ``spans``, and those that aren't."""
    inside = [
        (max(low, whole[0]), min(high, whole[1]))
        for low, high in spans
        if low <= whole[1] and high >= whole[0]
    ]
    return inside, list(without((whole,), tuple(inside)))


def _cut(box: _Box, sources: Spans, destinations: Spans, ports: Spans) -> tuple[list[_Box], list[_Box]]:
    """A box as the parts that all three name, and the rest."""
    hit: list[_Box] = []
    rest: list[_Box] = []
    inside, outside = _split(box.source, sources)
    rest.extend(box._replace(source=part) for part in outside)
    for source in inside:
        nearer, outside = _split(box.destination, destinations)
        rest.extend(box._replace(source=source, destination=part) for part in outside)
        for destination in nearer:
            named, outside = _split(box.ports, ports)
            rest.extend(_Box(source, destination, part, box.doubts) for part in outside)
            hit.extend(_Box(source, destination, part, box.doubts) for part in named)
    return hit, rest


def decide(rules: Sequence[SecurityRule], flow: Flow) -> tuple[Decision, ...]:
    """What becomes of a flow, part by part. An uncertain denial is reported beside what follows it: the part may be
    denied there, or go on to the next rules."""
    boxes = [_Box(flow.source, flow.destination, flow.ports)]
    out: list[Decision] = []
    for rule in rules:
        if not boxes:
            break
        if rule.direction != flow.direction.lower() or rule.protocol not in ("*", flow.protocol.lower()):
            continue
        if flow.protocol not in WITH_PORTS and (
            rule.ports != (ANY_PORT,) or rule.source_ports != (ANY_PORT,)
        ):
            continue
        left: list[_Box] = []
        for box in boxes:
            hit, rest = _cut(box, rule.source.sure, rule.destination.sure, rule.ports)
            unsure_port = rule.source_ports != (ANY_PORT,)
            if unsure_port:
                # Nodes send from any port: a rule for some source ports meets a part of the packets.
                left.extend(_doubt(rule, hit, (SOURCE_PORT,), out))
            else:
                out.extend(_decision(rule, part) for part in hit)
            left.extend(_maybe(rule, rest, out))
        boxes = (
            left
            if len(left) <= PIECES
            else [_first(box) if i > PIECES else box for i, box in enumerate(left)]
        )
    out.extend(_decision(None, box) for box in boxes)
    return tuple(out)


def _first(box: _Box) -> _Box:
    return box._replace(source=(box.source[0],) * 2, destination=(box.destination[0],) * 2)


def _decision(rule: SecurityRule | None, box: _Box, unknown: tuple[str, ...] = ()) -> Decision:
    return Decision(
        allow=bool(rule and rule.allow),
        rule=rule,
        source=box.source,
        destination=box.destination,
        ports=box.ports,
        unknown=unknown,
        doubts=box.doubts,
    )


def _doubt(
    rule: SecurityRule, hit: list[_Box], names: tuple[str, ...], out: list[Decision]
) -> Iterator[_Box]:
    for box in hit:
        if rule.allow:
            yield box._replace(doubts=(*box.doubts, *names))
        else:
            out.append(_decision(rule, box, names))
            yield box


def _maybe(rule: SecurityRule, rest: list[_Box], out: list[Decision]) -> Iterator[_Box]:
    if not rule.source.maybe and not rule.destination.maybe:
        yield from rest
        return
    sources = merged((*rule.source.sure, *rule.source.maybe))
    destinations = merged((*rule.destination.sure, *rule.destination.maybe))
    names = tuple(dict.fromkeys((*rule.source.unknown, *rule.destination.unknown)))
    for box in rest:
        hit, others = _cut(box, sources, destinations, rule.ports)
        yield from others
        yield from _doubt(rule, hit, names, out)
