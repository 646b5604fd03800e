"""What AKS makes, changes and refuses beyond the first create."""

import copy
from typing import Any

import pytest
from sandbox_client import SUBSCRIPTION, Client

from byocni_tui.sandbox.kube.life.azure import Azure

GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
NODES = f"{SUBSCRIPTION}/resourceGroups/MC_rg_c1_westeurope"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/c1"
VERSION = "2026-06-01"
BODY: dict[str, Any] = {
    "location": "westeurope",
    "identity": {"type": "SystemAssigned"},
    "properties": {
        "dnsPrefix": "c1",
        "agentPoolProfiles": [{"name": "p1", "mode": "System", "count": 3, "vmSize": "Standard_D4s_v5"}],
        "networkProfile": {"networkPlugin": "none"},
    },
}


def body(**properties: Any) -> dict[str, Any]:
    made = copy.deepcopy(BODY)
    made["properties"].update(properties)
    return made


def pool(**more: Any) -> list[dict[str, Any]]:
    return [{**BODY["properties"]["agentPoolProfiles"][0], **more}]


@pytest.fixture
async def grouped(arm: Client) -> Client:
    await arm.made(GROUP, "2024-11-01", {"location": "westeurope"})
    return arm


@pytest.fixture
async def cluster(grouped: Client) -> Client:
    await grouped.made(CLUSTER, VERSION, BODY)
    return grouped


async def types(arm: Client) -> dict[str, list[Any]]:
    """What is in the node resource group, by type."""
    found: dict[str, list[Any]] = {}
    for kind, version in (
        ("Microsoft.Compute/virtualMachineScaleSets", "2024-11-01"),
        ("Microsoft.Network/loadBalancers", "2024-05-01"),
        ("Microsoft.Network/publicIPAddresses", "2024-05-01"),
        ("Microsoft.Network/networkSecurityGroups", "2024-05-01"),
        ("Microsoft.Network/virtualNetworks", "2024-05-01"),
        ("Microsoft.ManagedIdentity/userAssignedIdentities", "2024-11-30"),
    ):
        status, answer, _ = await arm("GET", f"{NODES}/providers/{kind}", version)
        assert status == 200
        found[kind.partition("/")[2]] = answer["value"]
    return found


def kubernetes(arm: Client) -> list[str]:
    (one,) = arm.sandbox.world.clusters.values()
    return [node["status"]["nodeInfo"]["kubeletVersion"] for node in one.store.list("nodes")]


async def test_the_node_resource_group_holds_what_the_cluster_made(cluster: Client) -> None:
    found = await types(cluster)
    assert {kind: len(values) for kind, values in found.items()} == dict.fromkeys(found, 1)
    (address,) = found["publicIPAddresses"]
    (balancer,) = found["loadBalancers"]
    (front,) = balancer["properties"]["frontendIPConfigurations"]
    assert front["properties"]["publicIPAddress"]["id"] == address["id"]
    (network,) = found["virtualNetworks"]
    (subnet,) = network["properties"]["subnets"]
    assert subnet["properties"]["addressPrefix"] == "10.224.0.0/16"
    assert subnet["properties"]["networkSecurityGroup"]["id"] == found["networkSecurityGroups"][0]["id"]
    _, shown, _ = await cluster("GET", CLUSTER, VERSION)
    profile = shown["properties"]["networkProfile"]["loadBalancerProfile"]
    assert profile["effectiveOutboundIPs"] == [{"id": address["id"]}]
    kubelet = shown["properties"]["identityProfile"]["kubeletidentity"]
    assert kubelet["objectId"] == found["userAssignedIdentities"][0]["properties"]["principalId"]


async def test_scaling_moves_the_scale_set_and_the_nodes(cluster: Client) -> None:
    await cluster.made(CLUSTER, VERSION, body(agentPoolProfiles=pool(count=5)))
    (scale_set,) = (await types(cluster))["virtualMachineScaleSets"]
    assert (scale_set["sku"]["capacity"], len(kubernetes(cluster))) == (5, 5)
    await cluster.made(CLUSTER, VERSION, body(agentPoolProfiles=pool(count=1)))
    (scale_set,) = (await types(cluster))["virtualMachineScaleSets"]
    assert (scale_set["sku"]["capacity"], len(kubernetes(cluster))) == (1, 1)


async def test_a_pool_comes_and_goes_with_its_scale_set(cluster: Client) -> None:
    made = {"properties": {"count": 2, "vmSize": "Standard_D4s_v5", "mode": "User"}}
    await cluster.made(f"{CLUSTER}/agentPools/p2", VERSION, made)
    assert len((await types(cluster))["virtualMachineScaleSets"]) == 2
    assert len(kubernetes(cluster)) == 5
    assert (await cluster("DELETE", f"{CLUSTER}/agentPools/p2", VERSION))[0] == 202
    cluster.sandbox.world.clock.run_until_idle()
    assert len((await types(cluster))["virtualMachineScaleSets"]) == 1
    assert len(kubernetes(cluster)) == 3


async def test_stopping_empties_the_scale_sets_and_starting_fills_them(cluster: Client) -> None:
    assert (await cluster("POST", f"{CLUSTER}/stop", VERSION))[0] == 202
    cluster.sandbox.world.clock.run_until_idle()
    (scale_set,) = (await types(cluster))["virtualMachineScaleSets"]
    assert scale_set["sku"]["capacity"] == 0
    assert (await cluster("POST", f"{CLUSTER}/start", VERSION))[0] == 202
    cluster.sandbox.world.clock.run_until_idle()
    (scale_set,) = (await types(cluster))["virtualMachineScaleSets"]
    assert (scale_set["sku"]["capacity"], len(kubernetes(cluster))) == (3, 3)


async def test_deleting_takes_the_node_resource_group_along(cluster: Client) -> None:
    assert (await cluster("DELETE", CLUSTER, VERSION))[0] == 202
    cluster.sandbox.world.clock.run_until_idle()
    assert (await cluster("HEAD", NODES, "2024-11-01"))[0] == 404
    assert not cluster.sandbox.world.clusters


@pytest.mark.parametrize("late", [False, True], ids=["role-in-time", "role-when-it-is-waited-for"])
async def test_an_own_subnet_leaves_no_network_in_the_node_group(grouped: Client, late: bool) -> None:
    network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
    space = {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
             "subnets": [{"name": "nodes", "properties": {"addressPrefix": "10.1.0.0/24"}}]}  # fmt: skip
    await grouped.made(network, "2024-05-01", {"location": "westeurope", "properties": space})
    own = body(agentPoolProfiles=pool(vnetSubnetID=f"{network}/subnets/nodes"))
    status, made, _ = await grouped("PUT", CLUSTER, VERSION, own)
    assert status == 201
    if late:
        grouped.sandbox.world.clock.run_until_idle()
    roles = f"{network}/subnets/nodes/providers/Microsoft.Authorization/roleAssignments"
    role = f"{roles}/11111111-1111-1111-1111-111111111111"
    definition = "/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7"
    given = {
        "roleDefinitionId": f"{SUBSCRIPTION}{definition}",
        "principalId": made["identity"]["principalId"],
    }
    assert (await grouped("PUT", role, "2022-04-01", {"properties": given}))[0] == 201
    grouped.sandbox.world.clock.run_until_idle()
    found = await types(grouped)
    assert found["virtualNetworks"] == []
    assert len(found["networkSecurityGroups"]) == 1


async def test_an_upgrade_replaces_machine_by_machine(grouped: Client) -> None:
    await grouped.made(CLUSTER, VERSION, body(kubernetesVersion="1.35"))
    before = {
        node["metadata"]["name"]
        for one in grouped.sandbox.world.clusters.values()
        for node in one.store.list("nodes")
    }
    pools = pool(orchestratorVersion="1.36")
    await grouped("PUT", CLUSTER, VERSION, body(kubernetesVersion="1.36", agentPoolProfiles=pools))
    fewest = 3
    clock = grouped.sandbox.world.clock
    while clock.awaiting:
        clock.step(5)
        fewest = min(fewest, len(kubernetes(grouped)))
    assert fewest == 3, "a new machine comes before an old one goes"
    assert {version.rpartition(".")[0] for version in kubernetes(grouped)} == {"v1.36"}
    after = {
        node["metadata"]["name"]
        for one in grouped.sandbox.world.clusters.values()
        for node in one.store.list("nodes")
    }
    assert not before & after


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("unknown field", body(foo=1), "UnmarshalError", 'json: unknown field "foo"'),
    ("unknown field of a pool", body(agentPoolProfiles=pool(sise=1)), "UnmarshalError", 'unknown field "sise"'),
    ("text for a number", body(agentPoolProfiles=pool(count="3")), "UnmarshalError",
     "Go struct field ManagedClusterAgentPoolProfile.properties.agentPoolProfiles.count of type int32"),
    ("object for a list", body(agentPoolProfiles={}), "UnmarshalError", "cannot unmarshal object"),
    ("number for text", body(dnsPrefix=5), "UnmarshalError", "cannot unmarshal number"),
    ("fraction", body(agentPoolProfiles=pool(count=1.5)), "UnmarshalError", "cannot unmarshal number 1.5"),
    ("plugin", body(networkProfile={"networkPlugin": "nine"}), "InvalidParameter", "networkPlugin"),
    ("virtual nodes", body(addonProfiles={"aciConnectorLinux": {"enabled": True}}),
     "ACIConnectorRequiresAzureNetworking", "ACI Connector requires azure network plugin"),
    ("windows", body(agentPoolProfiles=[*pool(), {"name": "win", "osType": "Windows", "count": 1}]),
     "WindowsProfileMissing", "Windows profile definition is missing for the cluster."),
    ("pods", body(agentPoolProfiles=pool(maxPods=10, count=2)), "InsufficientMaxPods", "at least 30"),
    ("autoscaler", body(agentPoolProfiles=pool(enableAutoScaling=True, minCount=5, maxCount=2)),
     "InvalidParameter", "minCount"),
    ("pool newer", body(kubernetesVersion="1.35", agentPoolProfiles=pool(orchestratorVersion="1.36")),
     "NodePoolMcVersionIncompatible", "Minor version of node pool version 36 is bigger than control plane version 35."),
    ("key", body(linuxProfile={"adminUsername": "u", "ssh": {"publicKeys": [{"keyData": "id_rsa.pub"}]}}),
     "InvalidParameter", "linuxProfile.ssh.publicKeys.keyData"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "code", "text"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_refused_at_once_and_nothing_is_left(
    grouped: Client, sent: dict[str, Any], code: str, text: str
) -> None:
    status, answer, _ = await grouped("PUT", CLUSTER, VERSION, sent)
    assert (status, answer["code"]) == (400, code)
    assert text in answer["message"]
    assert (await grouped("GET", CLUSTER, VERSION))[0] == 404


async def test_old_api_versions_ignore_unknown_fields(grouped: Client) -> None:
    assert (await grouped("PUT", CLUSTER, "2023-11-01", body(foo=1)))[0] == 201


async def test_an_identity_that_does_not_exist(grouped: Client) -> None:
    missing = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nobody"
    sent = {**BODY, "identity": {"type": "UserAssigned", "userAssignedIdentities": {missing: {}}}}
    status, answer, _ = await grouped("PUT", CLUSTER, VERSION, sent)
    assert (status, answer["error"]["code"]) == (400, "FailedIdentityOperation")


CHANGES: list[tuple[str, dict[str, Any], str, str]] = [
    ("skip", body(kubernetesVersion="1.34"), "OperationNotAllowed", "Upgrading Kubernetes version 1.3"),
    ("size", body(agentPoolProfiles=pool(vmSize="Standard_D8s_v5")), "PropertyChangeNotAllowed",
     "agentPoolProfile.vmSize"),
    ("plugin", body(networkProfile={"networkPlugin": "azure"}), "PropertyChangeNotAllowed",
     "networkProfile.networkPlugin"),
    ("prefix", body(dnsPrefix="other"), "PropertyChangeNotAllowed", "dnsPrefix"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "code", "text"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)
async def test_changes_that_are_not_allowed(
    cluster: Client, sent: dict[str, Any], code: str, text: str
) -> None:
    status, answer, _ = await cluster("PUT", CLUSTER, VERSION, sent)
    assert (status, answer["code"]) == (400, code)
    assert text in answer["message"]
    _, shown, _ = await cluster("GET", CLUSTER, VERSION)
    assert shown["properties"]["provisioningState"] == "Succeeded"


async def test_an_old_tag_is_refused(cluster: Client) -> None:
    _, shown, _ = await cluster("GET", CLUSTER, VERSION)
    await cluster.made(CLUSTER, VERSION, body(agentPoolProfiles=pool(count=2)))
    status, _, _ = await cluster("PUT", CLUSTER, VERSION, BODY, If_Match=shown["eTag"])
    assert status == 412


async def test_a_rule_on_the_managed_security_group_reaches_the_nodes(cluster: Client) -> None:
    (group,) = (await types(cluster))["networkSecurityGroups"]
    (one,) = cluster.sandbox.world.clusters.values()
    nodes = [node["metadata"]["name"] for node in one.store.list("nodes")]
    azure = Azure(one.life.life)
    assert all(azure.home(node) for node in nodes)
    rule = {"protocol": "*", "access": "Deny", "priority": 100, "direction": "Outbound", "sourceAddressPrefix": "*",
            "destinationAddressPrefix": "*", "sourcePortRange": "*", "destinationPortRange": "*"}  # fmt: skip
    await cluster.made(f"{group['id']}/securityRules/none", "2024-05-01", {"properties": rule})
    assert not any(azure.home(node) for node in nodes)
