"""What AKS refuses about a cluster's addresses and its subnet, with its codes and texts (fixtures/arm/README.md)."""

import ipaddress
import math
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import ids, network, quota
from byocni_tui.sandbox.arm.errors import ArmError, aks

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm

Net = ipaddress.IPv4Network

_RESERVED = tuple(Net(one) for one in ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"))
MANAGED_VNET = Net("10.224.0.0/12")
MANAGED_SUBNET = Net("10.224.0.0/16")
_SERVICE, _PODS = "networkProfile.serviceCIDR", "networkProfile.podCIDR"


def cidr(value: Any, target: str) -> Net:
    """A range, or the refusal."""
    try:
        return Net(str(value), strict=False)
    except ValueError as error:
        raise aks("CidrStringParseError", "Cidr is invalid", target) from error


def check(arm: "Arm", resource_id: str, body: dict[str, Any], old: dict[str, Any] | None) -> None:
    """Judge the completed body: ranges against each other, against the network they lie in, and the way out."""
    profile = body["properties"]["networkProfile"]
    _plugin(profile, old)
    service = cidr(profile["serviceCidr"], _SERVICE)
    pods = cidr(profile["podCidr"], _PODS) if profile.get("podCidr") else None
    _ranges(service, pods)
    dns_service_ip(profile["dnsServiceIP"], service)
    pools = body["properties"]["agentPoolProfiles"]
    given = [pool for pool in pools if pool.get("vnetSubnetID")]
    if given and len(given) != len(pools):
        bare = next(pool for pool in pools if not pool.get("vnetSubnetID"))
        raise aks("InvalidParameter", f"The Agentpool {bare['name']} does not have subnet defined.")
    if given:
        for subnet_id in dict.fromkeys(pool["vnetSubnetID"] for pool in given):
            _subnet(arm, resource_id, body, subnet_id, service, pods)
    else:
        _managed(service, pods)
    _outbound(arm, profile, given)


def _plugin(profile: dict[str, Any], old: dict[str, Any] | None) -> None:
    if profile["networkPlugin"] == "none" and profile.get("networkPolicy") not in (None, "none"):
        raise aks(
            "NetworkPolicyNotSupportedForNone",
            "Network policy is not supported with network plugin none.",
            "networkProfile.networkPolicy",
        )
    before = (old or {}).get("properties", {}).get("networkProfile")
    if before is None:
        return
    for field in ("networkPlugin", "serviceCidr", "dnsServiceIP"):
        if before.get(field) != profile.get(field):
            shown = {"serviceCidr": "serviceCIDR"}.get(field, field)
            raise aks(
                "PropertyChangeNotAllowed",
                f"Changing property 'networkProfile.{shown}' is not allowed.",
                f"networkProfile.{shown}",
            )
    if before.get("podCidr") and not profile.get("podCidr"):
        raise aks(
            "PropertyChangeNotAllowed",
            f"Changing property 'networkProfile.podCIDR' from '{before['podCidr']}' to '' is not allowed.",
            _PODS,
        )


def _ranges(service: Net, pods: Net | None) -> None:
    for found, target in ((service, _SERVICE), (pods, _PODS)):
        for reserved in _RESERVED:
            if found is not None and found.overlaps(reserved):
                raise aks(
                    "NetworkProfileCIDROverlapReservedCIDR",
                    f"NetworkProfile CIDR {found} overlaps with reserved CIDR {reserved}",
                    target,
                )
    if service.prefixlen <= 12:
        raise aks(
            "ServiceCidrTooLarge",
            f"The specified service CIDR {service} is too large. It must be smaller than /12.",
            _SERVICE,
        )
    if pods is not None and pods.overlaps(service):
        raise aks(
            "PodCidrOverlapServiceCidr",
            f"The specified pod CIDR {pods} overlaps with the service CIDR {service}.",
            _PODS,
        )


def _managed(service: Net, pods: Net | None) -> None:
    """Against the network that AKS makes itself."""
    if service.overlaps(MANAGED_SUBNET):
        raise _service_overlap(service, MANAGED_SUBNET)
    if pods is not None and pods.overlaps(MANAGED_VNET):
        raise _vnet_overlap(pods, MANAGED_VNET)


def _service_overlap(service: Net, subnet: Any) -> ArmError:
    return aks(
        "ServiceCidrOverlapExistingSubnetsCidr",
        f"The specified service CIDR {service} is conflicted with an existing subnet CIDR {subnet}. Please see "
        "https://aka.ms/aks/servicecidroverlap for how to fix the error.",
        _SERVICE,
    )


def _vnet_overlap(pods: Net, space: Any) -> ArmError:
    return aks(
        "NetworkProfileCIDROverlapVNET",
        f"NetworkProfile CIDR {pods} overlaps with reserved VNET CIDR {space}",
        _PODS,
    )


def _subnet(
    arm: "Arm", resource_id: str, body: dict[str, Any], subnet_id: str, service: Net, pods: Net | None
) -> None:
    """Against an own subnet and its network."""
    pools = [
        pool for pool in body["properties"]["agentPoolProfiles"] if pool.get("vnetSubnetID") == subnet_id
    ]
    parts = subnet_id.split("/")
    if len(parts) != 11 or "/virtualnetworks/" not in subnet_id.lower():
        raise aks("InvalidParameter", "The value of parameter agentPoolProfile.vnetSubnetID is invalid.")
    subnet, vnet = arm.get(subnet_id), arm.get(ids.parent(subnet_id))
    if subnet is None or vnet is None:
        raise aks(
            "SubnetNotFound",
            f"Could not find subnet {parts[10]} in vnet {parts[8]} from resource group {parts[4]} of "
            f"subscription {parts[2]}.",
        )
    if vnet["body"]["location"] != body["location"]:
        raise aks(
            "InvalidParameter",
            f"The Agentpool {pools[0]['name']}'s vnet {vnet['id']} is in location {vnet['body']['location']}, which is "
            f"different from the managed cluster's location {body['location']}.",
        )
    for delegation in subnet["body"]["properties"].get("delegations") or []:
        if (
            delegation["properties"].get("serviceName", "").lower()
            != "microsoft.containerservice/managedclusters"
        ):
            raise aks(
                "SubnetIsDelegated",
                f"AgentPoolProfile subnet with id {subnet_id} cannot be used as it's a delegated subnet. Please check "
                "https://aka.ms/adv-network-prerequest for more details.",
            )
    for other in arm.of_type(network.SUBNET, vnet["id"]):
        for one in network.subnet_prefixes(other["body"]["properties"]):
            if service.overlaps(cidr(one, _SERVICE)):
                raise _service_overlap(service, one)
    for space in vnet["body"]["properties"]["addressSpace"]["addressPrefixes"]:
        if pods is not None and pods.overlaps(cidr(space, _PODS)):
            raise _vnet_overlap(pods, space)
    _room(arm, resource_id, pools, subnet)


def surge(pool: dict[str, Any], nodes: int) -> int:
    """Extra nodes of an upgrade: a share (rounded up) or a number."""
    value = str(pool.get("upgradeSettings", {}).get("maxSurge") or "10%")
    return math.ceil(nodes * float(value[:-1]) / 100) if value.endswith("%") else int(value)


def _room(arm: "Arm", resource_id: str, pools: list[dict[str, Any]], subnet: "Record") -> None:
    prefixes = network.subnet_prefixes(subnet["body"]["properties"])
    others = sum(
        pool["count"]
        for cluster, pool in network.subnet_users(arm, subnet["id"])
        if ids.key(cluster["id"]) != ids.key(resource_id)
    )
    available = sum(Net(one).num_addresses - 5 for one in prefixes) - others
    wanted = 0
    for pool in pools:
        nodes = pool.get("maxCount") or pool["count"] if pool.get("enableAutoScaling") else pool["count"]
        wanted += nodes + surge(pool, nodes)
    if wanted > available:
        raise aks(
            "InsufficientSubnetSize",
            f"Pre-allocated IPs {wanted} exceeds IPs available {available} in Subnet Cidr {prefixes[0]}, Subnet Name "
            f"{subnet['name']}. If Autoscaler is enabled, the max-count from each nodepool is counted "
            "towards this total "
            "(which means that pre-allocated IPs count represents a theoretical max value, not the actual "
            "number of IPs "
            "requested). http://aka.ms/aks/insufficientsubnetsize",
            "agentPoolProfile.vnetSubnetID",
        )


def _outbound(arm: "Arm", profile: dict[str, Any], given: list[dict[str, Any]]) -> None:
    kind = profile["outboundType"]
    if kind not in (
        "loadBalancer",
        "userDefinedRouting",
        "managedNATGateway",
        "userAssignedNATGateway",
        "none",
    ):
        raise aks(
            "UnsupportedOutboundType",
            f"Outbound type {kind} is not supported.",
            "networkProfile.outboundType",
        )
    if kind == "managedNATGateway" and given:
        raise aks(
            "InvalidParameter",
            f"Outbound type is managedNATGateway but agent pool '{given[0]['name']}' is using custom VNet, "
            "which is not "
            "allowed.",
        )
    if kind == "userDefinedRouting" and profile.get("loadBalancerProfile", {}).get("managedOutboundIPs"):
        raise aks(
            "InvalidUserDefinedRoutingWithLoadBalancerProfile",
            "UserDefinedRouting and load balancer profile are mutually exclusive. Please refer to "
            "http://aka.ms/aks/outboundtype for more details",
            "networkProfile.loadBalancerProfile",
        )
    if kind == "userAssignedNATGateway" and not given:
        raise aks(
            "UserAssignedNATGatewayWithManagedVNetNotAllowed",
            "Outbound type userAssignedNATGateway is not allowed with a managed virtual network.",
        )
    if kind == "userDefinedRouting" and not given:
        raise aks(
            "ExistingRouteTableNotAssociatedWithSubnet",
            "An existing route table has not been associated with subnet . Please update the route table association",
        )
    for pool in given:
        subnet = arm.get(pool["vnetSubnetID"])
        assert subnet is not None
        if kind == "userDefinedRouting":
            _route(arm, subnet)
        elif kind == "userAssignedNATGateway":
            _nat(arm, subnet)


def _route(arm: "Arm", subnet: "Record") -> None:
    table = (subnet["body"]["properties"].get("routeTable") or {}).get("id")
    if not table:
        raise aks(
            "ExistingRouteTableNotAssociatedWithSubnet",
            f"An existing route table has not been associated with subnet {subnet['id']}. Please update the "
            "route table "
            "association",
        )
    routes = [one["body"]["properties"] for one in arm.of_type("Microsoft.Network/routeTables/routes", table)]
    default = next((one for one in routes if one["addressPrefix"] == "0.0.0.0/0"), None)
    if default is None:
        raise aks(
            "RouteTableMissingDefaultRouteError", f"Default route 0.0.0.0/0 missing from route table {table}"
        )
    if default["nextHopType"].lower() not in ("virtualappliance", "virtualnetworkgateway"):
        raise aks(
            "RouteTableInvalidNextHop",
            f"Default route 0.0.0.0/0 has a next hop of {default['nextHopType']} but only next hops of "
            "VirtualAppliance or "
            "VirtualNetworkGateway are allowed. Please see http://aka.ms/aks/outboundtype for more details",
        )


def _nat(arm: "Arm", subnet: "Record") -> None:
    gateway = (subnet["body"]["properties"].get("natGateway") or {}).get("id")
    if not gateway:
        raise aks(
            "SubnetNotAssociatedWithNATGateway",
            f"Subnet '{subnet['name']}' must have a NAT gateway associated for outbound connection",
        )
    record = arm.get(gateway)
    properties = record["body"]["properties"] if record else {}
    if not properties.get("publicIpAddresses") and not properties.get("publicIpPrefixes"):
        raise aks(
            "NATGatewayNotAssociatedWithPublicIPOrIPPrefix",
            f"NAT gateway '{gateway}' must be associated with a public IP or public IP prefix.",
        )


def dns_service_ip(value: Any, service: Net) -> None:
    """Judge the DNS service address."""
    target = "networkProfile.dnsServiceIP"
    try:
        address = ipaddress.IPv4Address(str(value))
    except ValueError as error:
        raise aks("DnsServiceIpParseError", f"The DNS service IP {value} is invalid.", target) from error
    if address not in service:
        raise aks(
            "DnsServiceIpOutOfServiceCidr",
            f"The DNS service IP {value} is out of the range defined by service CIDR {service}.",
            target,
        )
    if address in (service.network_address, service.network_address + 1):
        raise aks(
            "DnsServiceIpConflicting",
            f"The DNS service IP {value} conflicts with the first addresses of service CIDR {service}.",
            target,
        )
    if address == service.broadcast_address:
        raise aks(
            "DnsBroadcastAddressConflicting",
            f"The DNS service IP {value} is the broadcast address of service CIDR {service}.",
            target,
        )


def judge(arm: "Arm", resource_id: str, body: dict[str, Any], old: dict[str, Any] | None) -> None:
    """Everything that the completed body of a cluster has to pass."""
    check(arm, resource_id, body, old)
    zones(arm, body)
    quota.judge(arm, resource_id, body)


def zones(arm: "Arm", body: dict[str, Any]) -> None:
    """Zones that the region has."""
    region = arm.region(body["location"]) or {}
    known = region.get("zones", [])
    for pool in body["properties"]["agentPoolProfiles"]:
        bad = [str(one) for one in pool.get("availabilityZones") or [] if str(one) not in known]
        if bad:
            quoted = ", ".join(f"'{one}'" for one in known) or "''"
            raise aks(
                "AvailabilityZoneNotSupported",
                f"The zone(s) '{','.join(bad)}' for resource '{pool['name']}' is not supported.The supported zones for "
                f"location '{body['location']}' are {quoted}",
            )
