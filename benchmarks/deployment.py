"""The article's whole way: ``apply`` against az, helm and kubectl in the same instant sandbox; calls; pre-flight."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.clients import needed, sandbox
from benchmarks.process import Spent, run
from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import Endpoints

RUNS = 3
OURS = [sys.executable, "-m", "byocni_tui"]
GROUP = ["-g", "myResourceGroup"]


def figures(figure: Any) -> Iterator[Any]:
    """In the order of the budgets."""
    yield from _article(figure)
    yield _happy(figure)
    yield from _preflight(figure)


def _plan(folder: Path, env: dict[str, str], *more: str) -> Path:
    """The article's answers."""
    path = folder / "plan.yaml"
    values = (
        "cloud=AzureChinaCloud", "subscription=00000000-0000-0000-0000-000000000000", "region=chinanorth3",
        "resource_group.name=myResourceGroup", "cluster.name=myAKSCluster", "acknowledge_support_boundary=true",
        "accept=[BYO709]", *more,
    )  # fmt: skip
    words = [word for value in values for word in ("--set", value)]
    assert run([*OURS, "plan", str(path), *words], env).status == 0
    return path


def _theirs(env: dict[str, str]) -> tuple[Spent, Spent]:
    """The clients' way: (without the helm step, the helm step). It ends where pods are known to have a network."""
    az, kubectl, helm = needed("az"), needed("kubectl"), needed("helm")
    before = (
        [az, "group", "create", "-l", "chinanorth3", "-n", "myResourceGroup"],
        [az, "aks", "create", "-l", "chinanorth3", *GROUP, "-n", "myAKSCluster", "--network-plugin", "none"],
        [az, "aks", "get-credentials", *GROUP, "-n", "myAKSCluster"],
        [kubectl, "get", "nodes"],
    )
    install = [
        helm, "install", "cilium", "cilium/cilium", "--namespace", "kube-system", "--set", "aksbyocni.enabled=true",
        "--set", "ipam.operator.clusterPoolIPv4PodCIDRList={10.244.0.0/16}",
    ]  # fmt: skip
    probe = [
        "run",
        "check",
        "--image=busybox",
        "--restart=Never",
        "--command",
        "--",
        "nslookup",
        "kubernetes.default",
    ]
    after = (
        [kubectl, "wait", "--for=condition=Ready", "node", "--all", "--timeout=5m"],
        [kubectl, "-n", "kube-system", "rollout", "status", "deployment/coredns"],
        [kubectl, *probe],
        [kubectl, "wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/check", "--timeout=5m"],
    )
    spent = Spent(0, 0, 0)
    for command in before:
        spent += run(command, env)
    helped = run(install, env)
    for command in after:
        spent += run(command, env)
    assert (spent + helped).status == 0, "the clients' way failed"
    return spent, helped


def _ours(endpoints: Endpoints, env: dict[str, str], folder: Path) -> tuple[Spent, float]:
    """``apply``, live mode with the sandbox as its cloud: (all of it, seconds of the helm step)."""
    metadata = f"{endpoints.arm_url}/metadata/endpoints?api-version=2022-09-01"
    env = {**env, "BYOCNI_ALLOW_SANDBOX": "1", "BYOCNI_CLOUD_METADATA": metadata}
    plan = _plan(folder, env, f"cni.chart={endpoints.charts_url}")
    heard: dict[tuple[str, str], float] = {}

    def line(text: bytes) -> None:
        event = json.loads(text)
        heard.setdefault((event["step"], event["status"]), time.perf_counter())

    spent = run([*OURS, "apply", str(plan), "--live", "--yes", "-o", "json"], env, line)
    assert spent.status == 0, f"apply ended with {spent.status} after {list(heard)[-1]}"
    return spent, heard["cni", "done"] - heard["cni", "running"]


def _article(figure: Any) -> Iterator[Any]:
    pairs: list[tuple[Spent, float, Spent, Spent]] = []
    acts: list[dict[str, Any]] = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            with sandbox() as (endpoints, env):
                mine, helm = _ours(endpoints, env, Path(folder))
                answer = launcher.control(endpoints, "acts")
                assert isinstance(answer, dict)
                acts = answer["acts"]
            with sandbox() as (_endpoints, env):
                pairs.append((mine, helm, *_theirs(env)))

    def median(values: Iterator[float]) -> float:
        return statistics.median(list(values))

    wall = median(mine.wall / (spent + helped).wall for mine, _, spent, helped in pairs)
    cpu = median(mine.cpu / (spent + helped).cpu for mine, _, spent, helped in pairs)
    bare = median((mine.wall - helm) / spent.wall for mine, helm, spent, _ in pairs)
    mine, helm, spent, helped = pairs[-1]
    whole = spent + helped
    note = f"{mine.wall:.1f} s, clients {whole.wall:.1f} s; with a proof of 15 checks against their one"
    yield figure("the article's way: apply / az + helm + kubectl, wall", wall, 0.6, "x", note)
    note = f"{mine.cpu:.1f} s, clients {whole.cpu:.1f} s"
    yield figure("the article's way: apply / az + helm + kubectl, processor", cpu, 0.6, "x", note)
    note = f"{mine.wall - helm:.1f} s, clients {spent.wall:.1f} s"
    yield figure("the same without the helm step on both sides, wall", bare, 0.5, "x", note)
    cpu = median((mine.cpu - helped.cpu) / spent.cpu for mine, _, spent, helped in pairs)
    note = f"{mine.cpu - helped.cpu:.1f} s, clients {spent.cpu:.1f} s; helm's own taken as on their side"
    yield figure("the same without the helm step on both sides, processor", cpu, 0.5, "x", note)
    yield from _calls(figure, acts)


def _calls(figure: Any, acts: list[dict[str, Any]]) -> Iterator[Any]:
    """What the sandbox heard: polling is asking for an operation, or for a cluster that is being made."""
    arm = [act for act in acts if act["plane"] == "arm" and act.get("client") != "azure"]
    polling = [act for act in arm if "operation" in act.get("type", "").lower()]
    rest = [act for act in arm if act not in polling]
    words = sorted({f"{act['verb']} {act.get('type', '').rpartition('/')[2]}" for act in rest})
    count = sum(act.get("count", 1) for act in rest)
    yield figure("calls to Azure for a deployment, polling left out", count, 12, "calls", ", ".join(words))
    twice = [act for act in rest if act["verb"] in ("get", "list") and act.get("count", 1) > 1]
    yield figure("facts that were read twice in a row", len(twice), 0, "facts")


def _happy(figure: Any) -> Any:
    """``byocni-tui --simulate --speed max`` without a terminal."""
    spent = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            import os

            env = {**os.environ, "BYOCNI_STATE_HOME": folder}
            once = run([*OURS, "--simulate", "--speed", "max"], env)
            assert once.status == 0
            spent.append(once.wall)
            for file in Path(folder).rglob("endpoints.json"):
                from byocni_tui.sandbox.endpoints import read

                if (endpoints := read(file.parent)) is not None:
                    launcher.stop(endpoints)
    return figure("happy path, simulated, --speed max, unattended", statistics.median(spent), 4, "s")


def _preflight(figure: Any) -> Iterator[Any]:
    """Pre-flight with 100 ms added to each call, own network, against its slowest single call."""
    import asyncio
    import os

    async def once() -> tuple[float, float, int]:
        import math

        from byocni_tui.context import Context

        context = Context.simulated(scenario="nsg-denies-overlay", speed=math.inf)
        azure = (await context.connections()).azure
        real, times = azure._called, []

        async def slow(what: str, send: Any) -> Any:
            begin = time.perf_counter()
            await asyncio.sleep(0.1)
            answer = await real(what, send)
            times.append(time.perf_counter() - begin)
            return answer

        azure._called = slow  # type: ignore[method-assign]
        await azure.account()
        times.clear()
        begin = time.perf_counter()
        async for _ in context.preflight():
            pass
        whole = time.perf_counter() - begin
        await context.close()
        return whole, max(times), len(times)

    with tempfile.TemporaryDirectory() as folder:
        os.environ["BYOCNI_STATE_HOME"] = folder
        try:
            found = [asyncio.run(once()) for _ in range(RUNS)]
        finally:
            del os.environ["BYOCNI_STATE_HOME"]
    ratio = statistics.median(whole / slowest for whole, slowest, _ in found)
    whole, slowest, calls = found[-1]
    note = f"{whole * 1000:.0f} ms for {calls} calls, the slowest {slowest * 1000:.0f} ms"
    yield figure("pre-flight with 100 ms a call / its slowest call", ratio, 4, "x", note)
