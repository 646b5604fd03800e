"""The act log: what was done, by whom, and how it ended."""

from typing import Any

import msgspec
from sandbox_client import SUBSCRIPTION, Client

from byocni_tui.sandbox.acts import KEPT, Acts, client_of
from byocni_tui.sandbox.clock import VirtualClock

GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/c1"
BODY = {
    "location": "westeurope",
    "identity": {"type": "SystemAssigned"},
    "properties": {
        "dnsPrefix": "c1",
        "agentPoolProfiles": [{"name": "p1", "mode": "System", "count": 1, "vmSize": "Standard_D4s_v5"}],
        "networkProfile": {"networkPlugin": "none"},
    },
}


async def told(arm: Client, query: str = "") -> dict[str, Any]:
    where = arm.sandbox.endpoints
    head = {"Authorization": f"Bearer {where.token}"}
    async with arm.session.get(f"{where.control_url}/acts{query}", headers=head) as answer:
        assert answer.status == 200
        found: dict[str, Any] = msgspec.json.decode(await answer.read())
        return found


async def test_a_cluster_is_made_and_its_end_is_told(arm: Client) -> None:
    await arm(
        "PUT", GROUP, "2024-11-01", {"location": "westeurope"}, User_Agent="AZURECLI/2.91.0 azsdk-python"
    )
    before = (await told(arm))["rev"]
    await arm("PUT", CLUSTER, "2025-05-01", BODY)
    arm.sandbox.world.clock.run_until_idle()
    after = await told(arm, f"?since={before}&mutates=1")
    put, end = after["acts"]
    assert (put["verb"], put["status"], put["body"]["properties"]["dnsPrefix"]) == ("put", 201, "c1")
    assert (end["client"], end["verb"], end["code"], end["name"]) == ("azure", "end", "Succeeded", "c1")
    assert end["at"] > put["at"] + 60
    group = (await told(arm))["acts"][0]
    assert (group["client"], group["name"], group["mutates"]) == ("az", "rg", True)


async def test_a_refusal_has_its_code(arm: Client) -> None:
    await arm("PUT", CLUSTER, "2025-05-01", BODY)
    act = (await told(arm))["acts"][-1]
    assert (act["status"], act["code"], act["mutates"]) == (404, "ResourceGroupNotFound", True)


async def test_the_same_read_between_two_changes_is_one_act(arm: Client) -> None:
    for _ in range(3):
        await arm("GET", CLUSTER, "2025-05-01")
    read = (await told(arm))["acts"]
    assert [(act["verb"], act["count"]) for act in read] == [("get", 3)]
    await arm("PUT", GROUP, "2024-11-01", {"location": "westeurope"})
    await arm("GET", CLUSTER, "2025-05-01")
    assert [act["verb"] for act in (await told(arm))["acts"]] == ["get", "put", "get"]


async def test_the_log_comes_back_with_the_state(tmp_path: Any) -> None:
    from sandbox_client import serve

    async with serve("public", state=tmp_path) as arm:
        await arm("PUT", GROUP, "2024-11-01", {"location": "westeurope"})
    async with serve("public", state=tmp_path) as arm:
        assert [act["name"] for act in (await told(arm, "?mutates=1"))["acts"]] == ["rg"]


def test_the_oldest_acts_go_first() -> None:
    log = Acts(VirtualClock(start=0.0, speed=0))
    for number in range(KEPT + 5):
        log.note(plane="arm", verb="put", mutates=True, name=str(number))
    kept = log.since()
    assert (len(kept), kept[0].name, kept[-1].n, log.dropped) == (KEPT, "5", KEPT + 5, 5)


def test_clients_are_told_apart() -> None:
    assert client_of("AZURECLI/2.91.0 (DEB) azsdk-python-core/1.3 Python/3.13") == "az"
    assert client_of("kubectl/v1.35.0 (linux/amd64)") == "kubectl"
    assert client_of("Helm/4.1.0") == "helm"
    assert client_of("azsdk-python-mgmt-containerservice/41 Python/3.11") == "sdk"
    assert client_of("") == ""
