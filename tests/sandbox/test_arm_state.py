"""A world is kept in a folder, and made again from its seed."""

from pathlib import Path

from arm_bodies import AKS, CLUSTER, cluster, with_group
from sandbox_client import serve


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
