"""LimitRange, webhooks, aggregated roles, grants, volumes: what admission and its controllers do about objects."""

from typing import Any

from aiohttp.test_utils import TestClient

from byocni_tui.sandbox.kube.cluster import KubeCluster

CORE = "/api/v1/namespaces/default"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


async def _post(api: TestClient, path: str, body: dict[str, Any], **headers: str) -> tuple[int, Any]:
    async with api.post(path, json=body, headers=headers) as answer:
        return answer.status, await answer.json()


def _pod(name: str, **resources: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "c", "image": "i", "resources": resources}]},
    }


async def test_a_limit_range_fills_in_and_refuses(api: TestClient) -> None:
    item = {"type": "Container", "default": {"cpu": "200m"}, "min": {"cpu": "50m"}, "max": {"cpu": "1"}}
    await _post(api, f"{CORE}/limitranges", {"metadata": {"name": "l"}, "spec": {"limits": [item]}})
    status, pod = await _post(api, f"{CORE}/pods", _pod("plain"))
    assert status == 201
    assert pod["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "200m"},
        "limits": {"cpu": "200m"},
    }
    assert pod["status"]["qosClass"] == "Burstable"
    note = "LimitRanger plugin set: cpu request for container c; cpu limit for container c"
    assert pod["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == note
    status, body = await _post(
        api, f"{CORE}/pods", _pod("wild", requests={"cpu": "10m"}, limits={"cpu": "2"})
    )
    assert status == 403
    assert body["message"] == (
        'pods "wild" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, '
        "maximum cpu usage per Container is 1, but limit is 2]"
    )


def _webhook(policy: str, **more: Any) -> dict[str, Any]:
    hook = {
        "name": "h.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": policy,
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
        "clientConfig": {"service": {"namespace": "default", "name": "hook"}}, **more,
    }  # fmt: skip
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    return {**kind, "metadata": {"name": "h"}, "webhooks": [hook]}


HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


async def test_a_webhook_that_can_not_be_reached(api: TestClient) -> None:
    await _post(api, HOOKS, _webhook("Fail"))
    status, body = await _post(api, f"{CORE}/configmaps", {"metadata": {"name": "a"}})
    assert (status, body["reason"]) == (500, "InternalError")
    start = 'Internal error occurred: failed calling webhook "h.example.com": failed to call webhook: '
    address = 'Post "https://hook.default.svc:443/?timeout=10s": '
    assert body["message"] == start + address + 'service "hook" not found'
    port = {"port": 443, "targetPort": 9443}
    await _post(
        api,
        f"{CORE}/services",
        {"metadata": {"name": "hook"}, "spec": {"selector": {"a": "b"}, "ports": [port]}},
    )
    _, body = await _post(api, f"{CORE}/configmaps", {"metadata": {"name": "a"}})
    assert body["message"] == start + address + 'no endpoints available for service "hook"'


async def test_webhooks_stay_out_of_what_aks_keeps_for_itself(api: TestClient) -> None:
    path = "/api/v1/namespaces/kube-system/configmaps"
    _, made = await _post(api, HOOKS, _webhook("Fail"))
    expression = {"key": "control-plane", "operator": "DoesNotExist"}
    assert made["webhooks"][0]["namespaceSelector"] == {"matchExpressions": [expression]}
    assert (await _post(api, path, {"metadata": {"name": "a"}}))[0] == 201
    await api.delete(f"{HOOKS}/h")
    meta = {"name": "h", "labels": {"admissions.enforcer/disabled": "true"}}
    await _post(api, HOOKS, {**_webhook("Fail"), "metadata": meta})
    assert (await _post(api, path, {"metadata": {"name": "b"}}))[0] == 500


async def test_an_api_that_a_chart_would_serve_is_not_available_and_says_why(api: TestClient) -> None:
    group = "/apis/apiregistration.k8s.io/v1/apiservices"
    spec = {
        "group": "custom.metrics.k8s.io",
        "version": "v1beta1",
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
    }
    spec |= {"service": {"namespace": "default", "name": "adapter"}}
    kind = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService"}
    name = "v1beta1.custom.metrics.k8s.io"
    status, _ = await _post(api, group, {**kind, "metadata": {"name": name}, "spec": spec})
    assert status == 201
    (condition,) = (await (await api.get(f"{group}/{name}")).json())["status"]["conditions"]
    assert (condition["status"], condition["reason"]) == ("False", "ServiceNotFound")
    assert condition["message"] == 'service/adapter in "default" is not present'
    async with api.get("/apis/custom.metrics.k8s.io/v1beta1/pods") as answer:
        assert answer.status == 503
        assert (await answer.json())["message"] == "the server is currently unable to handle the request"


async def test_a_webhook_that_may_fail_or_looks_elsewhere_lets_through(api: TestClient) -> None:
    await _post(api, HOOKS, _webhook("Ignore"))
    assert (await _post(api, f"{CORE}/configmaps", {"metadata": {"name": "a"}}))[0] == 201
    await api.delete(f"{HOOKS}/h")
    await _post(api, HOOKS, _webhook("Fail", objectSelector={"matchLabels": {"x": "y"}}))
    assert (await _post(api, f"{CORE}/configmaps", {"metadata": {"name": "b"}}))[0] == 201
    assert (await _post(api, f"{CORE}/configmaps", {"metadata": {"name": "c", "labels": {"x": "y"}}}))[
        0
    ] == 500


async def test_a_webhook_outside_is_not_called(api: TestClient) -> None:
    await _post(api, HOOKS, _webhook("Fail", clientConfig={"url": "https://example.com/hook"}))
    _, body = await _post(api, f"{CORE}/configmaps", {"metadata": {"name": "a"}})
    assert body["message"].endswith('Post "https://example.com/hook?timeout=10s": not in the sandbox')


async def test_aggregated_roles_follow_what_they_select(api: TestClient) -> None:
    rule = {"apiGroups": ["example.com"], "resources": ["things"], "verbs": ["get"]}
    label = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    await _post(
        api, f"{RBAC}/clusterroles", {"metadata": {"name": "things", "labels": label}, "rules": [rule]}
    )
    for name in ("view", "edit", "admin"):
        role = await (await api.get(f"{RBAC}/clusterroles/{name}")).json()
        assert rule in role["rules"], name
    await api.delete(f"{RBAC}/clusterroles/things")
    assert rule not in (await (await api.get(f"{RBAC}/clusterroles/admin")).json())["rules"]


async def test_nobody_grants_what_he_does_not_hold(api: TestClient) -> None:
    maker = {
        "apiGroups": ["rbac.authorization.k8s.io"],
        "resources": ["roles", "rolebindings"],
        "verbs": ["*"],
    }
    reader = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    await _post(
        api,
        f"{RBAC}/clusterroles",
        {"metadata": {"name": "m"}, "rules": [{**maker, "verbs": ["create"]}, reader]},
    )
    subject = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ada"}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "m"}
    bound = {"metadata": {"name": "m"}, "roleRef": reference, "subjects": [subject]}
    await _post(api, f"{RBAC}/clusterrolebindings", bound)
    roles = f"{RBAC}/namespaces/default/roles"
    ada = {"Impersonate-User": "ada"}
    assert (await _post(api, roles, {"metadata": {"name": "same"}, "rules": [reader]}, **ada))[0] == 201
    more = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]}
    status, body = await _post(api, roles, {"metadata": {"name": "more"}, "rules": [more]}, **ada)
    assert status == 403
    assert body["message"].endswith(
        'is attempting to grant RBAC permissions not currently held:\n{APIGroups:["apps"], Resources:["deployments"], '
        'Verbs:["get" "list"]}'
    )
    admin = {
        "metadata": {"name": "x"},
        "roleRef": {**reference, "name": "cluster-admin"},
        "subjects": [subject],
    }
    assert (await _post(api, f"{RBAC}/namespaces/default/rolebindings", admin, **ada))[0] == 403


async def test_a_claim_waits_for_its_first_consumer_and_is_given_back(
    cluster: KubeCluster, api: TestClient
) -> None:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    _, made = await _post(api, f"{CORE}/persistentvolumeclaims", {"metadata": {"name": "c"}, "spec": claim})
    assert (made["spec"]["storageClassName"], made["status"]) == ("default", {"phase": "Pending"})
    cluster.clock.step(60)
    assert (await (await api.get(f"{CORE}/persistentvolumeclaims/c")).json())["status"]["phase"] == "Pending"
    pod = _pod("user")
    pod["spec"]["volumes"] = [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]
    pod["spec"]["tolerations"] = [{"operator": "Exists"}]
    await _post(api, f"{CORE}/pods", pod)
    cluster.clock.step(60)
    bound = await (await api.get(f"{CORE}/persistentvolumeclaims/c")).json()
    assert bound["status"] == {
        "phase": "Bound",
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "1Gi"},
    }
    await api.delete(f"{CORE}/persistentvolumeclaims/c")
    assert (await api.get(f"{CORE}/persistentvolumeclaims/c")).status == 200  # still in use
    await api.delete(f"{CORE}/pods/user?gracePeriodSeconds=0")
    assert (await api.get(f"{CORE}/persistentvolumeclaims/c")).status == 404
    assert (await (await api.get("/api/v1/persistentvolumes")).json())["items"] == []


async def test_a_conversion_webhook_that_can_not_be_reached_is_said(api: TestClient) -> None:
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    version = {
        "served": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    webhook = {
        "conversionReviewVersions": ["v1"],
        "clientConfig": {"service": {"namespace": "default", "name": "conv", "path": "/convert"}},
    }
    spec = {
        "group": "example.com", "scope": "Namespaced", "names": {"kind": "Foo", "plural": "foos", "singular": "foo"},
        "conversion": {"strategy": "Webhook", "webhook": webhook},
        "versions": [{"name": "v1", "storage": True, **version}, {"name": "v2", "storage": False, **version}],
    }  # fmt: skip
    status, _ = await _post(api, crds, {"metadata": {"name": "foos.example.com"}, "spec": spec})
    assert status == 201
    space = "namespaces/default/foos"
    status, _ = await _post(api, f"/apis/example.com/v1/{space}", {"metadata": {"name": "a"}})
    assert status == 201
    async with api.get(f"/apis/example.com/v1/{space}/a") as answer:
        assert answer.status == 200
    async with api.get(f"/apis/example.com/v2/{space}/a") as answer:
        assert answer.status == 500
        assert (await answer.json())["message"] == (
            "conversion webhook for example.com/v1, Kind=Foo failed: Post "
            '"https://conv.default.svc:443/convert?timeout=30s": service "conv" not found'
        )


async def test_cbor_is_refused_as_by_an_api_server_without_its_gate(api: TestClient) -> None:
    async with api.get(f"{CORE}/configmaps", headers={"Accept": "application/cbor"}) as answer:
        assert (answer.status, (await answer.json())["reason"]) == (406, "NotAcceptable")
    head = {"Content-Type": "application/cbor"}
    async with api.post(f"{CORE}/configmaps", data=b"\xd9\xd9\xf7\xa0", headers=head) as answer:
        assert (answer.status, (await answer.json())["reason"]) == (415, "UnsupportedMediaType")
    async with api.get(f"{CORE}/configmaps", headers={"Accept": "application/cbor, */*"}) as answer:
        assert answer.status == 200
