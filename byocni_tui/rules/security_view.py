"""What the rules about a security group look at, and how they complain: the deciding rule named, its place in the facts
as evidence, and a priority in front of it as the way out."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from byocni_tui.plan.finding import Finding, Label, Remedy, Severity
from byocni_tui.rules.actions import allow
from byocni_tui.rules.case import Case
from byocni_tui.rules.landing import Found, node_spans, of_subnet, rules, security_group
from byocni_tui.rules.nsg import (
    ANY_PORT,
    Decision,
    Direction,
    Flow,
    Protocol,
    SecurityRule,
    Span,
    decide,
    merged,
)
from byocni_tui.rules.registry import found
from byocni_tui.rules.resources import subnet_of, subnet_ranges

FIELD: Final = "network.subnet.id"


class Stopped(NamedTuple):
    """A flow, or a part of it, that a rule denies. ``whole`` tells that nothing of the flow gets through, for
    certain."""

    protocol: Protocol
    decision: Decision
    whole: bool = False


class View(NamedTuple):
    """The group, its rules and the nodes' addresses: what all three rules look at."""

    group: Found
    rules: tuple[SecurityRule, ...]
    nodes: tuple[Span, ...]
    subnet: tuple[str, ...]

    def decide(
        self, direction: Direction, protocol: Protocol, ports: Span, to: Span | None = None
    ) -> list[Decision]:
        """What becomes of packets from the nodes to one another, or to an address."""
        return [
            decision
            for source in self.nodes
            for target in ((to,) if to else self.nodes)
            for decision in decide(
                self.rules,
                Flow(direction=direction, protocol=protocol, source=source, destination=target, ports=ports),
            )
        ]

    def stopped(
        self, direction: Direction, protocol: Protocol, ports: int | Span, to: Span | None = None
    ) -> list[Stopped]:
        """The denials that one port, or some ports, meet."""
        out = self.decide(direction, protocol, (ports, ports) if isinstance(ports, int) else ports, to)
        whole = closed(out)
        return [Stopped(protocol, decision, whole) for decision in out if not decision.allow]


def closed(decisions: Iterable[Decision]) -> bool:
    """Whether nothing gets through, for certain. Denials that name something unknown are told beside what follows
    them, so what follows them decides."""
    parts = [decision for decision in decisions if not decision.unknown]
    return bool(parts) and all(not decision.allow and not decision.doubts for decision in parts)


@lru_cache(maxsize=1)
def view(case: Case) -> View | None:
    """What the rules look at, where a cluster is made in a subnet that has a group, and the facts hold it. Three rules
    ask for it, one after the other."""
    if not of_subnet(case):
        return None
    group = security_group(case)
    nodes = tuple(merged(node_spans(case)))
    subnet = subnet_ranges(subnet_of(case))
    return View(group, rules(case, group), nodes, subnet) if group and nodes else None


def show(protocol: Protocol, spans: Iterable[Span]) -> str:
    """Ports as people write them: ``TCP 53, 1024-2048``."""
    texts = ["*" if item == ANY_PORT else "-".join(dict.fromkeys(str(end) for end in item)) for item in spans]
    return f"{protocol.upper()} {', '.join(texts)}"


def key(decision: Decision) -> str:
    """What tells the deciding rule from others."""
    return decision.rule.path if decision.rule else ""


_TURNS: Final = {"BYO311": 0, "BYO312": 1, "BYO313": 6}
"""Where each code begins among the numbers that are set aside for a rule."""
_SET_ASIDE: Final = 12


def _free_priorities(code: str, view: View, direction: Direction, before: SecurityRule | None) -> list[int]:
    """Priority numbers in front of a rule that no other rule has. Each rule that denies has some set aside, and each
    code some of those: whatever is offered for one finding does not get in the way of another's."""
    rules = [item for item in view.rules if item.direction == direction.lower()]
    used = {item.priority for item in rules}
    path = before.path if before else ""
    for item in sorted((item for item in rules if not item.allow), key=lambda item: item.priority):
        limit = min(item.priority, 4097)
        free = [number for number in range(limit - 1, 99, -1) if number not in used][:_SET_ASIDE]
        if item.path == path or (before is None and item.priority > 4096):
            return free[_TURNS[code] :] or free
        used.update(free)
    return [number for number in range(4096, 99, -1) if number not in used][_TURNS[code] : _SET_ASIDE]


def _evidence(view: View, deciding: Iterable[SecurityRule | None]) -> dict[str, Any]:
    sides = ("AddressPrefix", "AddressPrefixes", "ApplicationSecurityGroups", "PortRange", "PortRanges")
    named = (side + name for name in sides for side in ("source", "destination"))
    keys = ("priority", "direction", "access", "protocol", *named)
    return {
        f"{view.group.path}.{item.path}": {
            "name": item.name,
            **{key: item.raw[key] for key in keys if item.raw.get(key) not in (None, "", [])},
        }
        for item in deciding
        if item
    }


def complain(
    code: str,
    view: View,
    direction: Direction,
    deciding: list[SecurityRule | None],
    severity: Severity,
    variant: str,
    *,
    action: str = "allow-node-traffic",
    to: Iterable[str] | None = None,
    opening: Iterable[str] = (),
    **values: Any,
) -> Finding:
    """A finding about the group that names the rules that decide, the first of them with a priority in front of it.
    ``opening`` are the ports that a new rule there would let through, ``to`` where (without it, to the nodes)."""
    first = deciding[0]
    free = _free_priorities(code, view, direction, first)
    return found(
        code,
        FIELD,
        severity=severity,
        variant=variant,
        evidence=_evidence(view, deciding),
        remedy=Remedy(
            variant="remedy" if free else "fix",
            action=action,
            commands=allow(view.group.item, free, direction, opening, view.subnet, to or view.subnet),
        ),
        facts=True,
        nsg=view.group.name,
        rule=[item.name if item else "-" for item in deciding],
        priority=first.priority if first else 65500,
        direction=direction,
        way=Label(f"traffic.{direction.lower()}"),
        free=free[0] if free else None,
        subnet=list(view.subnet),
        **values,
    )
