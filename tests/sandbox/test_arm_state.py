"""A world is kept in a folder, and made again from its seed."""

from pathlib import Path

from arm_bodies import AKS, CLUSTER, cluster, with_group
from sandbox_client import SUBSCRIPTION, serve


async def test_a_state_folder_goes_on_in_the_middle_of_a_create(tmp_path: Path) -> None:
    async with serve(state=tmp_path) as arm:
        await with_group(arm)
        _, _, headers = await arm("PUT", CLUSTER, AKS, cluster())
        arm.sandbox.world.clock.step(200)
        nodes = len(next(iter(arm.sandbox.world.clusters.values())).store.list("nodes"))
        assert nodes < 3
        poll, token = headers["Azure-AsyncOperation"].removeprefix(arm.sandbox.endpoints.arm_url), arm.token
    async with serve(state=tmp_path) as arm:
        arm.token = token
        assert (await arm("GET", poll, ""))[1]["status"] not in ("Succeeded", "Failed")
        assert len(next(iter(arm.sandbox.world.clusters.values())).store.list("nodes")) == nodes
        arm.sandbox.world.clock.run_until_idle()
        assert (await arm("GET", poll, ""))[1]["status"] == "Succeeded"
        assert len(next(iter(arm.sandbox.world.clusters.values())).store.list("nodes")) == 3


async def test_the_same_seed_makes_the_same_names() -> None:
    names = []
    for seed in (1, 1, 2):
        async with serve(seed=seed) as arm:
            await with_group(arm)
            body = await arm.made(CLUSTER, AKS, cluster())
            kube = next(iter(arm.sandbox.world.clusters.values()))
            names.append(
                (body["properties"]["fqdn"], [one["metadata"]["name"] for one in kube.store.list("nodes")])
            )
    assert names[0] == names[1]
    assert names[0] != names[2]


async def test_a_machine_that_is_off_stays_so(tmp_path: Path) -> None:
    sets = f"{SUBSCRIPTION}/resourceGroups/MC_rg_c1_westeurope/providers/Microsoft.Compute/virtualMachineScaleSets"
    async with serve(state=tmp_path) as arm:
        await with_group(arm)
        await arm.made(CLUSTER, AKS, cluster())
        path = (await arm("GET", sets, "2024-11-01"))[1]["value"][0]["id"]
        await arm("POST", f"{path}/deallocate", "2024-11-01", {"instanceIds": ["1"]})
        arm.sandbox.world.clock.run_until_idle()
    async with serve(state=tmp_path) as arm:
        _, view, _ = await arm("GET", f"{path}/virtualMachines/1/instanceView", "2024-11-01")
        assert view["statuses"][1]["code"] == "PowerState/deallocated"
        await arm("POST", f"{path}/start", "2024-11-01", {"instanceIds": ["1"]})
        arm.sandbox.world.clock.run_until_idle()
        nodes = next(iter(arm.sandbox.world.clusters.values())).store.list("nodes")
        ready = [c["status"] for one in nodes for c in one["status"]["conditions"] if c["type"] == "Ready"]
        assert ready == ["False"] * 3
