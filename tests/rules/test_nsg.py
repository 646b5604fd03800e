"""The evaluator against a reference that asks one packet at a time."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byocni_tui.rules.nsg import (
    ANY_PORT,
    AZURE,
    INTERNET,
    PIECES,
    Decision,
    Flow,
    SecurityRule,
    decide,
    merged,
    without,
)
from byocni_tui.rules.nsg_read import Tags, read, span

BASE = 10 << 24
NODES = (BASE, BASE + 15)
TAGS = Tags(virtual_network=((BASE, BASE + 255),))


def group(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "g", "properties": {"securityRules": list(rules), **more}}


def entry(name: str = "r", **props: Any) -> dict[str, Any]:
    found = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "*",
        "sourcePortRange": "*",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
        **props,
    }
    return {"name": name, "properties": {key: value for key, value in found.items() if value is not None}}


def flow(**changes: Any) -> Flow:
    return Flow(
        **{
            "direction": "Inbound",
            "protocol": "Tcp",
            "source": NODES,
            "destination": NODES,
            "ports": (443, 443),
            **changes,
        }
    )


def one(rules: tuple[SecurityRule, ...], packet: Flow) -> Decision:
    (found,) = decide(rules, packet)
    return found


prefixes = st.one_of(
    st.sampled_from(["*", "VirtualNetwork", "Internet", "AzureLoadBalancer", "::/0", "0.0.0.0/0"]),
    st.builds(
        lambda last, bits: f"10.0.0.{last & -(1 << (32 - bits))}/{bits}",
        st.integers(0, 15),
        st.integers(28, 32),
    ),
    st.builds(lambda last: f"10.0.0.{last}", st.integers(0, 15)),
)
port_texts = st.one_of(
    st.just("*"),
    st.builds(str, st.integers(0, 9)),
    st.builds(lambda low, more: f"{low}-{low + more}", st.integers(0, 9), st.integers(0, 5)),
)


@st.composite
def custom_rules(draw: st.DrawFn) -> list[dict[str, Any]]:
    priorities = draw(st.lists(st.integers(100, 4096), unique=True, max_size=7))
    out = []
    for priority in priorities:
        sides: dict[str, Any] = {}
        for side in ("source", "destination"):
            many = draw(st.booleans())
            sides[f"{side}AddressPrefix"] = None if many else draw(prefixes)
            sides[f"{side}AddressPrefixes"] = (
                draw(st.lists(prefixes, min_size=1, max_size=3)) if many else None
            )
        many = draw(st.booleans())
        out.append(
            entry(
                str(priority),
                priority=priority,
                access=draw(st.sampled_from(["Allow", "Deny", "allow"])),
                direction=draw(st.sampled_from(["Inbound", "Outbound", "inbound"])),
                protocol=draw(st.sampled_from(["*", "Tcp", "UDP", "Icmp"])),
                destinationPortRange=None if many else draw(port_texts),
                destinationPortRanges=draw(st.lists(port_texts, min_size=1, max_size=3)) if many else None,
                **sides,
            )
        )
    return out


def naive_side(props: dict[str, Any], side: str, address: int) -> bool:
    texts = props.get(f"{side}AddressPrefixes") or [props[f"{side}AddressPrefix"]]
    for text in texts:
        if text in ("*", "0.0.0.0/0"):
            return True
        if text in ("VirtualNetwork",):
            if BASE <= address <= BASE + 255:
                return True
        elif text[0].isdigit():
            host, _, bits = text.partition("/")
            size = 1 << (32 - int(bits or 32))
            numbers = [int(part) for part in host.split(".")]
            first = numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 | numbers[3]
            if first <= address < first + size:
                return True
    return False


def naive_ports(props: dict[str, Any], port: int) -> bool:
    for text in props.get("destinationPortRanges") or [props["destinationPortRange"]]:
        low, _, high = text.partition("-")
        if text == "*" or int(low) <= port <= int(high or low):
            return True
    return False


def naive(
    rules: list[dict[str, Any]], direction: str, protocol: str, source: int, target: int, port: int
) -> tuple[bool, str]:
    """One packet between hosts of the network: the first rule by priority; the defaults allow what stays inside."""
    for item in sorted(rules, key=lambda item: item["properties"]["priority"]):
        props = item["properties"]
        if (
            props["direction"].lower() == direction.lower()
            and props["protocol"].lower() in ("*", protocol.lower())
            and naive_side(props, "source", source)
            and naive_side(props, "destination", target)
            and naive_ports(props, port)
        ):
            return props["access"].lower() == "allow", item["name"]
    return True, "AllowVnetInBound" if direction == "Inbound" else "AllowVnetOutBound"


@settings(max_examples=150, deadline=None)
@given(
    custom_rules(),
    st.sampled_from(["Inbound", "Outbound"]),
    st.sampled_from(["Tcp", "Udp"]),
    st.integers(0, 15),
    st.integers(0, 15),
    st.integers(0, 14),
)
def test_one_packet_meets_the_same_rule_as_the_reference(
    rules: list[dict[str, Any]], direction: str, protocol: str, source: int, target: int, port: int
) -> None:
    found = one(
        read(group(*rules), TAGS),
        flow(
            direction=direction,
            protocol=protocol,
            source=(BASE + source, BASE + source),
            destination=(BASE + target, BASE + target),
            ports=(port, port),
        ),
    )
    assert found.rule
    assert (found.allow, found.rule.name) == naive(
        rules, direction, protocol, BASE + source, BASE + target, port
    )
    assert found.certain


@settings(max_examples=80, deadline=None)
@given(custom_rules(), st.sampled_from(["Inbound", "Outbound"]))
def test_the_parts_of_a_flow_cover_it_once_and_agree_with_the_reference(
    rules: list[dict[str, Any]], direction: str
) -> None:
    small = (BASE, BASE + 3)
    parts = decide(
        read(group(*rules), TAGS),
        flow(direction=direction, source=small, destination=small, ports=(0, 6)),
    )
    seen: dict[tuple[int, int, int], tuple[bool, str]] = {}
    for part in parts:
        assert part.rule
        for source in range(part.source[0], part.source[1] + 1):
            for target in range(part.destination[0], part.destination[1] + 1):
                for port in range(part.ports[0], part.ports[1] + 1):
                    assert (source, target, port) not in seen
                    seen[source, target, port] = (part.allow, part.rule.name)
    assert len(seen) == 4 * 4 * 7
    for (source, target, port), found in seen.items():
        assert found == naive(rules, direction, "Tcp", source, target, port)


def test_defaults_apply_where_the_answer_left_them_out() -> None:
    rules = read(group(), TAGS)
    assert one(rules, flow()).rule.name == "AllowVnetInBound"  # type: ignore[union-attr]
    outside = flow(source=(INTERNET, INTERNET))
    assert (one(rules, outside).allow, one(rules, outside).rule.name) == (False, "DenyAllInBound")  # type: ignore[union-attr]
    assert one(rules, flow(direction="Outbound", destination=(AZURE, AZURE))).allow


def test_given_defaults_are_taken_and_come_last_whatever_their_priority() -> None:
    mine = entry("Last", priority=65500, access="Deny")
    rules = read(group(entry("Own", priority=70000, access="Allow"), defaultSecurityRules=[mine]), TAGS)
    assert [rule.name for rule in rules] == ["Own", "Last"]
    assert rules[1].path == "properties.defaultSecurityRules[0]"


def test_the_platform_address_belongs_to_the_load_balancer_tag() -> None:
    platform = span("168.63.129.16")
    assert platform
    rules = read(group(entry(sourceAddressPrefix="AzureLoadBalancer")), TAGS)
    assert not one(rules, flow(source=platform)).allow


def test_a_tag_that_is_not_static_leaves_a_doubt_about_azure_only() -> None:
    rules = read(group(entry(direction="Outbound", destinationAddressPrefix="Storage")), TAGS)
    denial, after = decide(rules, flow(direction="Outbound", destination=(AZURE, AZURE)))
    assert (denial.allow, denial.certain, denial.unknown) == (False, False, ("Storage",))
    assert after.allow
    assert one(rules, flow(direction="Outbound")).allow


def test_application_security_groups_are_unknown() -> None:
    asg = [{"id": "/x/applicationSecurityGroups/web"}]
    rules = read(group(entry(sourceAddressPrefix=None, sourceApplicationSecurityGroups=asg)), TAGS)
    denial, after = decide(rules, flow())
    assert (denial.certain, denial.unknown, after.allow) == (False, ("web",), True)


def test_an_allowing_rule_of_unknown_extent_makes_a_later_denial_doubtful() -> None:
    asg = [{"id": "web"}]
    rules = read(
        group(
            entry(
                priority=100, access="Allow", sourceAddressPrefix=None, sourceApplicationSecurityGroups=asg
            ),
            entry(priority=200),
        ),
        TAGS,
    )
    denial = one(rules, flow())
    assert (denial.allow, denial.certain, denial.doubts) == (False, False, ("web",))


def test_a_default_route_may_make_everything_the_virtual_network() -> None:
    rules = read(
        group(
            entry(
                priority=100, access="Allow", direction="Outbound", destinationAddressPrefix="VirtualNetwork"
            ),
            entry(priority=200, direction="Outbound"),
        ),
        Tags(virtual_network=TAGS.virtual_network, routed=True),
    )
    outside = flow(direction="Outbound", destination=(INTERNET, INTERNET))
    assert not one(rules, outside).certain


def test_two_halves_of_the_address_space_are_everything() -> None:
    halves = ["0.0.0.0/1", "128.0.0.0/1"]
    rules = read(
        group(entry(direction="Outbound", destinationAddressPrefix=None, destinationAddressPrefixes=halves)),
        TAGS,
    )
    denial = one(rules, flow(direction="Outbound", destination=(INTERNET, INTERNET)))
    assert (denial.allow, denial.certain) == (False, True)


def test_a_rule_for_some_source_ports_meets_a_part_of_the_packets() -> None:
    rules = read(group(entry(sourcePortRange="1024-65535")), TAGS)
    denial, after = decide(rules, flow())
    assert (denial.certain, after.allow) == (False, True)


@pytest.mark.parametrize(
    "item",
    [
        None,
        5,
        {},
        {"properties": 3},
        {"properties": {"priority": "100"}},
        entry(destinationPortRange="a-b", destinationPortRanges=7),
        entry(sourceAddressPrefix="10.0.0.0/99", sourceApplicationSecurityGroups="x"),
        entry(sourceAddressPrefix={"a": 1}, direction=None, access=4),
    ],
)
def test_anything_in_place_of_a_rule_is_survived(item: Any) -> None:
    assert decide(read({"properties": {"securityRules": [item]}}, TAGS), flow())
    assert decide(read({"properties": item}, TAGS), flow())


def test_thousands_of_prefixes_end() -> None:
    many = [f"10.{n >> 7}.{(n & 127) * 2}.0/24" for n in range(4 * PIECES)]
    rules = read(
        group(
            *(
                entry(str(n), priority=n, sourceAddressPrefixes=many, sourceAddressPrefix=None)
                for n in (100, 200)
            )
        ),
        TAGS,
    )
    wide = (BASE, BASE + (1 << 24) - 1)
    assert len(decide(rules, flow(source=wide, destination=wide))) > PIECES


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda p: (min(p), max(p)))))
def test_spans_merge_and_subtract_as_sets_do(spans: list[tuple[int, int]]) -> None:
    numbers = {n for low, high in spans for n in range(low, high + 1)}
    joined = merged(spans)
    assert {n for low, high in joined for n in range(low, high + 1)} == numbers
    left = without(((0, 30),), joined)
    assert {n for low, high in left for n in range(low, high + 1)} == set(range(31)) - numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.0.4", (BASE + 4, BASE + 4)),
        ("10.0.0.0/30", (BASE, BASE + 3)),
        ("10.0.0.1-10.0.0.3", (BASE + 1, BASE + 3)),
        ("10.0.0.3-10.0.0.1", None),
        ("Internet", None),
        ("::1", None),
        ("", None),
    ],
)
def test_addresses_as_arm_writes_them(text: str, found: tuple[int, int] | None) -> None:
    assert span(text) == found


def test_all_ports_are_a_range() -> None:
    rules = read(group(entry(destinationPortRange="0-65535")), TAGS)
    assert rules[0].ports == (ANY_PORT,)
