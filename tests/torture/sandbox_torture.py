"""A sandbox in this process with a cluster in it, and what requests may be about."""

import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import yaml

from byocni_tui.sandbox.server import Sandbox

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/c1"
VERSIONS = ("2024-11-01", "2022-12-01", "2025-05-01", "2024-07-01", "1999-01-01", "x", "")
ROOTS = (
    "subscriptions", SUBSCRIPTION[1:], GROUP[1:], CLUSTER[1:], f"{CLUSTER[1:]}/agentPools/nodepool1",
    f"{CLUSTER[1:]}/listClusterUserCredential", f"{GROUP[1:]}/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
    f"{GROUP[1:]}/providers/Microsoft.Network/networkSecurityGroups/n/securityRules/r",
    f"{GROUP[1:]}/providers/Microsoft.Resources/deployments/d", f"{SUBSCRIPTION[1:]}/providers/Microsoft.Compute/skus",
    f"{GROUP[1:]}/providers/Microsoft.Authorization/roleAssignments/a", "metadata/endpoints", "providers", "tenants",
    "{cluster}/api/v1/nodes", "{cluster}/api/v1/namespaces/default/pods/p", "{cluster}/apis/apps/v1/deployments",
    "{cluster}/apis/apps/v1/namespaces/default/daemonsets/d/status", "{cluster}/openapi/v3", "{cluster}/version",
    "{cluster}/api/v1/namespaces/default/configmaps/c",
    "{cluster}/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "{cluster}/api/v1/namespaces/kube-system/pods/p/log", "{cluster}/api/v1/namespaces/default/pods/p/exec",
    "{cluster}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
)  # fmt: skip


async def _made(
    sandbox: Sandbox, session: aiohttp.ClientSession, pools: list[dict[str, Any]]
) -> dict[str, str]:
    """Make group and cluster; the owner's header."""
    where = sandbox.endpoints
    async with session.get(
        f"{where.identity_url}?resource=x&api-version=2019-08-01",
        headers={"X-IDENTITY-HEADER": where.identity_header},
    ) as answer:
        headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
    properties = {"dnsPrefix": "c1", "networkProfile": {"networkPlugin": "none"}, "agentPoolProfiles": pools}
    body = {"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": properties}
    for path, version, data in (
        (GROUP, "2024-11-01", {"location": "westeurope"}),
        (CLUSTER, "2025-05-01", body),
    ):
        url = f"{where.arm_url}{path}?api-version={version}"
        async with session.put(url, json=data, headers=headers) as answer:
            assert answer.status in (200, 201), await answer.text()
        sandbox.world.clock.run_until_idle()
    return headers


async def kube_token(base: str, headers: dict[str, str], session: aiohttp.ClientSession) -> dict[str, str]:
    """The header of the cluster's administrator."""
    url = f"{base}{CLUSTER}/listClusterUserCredential?api-version=2025-05-01"
    async with session.post(url, headers=headers) as answer:
        given = (await answer.json())["kubeconfigs"][0]["value"]
    token = yaml.safe_load(base64.b64decode(given))["users"][0]["user"]["token"]
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def served(
    sandbox: Sandbox | None = None, pools: list[dict[str, Any]] | None = None
) -> AsyncIterator[tuple[str, dict[str, str], str, aiohttp.ClientSession]]:
    """(base address, headers of an owner, path of the cluster's API server, session); the cluster is made."""
    wanted = pools or [{"name": "nodepool1", "count": 2, "mode": "System", "vmSize": "Standard_D4ds_v5"}]
    async with sandbox or Sandbox("public", speed=0) as running:
        trust = ssl.create_default_context(cadata=running.ca_pem.decode())
        connector = aiohttp.TCPConnector(ssl=trust, limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            headers = await _made(running, session, wanted)
            yield running.endpoints.arm_url, headers, "k8s/1", session
