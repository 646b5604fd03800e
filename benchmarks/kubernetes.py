"""The sandbox's API server with 5,000 nodes and 50,000 pods: start, memory, kubectl, watches in order, idle watches.

The cluster is one small one, run until all its pods are Running, and then loaded many times over as a saved state is.
"""

import asyncio
import base64
import copy
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

from benchmarks.clients import needed
from byocni_tui.sandbox.clock import VirtualClock
from byocni_tui.sandbox.kube.cluster import KubeCluster
from byocni_tui.sandbox.kube.packed import pack
from byocni_tui.sandbox.kube.store import saved
from byocni_tui.sandbox.tls import certificates

NODES, EACH = 5000, 10
IDLE = 1000
CHANGES = 2000
RUNS = 5
_POD = {
    "tolerations": [{"operator": "Exists"}],
    "hostNetwork": True,
    "containers": [
        {
            "name": "main",
            "image": "mcr.microsoft.com/oss/example:v1.2.3",
            "command": ["sleep", "1000000"],
            "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
            "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        }
    ],
}


class _Faults:
    """A world without any."""

    def strike(self, *_args: Any, **_named: Any) -> None:
        return None

    def __getattr__(self, _name: str) -> Any:
        return self.strike


class _World:
    """As much of a world as a cluster needs."""

    def __init__(self) -> None:
        self.clock = VirtualClock(speed=0)
        self.seed = 1
        self.faults = _Faults()
        self.scenario = type("Scenario", (), {"id": "article"})()
        self.clusters: dict[str, Any] = {}
        self.parts: dict[str, Any] = {}
        self.token = self.http_base = self.https_base = ""
        self.changed = False

    def rng(self, entity: str) -> random.Random:
        return random.Random(entity)


def _cluster(world: _World) -> KubeCluster:
    return KubeCluster(
        world, "/subscriptions/0/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/big",
        name="big", version="1.36.2", node_role="agent", service_cidr="172.16.0.0/16", dns_ip="172.16.0.10",
        pod_cidr="10.128.0.0/10", location="westeurope", fqdn="big.hcp.westeurope.azmk8s.io",
    )  # fmt: skip


def _small() -> dict[str, Any]:
    """The state of a cluster of one node whose pods are all Running."""
    made = _cluster(_World())
    made.add_node(
        "aks-pool1-00000000-vmss000000", pool="pool1", mode="System", vm_size="Standard_D4s_v5", cpu=4, memory_gib=16,
        max_pods=110, ip="10.0.0.4",
    )  # fmt: skip
    for number in range(EACH):
        labels = {"app": f"agent-{number}"}
        made.store.create(
            "daemonsets.apps",
            {
                "metadata": {"name": f"agent-{number}", "namespace": "default"},
                "spec": {
                    "selector": {"matchLabels": labels},
                    "template": {"metadata": {"labels": labels}, "spec": copy.deepcopy(_POD)},
                },
            },
        )
    made.clock.step(120)
    state = made.dump()
    state["now"] = made.clock.now()
    return state


def _many(state: dict[str, Any]) -> dict[str, Any]:
    """The same with many nodes: made one by one while it is loaded, never all of it as plain data."""
    objects = state["store"]["objects"]
    node = next(saved(state["store"], "nodes"))
    pods = [pod for pod in saved(state["store"], "pods") if pod["metadata"]["namespace"] == "default"]
    owners = {entry[1]: entry[3] for entry in objects["pods"]}
    runs = state["life"]["runs"]

    def name_of(number: int) -> str:
        return f"aks-pool1-00000000-vmss{number:06d}"

    def uid_of(at: int, number: int) -> str:
        return f"{at:08x}-0000-4000-8000-{number:012x}"

    def nodes() -> Iterator[Any]:
        for number in range(NODES):
            name = name_of(number)
            meta = {**node["metadata"], "name": name, "uid": uid_of(0, number), "resourceVersion": "1"}
            meta["labels"] = {**meta["labels"], "kubernetes.io/hostname": name}
            yield ["", name, 1, "", "", _packed({**node, "metadata": meta})]

    def copies() -> Iterator[Any]:
        for at, pod in enumerate(pods, 1):
            for number in range(NODES):
                name = f"agent-{at - 1}-{number:05x}"
                meta = {**pod["metadata"], "name": name, "uid": uid_of(at, number), "resourceVersion": "1"}
                obj = {**pod, "metadata": meta, "spec": {**pod["spec"], "nodeName": name_of(number)}}
                yield ["default", name, 1, owners[pod["metadata"]["name"]], name_of(number), _packed(obj)]

    many = {
        uid_of(at, number): {
            **runs[pod["metadata"]["uid"]],
            "name": f"agent-{at - 1}-{number:05x}",
            "node": name_of(number),
        }
        for at, pod in enumerate(pods, 1)
        for number in range(NODES)
    }
    store = {**state["store"], "objects": {**objects, "nodes": nodes(), "pods": copies()}}
    return {**state, "store": store, "life": {**state["life"], "runs": many}}


def _packed(obj: Any) -> str:
    return base64.b64encode(pack(obj)).decode()


async def _serve() -> None:
    small = json.loads(sys.stdin.buffer.read())
    world = _World()
    made = _cluster(world)
    begin = time.process_time()
    made.load(_many(small))
    took = time.process_time() - begin
    app = web.Application(client_max_size=10**7)

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path == "/change":
            return await _change(made, int(request.query["count"]))
        if request.path == "/spent":
            used = resource.getrusage(resource.RUSAGE_SELF)
            return web.json_response({"cpu": used.ru_utime + used.ru_stime, "rss": _rss()})
        return await made.handle(request, request.path)

    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    trust, _ = certificates(["127.0.0.1"], None)
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=2048, ssl_context=trust)
    await site.start()
    port = runner.addresses[0][1]
    said = {"url": f"https://127.0.0.1:{port}", "token": made.token(), "took": took}
    print(json.dumps(said), flush=True)
    await asyncio.Event().wait()


async def _change(made: KubeCluster, count: int) -> web.Response:
    """Write to so many pods, one after the other, as fast as it goes."""
    begin = time.perf_counter()
    for number, entry in enumerate(list(made.store.entries("pods", "default"))[:count]):
        pod = entry.object()
        pod["metadata"].setdefault("labels", {})["changed"] = str(number)
        made.store.update("pods", pod)
        if number % 100 == 0:
            await asyncio.sleep(0)
    return web.json_response({"seconds": time.perf_counter() - begin})


def _rss() -> float:
    """MiB in use now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def figures(figure: Any) -> Iterator[Any]:
    """What the budgets promise for 5,000 nodes."""
    kubectl = needed("kubectl")
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.kubernetes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(msgspec.json.encode(_small()))
            process.stdin.close()
            where = json.loads(process.stdout.readline())
            yield figure("5,000 nodes and 50,000 pods: start", where["took"], 5.0, "s", "processor time")
            words = [kubectl, "--server", where["url"], "--token", where["token"], "--kubeconfig", os.devnull]
            words += ["--insecure-skip-tls-verify"]
            for what, budget in (
                (["get", "nodes"], 2.0),
                (["get", "nodes", "-o", "wide"], None),
                (["get", "pods", "--field-selector", "spec.nodeName=aks-pool1-00000000-vmss002500"], None),
                (["get", "pod", "agent-5-00100"], None),
                (["get", "pods", "-l", "app=agent-3", "-o", "name"], None),
            ):
                seconds = statistics.median(_timed([*words, *what]) for _ in range(RUNS))
                yield figure(f"kubectl {' '.join(what)[:40]}", seconds, budget, "s")
            told = asyncio.run(_watched(where))
            yield figure("changes that a watch missed or saw out of order", told["wrong"], 0, "")
            yield figure("changes a second, written and watched", told["rate"], None, "1/s")
            yield figure("1,000 idle watches: processor", told["idle"], 0.05, "core", "over five seconds")
            yield figure("1,000 idle watches: memory of their connections", told["more"], None, "MiB", "TLS")
            yield figure("5,000 nodes and 50,000 pods: memory", told["rss"], 600.0, "MiB")
        finally:
            process.terminate()


def _timed(words: list[str]) -> float:
    begin = time.perf_counter()
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.perf_counter() - begin


async def _watched(where: dict[str, Any]) -> dict[str, float]:
    headers = {"Authorization": f"Bearer {where['token']}"}
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(
        where["url"],
        headers=headers,
        timeout=timeout,
        connector=aiohttp.TCPConnector(limit=0, ssl=False),
        read_bufsize=2**22,
    ) as http:

        async def get(path: str) -> Any:
            async with http.get(path) as answer:
                return await answer.json()

        version = (await get("/api/v1/namespaces/default/pods?limit=1"))["metadata"]["resourceVersion"]
        watch = f"/api/v1/namespaces/default/pods?watch=1&resourceVersion={version}"
        begin = time.perf_counter()
        async with http.get(watch) as stream:
            writing = asyncio.create_task(get(f"/change?count={CHANGES}"))
            seen: list[int] = []
            async for line in stream.content:
                seen.append(int(json.loads(line)["object"]["metadata"]["labels"]["changed"]))
                if len(seen) == CHANGES:
                    break
            took = time.perf_counter() - begin
            await writing
        wrong = sum(a != b for a, b in enumerate(seen))
        held = (await get("/spent"))["rss"]
        idle = [await http.get("/api/v1/namespaces/nowhere/configmaps?watch=1") for _ in range(IDLE)]
        before = await get("/spent")
        await asyncio.sleep(5)
        after = await get("/spent")
        for one in idle:
            one.close()
    spent = (after["cpu"] - before["cpu"]) / 5
    more = after["rss"] - held
    return {"wrong": float(wrong), "rate": CHANGES / took, "idle": spent, "rss": held, "more": more}


if __name__ == "__main__":
    asyncio.run(_serve())
