"""scale, log, eviction, binding, token, exec and what else hangs below an object."""

from typing import TYPE_CHECKING, Any

from aiohttp import web

from byocni_tui.sandbox.kube import patch as patches
from byocni_tui.sandbox.kube.answer import Form, Writer
from byocni_tui.sandbox.kube.jsonpath import find
from byocni_tui.sandbox.kube.request import Target, User, body_of, decode, flag
from byocni_tui.sandbox.kube.selectors import of_selector
from byocni_tui.sandbox.kube.stamp import Stamp
from byocni_tui.sandbox.kube.status import ApiError, Cause, bad_request, invalid, not_found, not_in_sandbox
from byocni_tui.sandbox.kube.table import column

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster
    from byocni_tui.sandbox.kube.server import ApiServer

Object = dict[str, Any]


async def answer(
    server: "ApiServer", request: web.Request, target: Target, user: User, form: Form
) -> web.StreamResponse:
    """Answer for a subresource other than status."""
    store, kind, name = server.cluster.store, target.kind, target.subresource
    if name == "proxy" and kind.storage in ("pods", "services"):
        return _proxy(server.cluster, target)
    obj = store.get(kind.storage, target.ns, target.name)
    if obj is None:
        raise not_found(kind.resource, kind.group, target.name)
    if name == "log":
        return await _log(server.cluster, obj, request)
    if name == "scale":
        return await _scale(server, request, target, obj, form)
    if name in ("resize", "ephemeralcontainers", "approval"):
        return await server._write(request, target, user, form, _verb(request.method))
    if name in ("exec", "attach", "portforward"):
        return await _stream(server.cluster, request, obj, name)
    if name == "proxy" or request.method != "POST":
        raise not_in_sandbox(f"{request.method} of {kind.resource}/{name}")
    body = decode(await body_of(request), request.headers.get("Content-Type", ""))
    if name == "token":
        return server.writer.json(server.reviews.issue(target.ns, target.name, body), 201)
    if name == "eviction":
        return server.writer.json(_evict(server.cluster, obj, body), 201)
    if name == "binding":
        obj["spec"]["nodeName"] = body.get("target", {}).get("name", "")
        store.update("pods", obj)
        return server.writer.json(_success(), 201)
    raise not_in_sandbox(f"{kind.resource}/{name}")


def _verb(method: str) -> str:
    return {"GET": "get", "PUT": "update", "PATCH": "patch"}.get(method, "create")


def _success() -> Object:
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


# -- logs --------------------------------------------------------------------------------------------------------------


def _container(pod: Object, asked: str, default_note: str = "kubectl.kubernetes.io/default-container") -> str:
    names = [
        c["name"]
        for part in ("initContainers", "containers", "ephemeralContainers")
        for c in pod["spec"].get(part) or ()
    ]
    main = [c["name"] for c in pod["spec"].get("containers") or ()]
    if asked:
        if asked not in names:
            raise bad_request(f"container {asked} is not valid for pod {pod['metadata']['name']}")
        return asked
    chosen = (pod["metadata"].get("annotations") or {}).get(default_note)
    if chosen in names:
        return str(chosen)
    if len(main) > 1:
        text = f"a container name must be specified for pod {pod['metadata']['name']}, "
        text += f"choose one of: [{' '.join(main)}]"
        init = [c["name"] for c in pod["spec"].get("initContainers") or ()]
        if init:
            text += f" or one of the init containers: [{' '.join(init)}]"
        raise bad_request(text)
    return main[0] if main else ""


async def _log(cluster: "KubeCluster", pod: Object, request: web.Request) -> web.StreamResponse:
    container = _container(pod, request.query.get("container", ""))
    if not pod["spec"].get("nodeName"):
        return web.Response(status=204)
    parts = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    statuses = [s for part in parts for s in pod["status"].get(part) or ()]
    status = next((s for s in statuses if s["name"] == container), None)
    waiting = ((status or {}).get("state") or {}).get("waiting")
    where = f'container "{container}" in pod "{pod["metadata"]["name"]}"'
    previous = request.query.get("previous") in ("true", "1")
    if previous and not ((status or {}).get("lastState") or {}).get("terminated"):
        text = f'previous terminated container "{container}" in pod "{pod["metadata"]["name"]}" not found'
        raise bad_request(text)
    if (
        (status is None or waiting is not None)
        and not previous
        and not ((status or {}).get("lastState") or {}).get("terminated")
    ):
        reason = (waiting or {}).get("reason") or "ContainerCreating"
        if reason in ("ImagePullBackOff", "ErrImagePull"):
            raise bad_request(f"{where} is waiting to start: {_pull(reason)}")
        raise bad_request(f"{where} is waiting to start: {reason}")
    if cluster.hooks.logs is None:
        raise not_in_sandbox("logs of a pod")
    text = cluster.hooks.logs(pod, container, dict(request.query))
    limit = request.query.get("limitBytes", "")
    if limit.isdigit():
        text = text.encode()[: int(limit)].decode(errors="ignore")
    if flag(request.query, "follow") and not previous:
        return await _followed(cluster, pod, container, request, text)
    return web.Response(text=text, content_type="text/plain")


async def _followed(
    cluster: "KubeCluster", pod: Object, container: str, request: web.Request, text: str
) -> web.StreamResponse:
    """The log so far and what is added to it, until the container ends or the client goes."""
    from byocni_tui.sandbox.kube.execute import following

    assert cluster.hooks.logs is not None
    added = following(cluster, pod, container, cluster.hooks.logs(pod, container, {}))
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    response.enable_chunked_encoding()
    try:
        await response.prepare(request)
        await response.write(text.encode())
        async for more, _code in added:
            if more:
                await response.write(more.encode())
        await response.write_eof()
    except (ConnectionResetError, ConnectionAbortedError):
        pass  # the client went away, which is how most of them end
    finally:
        added.close()
    return response


def _pull(reason: str) -> str:
    return "trying and failing to pull image" if reason == "ImagePullBackOff" else "image can't be pulled"


# -- scale -------------------------------------------------------------------------------------------------------------


def _scale_paths(server: "ApiServer", target: Target) -> tuple[str, str, str]:
    kind = target.kind
    if kind.crd is None:
        return ".spec.replicas", ".status.replicas", ".spec.selector"
    crd = server.cluster.store.get("customresourcedefinitions.apiextensions.k8s.io", "", kind.crd) or {}
    version = next(v for v in crd["spec"]["versions"] if v["name"] == kind.version)
    scale = version["subresources"]["scale"]
    return scale["specReplicasPath"], scale["statusReplicasPath"], scale.get("labelSelectorPath", "")


def _scale_of(obj: Object, paths: tuple[str, str, str]) -> Object:
    from byocni_tui.sandbox.kube.cells import label_text, selector_text

    meta = {
        k: obj["metadata"][k]
        for k in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if k in obj["metadata"]
    }
    wanted, has, chosen = (find(obj, p) if p else [] for p in paths)
    status: Object = {"replicas": has[0] if has else 0}
    if chosen:
        selector = chosen[0]
        if isinstance(selector, str):
            status["selector"] = selector
        elif "matchLabels" in selector or "matchExpressions" in selector:
            status["selector"] = selector_text(selector)
        else:
            status["selector"] = label_text(selector)
    spec = {"replicas": wanted[0]} if wanted and wanted[0] else {}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": status}


def _scale_table(server: "ApiServer", scale: Object) -> Object:
    meta, age = scale["metadata"], server.writer.ages()
    cells = [
        meta["name"],
        scale["spec"].get("replicas", 0),
        scale["status"]["replicas"],
        age(meta["creationTimestamp"]),
    ]
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": meta["resourceVersion"]},
        "columnDefinitions": [column(word) for word in ("Name", "#Desired", "#Available", "Age")],
        "rows": [{"cells": cells, "object": partial}],
    }


async def _scale(
    server: "ApiServer", request: web.Request, target: Target, obj: Object, form: Form
) -> web.Response:
    from byocni_tui.sandbox.kube.write import Call

    paths = _scale_paths(server, target)
    current = _scale_of(obj, paths)
    if request.method == "GET":
        if form.how == "table":
            return server.writer.json(_scale_table(server, current))
        return server.writer.json(current)
    content_type = request.headers.get("Content-Type", "")
    body = decode(await body_of(request), content_type)
    if request.method == "PATCH":
        wanted = (
            patches.json_patch(current, body)
            if "json-patch" in content_type
            else patches.merge(current, body)
        )
    elif request.method == "PUT":
        wanted = body
    else:
        raise ApiError(
            405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}
        )
    spec = (wanted.get("spec") or {}) if isinstance(wanted, dict) else None
    if not isinstance(spec, dict):
        raise bad_request("json: cannot unmarshal into Go struct field Scale.spec of type v1.ScaleSpec")
    replicas = spec.get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        why = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise invalid("Scale", "autoscaling", target.name, [Cause("FieldValueInvalid", "spec.replicas", why)])
    version = (wanted.get("metadata") or {}).get("resourceVersion")
    if version:
        obj["metadata"]["resourceVersion"] = version
    new = dict(obj)
    node = new
    parts = paths[0].strip(".").split(".")
    for part in parts[:-1]:
        node[part] = dict(node.get(part) or {})
        node = node[part]
    node[parts[-1]] = replicas
    call = Call(request.query, User("", ()), request.headers.get("User-Agent", ""))
    old = server.cluster.store.get(target.kind.storage, target.ns, target.name) or obj
    changed = server.writes._change(target.kind, old, new, call, "scale")
    return server.writer.json(_scale_of(changed, paths))


# -- eviction ----------------------------------------------------------------------------------------------------------


def _evict(cluster: "KubeCluster", pod: Object, eviction: Object) -> Object:
    """Delete a pod unless a disruption budget forbids it. Raises 429."""
    store, meta = cluster.store, pod["metadata"]
    labels = meta.get("labels") or {}
    ready = any(
        c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions") or ()
    )
    options = eviction.get("deleteOptions") or {}
    for budget in store.list("poddisruptionbudgets.policy", meta["namespace"]):
        if not of_selector(budget["spec"].get("selector"))(labels):
            continue
        if pod.get("status", {}).get("phase") in ("Succeeded", "Failed", "Pending") or not ready:
            continue
        status = budget.get("status") or {}
        if status.get("disruptionsAllowed", 0) < 1:
            name = budget["metadata"]["name"]
            why = (
                f"The disruption budget {name} needs {status.get('desiredHealthy', 0)} healthy pods and has "
            )
            why += f"{status.get('currentHealthy', 0)} currently"
            cause = {"reason": "DisruptionBudget", "message": why}
            text = "Cannot evict pod as it would violate the pod's disruption budget."
            raise ApiError(429, "TooManyRequests", text, {"causes": [cause]})
        if options.get("dryRun") != ["All"]:
            status["disruptionsAllowed"] -= 1
            disrupted = status.setdefault("disruptedPods", {})
            disrupted[meta["name"]] = Stamp(cluster.clock.now())
            budget["status"] = status
            store.update("poddisruptionbudgets.policy", budget, status=True)
    if options.get("dryRun") != ["All"]:
        store.delete("pods", meta["namespace"], meta["name"], grace=options.get("gracePeriodSeconds"))
    return _success()


# -- streams, proxies and metrics --------------------------------------------------------------------------------------


async def _stream(cluster: "KubeCluster", request: web.Request, pod: Object, name: str) -> web.StreamResponse:
    from byocni_tui.sandbox.kube import execute, forward

    if cluster.hooks.exec is None:
        raise not_in_sandbox(f"pods/{name}")
    if name == "portforward":
        return await forward.forward(cluster, request, pod)
    container = _container(pod, request.query.get("container", ""))
    if not pod["spec"].get("nodeName"):
        raise bad_request(f"pod {pod['metadata']['name']} does not have a host assigned")
    if name == "attach":
        return await execute.attach(cluster, request, pod, container)
    return await execute.exec_in(cluster, request, pod, container)


def _proxy(cluster: "KubeCluster", target: Target) -> web.Response:
    from byocni_tui.sandbox.kube import forward

    if target.kind.storage == "services":
        pod, port = forward.behind(cluster, target.ns, target.name)
        return forward.proxy(cluster, pod, port, target.rest)
    parts = target.name.split(":")
    name, number = (parts[1], parts[2]) if len(parts) == 3 else (parts[0], (parts[1:] or [""])[0])
    found = cluster.store.get("pods", target.ns, name)
    if found is None:
        raise not_found("pods", "", name)
    declared = [p["containerPort"] for c in found["spec"]["containers"] for p in c.get("ports") or ()]
    port = int(number) if number.isdigit() else (declared or [80])[0]
    return forward.proxy(cluster, found, port, target.rest)


def metrics(cluster: "KubeCluster", writer: Writer, parts: list[str], query: Any) -> web.Response:
    """metrics.k8s.io/v1beta1: nodes and pods, as the controllers measure them."""
    assert cluster.hooks.metrics is not None
    ns = None
    if len(parts) > 2 and parts[0] == "namespaces":
        ns, parts = parts[1], parts[2:]
    if not parts or parts[0] not in ("nodes", "pods"):
        raise ApiError(404, "NotFound", "the server could not find the requested resource", {})
    items = cluster.hooks.metrics(parts[0], ns)
    if query.get("labelSelector"):
        from byocni_tui.sandbox.kube.selectors import labels

        match = labels(query["labelSelector"])
        items = [i for i in items if match(i["metadata"].get("labels") or {})]
    if len(parts) > 1:
        for item in items:
            if item["metadata"]["name"] == parts[1]:
                return writer.json(item)
        where = f"{ns}/{parts[1]}" if ns else parts[1]
        raise not_found("nodemetrics" if parts[0] == "nodes" else "podmetrics", "metrics.k8s.io", where)
    kind = "NodeMetricsList" if parts[0] == "nodes" else "PodMetricsList"
    return writer.json({"kind": kind, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": items})
