from typing import Any

import pytest
from landing import add_rule, codes, facts, own, plan, subnet_id

from byocni_tui.plan.facts import Facts

NODES = "172.20.16.0/20"


@pytest.mark.parametrize("name", ["hub_and_spoke", "hardened", "shared_route_table"])
def test_a_fine_landing_zone_raises_nothing_about_its_security_group(name: str) -> None:
    assert not {"BYO311", "BYO312", "BYO313"} & set(codes(plan(name), facts(name)))


def test_without_facts_nothing_is_said() -> None:
    assert not {"BYO311", "BYO312", "BYO313"} & set(codes(plan("hardened"), None))
    assert not {"BYO311", "BYO312", "BYO313"} & set(codes(plan("hardened"), Facts()))


@pytest.mark.parametrize("direction", ["Inbound", "Outbound"])
def test_everything_denied_is_one_error_that_names_the_rule_and_its_place(direction: str) -> None:
    where = facts(
        "hardened",
        add_rule(
            name="NoNodes",
            direction=direction,
            sourceAddressPrefix=NODES,
            destinationAddressPrefix="VirtualNetwork",
        ),
    )
    (finding,) = own(plan("hardened"), where)
    assert (finding.code, finding.severity, finding.facts) == ("BYO311", "error", True)
    assert finding.values["rule"] == ["NoNodes"]
    assert finding.values["all"] is True
    assert finding.values["direction"] == direction
    (place,) = finding.evidence or {}
    assert place == "networkSecurityGroups[0].properties.securityRules[15]"
    assert (finding.evidence or {})[place]["name"] == "NoNodes"


def test_a_free_priority_in_front_of_the_rule_is_offered() -> None:
    where = facts("hardened", add_rule(priority=108, sourceAddressPrefix=NODES))
    (finding,) = own(plan("hardened"), where)
    assert finding.values["free"] == 107
    assert finding.remedy
    assert finding.remedy.action == "allow-node-traffic"


@pytest.mark.parametrize(("protocol", "port"), [("Tcp", "10250"), ("*", "53"), ("Udp", "53")])
def test_the_kubelet_and_dns_are_an_error(protocol: str, port: str) -> None:
    where = facts("hardened", add_rule(protocol=protocol, destinationPortRange=port))
    (finding,) = own(plan("hardened"), where)
    assert (finding.code, finding.severity, finding.variant) == ("BYO311", "error", "vital")
    assert finding.values["all"] is False


def test_other_ports_are_a_warning() -> None:
    where = facts(
        "hardened", add_rule(protocol="Tcp", destinationPortRanges=["30000-32767"], destinationPortRange=None)
    )
    (finding,) = own(plan("hardened"), where)
    assert (finding.code, finding.severity, finding.values["ports"]) == (
        "BYO311",
        "warning",
        ["TCP 30000-32767"],
    )


def test_part_of_the_subnet_is_a_warning() -> None:
    where = facts("hardened", add_rule(sourceAddressPrefix="172.20.16.64/26"))
    found = own(plan("hardened"), where)
    assert {finding.severity for finding in found} == {"warning"}
    assert found[0].code == "BYO311"
    assert found[0].variant == "part"


def test_remote_administration_may_be_denied() -> None:
    where = facts("hardened", add_rule(protocol="Tcp", destinationPortRange="22"))
    assert codes(plan("hardened"), where) == []


def test_an_earlier_rule_that_allows_wins() -> None:
    denied = add_rule(name="Deny", priority=4090, sourceAddressPrefix="VirtualNetwork")
    assert codes(plan("hardened"), facts("hardened", denied)) == []


def test_an_earlier_rule_for_unknown_members_leaves_a_doubt() -> None:
    group = [
        {"id": "/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/applicationSecurityGroups/web"}
    ]
    allow = add_rule(
        name="Maybe",
        priority=80,
        access="Allow",
        sourceAddressPrefix="",
        sourceApplicationSecurityGroups=group,
    )
    deny = add_rule(name="Deny", protocol="Tcp", destinationPortRange="10250")
    (finding,) = own(plan("hardened"), facts("hardened", allow, deny))
    assert (finding.severity, finding.variant) == ("warning", "unsure")


@pytest.mark.parametrize(
    ("changes", "port", "severity"),
    [
        ({}, "8472", "error"),
        ({"cni__encapsulation": "geneve"}, "6081", "error"),
        ({"cni__encryption": "wireguard"}, "51871", "error"),
        ({}, "4240", "warning"),
        ({"cni__plugin": "calico"}, "5473", "error"),
        ({"cni__plugin": "calico"}, "4789", "error"),
    ],
)
def test_ports_of_the_plugin(changes: dict[str, str], port: str, severity: str) -> None:
    where = facts("hardened", add_rule(destinationPortRange=port))
    found = {finding.code: finding for finding in own(plan("hardened", **changes), where)}
    assert found["BYO312"].severity == severity
    assert found["BYO312"].values["ports"][0].endswith(port)


@pytest.mark.parametrize(
    ("changes", "given", "protocol", "port", "severity"),
    [
        ({}, {"tunnelPort": 8473}, "Udp", "8473", "error"),
        ({"cni__encapsulation": "geneve"}, {"tunnelPort": "6082"}, "Udp", "6082", "error"),
        (
            {"cni__plugin": "calico"},
            {"defaultFelixConfiguration": {"vxlanPort": 4790}},
            "Udp",
            "4790",
            "error",
        ),
        ({"cni__plugin": "antrea"}, {"agent": {"clusterPort": 9000}}, "Tcp", "9000", "warning"),
        ({"cni__encryption": "ipsec"}, {}, "Esp", "*", "error"),
        ({"cni__plugin": "antrea", "cni__encryption": "ipsec"}, {}, "Esp", "*", "error"),
        ({}, {}, "Icmp", "*", "warning"),
    ],
)
def test_ports_that_the_values_name_and_protocols_without_ports(
    changes: dict[str, Any], given: dict[str, Any], protocol: str, port: str, severity: str
) -> None:
    where = facts("hardened", add_rule(protocol=protocol, destinationPortRange=port))
    found = {finding.code: finding for finding in own(plan("hardened", cni__values=given, **changes), where)}
    assert found["BYO312"].severity == severity
    named = protocol.upper() if port == "*" else f"{protocol.upper()} {port}"
    assert found["BYO312"].values["ports"] == [named]


def test_a_port_that_the_values_left_may_be_denied() -> None:
    where = facts("hardened", add_rule(protocol="Udp", destinationPortRange="8472"))
    moved = plan("hardened", cni__values={"tunnelPort": 8473})
    assert [(finding.code, finding.severity) for finding in own(moved, where)] == [("BYO311", "warning")]
    junk = plan("hardened", cni__values={"tunnelPort": [1]})
    assert "BYO312" in codes(junk, where)


def test_a_rule_for_some_ports_is_not_about_a_protocol_without_ports() -> None:
    where = facts("hardened", add_rule(protocol="*", destinationPortRange="22"))
    assert codes(plan("hardened", cni__encryption="ipsec", cni__mtu=1340), where) == []


def test_a_port_of_another_plugin_is_no_matter_for_this_one() -> None:
    where = facts("hardened", add_rule(protocol="Udp", destinationPortRange="4789"))
    assert "BYO312" not in codes(plan("hardened"), where)
    assert "BYO312" in codes(plan("hardened", cni__plugin="calico"), where)


def test_everything_denied_silences_the_plugins_ports() -> None:
    where = facts("hardened", add_rule())
    assert codes(plan("hardened"), where) == ["BYO311"]


@pytest.mark.parametrize(
    ("prefix", "ports", "severity"),
    [
        ("*", "443", "error"),
        ("Internet", "*", "error"),
        ("0.0.0.0/0", "0-1023", "error"),
        ("AzureCloud", "443", "warning"),
        ("AzureCloud.chinanorth3", "443", "warning"),
        ("MicrosoftContainerRegistry", "443", "warning"),
    ],
)
def test_443_outbound(prefix: str, ports: str, severity: str) -> None:
    where = facts(
        "hardened",
        add_rule(
            protocol="Tcp", direction="Outbound", destinationAddressPrefix=prefix, destinationPortRange=ports
        ),
    )
    # The rule that allows the subnet comes first, so that this is about the outside only.
    allow = add_rule(
        name="Nodes", priority=80, access="Allow", direction="Outbound", destinationAddressPrefix=NODES
    )
    where = facts(
        "hardened",
        allow,
        add_rule(
            protocol="Tcp", direction="Outbound", destinationAddressPrefix=prefix, destinationPortRange=ports
        ),
    )
    (finding,) = own(plan("hardened"), where)
    assert (finding.code, finding.severity) == ("BYO313", severity)
    assert finding.values["rule"] == ["Added"]


@pytest.mark.parametrize("tag", ["Storage", "Sql.chinanorth3", "203.0.113.0/24"])
def test_a_denial_of_some_other_service_is_fine(tag: str) -> None:
    where = facts("hardened", add_rule(direction="Outbound", destinationAddressPrefix=tag))
    assert codes(plan("hardened"), where) == []


def test_internet_denied_while_azure_is_allowed_is_a_warning() -> None:
    where = facts(
        "hardened",
        add_rule(
            name="Azure",
            priority=80,
            access="Allow",
            direction="Outbound",
            destinationAddressPrefix="AzureCloud",
        ),
        add_rule(name="NoWeb", protocol="Tcp", direction="Outbound", destinationAddressPrefix="Internet"),
    )
    (finding,) = own(plan("hardened"), where)
    assert (finding.code, finding.severity, finding.values["rule"]) == ("BYO313", "warning", ["NoWeb"])


def test_an_allowed_tag_before_the_denial_keeps_it_from_being_an_error() -> None:
    where = facts(
        "hardened",
        add_rule(
            name="Mcr",
            priority=80,
            access="Allow",
            direction="Outbound",
            destinationAddressPrefix="MicrosoftContainerRegistry",
        ),
        add_rule(name="NoWeb", protocol="Tcp", direction="Outbound", destinationAddressPrefix="Internet"),
    )
    assert {finding.severity for finding in own(plan("hardened"), where)} == {"warning"}


def test_time_is_a_warning() -> None:
    where = facts(
        "hardened",
        add_rule(
            protocol="Udp",
            direction="Outbound",
            destinationPortRange="123",
            destinationAddressPrefix="Internet",
        ),
    )
    (finding,) = own(plan("hardened"), where)
    assert (finding.code, finding.severity) == ("BYO313", "warning")


def test_the_networks_own_dns_servers() -> None:
    denied = add_rule(
        protocol="Udp",
        direction="Outbound",
        destinationPortRange="53",
        destinationAddressPrefix="10.0.0.0/16",
    )
    (warning, *_) = [
        finding
        for finding in own(plan("hub_and_spoke"), facts("hub_and_spoke", denied))
        if finding.code == "BYO313"
    ]
    assert warning.severity == "warning"
    platform = add_rule(
        protocol="Udp",
        direction="Outbound",
        destinationPortRange="53",
        destinationAddressPrefix="168.63.129.16",
    )
    assert "BYO313" not in codes(plan("shared_route_table"), facts("shared_route_table"))
    assert "BYO313" not in codes(plan("hub_and_spoke"), facts("hub_and_spoke", platform))


def test_an_error_from_facts_can_be_overridden() -> None:
    where = facts("hardened", add_rule())
    (finding,) = own(plan("hardened", override={"BYO311": "an agent opens it"}), where)
    assert (finding.severity, finding.overridden) == ("warning", "an agent opens it")


def test_a_cluster_that_exists_is_not_judged() -> None:
    assert codes(plan("hardened", cluster__create=False), facts("hardened", add_rule())) == []


def test_ids_compare_without_case() -> None:
    where = facts("hardened", add_rule())
    shouted = plan(
        "hardened", network__subnet__id=subnet_id("hardened").upper().replace("SUBNETS", "subnets")
    )
    assert "BYO311" in codes(shouted, where)
