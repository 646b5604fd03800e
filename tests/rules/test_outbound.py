from typing import Any

import pytest
from landing import Change, codes, facts, mended, own, plan

from byocni_tui.plan.facts import Facts
from byocni_tui.plan.model import Network, Plan, Subnet
from byocni_tui.rules import check

HUB = "hub_and_spoke"


def routed(**props: Any) -> Change:
    """Change the first route of the zone's table."""

    def change(data: dict[str, Any]) -> None:
        data["routeTables"][0]["properties"]["routes"][0]["properties"].update(props)

    return change


def add_route(name: str, prefix: str, hop: str) -> Change:
    def change(data: dict[str, Any]) -> None:
        data["routeTables"][0]["properties"]["routes"].append(
            {"name": name, "properties": {"addressPrefix": prefix, "nextHopType": hop}}
        )

    return change


def without_table(data: dict[str, Any]) -> None:
    del data["virtualNetworks"][0]["properties"]["subnets"][0]["properties"]["routeTable"]


def without_routes(data: dict[str, Any]) -> None:
    data["routeTables"][0]["properties"]["routes"] = []


def test_a_spoke_behind_a_firewall_is_told_what_to_let_through_and_nothing_else() -> None:
    (finding,) = own(plan(HUB), facts(HUB))
    assert (finding.code, finding.severity) == ("BYO322", "warning")
    hosts = finding.values["hosts"]
    assert "*.hcp.chinanorth3.cx.prod.service.azk8s.cn" in hosts
    assert "mcr.azure.cn" in hosts
    assert "registry.example.cn" in hosts
    assert "quay.io" not in hosts
    assert "routeTables[0].properties.routes[0]" in (finding.evidence or {})
    assert own(plan(HUB, accept=("BYO322",)), facts(HUB))[0].accepted


@pytest.mark.parametrize(
    ("cloud", "host"),
    [
        ("AzureCloud", "management.azure.com"),
        ("AzureChinaCloud", "management.chinacloudapi.cn"),
        ("AzureUSGovernment", "management.usgovcloudapi.net"),
    ],
)
def test_hosts_are_those_of_the_cloud_and_of_the_plugin(cloud: str, host: str) -> None:
    found = own(plan(HUB, cloud=cloud, cni__registry=None), facts(HUB))
    hosts = found[0].values["hosts"]
    assert host in hosts
    assert "quay.io" in hosts


@pytest.mark.parametrize("name", ["hub_and_spoke", "hardened", "shared_route_table"])
def test_no_rule_at_all_blocks_a_fine_zone(name: str) -> None:
    assert [finding.code for finding in check(plan(name, accept=("BYO322",)), facts(name)).blocking] == []


@pytest.mark.parametrize("name", ["hardened", "shared_route_table"])
def test_other_fine_zones_raise_nothing(name: str) -> None:
    assert not {"BYO321", "BYO322", "BYO323"} & set(codes(plan(name), facts(name)))


def test_a_gateway_is_no_appliance() -> None:
    change = routed(nextHopType="VirtualNetworkGateway", nextHopIpAddress=None)
    assert codes(plan(HUB), facts(HUB, change)) == []


@pytest.mark.parametrize("hop", ["None", "Internet", "VnetLocal"])
def test_a_default_route_that_the_service_refuses(hop: str) -> None:
    (finding,) = own(plan(HUB), facts(HUB, routed(nextHopType=hop)))
    assert (finding.code, finding.severity, finding.variant) == ("BYO321", "error", "message")
    assert finding.values["route"] == "to-firewall"
    assert finding.remedy
    assert finding.remedy.action == "set-default-route"
    (place,) = finding.evidence or {}
    assert place == "routeTables[0].properties.routes[0]"


@pytest.mark.parametrize(("change", "variant"), [(without_table, "no_table"), (without_routes, "no_default")])
def test_no_default_route_with_user_defined_routing(change: Change, variant: str) -> None:
    where = facts(HUB, change)
    (finding,) = own(plan(HUB), where)
    assert (finding.code, finding.variant) == ("BYO321", variant)
    assert codes(mended(plan(HUB), finding), where) == []


def test_a_default_route_into_the_void_is_an_error_whatever_the_outbound_type() -> None:
    where = facts(HUB, routed(nextHopType="None"))
    (finding,) = own(plan(HUB, network__outbound_type="loadBalancer"), where)
    assert (finding.code, finding.variant, finding.field) == ("BYO321", "void", "network.subnet.id")
    internet = facts(HUB, routed(nextHopType="Internet"))
    assert codes(plan(HUB, network__outbound_type="loadBalancer"), internet) == []


def test_two_halves_into_the_void_beat_a_good_default_route() -> None:
    where = facts(HUB, add_route("low", "0.0.0.0/1", "None"), add_route("high", "128.0.0.0/1", "None"))
    found = {finding.code: finding for finding in own(plan(HUB), where)}
    assert found["BYO321"].values["route"] == "low"


def test_a_table_that_nobody_could_read_is_not_judged() -> None:
    def unread(data: dict[str, Any]) -> None:
        data["routeTables"] = []

    assert codes(plan(HUB), facts(HUB, unread)) == []
    assert codes(plan(HUB), Facts()) == []


MANAGED: dict[str, Network] = {
    kind: Network(outbound_type=kind)
    for kind in (
        "loadBalancer",
        "managedNATGateway",
        "userAssignedNATGateway",
        "userDefinedRouting",
        "none",
        "block",
    )
}


@pytest.mark.parametrize(
    ("kind", "variant"),
    [
        ("loadBalancer", None),
        ("managedNATGateway", None),
        ("userAssignedNATGateway", "managed_network"),
        ("userDefinedRouting", "managed_network"),
        ("none", "isolated"),
        ("block", "isolated"),
    ],
)
def test_outbound_types_of_a_managed_network(kind: str, variant: str | None) -> None:
    made = Plan(network=MANAGED[kind])
    found = [finding for finding in own(made, None) if finding.code == "BYO323"]
    assert [finding.variant for finding in found] == ([variant] if variant else [])
    for finding in found:
        assert (finding.severity, finding.facts) == ("error", False)
        assert "BYO323" not in codes(mended(made, finding), None)


@pytest.mark.parametrize(
    ("kind", "variant"),
    [
        ("loadBalancer", None),
        ("managedNATGateway", "managed_gateway"),
        ("userAssignedNATGateway", "made"),
        ("userDefinedRouting", "made"),
    ],
)
def test_outbound_types_of_a_network_that_the_plan_makes(kind: str, variant: str | None) -> None:
    made = Plan(network=Network(managed=False, outbound_type=kind, subnet=Subnet(name="nodes")))
    found = [finding for finding in own(made, None) if finding.code == "BYO323"]
    assert [finding.variant for finding in found] == ([variant] if variant else [])
    for finding in found:
        assert "BYO323" not in codes(mended(made, finding), None)


def test_a_subnet_without_nat_gateway() -> None:
    def change(data: dict[str, Any]) -> None:
        del data["virtualNetworks"][0]["properties"]["subnets"][0]["properties"]["natGateway"]

    where = facts("shared_route_table", change)
    (finding,) = own(plan("shared_route_table"), where)
    assert (finding.code, finding.variant, finding.facts) == ("BYO323", "no_gateway", True)
    assert codes(mended(plan("shared_route_table"), finding), where) == []


def test_a_nat_gateway_without_address() -> None:
    def change(data: dict[str, Any]) -> None:
        del data["natGateways"][0]["properties"]["publicIpPrefixes"]

    (finding,) = own(plan("shared_route_table"), facts("shared_route_table", change))
    assert (finding.code, finding.variant, finding.values["gateway"]) == ("BYO323", "no_address", "nat")


def test_a_cluster_that_exists_keeps_its_outbound_type() -> None:
    assert codes(plan(HUB, cluster__create=False), facts(HUB, without_table)) == []
