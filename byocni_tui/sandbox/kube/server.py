"""The API server of one cluster: who asks, what for, and who answers."""

import hashlib
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from byocni_tui.sandbox.kube import discovery, rbac, subresources
from byocni_tui.sandbox.kube.acting import TOLD, Told, note
from byocni_tui.sandbox.kube.aggregated import METRICS, RESOURCE
from byocni_tui.sandbox.kube.answer import JSON, Form, Writer, acceptable
from byocni_tui.sandbox.kube.names import words
from byocni_tui.sandbox.kube.read import get, listed
from byocni_tui.sandbox.kube.request import Target, User, body_of, decode, flag, resolve
from byocni_tui.sandbox.kube.reviews import Reviews
from byocni_tui.sandbox.kube.status import ApiError, bad_request, unauthorized
from byocni_tui.sandbox.kube.watching import Watch
from byocni_tui.sandbox.kube.write import Call, Writes

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

_OPEN: Final = ("/version", "/healthz", "/livez", "/readyz")
_REVIEWED: Final = frozenset(
    words(
        "selfsubjectaccessreviews subjectaccessreviews localsubjectaccessreviews selfsubjectrulesreviews "
        "selfsubjectreviews tokenreviews"
    )
)


_DEPRECATED: Final = {
    ("", "v1", "Endpoints"): "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ("", "v1", "ComponentStatus"): "v1 ComponentStatus is deprecated in v1.19+",
}
_RETURNED: Final = frozenset(
    words(
        "pods podtemplates persistentvolumes persistentvolumeclaims resourcequotas serviceaccounts services"
    )
)
"""Kinds whose deletion is answered with the object, not with a Status."""


class ApiServer:
    """Answers for one cluster. ``prefix`` is what stands before the paths in the addresses that it hands out."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.cluster = cluster
        self.prefix = ""
        self.writer = Writer(cluster)
        self.writes = Writes(cluster)
        self.reviews = Reviews(cluster)

    async def handle(self, request: web.Request, subpath: str) -> web.StreamResponse:
        """Answer one request; ``subpath`` begins with ``/``."""
        path = "/" + subpath.strip("/")
        TOLD.set(Told())
        try:
            if not self.cluster.running:
                raise ApiError(503, "ServiceUnavailable", "the cluster is stopped", {})
            response = await self._answer(request, path)
        except ApiError as error:
            self._noted(request, error.code, error.reason, error.message)
            return self.writer.error(error)
        self._noted(request, response.status)
        return response

    def _noted(self, request: web.Request, status: int, code: str = "", message: str = "") -> None:
        """Into the world's act log, where the world keeps one."""
        acts = getattr(self.cluster.world, "acts", None)
        if acts is not None:
            note(acts, self.cluster.id, request, (status, code, message))

    async def _answer(self, request: web.Request, path: str) -> web.StreamResponse:
        user = self._who(request, path)
        if path.startswith((*_OPEN, "/openapi", "/.well-known")) or path in ("/", "/metrics"):
            return self._plain(request, path)
        parts = path.split("/")[1:]
        if parts[0] not in ("api", "apis"):
            return _missing()
        if len(parts) <= (2 if parts[0] == "api" else 3):
            return self._discovery(request, parts)
        if parts[0] == "apis":
            if parts[1] == METRICS:
                return self._metrics(parts[3:], request, user)
            if not self.cluster.registry.serves(parts[1], parts[2]):
                if self.cluster.api_services.served_elsewhere(parts[1], parts[2]):
                    raise _unavailable()
                return _missing()
        target = resolve(self.cluster.registry, path)
        told = TOLD.get()
        told.target, told.user = target, user.name
        response = await self._resource(request, target, user)
        note = _DEPRECATED.get((target.kind.group, target.kind.version, target.kind.kind))
        if note and not response.prepared:
            response.headers.add("Warning", f'299 - "{note}"')
        return response

    # -- who -----------------------------------------------------------------------------------------------------------

    def _who(self, request: web.Request, path: str) -> User:
        header = request.headers.get("Authorization", "")
        scheme, _, token = header.partition(" ")
        name = self.cluster.user_of(token.strip()) if scheme.lower() == "bearer" else None
        if name is None:
            account = self.reviews.account_of(token.strip()) if token else None
            if account is not None:
                return self._impersonated(request, account)
            if path.startswith(_OPEN):
                return User("system:anonymous", ("system:unauthenticated",))
            raise unauthorized()
        groups: tuple[str, ...] = ("system:authenticated",)
        if name == "clusterAdmin":  # the user that is in AKS' administrator credentials
            name, groups = "masterclient", (rbac.MASTERS, "system:authenticated")
        return self._impersonated(request, User(name, groups))

    def _impersonated(self, request: web.Request, user: User) -> User:
        name = request.headers.get("Impersonate-User")
        if not name:
            return user
        if not rbac.allowed(self.cluster.store, user, "impersonate", "", "users", name=name):
            raise rbac.refusal(user, "impersonate", "", "users", ns="", name=name)
        groups = list(request.headers.getall("Impersonate-Group", []))
        if name.startswith("system:serviceaccount:"):
            ns = name.split(":")[2]
            groups += ["system:serviceaccounts", f"system:serviceaccounts:{ns}"]
        if name != "system:anonymous":
            groups.append("system:authenticated")
        return User(name, tuple(groups))

    def _authorize(self, user: User, verb: str, target: Target) -> None:
        kind = target.kind
        if kind.group == "authorization.k8s.io" and kind.resource.startswith("selfsubject"):
            return
        if not rbac.allowed(
            self.cluster.store,
            user,
            verb,
            kind.group,
            kind.resource,
            ns=target.ns,
            name=target.name,
            sub=target.subresource,
        ):
            raise rbac.refusal(
                user, verb, kind.group, kind.resource, ns=target.ns, name=target.name, sub=target.subresource
            )

    # -- what is no resource -------------------------------------------------------------------------------------------

    def _plain(self, request: web.Request, path: str) -> web.StreamResponse:
        if path == "/version":
            return self.writer.json(discovery.version(self.cluster))
        if path.startswith(("/healthz", "/livez", "/readyz")):
            checks = ("ping", "log", "etcd", "poststarthook/start-apiextensions-controllers")
            if "verbose" in request.query:
                text = (
                    "".join(f"[+]{check} ok\n" for check in checks) + f"{path.split('/')[1]} check passed\n"
                )
                return web.Response(text=text)
            return web.Response(text="ok")
        if path == "/openapi/v3":
            return self.writer.json(discovery.openapi_index(self.cluster, self.prefix))
        if path == "/openapi/v2":
            wanted = "protobuf" in request.headers.get("Accept", "")
            body, kind = discovery.openapi_v2(self.cluster, protobuf=wanted)
            return _tagged(request, body, {"Content-Type": kind})
        if path.startswith("/openapi/v3/"):
            document = discovery.openapi_document(self.cluster, path.removeprefix("/openapi/v3/"))
            if document is None:
                return _missing()
            headers = {"Cache-Control": "public, immutable"} if "hash" in request.query else {}
            return _tagged(request, document, {**headers, "Content-Type": JSON})
        if path == "/metrics":
            return web.Response(text=self._prometheus())
        if path == "/":
            kinds = {
                f"/apis/{k.group}/{k.version}" if k.group else f"/api/{k.version}"
                for k in self.cluster.registry
            }
            return self.writer.json({"paths": sorted({"/api", "/apis", "/healthz", "/version", *kinds})})
        return _missing()

    def _prometheus(self) -> str:
        store = self.cluster.store
        counts = [
            f'apiserver_storage_objects{{resource="{r}"}} {store.count(r)}' for r in sorted(store.resources())
        ]
        lines = ["# TYPE apiserver_storage_objects gauge", *counts]
        return "\n".join(lines) + "\n"

    def _discovery(self, request: web.Request, parts: list[str]) -> web.StreamResponse:
        cluster = self.cluster
        if len(parts) == 1:
            core = parts[0] == "api"
            accept = request.headers.get("Accept", "")
            if "as=APIGroupDiscoveryList" in accept and "v=v2" in accept:
                body = self.writer.encode(discovery.aggregated(cluster, core))
                return _tagged(request, body, {"Content-Type": discovery.AGGREGATED, "Vary": "Accept"})
            return self.writer.json(discovery.plain(cluster, core, request.host))
        if parts[0] == "api":
            found = discovery.resources(cluster, "", parts[1])
        elif len(parts) == 2:
            found = discovery.group(cluster, parts[1])
        else:
            found = discovery.resources(cluster, parts[1], parts[2])
        if found is None and (
            parts[1] == METRICS
            or (len(parts) == 3 and cluster.api_services.served_elsewhere(parts[1], parts[2]))
        ):
            raise _unavailable()
        return self.writer.json(found) if found is not None else _missing()

    def _metrics(self, parts: list[str], request: web.Request, user: User) -> web.StreamResponse:
        if self.cluster.hooks.metrics is None:
            return _missing()
        ns = parts[1] if len(parts) > 2 else ""
        if not rbac.allowed(
            self.cluster.store, user, "list", "metrics.k8s.io", "nodes" if not ns else "pods", ns=ns
        ):
            raise rbac.refusal(user, "list", "metrics.k8s.io", "nodes" if not ns else "pods", ns=ns, name="")
        return subresources.metrics(self.cluster, self.writer, parts, request.query)

    # -- resources -----------------------------------------------------------------------------------------------------

    async def _resource(self, request: web.Request, target: Target, user: User) -> web.StreamResponse:
        method, query = request.method, request.query
        verb = _verb(method, target, query)
        known = target.kind.subresources.get(target.subresource, {}).get("verbs") or target.kind.verbs
        if verb not in known and not (verb == "watch" or target.subresource):
            text = "the server does not allow this method on the requested resource"
            raise ApiError(405, "MethodNotAllowed", text, {})
        TOLD.get().verb = verb
        self._authorize(user, verb, target)
        acceptable(request.headers.get("Accept", ""))
        form = Form(request.headers.get("Accept", ""), query)
        if target.kind.crd is not None and not target.subresource:
            self.cluster.admission.webhooks.convert(target.kind, verb)
        if target.kind.resource in _REVIEWED:
            obj = decode(await body_of(request), request.headers.get("Content-Type", ""))
            return self.writer.json(self.reviews.answer(target, obj, user), 201)
        if target.subresource and target.subresource not in ("status", "finalize"):
            return await subresources.answer(self, request, target, user, form)
        if target.kind.storage == RESOURCE:
            self.cluster.api_services.refresh()
        if verb == "watch":
            self._noted(request, 200)
            return await Watch(self.cluster, self.writer, target, query, form).run(request)
        if verb == "get":
            return get(self.cluster, self.writer, target, form)
        if verb == "list":
            items, meta = listed(self.cluster, target, query)
            return self.writer.json(self.writer.shape_list(target.kind, items, meta, form))
        return await self._write(request, target, user, form, verb)

    async def _write(
        self, request: web.Request, target: Target, user: User, form: Form, verb: str
    ) -> web.StreamResponse:
        data = await body_of(request)
        content_type = request.headers.get("Content-Type", "")
        call = Call(request.query, user, request.headers.get("User-Agent", ""))
        status = 200
        if verb == "patch":
            obj, new = self.writes.patch(target, data, content_type, call)
            status = 201 if new else 200
        elif verb in ("delete", "deletecollection"):
            options = decode(data, content_type) if data else {}
            if verb == "deletecollection":
                items = self.writes.delete_all(target, options, call)
                meta = {"resourceVersion": str(self.cluster.store.version)}
                return self.writer.json(self.writer.shape_list(target.kind, items, meta, form))
            obj, gone = self.writes.delete(target, options, call)
            if gone and target.kind.storage not in _RETURNED and target.kind.crd is None:
                return self.writer.json(_deleted(target, obj))
        elif not data:
            raise bad_request("the body of the request was empty")
        else:
            body = decode(data, content_type)
            if verb == "create":
                obj, status = self.writes.create(target, body, call), 201
            else:
                obj, new = self.writes.update(target, body, call)
                status = 201 if new else 200
        TOLD.get().name = obj["metadata"].get("name", "")
        response = self.writer.json(self.writer.shape(target.kind, obj, form), status)
        for warning in call.warnings:
            quoted = warning.replace("\\", "\\\\").replace('"', '\\"')
            response.headers.add("Warning", f'299 - "{quoted}"')
        return response


def _verb(method: str, target: Target, query: Any) -> str:
    if method in ("GET", "HEAD"):
        if flag(query, "watch"):
            return "watch"
        return "get" if target.name else "list"
    if method == "DELETE":
        return "delete" if target.name else "deletecollection"
    found = {"POST": "create", "PUT": "update", "PATCH": "patch"}.get(method)
    if found is None or (found != "create" and not target.name):
        text = "the server does not allow this method on the requested resource"
        raise ApiError(405, "MethodNotAllowed", text, {})
    if found == "create" and target.name and not target.subresource:
        raise ApiError(
            405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}
        )
    return found


def _deleted(target: Target, obj: dict[str, Any]) -> dict[str, Any]:
    details: dict[str, Any] = {"name": target.name}
    if target.kind.group:
        details["group"] = target.kind.group
    details |= {"kind": target.kind.resource, "uid": obj["metadata"]["uid"]}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _tagged(request: web.Request, body: bytes, headers: dict[str, str]) -> web.Response:
    """With an ETag: clients keep discovery and documents on disk, by host and port, and ask whether they still hold."""
    tag = f'"{hashlib.sha256(body).hexdigest().upper()}"'
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    return web.Response(body=body, headers={"Cache-Control": "no-cache, private", **headers, "ETag": tag})


def _unavailable() -> ApiError:
    return ApiError(503, "ServiceUnavailable", "the server is currently unable to handle the request", {})


def _missing() -> web.Response:
    return web.Response(text="404 page not found\n", status=404)
