"""Azure Resource Manager as its clients meet it: the door, groups, clusters, networks, refusals."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from sandbox_client import SUBSCRIPTION, Client, serve

AKS, NET, RES = "2026-06-01", "2025-07-01", "2024-11-01"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/c1"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
SUBNET = f"{VNET}/subnets/nodes"


def cluster(**changes: Any) -> dict[str, Any]:
    """The body of a cluster with plugin none; ``network``, ``pool`` and ``properties`` are merged in."""
    pool = {"name": "nodepool1", "count": 3, "mode": "System", "vmSize": "", **changes.get("pool", {})}
    return {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "dnsPrefix": "c1",
            "agentPoolProfiles": [pool],
            "networkProfile": {
                "networkPlugin": "none",
                "podCidr": "10.244.0.0/16",
                **changes.get("network", {}),
            },
            **changes.get("properties", {}),
        },
    }


async def with_group(arm: Client) -> None:
    status, _, _ = await arm("PUT", GROUP, RES, {"location": "West Europe"})
    assert status == 201


async def with_subnet(arm: Client, **subnet: Any) -> None:
    await with_group(arm)
    body = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}}
    await arm.made(VNET, NET, body)
    await arm.made(SUBNET, NET, {"properties": {"addressPrefix": "10.1.0.0/24", **subnet}})


async def refused(
    arm: Client, body: dict[str, Any], path: str = CLUSTER, version: str = AKS
) -> tuple[int, str]:
    """Status and code of a refusal that leaves nothing behind."""
    status, answer, _ = await arm("PUT", path, version, body)
    assert status >= 400, answer
    assert (await arm("GET", path, version))[0] == 404
    return status, answer.get("error", answer)["code"]


# -- the door -------------------------------------------------------------------------------------------------------


async def test_metadata_needs_no_token_and_everything_else_does(arm: Client) -> None:
    arm.token = ""
    status, body, _ = await arm("GET", "/metadata/endpoints", "2022-09-01")
    assert status == 200
    assert body["resourceManager"].rstrip("/") == arm.sandbox.endpoints.arm_url
    status, body, headers = await arm("GET", "/subscriptions", "2022-12-01")
    assert (status, body["error"]["code"]) == (401, "AuthenticationFailed")
    assert "Bearer authorization_uri=" in headers["WWW-Authenticate"]
    arm.token = "x.y.z"
    status, body, _ = await arm("GET", "/subscriptions", "2022-12-01")
    assert (status, body["error"]["code"]) == (401, "InvalidAuthenticationToken")


async def test_a_foreign_host_is_turned_away(arm: Client) -> None:
    status, _, _ = await arm("GET", "/metadata/endpoints", "2022-09-01", Host="example.com")
    assert status == 421


async def test_the_identity_endpoint_wants_its_header(arm: Client) -> None:
    async with arm.session.get(
        arm.sandbox.endpoints.identity_url, headers={"X-IDENTITY-HEADER": "no"}
    ) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    ("path", "version", "status", "code"),
    [
        ("/subscriptions", "", 400, "MissingApiVersionParameter"),
        (
            "/subscriptions/11111111-0000-0000-0000-000000000000/resourcegroups",
            RES,
            404,
            "SubscriptionNotFound",
        ),
        (f"{SUBSCRIPTION}/resourcegroups", "1999-01-01", 400, "InvalidApiVersionParameter"),
        (CLUSTER, AKS, 404, "ResourceGroupNotFound"),
        (
            f"{SUBSCRIPTION}/providers/Microsoft.Network/virtualNetworks",
            "1999-01-01",
            400,
            "NoRegisteredProviderFound",
        ),
        (f"{SUBSCRIPTION}/providers/Contoso.Things/widgets", RES, 404, "InvalidResourceNamespace"),
        (f"{SUBSCRIPTION}/providers/Microsoft.Network/widgets", NET, 404, "InvalidResourceType"),
        (f"{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts", "2023-05-01", 501, "NotInSandbox"),
    ],
)
async def test_refusals_at_the_door(arm: Client, path: str, version: str, status: int, code: str) -> None:
    got, body, _ = await arm("GET", path, version)
    assert (got, body["error"]["code"]) == (status, code)


async def test_bad_bodies_get_an_answer_and_the_sandbox_goes_on(arm: Client) -> None:
    await with_group(arm)
    url = f"{arm.sandbox.endpoints.arm_url}{CLUSTER}?api-version={AKS}"
    head = {"Authorization": f"Bearer {arm.token}"}
    for data, status in ((b"{", 400), (b"[]", 400), (b"", 400), (b"\xff\xfe", 400), (b" " * 10_000_000, 413)):
        async with arm.session.put(url, data=io.BytesIO(data), headers=head, ssl=arm.trust) as answer:
            assert answer.status == status
            assert "error" in await answer.json()
    for value in (
        3,
        "x",
        None,
        [],
        {"properties": 3},
        {"location": 3},
        {"location": "westeurope", "properties": []},
    ):
        status, _, _ = await arm("PUT", CLUSTER, AKS, value)
        assert status == 400
    assert (await arm("GET", GROUP, RES))[0] == 200


async def test_every_answer_carries_the_ids_that_support_asks_for(arm: Client) -> None:
    _, _, headers = await arm("GET", "/subscriptions", "2022-12-01", x_ms_correlation_request_id="mine")
    assert headers["x-ms-correlation-request-id"] == "mine"
    assert headers["x-ms-request-id"]


# -- groups -----------------------------------------------------------------------------------------------------------


async def test_a_group_lives_and_dies(arm: Client) -> None:
    assert (await arm("HEAD", GROUP, RES))[0] == 404
    await with_group(arm)
    assert (await arm("HEAD", GROUP.replace("rg", "RG"), RES))[0] == 204
    _, body, _ = await arm("GET", GROUP.upper().replace("/SUBSCRIPTIONS", "/subscriptions"), RES)
    assert body["name"] == "rg"
    status, body, _ = await arm("PUT", GROUP, RES, {"location": "eastus"})
    assert (status, body["error"]["code"]) == (409, "InvalidResourceGroupLocation")
    status, _, headers = await arm("DELETE", GROUP, RES)
    assert status == 202
    status, body, _ = await arm("PUT", GROUP, RES, {"location": "westeurope"})
    assert (status, body["error"]["code"]) == (409, "ResourceGroupBeingDeleted")
    location = headers["Location"].removeprefix(arm.sandbox.endpoints.arm_url)
    assert (await arm("GET", location, ""))[0] == 202
    arm.sandbox.world.clock.run_until_idle()
    assert (await arm("GET", location, ""))[0] == 200
    assert (await arm("GET", GROUP, RES))[1]["error"]["code"] == "ResourceGroupNotFound"


@pytest.mark.parametrize("name", ["mi grupo", "a" * 91, "ends."])
async def test_group_names(arm: Client, name: str) -> None:
    path = f"{SUBSCRIPTION}/resourceGroups/{name}".replace(" ", "%20")
    status, body, _ = await arm("PUT", path, RES, {"location": "westeurope"})
    assert (status, body["error"]["code"]) == (400, "InvalidResourceGroup")


# -- clusters ---------------------------------------------------------------------------------------------------------


async def test_a_cluster_comes_to_be(arm: Client) -> None:
    await with_group(arm)
    status, body, headers = await arm("PUT", CLUSTER, AKS, cluster())
    assert status == 201
    properties = body["properties"]
    assert properties["provisioningState"] == "Creating"
    assert properties["networkProfile"]["networkPlugin"] == "none"
    assert properties["networkProfile"]["serviceCidr"] == "10.0.0.0/16"
    assert properties["fqdn"].endswith(".hcp.westeurope.azmk8s.io")
    poll = headers["Azure-AsyncOperation"].removeprefix(arm.sandbox.endpoints.arm_url)
    assert "Location" not in headers
    seen = []
    for _ in range(40):
        _, operation, more = await arm("GET", poll, "")
        seen.append(operation["status"])
        if operation["status"] == "Succeeded":
            break
        assert float(more["Retry-After"]) > 0
        arm.sandbox.world.clock.step(15)
    assert seen[0] == "InProgress"
    assert {"ProvisioningControlPlane", "ReconcilingDNS"} < set(seen)
    assert 4 * 60 < len(seen) * 15 < 8 * 60
    body = (await arm("GET", CLUSTER, AKS))[1]
    assert body["properties"]["provisioningState"] == "Succeeded"
    assert body["properties"]["agentPoolProfiles"][0]["provisioningState"] == "Succeeded"
    status, credentials, _ = await arm("POST", f"{CLUSTER}/listClusterUserCredential", AKS)
    assert credentials["kubeconfigs"][0]["name"] == "clusterUser"
    kube = next(iter(arm.sandbox.world.clusters.values()))
    assert len(kube.store.list("nodes")) == 3


async def test_the_pod_range_is_read_back_only_by_newer_versions(arm: Client) -> None:
    await with_group(arm)
    body = await arm.made(CLUSTER, AKS, cluster())
    assert body["properties"]["networkProfile"]["podCidr"] == "10.244.0.0/16"
    old = (await arm("GET", CLUSTER, "2025-10-01"))[1]
    assert "podCidr" not in old["properties"]["networkProfile"]


async def test_what_the_cluster_makes_is_there_and_goes_with_it(arm: Client) -> None:
    await with_group(arm)
    body = await arm.made(CLUSTER, AKS, cluster())
    node_group = f"{SUBSCRIPTION}/resourceGroups/{body['properties']['nodeResourceGroup']}"
    _, found, _ = await arm("GET", f"{node_group}/resources", RES)
    kinds = {one["type"] for one in found["value"]}
    assert {"Microsoft.Compute/virtualMachineScaleSets", "Microsoft.Network/publicIPAddresses"} < kinds
    assert (await arm("DELETE", CLUSTER, AKS))[0] == 202
    arm.sandbox.world.clock.run_until_idle()
    assert (await arm("GET", node_group, RES))[0] == 404
    assert (await arm("GET", CLUSTER, AKS))[0] == 404
    assert not arm.sandbox.world.clusters


async def test_scaling_and_stopping_move_the_nodes_along(arm: Client) -> None:
    await with_group(arm)
    await arm.made(CLUSTER, AKS, cluster())
    kube = next(iter(arm.sandbox.world.clusters.values()))
    pool = f"{CLUSTER}/agentPools/nodepool1"
    body = (await arm("GET", pool, AKS))[1]
    body["properties"]["count"] = 5
    await arm.made(pool, AKS, body)
    assert len(kube.store.list("nodes")) == 5
    body["properties"]["count"] = 2
    await arm.made(pool, AKS, body)
    assert len(kube.store.list("nodes")) == 2
    for verb, count in (("stop", 0), ("start", 2)):
        assert (await arm("POST", f"{CLUSTER}/{verb}", AKS))[0] == 202
        arm.sandbox.world.clock.run_until_idle()
        assert len(kube.store.list("nodes")) == count


async def test_one_operation_at_a_time(arm: Client) -> None:
    await with_group(arm)
    await arm("PUT", CLUSTER, AKS, cluster())
    status, body, _ = await arm("PUT", CLUSTER, AKS, cluster())
    assert (status, body["code"]) == (409, "OperationNotAllowed")
    assert "create managed cluster" in body["message"]


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


# -- networks ---------------------------------------------------------------------------------------------------------


async def test_subnets_stay_inside_and_apart(arm: Client) -> None:
    await with_subnet(arm)
    for prefix, code in (
        ("10.2.0.0/24", "NetcfgInvalidSubnet"),
        ("10.1.0.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.1.1.5/24", "InvalidCIDRNotation"),
        ("nonsense", "InvalidAddressPrefixFormat"),
    ):
        path = f"{VNET}/subnets/other"
        assert await refused(arm, {"properties": {"addressPrefix": prefix}}, path, NET) == (400, code)


async def test_what_is_in_use_is_not_deleted(arm: Client) -> None:
    await with_subnet(arm)
    group = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    await arm.made(group, NET, {"location": "westeurope"})
    await arm.made(
        SUBNET, NET, {"properties": {"addressPrefix": "10.1.0.0/24", "networkSecurityGroup": {"id": group}}}
    )
    status, body, _ = await arm("DELETE", group, NET)
    assert (status, body["error"]["code"]) == (400, "InUseNetworkSecurityGroupCannotBeDeleted")


async def test_etags_guard_against_lost_updates(arm: Client) -> None:
    await with_subnet(arm)
    _, body, headers = await arm("GET", VNET, NET)
    etag = headers["ETag"]
    assert body["etag"] == etag
    status, _, _ = await arm("PUT", VNET, NET, body, If_Match=etag)
    assert status == 200
    status, answer, _ = await arm("PUT", VNET, NET, body, If_Match=etag)
    assert (status, answer["error"]["code"]) == (412, "PreconditionFailed")


async def test_two_writers_lose_nothing(arm: Client) -> None:
    await with_subnet(arm)

    async def add(number: int) -> None:
        rule = {"protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": 100 + number,
                "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "sourcePortRange": "*",
                "destinationPortRange": "443"}  # fmt: skip
        status, _, _ = await arm("PUT", f"{nsg}/securityRules/r{number}", NET, {"properties": rule})
        assert status == 201

    nsg = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    await arm.made(nsg, NET, {"location": "westeurope"})
    await asyncio.gather(*(add(number) for number in range(20)))
    rules = (await arm("GET", nsg, NET))[1]["properties"]["securityRules"]
    assert len(rules) == 20


# -- who may, locks, registration -------------------------------------------------------------------------------------


async def test_a_lock_holds_until_it_is_removed(arm: Client) -> None:
    await with_group(arm)
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
    await arm("PUT", lock, "2016-09-01", {"properties": {"level": "ReadOnly"}})
    assert await refused(arm, cluster()) == (409, "ScopeLocked")
    assert (await arm("DELETE", GROUP, RES))[1]["error"]["code"] == "ScopeLocked"
    await arm("DELETE", lock, "2016-09-01")
    assert (await arm("PUT", CLUSTER, AKS, cluster()))[0] == 201


async def test_an_unregistered_provider_has_to_be_registered(arm: Client) -> None:
    await with_group(arm)
    arm.sandbox.arm.registrations["microsoft.containerservice"] = "NotRegistered"
    assert await refused(arm, cluster()) == (409, "MissingSubscriptionRegistration")
    path = f"{SUBSCRIPTION}/providers/Microsoft.ContainerService"
    _, body, _ = await arm("POST", f"{path}/register", RES)
    assert body["registrationState"] == "Registering"
    arm.sandbox.world.clock.run_until_idle()
    assert (await arm("GET", path, RES))[1]["registrationState"] == "Registered"


async def test_a_reader_may_read_and_no_more(arm: Client) -> None:
    arm.sandbox.arm.data["role_assignments"][0]["role"] = "Reader"
    status, body, _ = await arm("PUT", GROUP, RES, {"location": "westeurope"})
    assert (status, body["error"]["code"]) == (403, "AuthorizationFailed")
    assert "Microsoft.Resources/subscriptions/resourceGroups/write" in body["error"]["message"]
    assert (await arm("GET", f"{SUBSCRIPTION}/resourcegroups", RES))[0] == 200
    path = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/permissions"
    assert (await arm("GET", path, "2022-04-01"))[1]["value"][0]["actions"] == ["*/read"]


# -- deployments ------------------------------------------------------------------------------------------------------

TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"count": {"type": "int", "defaultValue": 2}},
    "variables": {"net": "[concat('v', uniqueString(resourceGroup().id))]"},
    "resources": [
        {
            "type": "Microsoft.Network/virtualNetworks/subnets",
            "apiVersion": "2024-07-01",
            "name": "[format('{0}/s{1}', variables('net'), copyIndex())]",
            "copy": {"name": "subnets", "count": "[parameters('count')]", "mode": "serial"},
            "dependsOn": ["[resourceId('Microsoft.Network/virtualNetworks', variables('net'))]"],
            "properties": {"addressPrefix": "[cidrSubnet('10.8.0.0/16', 24, copyIndex())]"},
        },
        {
            "type": "Microsoft.Network/virtualNetworks",
            "apiVersion": "2024-07-01",
            "name": "[variables('net')]",
            "location": "[resourceGroup().location]",
            "properties": {"addressSpace": {"addressPrefixes": ["10.8.0.0/16"]}},
        },
    ],
    "outputs": {
        "space": {"type": "array", "value": "[reference(variables('net')).addressSpace.addressPrefixes]"},
    },
}
DEPLOYMENT = f"{GROUP}/providers/Microsoft.Resources/deployments/d1"


async def test_a_template_is_previewed_and_deployed(arm: Client) -> None:
    await with_group(arm)
    body = {
        "properties": {"mode": "Incremental", "template": TEMPLATE, "parameters": {"count": {"value": 3}}}
    }
    status, answer, _ = await arm("POST", f"{DEPLOYMENT}/validate", RES, body)
    assert status == 200, answer
    assert len(answer["properties"]["validatedResources"]) == 4
    status, _, headers = await arm("POST", f"{DEPLOYMENT}/whatIf", RES, body)
    assert status == 202
    arm.sandbox.world.clock.run_until_idle()
    location = headers["Location"].removeprefix(arm.sandbox.endpoints.arm_url)
    changes = (await arm("GET", location, ""))[1]["properties"]["changes"]
    assert [one["changeType"] for one in changes] == ["Create"] * 4
    done = await arm.made(DEPLOYMENT, RES, body)
    assert done["properties"]["provisioningState"] == "Succeeded"
    assert done["properties"]["outputs"]["space"]["value"] == ["10.8.0.0/16"]
    networks = (await arm("GET", f"{GROUP}/providers/Microsoft.Network/virtualNetworks", NET))[1]["value"]
    assert [one["properties"]["addressPrefix"] for one in networks[0]["properties"]["subnets"]] == [
        "10.8.0.0/24", "10.8.1.0/24", "10.8.2.0/24",
    ]  # fmt: skip


async def test_a_bad_template_is_refused_and_a_failing_one_says_why(arm: Client) -> None:
    await with_group(arm)
    bad = {"properties": {"mode": "Incremental", "template": TEMPLATE, "parameters": {"nope": {"value": 3}}}}
    status, answer, _ = await arm("POST", f"{DEPLOYMENT}/validate", RES, bad)
    assert (status, answer["error"]["code"]) == (400, "InvalidTemplate")
    resource = {"type": "Microsoft.ContainerService/managedClusters", "apiVersion": AKS, "name": "c1",
                **cluster(network={"dnsServiceIP": "10.9.0.10"})}  # fmt: skip
    template = {**TEMPLATE, "resources": [resource], "outputs": {}}
    status, answer, _ = await arm(
        "PUT", DEPLOYMENT, RES, {"properties": {"mode": "Incremental", "template": template}}
    )
    assert (status, answer["error"]["code"]) == (400, "InvalidTemplateDeployment")
    assert answer["error"]["details"][0]["code"] == "DnsServiceIpOutOfServiceCidr"


# -- state ------------------------------------------------------------------------------------------------------------


async def test_a_state_folder_goes_on_in_the_middle_of_a_create(tmp_path: Path) -> None:
    async with serve(state=tmp_path) as arm:
        await with_group(arm)
        _, _, headers = await arm("PUT", CLUSTER, AKS, cluster())
        arm.sandbox.world.clock.step(200)
        nodes = len(next(iter(arm.sandbox.world.clusters.values())).store.list("nodes"))
        assert nodes < 3
        poll, token = headers["Azure-AsyncOperation"].removeprefix(arm.sandbox.endpoints.arm_url), arm.token
    async with serve(state=tmp_path) as arm:
        arm.token = token
        assert (await arm("GET", poll, ""))[1]["status"] not in ("Succeeded", "Failed")
        assert len(next(iter(arm.sandbox.world.clusters.values())).store.list("nodes")) == nodes
        arm.sandbox.world.clock.run_until_idle()
        assert (await arm("GET", poll, ""))[1]["status"] == "Succeeded"
        assert len(next(iter(arm.sandbox.world.clusters.values())).store.list("nodes")) == 3


async def test_the_same_seed_makes_the_same_names() -> None:
    names = []
    for seed in (1, 1, 2):
        async with serve(seed=seed) as arm:
            await with_group(arm)
            body = await arm.made(CLUSTER, AKS, cluster())
            kube = next(iter(arm.sandbox.world.clusters.values()))
            names.append(
                (body["properties"]["fqdn"], [one["metadata"]["name"] for one in kube.store.list("nodes")])
            )
    assert names[0] == names[1]
    assert names[0] != names[2]
