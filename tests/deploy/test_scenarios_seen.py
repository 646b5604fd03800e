"""``doctor`` and ``verify`` are right about the defects of scenarios, and silent where all is well."""

import math
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from byocni_tui import errands
from byocni_tui.context import Context
from byocni_tui.deploy.doctor import diagnose, gather
from byocni_tui.deploy.verification import Options, Verifier, count
from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.scenario import names

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
    "agent-crash-loop": ({"BYO803"}, NOT_READY),
    "auto-repair": ({"BYO801"}, NOT_READY),
    "nsg-denies-nodes": (set(), {"pod-cross-node", "service-name"}),
    "nsg-denies-overlay": (set(), {"pod-cross-node", "service-name"}),
    "name-taken": (set(), set()),
}
"""Scenario: the causes that ``doctor`` names, and the checks of ``verify`` that don't pass."""
OFTEN = ("half-nodes", "mtu", "cilium-default-pool")
ENDS: dict[str, str] = {
    **dict.fromkeys(
        ("article", "public", "usgov", "antrea", "calico", "operation-hangs", "role-not-propagated", "throttled",
         "token-expires"),
        "run",
    ),
    **dict.fromkeys(
        ("delegated-subnet", "group-locked", "join-missing", "null-route", "own-network", "pods-overlap-peer",
         "pods-overlap-vnet", "policy-argument", "pool-differs", "provider-not-registered", "reserved-range",
         "role-missing", "service-overlaps-subnet", "size-not-available", "subnet-in-use", "subnet-too-small",
         "version-not-supported"),
        "preflight",
    ),
    **dict.fromkeys(("outbound-blocked", "policy-denies", "quota-exceeded"), "cluster"),
    "registry-china": "nodes-ready",
}  # fmt: skip
"""Scenarios without a cluster yet: the step at which a run of their plan stops, ``run`` where all goes well."""

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


@pytest.mark.torture
@pytest.mark.parametrize("scenario", ENDS)
async def test_a_run_stops_where_the_defect_is_and_where_there_is_none_nothing_is_seen(
    scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(tmp_path / "state"))
    context = Context.simulated(scenario=scenario, speed=math.inf)
    warnings = tuple(finding.code for finding in context.findings().findings if finding.severity == "warning")
    context.plan = msgspec.structs.replace(context.plan, accept=warnings, acknowledge_support_boundary=True)
    events = [event async for event in context.deploy()]
    connections = await context.connections()
    try:
        stopped = next((event.step for event in events if event.status == "failed"), "run")
        assert stopped == ENDS[scenario], events[-2:]
        if stopped == "run":
            proof = (events[-1].detail or {})["proof"]
            assert not proof["failed"], proof
            assert not proof["warning"], proof
            assert (await context.diagnose())["causes"] == []
        elif stopped == "nodes-ready":
            assert {cause["code"] for cause in (await context.diagnose())["causes"]} == {"BYO802"}
    finally:
        connections.dismiss()
        await context.close()


@pytest.mark.torture
def test_no_scenario_is_left_out() -> None:
    assert {*CASES, *ENDS, "nodes-5000"} == set(names())
