"""What clients ask over HTTP: tables, patches, apply, watch, selectors, refusals."""

import asyncio
import json

import kube_replay
import pytest
from aiohttp.test_utils import TestClient

from byocni_tui.sandbox.kube.cluster import KubeCluster

MAPS = "/api/v1/namespaces/default/configmaps"
MERGE = {"Content-Type": "application/merge-patch+json"}
APPLY = {"Content-Type": "application/apply-patch+yaml"}


def _map(name: str, **data: str) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


async def test_nodes_wait_for_a_network_plugin(api: TestClient) -> None:
    async with api.get("/api/v1/nodes", headers={"Accept": kube_replay.TABLE}) as response:
        table = await response.json()
    assert [c["name"] for c in table["columnDefinitions"] if not c["priority"]] == [
        "Name", "Status", "Roles", "Age", "Version",
    ]  # fmt: skip
    assert table["rows"][0]["cells"][1:3] == ["NotReady", "agent"]
    async with api.get("/api/v1/nodes") as response:
        nodes = (await response.json())["items"]
    ready = next(c for c in nodes[0]["status"]["conditions"] if c["type"] == "Ready")
    assert ready["message"].endswith("message:Network plugin returns error: cni plugin not initialized")


async def test_without_a_token_there_is_only_version_and_health(cluster: KubeCluster) -> None:
    http = await kube_replay.client(cluster)
    for path, status in (("/version", 200), ("/readyz", 200), ("/api/v1/nodes", 401), ("/api", 401)):
        async with http.get(path) as response:
            assert response.status == status
    await http.close()


async def test_server_side_apply_names_who_owns_what(api: TestClient) -> None:
    wanted = _map("m", a="1")
    async with api.patch(f"{MAPS}/m?fieldManager=one", json=wanted, headers=APPLY) as response:
        assert response.status == 201
    async with api.patch(f"{MAPS}/m?fieldManager=two", json=_map("m", a="2"), headers=APPLY) as response:
        refused = await response.json()
    assert (refused["code"], refused["message"]) == (
        409,
        'Apply failed with 1 conflict: conflict with "one": .data.a',
    )
    async with api.patch(
        f"{MAPS}/m?fieldManager=two&force=true", json=_map("m", a="2"), headers=APPLY
    ) as response:
        assert (await response.json())["data"] == {"a": "2"}
    async with api.patch(f"{MAPS}/m?fieldManager=two", json=_map("m", b="3"), headers=APPLY) as response:
        assert (await response.json())["data"] == {"b": "3"}


async def test_strategic_patches_merge_by_key(api: TestClient) -> None:
    spec = {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:1"}]}
    template = {"metadata": {"labels": {"app": "w"}}, "spec": spec}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "w"},
        "spec": {"selector": {"matchLabels": {"app": "w"}}, "template": template},
    }
    path = "/apis/apps/v1/namespaces/default/deployments"
    async with api.post(path, json=body) as response:
        assert response.status == 201
        made = await response.json()
    assert made["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}
    change = {"spec": {"template": {"spec": {"containers": [{"name": "b", "image": "y:2"}]}}}}
    headers = {"Content-Type": "application/strategic-merge-patch+json"}
    async with api.patch(f"{path}/w", json=change, headers=headers) as response:
        containers = (await response.json())["spec"]["template"]["spec"]["containers"]
    assert [(c["name"], c["image"]) for c in containers] == [("a", "x:1"), ("b", "y:2")]
    change = {"spec": {"selector": {"matchLabels": {"app": "v"}}}}
    async with api.patch(f"{path}/w", json=change, headers=MERGE) as response:
        refused = await response.json()
    assert refused["code"] == 422
    assert "field is immutable" in refused["message"]


async def test_lists_come_in_parts(api: TestClient) -> None:
    for at in range(5):
        async with api.post(MAPS, json=_map(f"m{at}")) as response:
            assert response.status == 201
    names, token = [], ""
    while True:
        async with api.get(MAPS, params={"limit": "2", "continue": token}) as response:
            part = await response.json()
        names += [item["metadata"]["name"] for item in part["items"]]
        token = part["metadata"].get("continue", "")
        if not token:
            break
    assert [n for n in names if n.startswith("m")] == [f"m{at}" for at in range(5)]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"labelSelector": "a in (b"}, "unable to parse requirement: found '', expected: ',' or ')'"),
        ({"labelSelector": "!!"}, "unable to parse requirement: found '!', expected: identifier"),
        ({"fieldSelector": "spec.nope=1"}, "field label not supported: spec.nope"),
    ],
)
async def test_bad_selectors_are_refused_in_kubernetes_words(
    api: TestClient, query: dict[str, str], message: str
) -> None:
    async with api.get("/api/v1/pods", params=query) as response:
        assert (response.status, (await response.json())["message"]) == (400, message)


async def _events(response: object, count: int) -> list[dict]:
    found = []
    async for line in response.content:  # type: ignore[attr-defined]
        found.append(json.loads(line))
        if len(found) == count:
            break
    return found


async def test_a_watch_goes_on_where_a_list_ended_and_follows_its_selector(api: TestClient) -> None:
    async with api.get(MAPS) as response:
        version = (await response.json())["metadata"]["resourceVersion"]
    body = _map("m", a="1")
    body["metadata"]["labels"] = {"x": "1"}
    async with api.post(MAPS, json=body):
        pass
    params = {"watch": "true", "resourceVersion": version, "labelSelector": "x=1"}
    async with api.get(MAPS, params=params) as stream:
        change = {"metadata": {"labels": {"x": "2"}}}
        async with api.patch(f"{MAPS}/m", json=change, headers=MERGE) as response:
            assert response.status == 200
        events = await asyncio.wait_for(_events(stream, 2), 5)
    assert [e["type"] for e in events] == ["ADDED", "DELETED"]


async def test_a_watch_list_ends_its_beginning_with_a_bookmark(api: TestClient) -> None:
    params = {
        "watch": "true", "sendInitialEvents": "true", "allowWatchBookmarks": "true",
        "resourceVersionMatch": "NotOlderThan",
    }  # fmt: skip
    async with api.get("/api/v1/nodes", params=params) as stream:
        events = await asyncio.wait_for(_events(stream, 3), 5)
    assert [e["type"] for e in events] == ["ADDED", "ADDED", "BOOKMARK"]
    assert events[2]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_an_old_watch_is_gone(cluster: KubeCluster, api: TestClient) -> None:
    version = str(cluster.store.version)
    async with api.post(MAPS, json=_map("m")):
        pass
    cluster.store.forget()
    async with api.get(MAPS, params={"watch": "true", "resourceVersion": version}) as response:
        assert (response.status, (await response.json())["reason"]) == (410, "Expired")


async def test_custom_resources_have_defaults_columns_and_validation(
    cluster: KubeCluster, api: TestClient
) -> None:
    form = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {"size": {"type": "integer", "default": 3, "maximum": 9}},
            }
        },
    }
    version = {
        "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": form},
        "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
    }  # fmt: skip
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "pools.lab.example.com"},
        "spec": {
            "group": "lab.example.com", "scope": "Cluster", "names": {"plural": "pools", "kind": "Pool"},
            "versions": [version],
        },
    }  # fmt: skip
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    async with api.post(definitions, json=crd) as response:
        assert response.status == 201
    pools = "/apis/lab.example.com/v1/pools"
    pool = {"apiVersion": "lab.example.com/v1", "kind": "Pool", "metadata": {"name": "p"}, "spec": {}}
    async with api.post(pools, json=pool) as response:
        assert (await response.json())["spec"] == {"size": 3}
    async with api.get(pools, headers={"Accept": kube_replay.TABLE}) as response:
        assert (await response.json())["rows"][0]["cells"] == ["p", 3]
    async with api.post(pools, json={**pool, "spec": {"size": 10}}) as response:
        assert "spec.size in body should be less than or equal to 9" in (await response.json())["message"]
    async with api.get("/openapi/v3") as response:
        assert "apis/lab.example.com/v1" in (await response.json())["paths"]
    async with api.delete(f"{definitions}/pools.lab.example.com") as response:
        assert response.status == 200
    cluster.clock.step(5)
    async with api.get(pools) as response:
        assert response.status == 404


async def test_unknown_fields_are_errors_or_warnings(api: TestClient) -> None:
    body = {**_map("m"), "dta": {}}
    async with api.post(f"{MAPS}?fieldValidation=Strict", json=body) as response:
        assert 'strict decoding error: unknown field "dta"' in (await response.json())["message"]
    async with api.post(f"{MAPS}?fieldValidation=Warn", json=body) as response:
        assert response.headers["Warning"] == '299 - "unknown field \\"dta\\""'


async def test_roles_decide_what_somebody_else_may(api: TestClient) -> None:
    headers = {"Impersonate-User": "nobody"}
    async with api.get("/api/v1/nodes", headers=headers) as response:
        refused = await response.json()
    assert refused["message"] == (
        'nodes is forbidden: User "nobody" cannot list resource "nodes" in API group "" at the cluster scope'
    )
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "b"},
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin", "apiGroup": "rbac.authorization.k8s.io"},
        "subjects": [{"kind": "User", "name": "nobody", "apiGroup": "rbac.authorization.k8s.io"}],
    }
    async with api.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", json=binding) as response:
        assert response.status == 201
    async with api.get("/api/v1/nodes", headers=headers) as response:
        assert response.status == 200


async def test_ages_agree_with_the_clients_clock(cluster: KubeCluster, api: TestClient) -> None:
    async with api.post(MAPS, json=_map("m")):
        pass
    cluster.clock.step(300)
    async with api.get(f"{MAPS}/m", headers={"Accept": kube_replay.TABLE}) as response:
        cells = (await response.json())["rows"][0]["cells"]
    assert cells == ["m", 0, "5m"]
