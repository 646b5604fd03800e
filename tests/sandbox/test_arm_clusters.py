"""Clusters come to be, change and go, and what they make goes with them."""

from arm_bodies import AKS, CLUSTER, GROUP, NET, RES, cluster, with_group
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


async def test_a_fresh_node_image_takes_what_a_plugin_left_behind(arm: Client) -> None:
    await with_group(arm)
    await arm.made(CLUSTER, AKS, cluster())
    kube = next(iter(arm.sandbox.world.clusters.values()))
    before = {one["metadata"]["name"] for one in kube.store.list("nodes")}
    for name in before:
        kube.life.network.leave(name, {"behaviour": "cilium"})
    assert (await arm("POST", f"{CLUSTER}/agentPools/nodepool1/upgradeNodeImageVersion", AKS))[0] == 202
    status, answer, _ = await arm("POST", f"{CLUSTER}/agentPools/nodepool1/upgradeNodeImageVersion", AKS)
    assert (status, answer["code"]) == (409, "OperationNotAllowed")
    arm.sandbox.world.clock.run_until_idle()
    nodes = [one["metadata"]["name"] for one in kube.store.list("nodes")]
    assert len(nodes) == 3
    assert not before & set(nodes)
    assert not any(kube.life.network.configured(name) for name in nodes)
    pool = (await arm("GET", f"{CLUSTER}/agentPools/nodepool1", AKS))[1]["properties"]
    assert (pool["count"], pool["provisioningState"]) == (3, "Succeeded")


async def test_chosen_machines_go(arm: Client) -> None:
    await with_group(arm)
    await arm.made(CLUSTER, AKS, cluster())
    pool = f"{CLUSTER}/agentPools/nodepool1"
    names = [one["name"] for one in (await arm("GET", f"{pool}/machines", AKS))[1]["value"]]
    for given in ([], ["nope"], names):
        status, answer, _ = await arm("POST", f"{pool}/deleteMachines", AKS, {"machineNames": given})
        assert (status, answer["code"]) == (400, "InvalidParameter")
    assert (await arm("POST", f"{pool}/deleteMachines", AKS, {"machineNames": names[:1]}))[0] == 202
    arm.sandbox.world.clock.run_until_idle()
    kube = next(iter(arm.sandbox.world.clusters.values()))
    assert [one["metadata"]["name"] for one in kube.store.list("nodes")] == names[1:]
    assert (await arm("GET", pool, AKS))[1]["properties"]["count"] == 2


async def test_a_pool_follows_its_control_plane(arm: Client) -> None:
    await with_group(arm)
    body = cluster(properties={"kubernetesVersion": "1.35"})
    await arm.made(CLUSTER, AKS, body)
    profile = f"{CLUSTER}/agentPools/nodepool1/upgradeProfiles/default"
    offered = (await arm("GET", profile, AKS))[1]["properties"]["upgrades"]
    assert not [one for one in offered if one["kubernetesVersion"].startswith("1.36")]


async def test_what_nobody_makes_here_is_an_empty_list(arm: Client) -> None:
    await with_group(arm)
    for kind, version in (("Microsoft.Compute/virtualMachines", "2024-11-01"),
                          ("Microsoft.Network/networkInterfaces", NET)):  # fmt: skip
        path = f"{GROUP}/providers/{kind}"
        assert (await arm("GET", path, version))[1]["value"] == []
        status, answer, _ = await arm("PUT", f"{path}/x", version, {"location": "westeurope"})
        assert (status, answer["error"]["code"]) == (501, "NotInSandbox")
