"""The sandbox under load: a busy minute of Azure, a class of thirty, and how soon it answers after its start."""

import asyncio
import base64
import json
import math
import os
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import yaml

from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import Endpoints

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/load"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/c1"
VERSIONS = {"network": "2024-05-01", "container": "2025-05-01", "group": "2024-11-01"}
CLIENTS, RATE = 10, 100
SECONDS = float(os.environ.get("BENCH_SECONDS", "60"))
LEARNERS = 30
_HELLO = """
import time
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello")
    def on_mount(self):
        self.call_after_refresh(self.exit)
Hello().run(headless=True)
"""


class Arm:
    """One keep-alive client."""

    def __init__(self, where: Endpoints) -> None:
        self.where = where
        trust = ssl.create_default_context(cafile=where.ca_file)
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust, limit=1))
        request = urllib.request.Request(
            f"{where.identity_url}?resource=x", headers={"X-IDENTITY-HEADER": where.identity_header}
        )
        with urllib.request.urlopen(request) as answer:
            self.token = json.load(answer)["access_token"]

    async def __call__(
        self, method: str, path: str, version: str, body: Any = None, **headers: str
    ) -> tuple[int, Any, float]:
        begin = time.perf_counter()
        head = {"Authorization": f"Bearer {self.token}"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        url = f"{self.where.arm_url}{path}?api-version={VERSIONS[version]}"
        async with self.session.request(method, url, json=body, headers=head) as answer:
            data = await answer.read()
        took = time.perf_counter() - begin
        return answer.status, json.loads(data) if data else None, took


async def _put(arm: Arm, path: str, version: str, body: Any) -> None:
    status, answer, _ = await arm("PUT", path, version, body)
    assert status in (200, 201), answer


async def _world(arm: Arm) -> None:
    """A world of some size: a cluster, a network with subnets, a security group."""
    await _put(arm, GROUP, "group", {"location": "westeurope"})
    pool = {"name": "p1", "mode": "System", "count": 3, "vmSize": "Standard_D4s_v5"}
    body = {"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {
        "dnsPrefix": "c1", "agentPoolProfiles": [pool], "networkProfile": {"networkPlugin": "none"}}}  # fmt: skip
    await _put(arm, CLUSTER, "container", body)
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}}
    await arm(
        "PUT", f"{NETWORK}/virtualNetworks/vnet", "network", {"location": "westeurope", "properties": space}
    )
    await arm(
        "PUT", f"{NETWORK}/networkSecurityGroups/n", "network", {"location": "westeurope", "properties": {}}
    )


READS = (
    (CLUSTER, "container"),
    (f"{CLUSTER}/agentPools", "container"),
    (f"{NETWORK}/virtualNetworks/vnet", "network"),
    (f"{NETWORK}/networkSecurityGroups/n", "network"),
    (f"{SUBSCRIPTION}/resourceGroups", "group"),
    (f"{SUBSCRIPTION}/providers/Microsoft.ContainerService/managedClusters", "container"),
    (GROUP, "group"),
)


async def _client(arm: Arm, number: int, seconds: float) -> dict[str, Any]:
    """Four reads, then a write, at a steady pace; every tenth request changes a tag that all share."""
    gets: list[float] = []
    errors: list[str] = []
    made: list[str] = []
    marked: list[str] = []
    pace = CLIENTS / RATE
    begin = time.perf_counter() + number * pace / CLIENTS
    turn = 0
    while turn * pace < seconds:
        await asyncio.sleep(max(0.0, begin + turn * pace - time.perf_counter()))
        if turn % 10 == 9:
            mark = f"m{number}x{turn}"
            for _ in range(50):
                status, shared, _ = await arm("GET", f"{NETWORK}/networkSecurityGroups/n", "network")
                shared.setdefault("tags", {})[f"c{number}"] = mark
                status, answer, _ = await arm(
                    "PUT", f"{NETWORK}/networkSecurityGroups/n", "network", shared, If_Match=shared["etag"]
                )
                if status != 412:
                    break
            marked.append(mark)
        elif turn % 5 == 4:
            name = f"s{number}x{turn}"
            third, fourth = divmod(len(made), 32)
            prefix = f"10.{number}.{third}.{fourth * 8}/29"
            status, answer, _ = await arm(
                "PUT", f"{NETWORK}/virtualNetworks/vnet/subnets/{name}", "network",
                {"properties": {"addressPrefix": prefix}},
            )  # fmt: skip
            made.append(name)
        else:
            status, answer, took = await arm("GET", *READS[turn % len(READS)])
            gets.append(took)
        if status >= 400:
            errors.append(f"{status} {answer}")
        turn += 1
    await arm.session.close()
    return {"gets": gets, "errors": errors, "made": made, "marked": marked, "turns": turn}


async def _lag(lags: list[float]) -> None:
    """How late this very process wakes up: what the machine itself adds to every figure here."""
    while True:
        begin = time.perf_counter()
        await asyncio.sleep(0.01)
        lags.append(time.perf_counter() - begin - 0.01)


async def _minute(where: Endpoints, seconds: float) -> dict[str, Any]:
    first = Arm(where)
    await _world(first)
    lags: list[float] = []
    watcher = asyncio.create_task(_lag(lags))
    done = await asyncio.gather(*[_client(Arm(where), n, seconds) for n in range(CLIENTS)])
    watcher.cancel()
    _, network, _ = await first("GET", f"{NETWORK}/virtualNetworks/vnet", "network")
    _, shared, _ = await first("GET", f"{NETWORK}/networkSecurityGroups/n", "network")
    await first.session.close()
    assert "properties" in network, network
    there = {one["name"] for one in network["properties"]["subnets"]}
    lost = [name for one in done for name in one["made"] if name not in there]
    lost += [
        f"tag c{n}"
        for n, one in enumerate(done)
        if one["marked"] and shared["tags"].get(f"c{n}") != one["marked"][-1]
    ]
    gets = sorted(took for one in done for took in one["gets"])
    return {
        "p50": gets[len(gets) // 2],
        "lag": sorted(lags)[int(len(lags) * 0.99)],
        "p99": gets[math.ceil(len(gets) * 0.99) - 1],
        "errors": [error for one in done for error in one["errors"]],
        "lost": lost,
        "turns": sum(one["turns"] for one in done),
    }


def _memory(pid: int) -> float:
    """Resident MiB."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(shown.stdout) / 1024


async def _learner(where: Endpoints, url: str, seconds: float, number: int) -> list[float]:
    """A cluster of three nodes, then what kubectl asks for, once a second."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        mine = json.loads(await answer.read())["endpoints"]
    arm = Arm(msgspec.convert({**mine, "ca_file": where.ca_file}, Endpoints))
    await _world(arm)
    state = ""
    while state != "Succeeded":
        _, shown, took_so_long = await arm("GET", CLUSTER, "container")
        state = shown["properties"]["provisioningState"]
        await asyncio.sleep(max(0.2, took_so_long))
    _, answer, _ = await arm("POST", f"{CLUSTER}/listClusterAdminCredential", "container")
    config = yaml.safe_load(base64.b64decode(answer["kubeconfigs"][0]["value"]))
    server, token = config["clusters"][0]["cluster"]["server"], config["users"][0]["user"]["token"]
    head = {
        "Authorization": f"Bearer {token}",
        "User-Agent": "kubectl/v1.35.0",
        "Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    }
    paths = (
        "/api/v1/nodes?limit=500",
        "/api/v1/namespaces/kube-system/pods?limit=500",
        "/apis/apps/v1/daemonsets?limit=500",
        "/api/v1/events?limit=500",
    )
    took: list[float] = []
    begin = time.perf_counter() + number / LEARNERS
    turn = 0
    while turn < seconds:
        await asyncio.sleep(max(0.0, begin + turn - time.perf_counter()))
        at = time.perf_counter()
        async with arm.session.get(server + paths[turn % len(paths)], headers=head) as got:
            await got.read()
            assert got.status == 200
        took.append(time.perf_counter() - at)
        turn += 1
    await arm.session.close()
    return took


async def _class(where: Endpoints, seconds: float) -> list[float]:
    every = await asyncio.gather(*[_learner(where, one.url, seconds, one.number) for one in where.learners])
    return sorted(took for one in every for took in one)


def _started(folder: Path) -> float:
    begin = time.perf_counter()
    where = launcher.start("public", state_dir=folder)
    trust = ssl.create_default_context(cafile=where.ca_file)
    urllib.request.urlopen(f"{where.arm_url}/metadata/endpoints?api-version=2022-09-01", context=trust).read()
    took = time.perf_counter() - begin
    launcher.stop(where)
    return took


def _hello() -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", _HELLO], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def figures(figure: Any) -> Iterator[Any]:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (4096 if hard == resource.RLIM_INFINITY else min(4096, hard), hard)
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pairs = [(_started(folder / f"start-{n}"), _hello()) for n in range(7)]
        ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
        note = f"{ours * 1000:.0f} ms, bare Textual hello {bare * 1000:.0f} ms"
        yield figure("sandbox: start to first answer / Textual hello", ours / bare, 2.0, "x", note)

        where = launcher.start("public", state_dir=folder / "load", speed=60)
        seen = asyncio.run(_minute(where, SECONDS))
        launcher.stop(where)
        note = f"p50 {seen['p50'] * 1000:.1f} ms, {seen['turns']} requests by {CLIENTS} clients in {SECONDS:.0f} s"
        note += f"; the client's own p99 of waking late {seen['lag'] * 1000:.1f} ms"
        yield figure("sandbox: p99 of a GET at 100 requests/s", seen["p99"] * 1000, 20.0, "ms", note)
        yield figure("sandbox: errors and lost updates", len(seen["errors"]) + len(seen["lost"]), 0, "",
                     "; ".join([*seen["errors"], *seen["lost"]][:2]))  # fmt: skip

        where = launcher.start(
            "public", state_dir=folder / "class", speed=60, learners=LEARNERS, token="bench"
        )
        took = asyncio.run(_class(where, min(SECONDS, 30)))
        resident = _memory(where.pid)
        launcher.stop(where)
        yield figure(f"class of {LEARNERS}: p95 of a kubectl request", took[int(len(took) * 0.95)] * 1000, 100.0, "ms",
                     f"p50 {took[len(took) // 2] * 1000:.1f} ms")  # fmt: skip
        yield figure(f"class of {LEARNERS}: memory a learner", resident / LEARNERS, 40.0, "MiB",
                     f"{resident:.0f} MiB in all, a cluster of three nodes each")  # fmt: skip
