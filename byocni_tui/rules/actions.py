"""The commands behind remedies that are done in Azure: az, ready to be copied, whatever the names are."""

from collections.abc import Iterable, Sequence
from shlex import quote
from typing import Any, Final

from byocni_tui.rules.nsg import Direction

_PROTOCOLS: Final = {"TCP": "Tcp", "UDP": "Udp", "ICMP": "Icmp", "ESP": "Esp", "AH": "Ah"}


def az(*words: str, **flags: str | Iterable[str]) -> str:
    """``az …`` on one line. ``flags`` are long ones; a value that is not one text becomes several words."""
    line = ["az", *words]
    for name, value in flags.items():
        texts = [value] if isinstance(value, str) else list(value)
        line += [f"--{name.replace('_', '-')}", *(quote(text) for text in texts)]
    return " ".join(line)


def register(namespace: str) -> str:
    """Register a resource provider, and wait for it."""
    return az("provider", "register", namespace=namespace) + " --wait"


def assign(role: str, principal: str, kind: str, scope: str) -> str:
    """Assign a role to an identity by its object id."""
    return az(
        "role",
        "assignment",
        "create",
        role=role,
        assignee_object_id=principal,
        assignee_principal_type=kind,
        scope=scope,
    )


def undelegate(subnet: str) -> str:
    """Take the delegations off a subnet."""
    return az("network", "vnet", "subnet", "update", ids=subnet) + " --remove delegations"


def _place(group: dict[str, Any]) -> dict[str, str]:
    """Where a security group is, from its id; nothing where that can't be read."""
    parts = str(group.get("id", "")).strip("/").split("/")
    if len(parts) < 8:
        return {}
    return {"subscription": parts[1], "resource_group": parts[3], "nsg_name": parts[7]}


def allow(
    group: dict[str, Any],
    priorities: Sequence[int],
    direction: Direction,
    ports: Iterable[str],
    source: Iterable[str],
    destination: Iterable[str],
) -> tuple[str, ...]:
    """A rule a protocol that lets packets through, each with one of ``priorities``. ``ports`` are as messages name
    them: ``TCP 53, 1024-2048``, ``ESP``, or ``*``."""
    place = _place(group)
    wanted: dict[str, list[str]] = {}
    for text in ports:
        protocol, _, numbers = text.partition(" ")
        wanted.setdefault(protocol, []).extend(number for number in numbers.split(", ") if number)
    if not place or len(priorities) < len(wanted):
        return ()
    return tuple(
        az(
            "network",
            "nsg",
            "rule",
            "create",
            **place,
            name=f"byocni-{direction.lower()}-{priority}",
            priority=str(priority),
            direction=direction,
            access="Allow",
            protocol=_PROTOCOLS.get(protocol, "*"),
            source_address_prefixes=source,
            destination_address_prefixes=destination,
            destination_port_ranges=numbers or ["*"],
        )
        for priority, (protocol, numbers) in zip(priorities, wanted.items(), strict=False)
    )
