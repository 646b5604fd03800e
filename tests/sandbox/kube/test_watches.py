"""Watches under stress: order, compaction, idleness, and clients that break off."""

import asyncio
import io
import json
import socket
from typing import Any

from aiohttp.test_utils import TestClient

from byocni_tui.sandbox.kube.cluster import KubeCluster
from byocni_tui.sandbox.kube.watching import Watch

MAPS = "/api/v1/namespaces/default/configmaps"


async def _event(stream: Any) -> Any:
    return json.loads(await asyncio.wait_for(stream.content.readline(), 10))


async def test_every_change_comes_once_and_in_order(cluster: KubeCluster, api: TestClient) -> None:
    version = cluster.store.version
    async with api.get(f"{MAPS}?watch=1&resourceVersion={version}") as stream:
        for number in range(500):
            cluster.store.create(
                "configmaps", {"metadata": {"name": f"c{number:03}", "namespace": "default"}}
            )
        seen = [(await _event(stream))["object"]["metadata"] for _ in range(500)]
    assert [meta["name"] for meta in seen] == [f"c{number:03}" for number in range(500)]
    versions = [int(meta["resourceVersion"]) for meta in seen]
    assert versions == sorted(set(versions))


async def test_what_is_forgotten_is_gone(cluster: KubeCluster, api: TestClient) -> None:
    cluster.store.forget()
    async with api.get(f"{MAPS}?watch=1&resourceVersion=1") as answer:
        assert answer.status == 410
        assert (await answer.json())["reason"] == "Expired"
    first = await (await api.get("/api/v1/namespaces?limit=1")).json()
    cluster.store.create("configmaps", {"metadata": {"name": "later", "namespace": "default"}})
    cluster.store.forget()
    async with api.get(
        "/api/v1/namespaces", params={"limit": "1", "continue": first["metadata"]["continue"]}
    ) as answer:
        assert answer.status == 410


async def test_a_list_can_be_streamed_and_then_goes_on(cluster: KubeCluster, api: TestClient) -> None:
    cluster.store.create("configmaps", {"metadata": {"name": "old", "namespace": "default"}})
    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    async with api.get(f"{MAPS}?{query}") as stream:
        first, mark = await _event(stream), await _event(stream)
        assert (first["type"], first["object"]["metadata"]["name"]) == ("ADDED", "old")
        assert mark["type"] == "BOOKMARK"
        assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        cluster.store.create("configmaps", {"metadata": {"name": "new", "namespace": "default"}})
        assert (await _event(stream))["object"]["metadata"]["name"] == "new"


async def test_a_thousand_idle_watches_cost_nothing(
    cluster: KubeCluster, api: TestClient, monkeypatch: Any
) -> None:
    """Counted, not timed: no change of anything else reaches them, and they go when their clients go."""
    looked = 0
    encode = Watch._event

    def counted(self: Watch, change: Any) -> bytes | None:
        nonlocal looked
        looked += 1
        return encode(self, change)

    monkeypatch.setattr(Watch, "_event", counted)
    api.session.connector._limit = 0  # type: ignore[union-attr]
    idle = [await api.get("/api/v1/namespaces/nowhere/configmaps?watch=1") for _ in range(1000)]
    async with api.get(f"{MAPS}?watch=1&resourceVersion={cluster.store.version}") as stream:
        for number in range(100):
            cluster.store.create("configmaps", {"metadata": {"name": f"c{number}", "namespace": "default"}})
            cluster.store.create("secrets", {"metadata": {"name": f"s{number}", "namespace": "default"}})
        for _ in range(100):
            await _event(stream)
    assert looked == 100
    for one in idle:
        one.close()
    assert (await api.get("/readyz")).status == 200
    for _ in range(200):
        if not cluster.store._watchers.get("configmaps"):
            break
        await asyncio.sleep(0.01)
    assert not cluster.store._watchers.get("configmaps")


async def test_broken_streams_end_nobody_else(cluster: KubeCluster, api: TestClient) -> None:
    """Half a request, half a body, a protocol that is none: the connection ends, the server does not."""
    host, port = api.server.host, api.server.port
    token = f"Authorization: Bearer {cluster.token()}\r\nHost: {host}:{port}\r\n"
    cluster.store.create(
        "pods",
        {
            "metadata": {"name": "p", "namespace": "default"},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        },
    )
    upgrade = (
        "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n"
    )
    for text in (
        f"POST {MAPS} HTTP/1.1\r\n{token}Content-Length: 1000\r\n\r\n" + '{"metadata":',
        f"POST {MAPS} HTTP/1.1\r\n{token}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        f"GET {MAPS}?watch=1 HTTP/1.1\r\n{token}\r\n",
        f"POST /api/v1/namespaces/default/pods/p/portforward HTTP/1.1\r\n{token}{upgrade}\x80\x02rubbish rubbish",
        "\x16\x03\x01\x00\x05hello",
    ):
        with socket.create_connection((host, port)) as raw:
            raw.sendall(text.encode("latin-1"))
    assert (await api.get("/readyz")).status == 200
    async with api.post(MAPS, json={"metadata": {"name": "after"}}) as answer:
        assert answer.status == 201


async def test_what_is_too_large_is_refused(api: TestClient) -> None:
    body = {"metadata": {"name": "big"}, "data": {"a": "x" * (3 * 1024 * 1024)}}
    async with api.post(MAPS, data=io.BytesIO(json.dumps(body).encode())) as answer:
        assert answer.status == 413
        assert (await answer.json())["reason"] == "RequestEntityTooLarge"
