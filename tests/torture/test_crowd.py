"""Many at once: ten clients that write, a thousand that watch, five thousand nodes that go on living."""

import asyncio
import gc
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from sandbox_torture import GROUP, kube_token, served

from byocni_tui.sandbox.server import Sandbox


async def test_ten_clients_lose_no_update(scale: Any) -> None:
    """Each writes a group of its own and reads it back, and all make objects in one namespace."""
    rounds = scale(20, 600)
    async with served() as (base, headers, cluster, session):
        token = await kube_token(base, headers, session)

        async def one(number: int) -> None:
            mine = f"{base}{GROUP}-{number}?api-version=2024-11-01"
            config = f"{base}/{cluster}/api/v1/namespaces/default/configmaps"
            for turn in range(rounds):
                body = {"location": "westeurope", "tags": {"turn": str(turn)}}
                async with session.put(mine, json=body, headers=headers) as answer:
                    assert answer.status in (200, 201), await answer.text()
                async with session.get(mine, headers=headers) as answer:
                    assert (await answer.json())["tags"] == {"turn": str(turn)}
                entry = {"metadata": {"name": f"c{number}-{turn}"}, "data": {"turn": str(turn)}}
                async with session.post(config, json=entry, headers=token) as answer:
                    assert answer.status == 201, await answer.text()

        await asyncio.gather(*(one(number) for number in range(10)))
        async with session.get(
            f"{base}/{cluster}/api/v1/namespaces/default/configmaps", headers=token
        ) as answer:
            names = [item["metadata"]["name"] for item in (await answer.json())["items"]]
    assert len([name for name in names if name.startswith("c")]) == 10 * rounds


async def test_a_thousand_watches_hear_one_change(scale: Any) -> None:
    count = scale(100, 1000)
    async with served() as (base, headers, cluster, session):
        token = await kube_token(base, headers, session)
        where = f"{base}/{cluster}/api/v1/namespaces/default/configmaps"
        heard = 0
        ready = asyncio.Event()
        waiting = 0

        async def watch() -> None:
            nonlocal heard, waiting
            async with session.get(
                f"{where}?watch=1&fieldSelector=metadata.name%3Dnews",
                headers=token,
                timeout=aiohttp.ClientTimeout(120),
            ) as answer:
                assert answer.status == 200
                waiting += 1
                if waiting == count:
                    ready.set()
                async for line in answer.content:
                    assert json.loads(line)["object"]["metadata"]["name"] == "news"
                    heard += 1
                    return

        watches = [asyncio.create_task(watch()) for _ in range(count)]
        await asyncio.wait_for(ready.wait(), 120)
        async with session.post(where, json={"metadata": {"name": "news"}}, headers=token) as answer:
            assert answer.status == 201
        await asyncio.wait_for(asyncio.gather(*watches), 120)
        assert heard == count
        begin = time.perf_counter()
        async with session.get(f"{base}/{cluster}/version", headers=token) as answer:
            assert answer.status == 200
        assert time.perf_counter() - begin < 5


def _memory() -> float:
    """MiB that this process holds now; its peak where the system does not say."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


ROOMY = """\
title: {en: Many nodes, zh: 许多节点}
lesson: {en: Enough quota for them, zh: 配额足够}
cloud: public
cloud_changes: {quotas: {cores: 100000, family: 100000}}
"""


async def test_many_nodes_go_on_living_without_growth(
    scale: Any, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Virtual minutes with heartbeats and crash loops, and a client that lists: memory settles."""
    nodes, minutes = scale(60, 5000), scale(3, 10)
    body = [
        {"name": f"pool{number}", "count": min(1000, nodes - 1000 * number), "mode": "System" if not number else "User",
         "vmSize": "Standard_D4ds_v5"}
        for number in range((nodes + 999) // 1000)
    ]  # fmt: skip
    roomy = tmp_path / "roomy.yaml"
    roomy.write_text(ROOMY, encoding="utf-8")
    sandbox = Sandbox(str(roomy), speed=0)
    async with served(sandbox, body) as (base, headers, cluster, session):
        token = await kube_token(base, headers, session)
        sizes = []
        for _ in range(minutes):
            sandbox.world.clock.step(60)
            async with session.get(f"{base}/{cluster}/api/v1/nodes?limit=500", headers=token) as answer:
                assert len((await answer.json())["items"]) == min(500, nodes)
            sizes.append(_memory())
    record_property(f"{nodes} nodes, MiB after each of {minutes} minutes", [round(size) for size in sizes])
    settled = sizes[len(sizes) // 2]
    assert sizes[-1] <= settled * 1.05 + 4, sizes
