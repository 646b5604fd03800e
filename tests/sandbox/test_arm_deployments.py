"""Templates: previewed, deployed, refused."""

from arm_bodies import AKS, GROUP, NET, RES, cluster, with_group
from sandbox_client import Client

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
