"""What the server does for single kinds: jobs, quotas, services, evictions, scale, tokens, metrics."""

import kube_replay
import msgspec
from aiohttp.test_utils import TestClient

from byocni_tui.sandbox.kube.cluster import KubeCluster
from byocni_tui.sandbox.kube.stamp import Stamp

CORE = "/api/v1/namespaces/default"
POD = {"containers": [{"name": "a", "image": "busybox:1.36", "command": ["sleep", "1000"]}]}


def _pod(name: str) -> dict:
    return {"metadata": {"name": name, "labels": {"app": "a"}}, "spec": POD}


async def _post(api: TestClient, path: str, body: dict, status: int = 201) -> dict:
    async with api.post(path, json=body) as response:
        answer = await response.json()
        assert response.status == status, answer
        return answer


async def test_a_job_selects_its_pods_by_its_own_uid(api: TestClient) -> None:
    body = {"metadata": {"name": "j"}, "spec": {"template": {"spec": {**POD, "restartPolicy": "Never"}}}}
    job = await _post(api, "/apis/batch/v1/namespaces/default/jobs", body)
    key = "batch.kubernetes.io/controller-uid"
    assert job["spec"]["selector"]["matchLabels"][key] == job["metadata"]["uid"]
    assert job["spec"]["template"]["metadata"]["labels"][key] == job["metadata"]["uid"]


async def test_a_full_quota_refuses_and_says_how_full(api: TestClient) -> None:
    quota = {"metadata": {"name": "q"}, "spec": {"hard": {"secrets": "1"}}}
    await _post(api, f"{CORE}/resourcequotas", quota)
    await _post(api, f"{CORE}/secrets", {"metadata": {"name": "one"}, "stringData": {"a": "b"}})
    refused = await _post(api, f"{CORE}/secrets", {"metadata": {"name": "two"}}, 403)
    assert refused["message"] == (
        'secrets "two" is forbidden: exceeded quota: q, requested: secrets=1, used: secrets=1, limited: secrets=1'
    )
    async with api.get(f"{CORE}/resourcequotas/q") as response:
        assert (await response.json())["status"] == {"hard": {"secrets": "1"}, "used": {"secrets": "1"}}


async def test_services_get_addresses_and_ports_and_keep_them(api: TestClient) -> None:
    body = {"metadata": {"name": "s"}, "spec": {"type": "NodePort", "ports": [{"port": 80}]}}
    made = (await _post(api, f"{CORE}/services", body))["spec"]
    assert made["clusterIP"].startswith("10.0.")
    assert 30000 <= made["ports"][0]["nodePort"] <= 32767
    async with api.put(f"{CORE}/services/s", json=body) as response:
        assert (await response.json())["spec"] == made


async def test_a_budget_stops_an_eviction(cluster: KubeCluster, api: TestClient) -> None:
    await _post(api, f"{CORE}/pods", _pod("p"))
    pod = cluster.store.get("pods", "default", "p")
    pod["spec"]["nodeName"] = "n"
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": Stamp(cluster.clock.now())}
    pod["status"] = {"phase": "Running", "conditions": [ready]}
    cluster.store.update("pods", pod)
    budget = {
        "metadata": {"name": "b"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "a"}}},
    }
    await _post(api, "/apis/policy/v1/namespaces/default/poddisruptionbudgets", budget)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    refused = await _post(api, f"{CORE}/pods/p/eviction", eviction, 429)
    assert refused["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    async with api.delete("/apis/policy/v1/namespaces/default/poddisruptionbudgets/b") as response:
        assert response.status == 200
    await _post(api, f"{CORE}/pods/p/eviction", eviction)
    assert "deletionTimestamp" in cluster.store.get("pods", "default", "p")["metadata"]


async def test_scaling_goes_through_the_subresource(cluster: KubeCluster, api: TestClient) -> None:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": POD}
    body = {
        "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": template},
    }
    path = "/apis/apps/v1/namespaces/default/deployments"
    await _post(api, path, body)
    headers = {"Content-Type": "application/merge-patch+json"}
    async with api.patch(f"{path}/d/scale", json={"spec": {"replicas": 4}}, headers=headers) as response:
        scale = await response.json()
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == ("Scale", {"replicas": 4}, "app=a")
    assert cluster.store.get("deployments.apps", "default", "d")["spec"]["replicas"] == 4


async def test_a_service_account_is_who_its_token_says(cluster: KubeCluster, api: TestClient) -> None:
    await _post(api, f"{CORE}/serviceaccounts", {"metadata": {"name": "bot"}})
    token = (await _post(api, f"{CORE}/serviceaccounts/bot/token", {"spec": {}}))["status"]["token"]
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    async with api.post(path, json={}, headers={"Authorization": f"Bearer {token}"}) as response:
        who = (await response.json())["status"]["userInfo"]["username"]
    assert who == "system:serviceaccount:default:bot"
    async with api.get(f"{CORE}/pods", headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.status == 403
    async with api.delete(f"{CORE}/serviceaccounts/bot"):
        pass
    async with api.get(f"{CORE}/pods", headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.status == 401


async def test_metrics_are_down_before_there_is_a_network(api: TestClient) -> None:
    async with api.get("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io") as response:
        condition = (await response.json())["status"]["conditions"][0]
    assert (condition["status"], condition["reason"]) == ("False", "MissingEndpoints")
    async with api.get("/apis/metrics.k8s.io/v1beta1/nodes") as response:
        assert response.status == 503


async def test_an_empty_second_openapi_lets_clients_go_on(api: TestClient) -> None:
    kind = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    async with api.get("/openapi/v2", headers={"Accept": kind}) as response:
        assert b"2.0" in await response.read()
    async with api.get("/openapi/v2") as response:
        assert "io.k8s.api.core.v1.Pod" in (await response.json())["definitions"]


async def test_discovery_is_answered_once(api: TestClient) -> None:
    accept = {"Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}
    async with api.get("/apis", headers=accept) as response:
        tag = response.headers["ETag"]
    async with api.get("/apis", headers={**accept, "If-None-Match": tag}) as response:
        assert response.status == 304


async def test_a_saved_cluster_goes_on_where_it_was(cluster: KubeCluster, api: TestClient) -> None:
    names = {"plural": "pools", "kind": "Pool"}
    form = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": form}}
    crd = {
        "metadata": {"name": "pools.lab.example.com"},
        "spec": {"group": "lab.example.com", "scope": "Cluster", "names": names, "versions": [version]},
    }
    await _post(api, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    await _post(api, "/apis/lab.example.com/v1/pools", {"metadata": {"name": "p"}, "any": {"thing": 1}})
    state = msgspec.json.decode(msgspec.json.encode(cluster.dump()))
    other = kube_replay.cluster(nodes=0)
    other.load(state)
    http = await kube_replay.client(other)
    http.session.headers["Authorization"] = f"Bearer {cluster.token()}"
    async with http.get("/apis/lab.example.com/v1/pools/p") as response:
        assert (await response.json())["any"] == {"thing": 1}
    async with http.get("/api/v1/nodes") as response:
        assert len((await response.json())["items"]) == 2
    await http.close()


async def test_the_servers_own_service_comes_back(cluster: KubeCluster, api: TestClient) -> None:
    async with api.delete(f"{CORE}/services/kubernetes") as response:
        assert response.status == 200
    assert cluster.store.get("services", "default", "kubernetes")["spec"]["clusterIP"] == "10.0.0.1"


async def test_who_applies_owns_what_was_said_and_no_defaults(api: TestClient) -> None:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": POD}
    spec = {"selector": {"matchLabels": {"app": "a"}}, "template": template}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}
    path = "/apis/apps/v1/namespaces/default/deployments/d"
    headers = {"Content-Type": "application/apply-patch+yaml"}
    async with api.patch(f"{path}?fieldManager=helm", json=body, headers=headers) as response:
        made = await response.json()
    assert made["spec"]["replicas"] == 1
    assert set(made["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]) == {"f:selector", "f:template"}
