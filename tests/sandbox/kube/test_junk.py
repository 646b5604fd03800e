"""Requests with junk in them get a refusal, never a broken server."""

import json
import random
from collections.abc import Iterator
from typing import Any

import kube_replay
import pytest
from aiohttp.test_utils import TestClient

from byocni_tui.sandbox.kube.cluster import KubeCluster

JUNK = (
    None,
    "",
    0,
    -1,
    True,
    [],
    {},
    [None],
    {"a": None},
    "x" * 300,
    1.5,
    ["a"],
    {"a": "b"},
    [{}],
    [[1]],
    99999999999,
)


def _bodies() -> list[tuple[dict, Any]]:
    found = []
    for file in ("edges-1-refused", "edges-2-waiting", "edges-3-ready", "helm"):
        for exchange in kube_replay.recorded(file):
            body = exchange.get("request_body")
            if (
                exchange["method"] in ("POST", "PATCH", "PUT")
                and isinstance(body, str)
                and body[:1] in ("{", "[")
            ):
                found.append((exchange, json.loads(body)))
    return found


def _paths(value: Any, path: tuple = ()) -> Iterator[tuple]:
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from _paths(value[key], (*path, key))


@pytest.mark.parametrize("seed", range(3))
async def test_junk_is_refused(cluster: KubeCluster, api: TestClient, seed: int) -> None:
    dice, bodies = random.Random(seed), _bodies()
    for name in ("edge", "lab"):
        await (await api.post("/api/v1/namespaces", json={"metadata": {"name": name}})).read()
    for _ in range(250):
        exchange, body = dice.choice(bodies)
        body = json.loads(json.dumps(body))
        paths = list(_paths(body))
        *above, last = dice.choice(paths)
        holder = body
        for key in above:
            holder = holder[key]
        holder[last] = dice.choice(JUNK)
        data = json.dumps(body).encode()
        headers = {"Content-Type": kube_replay._content_type(exchange, data)}
        path = exchange["path"].partition("?")[0] + "?fieldManager=x"
        async with api.request(exchange["method"], path, data=data, headers=headers) as response:
            assert response.status < 500, (exchange["path"], above, last, holder[last])


async def test_a_status_without_times_breaks_no_controller(cluster: KubeCluster, api: TestClient) -> None:
    labels = {"a": "b"}
    spec = {
        "minReadySeconds": 5,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "hostNetwork": True,
                "tolerations": [{"operator": "Exists"}],
                "containers": [{"name": "c", "image": "nginx"}],
            },
        },
    }
    cluster.clock.step(60)
    for kind in ("daemonsets", "deployments"):
        body = {"metadata": {"name": kind}, "spec": spec}
        assert (await api.post(f"/apis/apps/v1/namespaces/default/{kind}", json=body)).status == 201
    cluster.clock.step(60)
    bare = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    headers = {"Content-Type": "application/merge-patch+json"}
    for pod in cluster.store.list("pods", "default"):
        path = f"/api/v1/namespaces/default/pods/{pod['metadata']['name']}/status"
        assert (await api.patch(path, json=bare, headers=headers)).status == 200
    cluster.clock.step(60)
    assert {pod["status"]["phase"] for pod in cluster.store.list("pods", "default")} == {"Running"}
