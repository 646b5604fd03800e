"""Two sandboxes side by side: each has its own ports, tokens, certificates, Azure and clusters."""

import base64
from typing import Any

import yaml
from sandbox_client import SUBSCRIPTION, Client, serve

GROUP = f"{SUBSCRIPTION}/resourceGroups/g"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/k"
MAPS = "/api/v1/namespaces/default/configmaps"
VERSION = "2025-05-01"


async def _cluster(client: Client) -> tuple[str, str]:
    """Makes a cluster; its address and its administrator's token."""
    await client("PUT", GROUP, body={"location": "chinanorth3"})
    body = {
        "location": "chinanorth3",
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "dnsPrefix": "k",
            "agentPoolProfiles": [{"name": "p", "mode": "System", "count": 1, "vmSize": "Standard_D4ds_v5"}],
            "networkProfile": {"networkPlugin": "none"},
        },
    }
    await client.made(CLUSTER, VERSION, body)
    _, credentials, _ = await client("POST", f"{CLUSTER}/listClusterAdminCredential", VERSION)
    config = yaml.safe_load(base64.b64decode(credentials["kubeconfigs"][0]["value"]))
    return config["clusters"][0]["cluster"]["server"], config["users"][0]["user"]["token"]


async def _ask(client: Client, address: str, token: str, method: str = "GET", body: Any = None) -> int:
    head = {"Authorization": f"Bearer {token}"}
    async with client.session.request(method, address, headers=head, json=body, ssl=client.trust) as answer:
        return answer.status


async def test_two_sandboxes_do_not_meet() -> None:
    async with serve("article") as one, serve("article") as two:
        here, mine = await _cluster(one)
        there, other = await _cluster(two)
        assert here != there
        assert await _ask(one, here + MAPS, mine, "POST", {"metadata": {"name": "only-here"}}) == 201
        assert await _ask(one, f"{here}{MAPS}/only-here", mine) == 200
        assert await _ask(two, f"{there}{MAPS}/only-here", other) == 404
        assert await _ask(two, there + MAPS, mine) == 401
        await one("DELETE", GROUP)
        one.sandbox.world.clock.run_until_idle()
        assert await _ask(one, here + MAPS, mine) == 404
        assert await _ask(two, there + MAPS, other) == 200
