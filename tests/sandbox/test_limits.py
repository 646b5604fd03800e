"""What is left of the request limits, and what happens beyond them where a fault makes them count."""

from sandbox_client import SUBSCRIPTION, Client

from byocni_tui.sandbox.faults import Fault

GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
CLUSTERS = f"{SUBSCRIPTION}/providers/Microsoft.ContainerService/managedClusters"


async def test_headers_count_down_and_recover(arm: Client) -> None:
    _, _, first = await arm("PUT", GROUP, "2024-11-01", {"location": "westeurope"})
    _, _, second = await arm("PUT", GROUP, "2024-11-01", {"location": "westeurope"})
    name = "x-ms-ratelimit-remaining-subscription-writes"
    assert (first[name], second[name]) == ("199", "198")
    assert first["x-ms-ratelimit-remaining-subscription-global-writes"] == "2999"
    arm.sandbox.world.clock.step(60)
    _, _, later = await arm("PUT", GROUP, "2024-11-01", {"location": "westeurope"})
    assert later[name] == "199"


async def test_lists_beyond_the_bucket_are_throttled_as_aks_does(arm: Client) -> None:
    arm.sandbox.world.faults.add(
        Fault(id="strict", when={"service": "arm", "event": "limits"}, what={"kind": "limits"})
    )
    seen = [await arm("GET", CLUSTERS, "2025-05-01") for _ in range(61)]
    assert [status for status, _, _ in seen] == [200] * 60 + [429]
    _, body, headers = seen[-1]
    assert body["code"] == "Throttled"
    assert "ListManagedClusterHandler.LIST request limit has been exceeded for SubID=" in body["message"]
    assert float(headers["Retry-After"]) > 0
    arm.sandbox.world.clock.step(2)
    assert (await arm("GET", CLUSTERS, "2025-05-01"))[0] == 200


async def test_reads_of_one_principal_are_throttled_by_arm(arm: Client) -> None:
    arm.sandbox.world.faults.add(
        Fault(id="strict", when={"service": "arm", "event": "limits"}, what={"kind": "limits"})
    )
    statuses = [(await arm("GET", f"{SUBSCRIPTION}/resourceGroups", "2024-11-01"))[0] for _ in range(251)]
    assert statuses == [200] * 250 + [429]
    _, body, _ = await arm("GET", f"{SUBSCRIPTION}/resourceGroups", "2024-11-01")
    assert body["error"]["code"] == "SubscriptionRequestsThrottled"


async def test_without_the_fault_nobody_is_throttled(arm: Client) -> None:
    statuses = {(await arm("GET", CLUSTERS, "2025-05-01"))[0] for _ in range(300)}
    assert statuses == {200}
