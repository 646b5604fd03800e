"""Clusters come to be, change and go, and what they make goes with them."""

from arm_bodies import AKS, CLUSTER, RES, cluster, with_group
from sandbox_client import SUBSCRIPTION, Client


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
