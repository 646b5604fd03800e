"""Ids, versions and bodies that the tests of ARM share, and what they do with them."""

from typing import Any

from sandbox_client import SUBSCRIPTION, Client

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
