"""Deployments beyond the simple ones: Complete mode, other groups, what a template makes itself, functions, links."""

from typing import Any

import pytest
from sandbox_client import SUBSCRIPTION, Client

VERSION = "2024-11-01"
GROUP, OTHER = f"{SUBSCRIPTION}/resourceGroups/rg", f"{SUBSCRIPTION}/resourceGroups/other"
DEPLOYMENT = f"{GROUP}/providers/Microsoft.Resources/deployments/d"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def table(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": name,
            "location": "westeurope", "properties": {}, **more}  # fmt: skip


def template(*resources: Any, **more: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources), **more}


def sent(inner: Any, mode: str = "Incremental", **more: Any) -> dict[str, Any]:
    return {"properties": {"mode": mode, "template": inner, "parameters": {}, **more}}


@pytest.fixture
async def groups(arm: Client) -> Client:
    for group in (GROUP, OTHER):
        await arm.made(group, VERSION, {"location": "westeurope"})
    return arm


async def names(arm: Client, group: str) -> list[str]:
    _, answer, _ = await arm("GET", f"{group}/resources", VERSION)
    return sorted(one["name"] for one in answer["value"])


async def test_complete_mode_takes_away_what_the_template_does_not_name(groups: Client) -> None:
    nsg = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"
    await groups.made(nsg, "2024-05-01", {"location": "westeurope", "properties": {}})
    subnet = {
        "name": "s",
        "properties": {"addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": nsg}},
    }
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]}
    network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net"
    await groups.made(network, "2024-05-01", {"location": "westeurope", "properties": space})
    done = await groups.made(DEPLOYMENT, VERSION, sent(template(table("t")), "Complete"))
    assert done["properties"]["provisioningState"] == "Succeeded"
    assert await names(groups, GROUP) == ["t"]


async def test_incremental_mode_leaves_the_rest(groups: Client) -> None:
    await groups.made(DEPLOYMENT, VERSION, sent(template(table("a"))))
    await groups.made(DEPLOYMENT, VERSION, sent(template(table("b"))))
    assert await names(groups, GROUP) == ["a", "b"]


async def test_a_nested_deployment_goes_into_another_group(groups: Client) -> None:
    nested = {
        "type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "inner",
        "resourceGroup": "other",
        "properties": {"mode": "Incremental", "template": template(table("there"))},
    }  # fmt: skip
    done = await groups.made(DEPLOYMENT, VERSION, sent(template(nested, table("here"))))
    assert done["properties"]["provisioningState"] == "Succeeded"
    assert (await names(groups, GROUP), await names(groups, OTHER)) == (["here"], ["there"])


def cluster(**more: Any) -> dict[str, Any]:
    pool = {"name": "p1", "mode": "System", "count": 1, "vmSize": "Standard_D4s_v5", **more}
    return {
        "type": "Microsoft.ContainerService/managedClusters", "apiVersion": "2025-05-01", "name": "c1",
        "location": "westeurope", "identity": {"type": "SystemAssigned"},
        "properties": {"dnsPrefix": "c1", "agentPoolProfiles": [pool], "networkProfile": {"networkPlugin": "none"}},
    }  # fmt: skip


async def test_a_list_function_reads_a_cluster_that_the_template_made(groups: Client) -> None:
    where = "resourceId('Microsoft.ContainerService/managedClusters', 'c1')"
    config = {
        "type": "string",
        "value": f"[listClusterAdminCredential({where}, '2025-05-01').kubeconfigs[0].name]",
    }
    done = await groups.made(DEPLOYMENT, VERSION, sent(template(cluster(), outputs={"name": config})))
    assert done["properties"]["outputs"]["name"]["value"] == "clusterAdmin"


async def test_the_subnet_is_made_in_the_same_template(groups: Client) -> None:
    where = "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'nodes')]"
    network = {
        "type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "net",
        "location": "westeurope",
        "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
                       "subnets": [{"name": "nodes", "properties": {"addressPrefix": "10.1.0.0/24"}}]},
    }  # fmt: skip
    identity = {"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2024-11-30", "name": "idd",
                "location": "westeurope"}  # fmt: skip
    role = {
        "type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01",
        "name": "[guid('role')]", "scope": "Microsoft.Network/virtualNetworks/net/subnets/nodes",
        "dependsOn": ["net", "idd"],
        "properties": {
            "roleDefinitionId": "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', "
                                "'4d97b98b-1d4f-4787-a291-c67834d212e7')]",
            "principalId": "[reference('idd').principalId]", "principalType": "ServicePrincipal"},
    }  # fmt: skip
    made = cluster(vnetSubnetID=where)
    identities = {"[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'idd')]": {}}
    subnet = "resourceId('Microsoft.Network/virtualNetworks/subnets', 'net', 'nodes')"
    assigned = f"[extensionResourceId({subnet}, 'Microsoft.Authorization/roleAssignments', guid('role'))]"
    made |= {
        "dependsOn": ["net", "idd", assigned],
        "identity": {"type": "UserAssigned", "userAssignedIdentities": identities},
    }
    whole = template(made, role, identity, network)
    status, answer, _ = await groups("POST", f"{DEPLOYMENT}/validate", VERSION, sent(whole))
    assert status == 200, answer
    done = await groups.made(DEPLOYMENT, VERSION, sent(whole))
    assert done["properties"].get("error") is None
    assert done["properties"]["provisioningState"] == "Succeeded"


async def test_a_link_is_refused_honestly(groups: Client) -> None:
    body = {"properties": {"mode": "Incremental", "templateLink": {"uri": "https://example.com/t.json"}}}
    status, answer, _ = await groups("POST", f"{DEPLOYMENT}/validate", VERSION, body)
    assert (status, answer["error"]["code"]) == (501, "NotInSandbox")


@pytest.mark.parametrize(
    "broken",
    [
        {"resources": 5},
        {"parameters": {"a": 1}},
        {"resources": [{"type": "Microsoft.Network/routeTables"}]},
        {"resources": [None]},
        {"resources": [table("x", copy={"name": "c", "count": "many"})]},
        {"resources": [table("x", copy={"name": "c", "count": 801})]},
        {"resources": [], "outputs": {"o": {"type": "string", "value": "[range(0, 99999999)]"}}},
        {
            "variables": {"v": "[" + "concat(" * 500 + ")" * 500 + "]"},
            "resources": [table("[variables('v')]")],
        },
    ],
)
async def test_broken_templates_are_refused_in_words(groups: Client, broken: dict[str, Any]) -> None:
    status, answer, _ = await groups("PUT", DEPLOYMENT, VERSION, sent({**template(), **broken}))
    groups.sandbox.world.clock.run_until_idle()
    if status == 201:
        _, answer, _ = await groups("GET", DEPLOYMENT, VERSION)
        assert answer["properties"]["provisioningState"] == "Failed"
    else:
        assert (status, answer["error"]["code"]) == (400, "InvalidTemplate")
