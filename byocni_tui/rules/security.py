"""BYO311–313: network security groups that stop what a cluster needs.

Traffic between pods of two nodes is traffic between the nodes, for the plugins that are offered here encapsulate it.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from byocni_tui.cni.condition import holds
from byocni_tui.cni.model import Port
from byocni_tui.plan.finding import Finding, Label, Severity
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case
from byocni_tui.rules.landing import dns_servers, of_subnet
from byocni_tui.rules.nsg import (
    ANY_PORT,
    AZURE,
    INTERNET,
    SOURCE_PORT,
    Decision,
    Direction,
    Protocol,
    SecurityRule,
    Span,
    Spans,
    merged,
    without,
)
from byocni_tui.rules.registry import rule
from byocni_tui.rules.security_view import Stopped, View, closed, complain, key, show, view

NEEDS: Final = ("virtualNetworks", "networkSecurityGroups")
DIRECTIONS: Final[tuple[Direction, ...]] = ("Inbound", "Outbound")
PROTOCOLS: Final[tuple[Protocol, ...]] = ("Tcp", "Udp")
NSG_NAMES: Final[dict[str, Protocol]] = {
    "TCP": "Tcp",
    "UDP": "Udp",
    "ICMP": "Icmp",
    "ESP": "Esp",
    "AH": "Ah",
}
VITAL: Final[tuple[tuple[Protocol, int], ...]] = (("Tcp", 10250), ("Tcp", 53), ("Udp", 53))
"""The kubelet, which the API server reaches through a pod on another node, and the cluster's DNS."""
REMOTE_ADMIN: Final[Spans] = ((21, 23), (135, 139), (445, 445), (3389, 3389), (5985, 5986))
"""What hardened groups deny on purpose and no node asks another for (FTP, SSH, Telnet, SMB, RDP, WinRM)."""
WEB: Final = ("TCP 443", "Internet")
TIME: Final = ("UDP 123", "Internet")
DNS: Final = ("UDP 53", "*")
"""Port and destination that let nodes reach the web, the time, and DNS servers; Internet holds Azure's addresses."""
NEEDED_TAGS: Final = (
    "azurecloud",
    "azurekubernetesservice",
    "microsoftcontainerregistry",
    "azurecontainerregistry",
    "azurefrontdoor",
    "azureresourcemanager",
    "azureactivedirectory",
)
"""How the service tags begin that may hold what a cluster has to reach."""


def _unique(stopped: Iterable[Stopped]) -> list[SecurityRule | None]:
    return list({key(item.decision): item.decision.rule for item in stopped}.values())


def _about_nodes(decision: Decision) -> bool:
    """Nodes are in no application security group, and no service tag holds their addresses: a denial of those is not
    about them."""
    return not decision.unknown or decision.unknown == (SOURCE_PORT,)


def _plugin_ports(case: Case) -> tuple[Port, ...]:
    """What the plugin needs with the plan's options, each with the port that the values name, where they name one."""
    from byocni_tui.cni.values import facts_of

    if case.plugin is None:
        return ()
    facts = facts_of(case.readable)
    return tuple(_really(case, port) for port in case.plugin.ports if holds(port.when, facts))


def _really(case: Case, port: Port) -> Port:
    given = case.value(port.path) if port.path else None
    text = str(given).strip() if not isinstance(given, bool) else ""
    number = int(text) if text.isdecimal() and len(text) < 6 else 0
    return msgspec.structs.replace(port, port=number) if 0 < number < 65536 else port


def _spans_of(ports: Iterable[Port], protocol: Protocol) -> Spans:
    return merged((port.port, port.port) for port in ports if port.port and port.protocol == protocol.upper())


def _span(port: Port) -> Span:
    return ANY_PORT if port.port is None else (port.port, port.port)


def _name(port: Port) -> str:
    return port.protocol if port.port is None else f"{port.protocol} {port.port}"


@rule("BYO311", "error", "warning", source=sources.OUTBOUND_RULES, needs=NEEDS, applies=of_subnet)
def between_nodes(case: Case) -> Iterator[Finding]:
    """All traffic within the subnet has to be allowed; what is denied is named with the rule that decides."""
    seen = view(case)
    if seen is None:
        return
    for direction in DIRECTIONS:
        met = [
            Stopped(protocol, decision)
            for protocol in PROTOCOLS
            for decision in seen.decide(direction, protocol, ANY_PORT)
        ]
        denials = [item for item in met if not item.decision.allow and _about_nodes(item.decision)]
        if closed(item.decision for item in met):
            certain = [item for item in denials if item.decision.certain]
            # The rule that stops most of it comes first: the others are for some ports only.
            certain.sort(key=lambda item: item.decision.ports[0] - item.decision.ports[1])
            yield complain(
                "BYO311",
                seen,
                direction,
                _unique(certain),
                "error",
                "message",
                opening=["*"],
                all=True,
                ports="*",
            )
            continue
        yield from _some_denied(case, seen, direction, denials)


def _some_denied(case: Case, seen: View, direction: Direction, denials: list[Stopped]) -> Iterator[Finding]:
    """One finding a rule: an error where it stops what no cluster can be without."""
    vital = {
        (key(item.decision), protocol, port)
        for protocol, port in VITAL
        for item in seen.stopped(direction, protocol, port)
        if item.whole
    }
    plugin = _plugin_ports(case)
    for deciding in _unique(denials):
        own = [item for item in denials if item.decision.rule is deciding]
        hurt = [
            show(protocol, [(port, port)])
            for protocol, port in VITAL
            if (deciding.path if deciding else "", protocol, port) in vital
        ]
        if hurt:
            yield complain(
                "BYO311", seen, direction, [deciding], "error", "vital", opening=["*"], all=False, ports=hurt
            )
            continue
        others = []
        for protocol in PROTOCOLS:
            spans = merged(item.decision.ports for item in own if item.protocol == protocol)
            spans = without(spans, merged((*REMOTE_ADMIN, *_spans_of(plugin, protocol))))
            if spans:
                others.append(show(protocol, spans))
        if others:
            certain = all(item.decision.certain for item in own)
            total = sum((node[1] - node[0] + 1) for node in seen.nodes) ** 2
            part = certain and all(item.decision.area < total for item in own)
            variant = "part" if part else "ports" if certain else "unsure"
            yield complain(
                "BYO311",
                seen,
                direction,
                [deciding],
                "warning",
                variant,
                opening=["*"],
                all=False,
                ports=others,
            )


@rule("BYO312", "error", "warning", source=sources.BYO_CNI, needs=NEEDS, applies=of_subnet)
def plugin_ports(case: Case) -> Iterator[Finding]:
    """The plugin's own ports between nodes: without those that it marks as required, pods don't reach each other."""
    seen = view(case)
    if seen is None:
        return
    for direction in DIRECTIONS:
        met = [
            (port, item)
            for port in _plugin_ports(case)
            for item in seen.stopped(direction, NSG_NAMES[port.protocol], _span(port))
            if _about_nodes(item.decision)
        ]
        for deciding in _unique(item for _, item in met):
            own = [(port, item) for port, item in met if item.decision.rule is deciding]
            required = any(port.required and item.whole for port, item in own)
            certain = all(item.decision.certain for _, item in own)
            whole = all(item.whole for _, item in own)
            variant = ("message" if required else "optional") if whole else "part" if certain else "unsure"
            ports = list(dict.fromkeys(_name(port) for port, _ in own))
            yield complain(
                "BYO312",
                seen,
                direction,
                [deciding],
                "error" if required else "warning",
                "message" if required else variant,
                opening=ports,
                ports=ports,
                plugin=case.plan.cni.plugin,
            )


def _about_egress(decision: Decision) -> bool:
    """Whether a denial is about what a cluster has to reach: a tag of some other service is not."""
    return not decision.unknown or any(
        name == SOURCE_PORT or name.lower().startswith(NEEDED_TAGS) for name in decision.unknown
    )


@rule("BYO313", "error", "warning", source=sources.OUTBOUND_RULES, needs=NEEDS, applies=of_subnet)
def outbound(case: Case) -> Iterator[Finding]:
    """Nodes need 443 to Azure and to the registries; time and the network's own DNS servers as well."""
    seen = view(case)
    if seen is None:
        return
    azure = [i for i in seen.stopped("Outbound", "Tcp", 443, (AZURE, AZURE)) if _about_egress(i.decision)]
    world = [
        i for i in seen.stopped("Outbound", "Tcp", 443, (INTERNET, INTERNET)) if _about_egress(i.decision)
    ]
    everything = any(item.whole for item in azure) and any(item.whole for item in world)
    told: list[SecurityRule | None] = []
    if everything:
        told = _unique([*world, *azure])
        yield _out(seen, told, "error", "message", [], WEB)
    met: list[tuple[str, Stopped]] = []
    if not everything:
        met += [("https_azure", item) for item in azure]
        met += [("https_internet", item) for item in world]
    met += [
        ("ntp", item)
        for item in seen.stopped("Outbound", "Udp", 123, (INTERNET, INTERNET))
        if item.decision.certain
    ]
    for server in dns_servers(case):
        met += [
            ("dns", item) for item in seen.stopped("Outbound", "Udp", 53, server) if item.decision.certain
        ]
    for deciding in _unique(item for _, item in met):
        own = [(what, item) for what, item in met if item.decision.rule is deciding]
        if deciding in told:
            continue
        certain = all(item.decision.certain for _, item in own)
        what = [Label(f"traffic.{name}") for name in dict.fromkeys(name for name, _ in own)]
        unknown = dict.fromkeys(
            name for _, item in own for name in (*item.decision.unknown, *item.decision.doubts)
        )
        names = [Label("traffic.source_port") if name == SOURCE_PORT else name for name in unknown]
        kinds = {name for name, _ in own}
        flow = WEB if kinds <= {"https_azure", "https_internet"} else TIME if kinds == {"ntp"} else DNS
        to = flow if len(kinds) == 1 or flow is WEB else None
        yield _out(seen, [deciding], "warning", "some" if certain else "unsure", what, to, tags=names)


def _out(
    seen: View,
    deciding: list[SecurityRule | None],
    severity: Severity,
    variant: str,
    what: list[Label],
    flow: tuple[str, str] | None,
    **values: Any,
) -> Finding:
    """``flow``: port and destination that a new rule would open, where one rule can say it."""
    return complain(
        "BYO313",
        seen,
        "Outbound",
        deciding,
        severity,
        variant,
        action="allow-egress",
        opening=[flow[0]] if flow else (),
        to=[flow[1]] if flow else None,
        what=what,
        **values,
    )
