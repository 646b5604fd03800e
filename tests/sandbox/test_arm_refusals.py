"""What AKS refuses: at once, or in the operation."""

from typing import Any

import pytest
from arm_bodies import AKS, CLUSTER, GROUP, NET, SUBNET, cluster, refused, with_group, with_subnet
from sandbox_client import SUBSCRIPTION, Client


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (
            {"network": {"serviceCidr": "172.30.0.0/16", "dnsServiceIP": "172.30.0.10"}},
            "NetworkProfileCIDROverlapReservedCIDR",
        ),
        ({"network": {"podCidr": "172.16.0.0/12"}}, "NetworkProfileCIDROverlapReservedCIDR"),
        ({"network": {"podCidr": "10.230.0.0/16"}}, "NetworkProfileCIDROverlapVNET"),
        (
            {"network": {"serviceCidr": "10.224.0.0/20", "dnsServiceIP": "10.224.0.10"}},
            "ServiceCidrOverlapExistingSubnetsCidr",
        ),
        ({"network": {"podCidr": "10.0.0.0/12"}}, "PodCidrOverlapServiceCidr"),
        ({"network": {"podCidr": "300.1.1.1"}}, "CidrStringParseError"),
        ({"network": {"serviceCidr": "10.0.0.0/8"}}, "ServiceCidrTooLarge"),
        ({"network": {"dnsServiceIP": "10.1.0.10"}}, "DnsServiceIpOutOfServiceCidr"),
        ({"network": {"dnsServiceIP": "10.0.0.1"}}, "DnsServiceIpConflicting"),
        ({"network": {"dnsServiceIP": "10.0.255.255"}}, "DnsBroadcastAddressConflicting"),
        ({"network": {"networkPolicy": "calico"}}, "NetworkPolicyNotSupportedForNone"),
        (
            {"network": {"outboundType": "userAssignedNATGateway"}},
            "UserAssignedNATGatewayWithManagedVNetNotAllowed",
        ),
        ({"properties": {"kubernetesVersion": "1.21.9"}}, "K8sVersionNotSupported"),
        ({"properties": {"kubernetesVersion": "1.32"}}, "K8sVersionNotSupported"),
        ({"properties": {"dnsPrefix": "-x"}}, "InvalidParameter"),
        ({"properties": {"nodeResourceGroup": "n" * 81}}, "InvalidParameter"),
        ({"properties": {"nodeResourceGroup": "rg"}}, "NodeResourceGroupSameAsResourceGroup"),
        ({"properties": {"agentPoolProfiles": []}}, "InvalidParameter"),
        ({"pool": {"name": "Node_1"}}, "InvalidParameter"),
        ({"pool": {"count": 0}}, "InvalidParameter"),
        ({"pool": {"count": 1001}}, "InvalidParameter"),
        ({"pool": {"maxPods": 5}}, "InvalidParameter"),
        ({"pool": {"mode": "User"}}, "MustDefineAtLeastOneSystemPool"),
        ({"pool": {"vmSize": "Standard_Huge"}}, "BadRequest"),
        ({"pool": {"count": 100}}, "ErrCode_InsufficientVCPUQuota"),
        ({"pool": {"availabilityZones": ["7"]}}, "AvailabilityZoneNotSupported"),
        ({"pool": {"nodeTaints": ["a=b:NoSchedule"]}}, "SystemPoolHasRestrictedTaint"),
        ({"pool": {"vnetSubnetID": SUBNET}}, "SubnetNotFound"),
    ],
)
async def test_what_aks_refuses_at_once(arm: Client, changes: dict[str, Any], code: str) -> None:
    await with_group(arm)
    assert await refused(arm, cluster(**changes)) == (400, code)


async def test_reserved_words_are_no_names(arm: Client) -> None:
    await with_group(arm)
    for name in ("login-1", "my-windows-x", "azure", "under_"):
        path = CLUSTER.replace("/c1", f"/{name}")
        assert await refused(arm, cluster(), path) == (400, "InvalidParameter")


async def test_service_ranges_are_compared_with_every_subnet(arm: Client) -> None:
    await with_subnet(arm)
    body = cluster(
        pool={"vnetSubnetID": SUBNET}, network={"serviceCidr": "10.1.0.0/20", "dnsServiceIP": "10.1.0.10"}
    )
    assert await refused(arm, body) == (400, "ServiceCidrOverlapExistingSubnetsCidr")
    body = cluster(pool={"vnetSubnetID": SUBNET}, network={"podCidr": "10.1.128.0/17"})
    assert await refused(arm, body) == (400, "NetworkProfileCIDROverlapVNET")


async def test_a_subnet_that_is_too_small_or_delegated(arm: Client) -> None:
    await with_subnet(arm, addressPrefix="10.1.0.0/29")
    assert await refused(arm, cluster(pool={"vnetSubnetID": SUBNET})) == (400, "InsufficientSubnetSize")
    delegation = {"name": "d", "properties": {"serviceName": "Microsoft.ContainerInstance/containerGroups"}}
    await arm.made(SUBNET, NET, {"properties": {"addressPrefix": "10.1.0.0/24", "delegations": [delegation]}})
    assert await refused(arm, cluster(pool={"vnetSubnetID": SUBNET})) == (400, "SubnetIsDelegated")


async def test_the_ways_out_that_a_subnet_must_offer(arm: Client) -> None:
    await with_subnet(arm)
    pool = {"vnetSubnetID": SUBNET}
    for kind, code in (
        ("userDefinedRouting", "ExistingRouteTableNotAssociatedWithSubnet"),
        ("userAssignedNATGateway", "SubnetNotAssociatedWithNATGateway"),
        ("managedNATGateway", "InvalidParameter"),
    ):
        assert await refused(arm, cluster(pool=pool, network={"outboundType": kind})) == (400, code)
    table = f"{GROUP}/providers/Microsoft.Network/routeTables/rt"
    await arm.made(table, NET, {"location": "westeurope"})
    await arm.made(SUBNET, NET, {"properties": {"addressPrefix": "10.1.0.0/24", "routeTable": {"id": table}}})
    body = cluster(pool=pool, network={"outboundType": "userDefinedRouting"})
    assert await refused(arm, body) == (400, "RouteTableMissingDefaultRouteError")
    route = {"properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "None"}}
    await arm.made(f"{table}/routes/out", NET, route)
    assert await refused(arm, body) == (400, "RouteTableInvalidNextHop")


async def test_an_identity_without_its_role_fails_half_made(arm: Client) -> None:
    await with_subnet(arm)
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/own"
    made = await arm.made(identity, "2024-11-30", {"location": "westeurope"})
    body = cluster(pool={"vnetSubnetID": SUBNET})
    body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    _, _, headers = await arm("PUT", CLUSTER, AKS, body)
    arm.sandbox.world.clock.run_until_idle()
    poll = headers["Azure-AsyncOperation"].removeprefix(arm.sandbox.endpoints.arm_url)
    operation = (await arm("GET", poll, ""))[1]
    assert operation["status"] == "Failed"
    assert "SubCode: LinkedAuthorizationFailed" in operation["error"]["message"]
    assert (await arm("GET", CLUSTER, AKS))[1]["properties"]["provisioningState"] == "Failed"
    role = "4d97b98b-1d4f-4787-a291-c67834d212e7"
    assignment = (
        f"{SUBNET}/providers/Microsoft.Authorization/roleAssignments/99999999-0000-4000-8000-000000000000"
    )
    status, _, _ = await arm(
        "PUT", assignment, "2022-04-01",
        {"properties": {"roleDefinitionId": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                        "principalId": made["properties"]["principalId"], "principalType": "ServicePrincipal"}},
    )  # fmt: skip
    assert status == 201
    again = await arm.made(CLUSTER, AKS, body)
    assert again["properties"]["provisioningState"] == "Succeeded"
