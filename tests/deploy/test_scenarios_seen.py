"""``doctor`` and ``verify`` are right about the defects of scenarios, and silent where all is well."""

import math
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from byocni_tui import errands
from byocni_tui.context import Context
from byocni_tui.deploy.doctor import diagnose, gather
from byocni_tui.deploy.verification import Options, Verifier, count
from byocni_tui.sandbox import launcher

IMAGE = "mcr.microsoft.com/azurelinux/busybox:1.36"
NOT_READY = {"nodes", "cni"}
CASES: dict[str, tuple[set[str], set[str]]] = {
    "half-nodes": ({"BYO802"}, NOT_READY),
    "leftovers": ({"BYO808"}, {"cni", "pod-same-node"}),
    "policy-not-enforced": (set(), {"policy"}),
    "mtu": (set(), {"large-transfer"}),
    "two-replicas": ({"BYO806"}, set()),
    "autoscaled-node": ({"BYO810"}, {"nodes"}),
    "calico-no-type": ({"BYO807"}, {"nodes"}),
    "cilium-default-pool": ({"BYO817"}, {"pod-cidr", "dns", "dns-external", "service-name", "api", "egress"}),
    "konnectivity": ({"BYO801"}, NOT_READY),
    "operator-tainted-pool": ({"BYO805"}, NOT_READY),
    "registry-blocked": ({"BYO802"}, NOT_READY),
    "pull-limit": ({"BYO802"}, NOT_READY),
}
"""Scenario: the causes that ``doctor`` names, and the checks of ``verify`` that don't pass."""
OFTEN = ("half-nodes", "mtu", "cilium-default-pool")

Judge = Callable[[str], Any]


@pytest.fixture
async def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Judge]:
    """What doctor and verify say about the cluster that a scenario begins with."""
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(tmp_path / "state"))
    worlds = []

    async def judged(scenario: str) -> tuple[set[str], set[str]]:
        world = launcher.start(scenario, speed=math.inf, state_dir=tmp_path / "world", idle_seconds=300)
        worlds.append(world)
        context = Context.simulated(None, sandbox=world.join_url)
        connections = await context.connections()
        kube = connections.kubernetes(await errands._fetch_kubeconfig(context, tmp_path))
        try:
            causes = {cause.code for cause in diagnose(await gather(kube))}
            options = Options(image=IMAGE, egress="mcr.microsoft.com:443", pod_cidr="10.244.0.0/16")
            _, checks = await Verifier(kube, options, patience=connections.patience).run()
        finally:
            await kube.close()
            await context.close()
        found = count(checks)
        return causes, {*found.failed, *found.warning}

    yield judged
    for world in worlds:
        launcher.stop(world)


@pytest.mark.parametrize(
    "scenario", [pytest.param(name, marks=() if name in OFTEN else pytest.mark.torture) for name in CASES]
)
async def test_a_defect_is_seen_as_what_it_is(judge: Judge, scenario: str) -> None:
    causes, checks = await judge(scenario)
    wanted, wrong = CASES[scenario]
    assert causes == wanted
    assert checks >= wrong
    assert checks <= wrong | {
        "cni",
        "host-to-pod",
        "pod-cross-node",
        "pod-same-node",
        "large-transfer",
        "service-ip",
    }


@pytest.mark.parametrize("scenario", ["nsg-denies-nodes", "nsg-denies-overlay"])
@pytest.mark.torture
async def test_what_no_api_shows_is_found_by_probing(judge: Judge, scenario: str) -> None:
    """Made by a run: the scenario's plan makes the cluster."""
    world_plan = Context.simulated(scenario=scenario, speed=math.inf)
    events = [event async for event in world_plan.deploy()]
    (await world_plan.connections()).dismiss()
    await world_plan.close()
    failed = next(event for event in events if event.status == "failed")
    assert failed.step == "verify"
    assert "pod-cross-node" in failed.message
    assert "pod-same-node" not in failed.message
