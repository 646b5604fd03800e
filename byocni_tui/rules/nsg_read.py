"""Security rules as ARM writes them, read into what the evaluator compares: one prefix or many, one port or many,
service tags and application security groups."""

from typing import Any, Final

import msgspec

from byocni_tui.rules.nsg import (
    ANY_PORT,
    AZURE,
    EVERYWHERE,
    INTERNET,
    IPV4,
    Match,
    SecurityRule,
    Span,
    Spans,
    merged,
    without,
)
from byocni_tui.rules.ranges import PLATFORM_ADDRESS, known, of

DEFAULTS: Final = tuple(
    {
        "name": name,
        "properties": {
            "protocol": "*",
            "sourceAddressPrefix": source,
            "sourcePortRange": "*",
            "destinationAddressPrefix": destination,
            "destinationPortRange": "*",
            "access": access,
            "priority": priority,
            "direction": direction,
        },
    }
    for name, priority, direction, access, source, destination in (
        ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
        ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
        ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
        ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
        ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
        ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
    )
)
"""What every group has at its end, where the answer of ARM left it out."""


class Tags(msgspec.Struct, frozen=True, kw_only=True):
    """The tags whose addresses depend on the network. ``virtual_network`` are those behind VirtualNetwork for certain:
    the network's own space, its peers', the prefixes of its routes. ``routed`` tells that a route takes everything
    away (0.0.0.0/0), which may make all of it VirtualNetwork."""

    virtual_network: Spans = ()
    routed: bool = False


def span(text: str) -> Span | None:
    """An address or range as ARM writes it (``10.0.0.4``, ``10.0.0.0/8``, ``10.0.0.1-10.0.0.9``); None otherwise."""
    low, dash, high = text.partition("-")
    if dash:
        first, last = of(f"{low.strip()}/32"), of(f"{high.strip()}/32")
        return (first.first, last.last) if first and last and first.first <= last.last else None
    found = of(text if "/" in text else f"{text}/32")
    return (found.first, found.last) if found else None


def _texts(props: dict[str, Any], one: str, many: str) -> list[str]:
    several = props.get(many)
    texts = [str(text) for text in several] if isinstance(several, list) else []
    if props.get(one) not in (None, ""):
        texts.append(str(props[one]))
    return texts


def _ports(props: dict[str, Any], side: str) -> Spans:
    found = []
    for text in _texts(props, f"{side}PortRange", f"{side}PortRanges"):
        low, _, high = text.strip().partition("-")
        if text.strip() == "*":
            found.append(ANY_PORT)
        elif low.strip().isdecimal() and (not high or high.strip().isdecimal()):
            found.append((min(int(low), 65536), min(int(high or low), 65535)))
    return merged(item for item in found if item[0] <= item[1])


_PRIVATE: Final = merged(
    (block.first, block.last)
    for block in map(
        known, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "168.63.129.16/32")
    )
)
_PUBLIC: Final[Spans] = ((INTERNET, AZURE),)


def _named(text: str, tags: Tags) -> Match:
    """What one prefix or tag stands for."""
    low, found = text.lower(), span(text)
    vnet = tags.virtual_network
    if low in ("*", "any"):
        return Match((EVERYWHERE,))
    if found:
        return Match((found,))
    if low == "virtualnetwork":
        # A gateway may connect any private address; that can't be seen here.
        return Match(vnet, (EVERYWHERE,) if tags.routed else without(_PRIVATE, vnet), (text,))
    if low == "internet":
        return Match(without((EVERYWHERE,), merged((*vnet, *_PRIVATE))), without(_PRIVATE, vnet), (text,))
    if low == "azureloadbalancer":
        return Match(((PLATFORM_ADDRESS.first, PLATFORM_ADDRESS.last),))
    if low == "azurecloud":
        return Match(((AZURE, AZURE),))
    # IPv6 never meets an IPv4 flow. Other service tags name public addresses only, never the nodes' private ones.
    return Match(()) if ":" in text else Match((), ((AZURE, AZURE),), (text,))


def _addresses(props: dict[str, Any], side: str, tags: Tags) -> Match:
    texts = [text.strip() for text in _texts(props, f"{side}AddressPrefix", f"{side}AddressPrefixes")]
    named = [_named(text, tags) for text in texts]
    maybe = [item for match in named for item in match.maybe]
    unknown = [name for match in named if match.maybe for name in match.unknown]
    sure = merged(item for match in named for item in match.sure)
    public = [text for text in texts if (item := span(text)) and without((item,), _PRIVATE)]
    if without((IPV4,), sure) == ():
        sure = (EVERYWHERE,)
    elif public:
        # Some public addresses: whether they are those that a cluster needs isn't known.
        maybe.extend(_PUBLIC)
        unknown.extend(public)
    groups = props.get(f"{side}ApplicationSecurityGroups")
    for group in groups if isinstance(groups, list) else ():
        unknown.append(str(group.get("id", "") if isinstance(group, dict) else group).rsplit("/", 1)[-1])
        maybe.append(IPV4)
    return Match(sure, without(merged(maybe), sure), tuple(unknown))


def _read(item: Any, path: str, tags: Tags, default: bool) -> SecurityRule | None:
    props = item.get("properties") if isinstance(item, dict) else None
    if not isinstance(props, dict) or not isinstance(props.get("priority"), int):
        return None
    return SecurityRule(
        name=str(item.get("name", "")),
        path=path,
        priority=props["priority"],
        direction=str(props.get("direction", "")).lower(),
        allow=str(props.get("access", "")).lower() == "allow",
        protocol=str(props.get("protocol", "*")).lower(),
        source=_addresses(props, "source", tags),
        destination=_addresses(props, "destination", tags),
        source_ports=_ports(props, "source"),
        ports=_ports(props, "destination"),
        default=default,
        raw=props,
    )


def read(group: dict[str, Any], tags: Tags) -> tuple[SecurityRule, ...]:
    """The rules of a group's item in the order in which Azure asks them."""
    props = group.get("properties")
    props = props if isinstance(props, dict) else {}
    own = props.get("securityRules")
    given = props.get("defaultSecurityRules")
    defaults = given if isinstance(given, list) and given else DEFAULTS
    rules = [
        rule
        for key, items in (
            ("securityRules", own if isinstance(own, list) else ()),
            ("defaultSecurityRules", defaults),
        )
        for at, item in enumerate(items)
        if (rule := _read(item, f"properties.{key}[{at}]", tags, key != "securityRules"))
    ]
    return tuple(sorted(rules, key=lambda rule: (rule.default, rule.priority)))
