"""Discovery, aggregated and plain, versions and OpenAPI documents."""

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from byocni_tui.sandbox.kube import schema
from byocni_tui.sandbox.kube.aggregated import METRICS
from byocni_tui.sandbox.kube.kinds import Kind, recorded_discovery

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]
AGGREGATED: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_CRDS: Final = "customresourcedefinitions.apiextensions.k8s.io"


def version(cluster: "KubeCluster") -> Object:
    """``/version``; the minor of the cluster, the rest as recorded."""
    major, minor, *_ = cluster.version.split(".")
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": f"v{cluster.version}",
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.25.0",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def _resource(kind: Kind) -> Object:
    out: Object = {
        "resource": kind.resource,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        out["shortNames"] = list(kind.short_names)
    if kind.categories:
        out["categories"] = list(kind.categories)
    if kind.subresources:
        out["subresources"] = list(kind.subresources.values())
    return out


def _groups(cluster: "KubeCluster") -> dict[str, dict[str, list[Kind]]]:
    """group -> version -> kinds, built-in groups in the recorded order, the others after them by name."""
    out: dict[str, dict[str, list[Kind]]] = {}
    for recorded in recorded_discovery():
        name = recorded["metadata"].get("name", "")
        out[name] = {v["version"]: [] for v in recorded["versions"]}
    for kind in sorted(cluster.registry, key=lambda k: (k.group, k.version, k.resource)):
        out.setdefault(kind.group, {}).setdefault(kind.version, []).append(kind)
    if cluster.api_services.available():
        out[METRICS] = {"v1beta1": _measured()}
    return out


def _measured() -> list[Kind]:
    verbs = ("get", "list")
    return [
        Kind(METRICS, "v1beta1", "nodes", "", "NodeMetrics", namespaced=False, verbs=verbs),
        Kind(METRICS, "v1beta1", "pods", "", "PodMetrics", namespaced=True, verbs=verbs),
    ]


def aggregated(cluster: "KubeCluster", core: bool) -> Object:
    """``/api`` or ``/apis`` in one document."""
    items = []
    for name, versions in _groups(cluster).items():
        if (name == "") is not core:
            continue
        meta: Object = {"name": name} if name else {}
        listed = [
            {"version": v, "resources": [_resource(k) for k in kinds], "freshness": "Current"}
            for v, kinds in versions.items()
        ]
        items.append({"metadata": meta, "versions": listed})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }


def _group(name: str, versions: Any) -> Object:
    listed = [{"groupVersion": f"{name}/{v}", "version": v} for v in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def plain(cluster: "KubeCluster", core: bool, host: str) -> Object:
    """``/api`` (APIVersions) or ``/apis`` (APIGroupList)."""
    if core:
        address = {"clientCIDR": "0.0.0.0/0", "serverAddress": host}
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}
    groups = [_group(name, versions) for name, versions in _groups(cluster).items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(cluster: "KubeCluster", name: str) -> Object | None:
    """``/apis/<group>``, or None."""
    versions = _groups(cluster).get(name)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)} if versions and name else None


def resources(cluster: "KubeCluster", name: str, wanted: str) -> Object | None:
    """``/apis/<group>/<version>`` (APIResourceList), or None."""
    kinds = _groups(cluster).get(name, {}).get(wanted)
    if not kinds:
        return None
    listed: list[Object] = []
    for kind in kinds:
        entry: Object = {
            "name": kind.resource,
            "singularName": kind.singular,
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": list(kind.verbs),
        }
        if kind.short_names:
            entry["shortNames"] = list(kind.short_names)
        if kind.categories:
            entry["categories"] = list(kind.categories)
        listed.append(entry)
        for below in kind.subresources.values():
            answer = below.get("responseKind", {})
            inner: Object = {
                "name": f"{kind.resource}/{below['subresource']}",
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": answer.get("kind", kind.kind),
                "verbs": below.get("verbs", []),
            }
            if answer.get("group") or answer.get("version"):
                inner |= {"group": answer.get("group", ""), "version": answer.get("version", "")}
            listed.append(inner)
    version_text = f"{name}/{wanted}" if name else wanted
    kind_of: Object = {"kind": "APIResourceList"} | ({"apiVersion": "v1"} if name else {})
    return {**kind_of, "groupVersion": version_text, "resources": listed}


# -- OpenAPI -----------------------------------------------------------------------------------------------------------


def openapi_index(cluster: "KubeCluster", prefix: str) -> Object:
    """``/openapi/v3``: where the documents are, with a hash each. The recorded addresses get the cluster's prefix."""
    paths = {
        name: {"serverRelativeURL": prefix + entry["serverRelativeURL"]}
        for name, entry in schema.index().items()
    }
    for group_name, wanted in _custom_versions(cluster):
        name = schema.document_name(group_name, wanted)
        digest = hashlib.sha256(custom_document(cluster, group_name, wanted) or b"").hexdigest().upper()
        paths[name] = {"serverRelativeURL": f"{prefix}/openapi/v3/{name}?hash={digest}"}
    return {"paths": paths}


def _custom_versions(cluster: "KubeCluster") -> list[tuple[str, str]]:
    return sorted({(k.group, k.version) for k in cluster.registry if k.crd is not None})


def openapi_document(cluster: "KubeCluster", name: str) -> bytes | None:
    """One document as JSON, or None."""
    raw = schema.raw_document(name)
    if raw is not None:
        return raw
    parts = name.split("/")
    return custom_document(cluster, parts[1], parts[2]) if len(parts) == 3 else None


def custom_document(cluster: "KubeCluster", group_name: str, wanted: str) -> bytes | None:
    """The document of a CRD's group-version, made from its schemas; None when no CRD serves it."""
    schemas: Object = {}
    paths: Object = {}
    for kind in cluster.registry:
        if kind.crd is None or (kind.group, kind.version) != (group_name, wanted):
            continue
        crd = cluster.store.get(_CRDS, "", kind.crd)
        form = schema.of_kind(kind, {kind.crd: crd}) if crd else None
        if form is None:
            continue
        gvk = {"group": kind.group, "version": kind.version, "kind": kind.kind}
        name = ".".join([*reversed(kind.group.split(".")), kind.version, kind.kind])
        schemas[name] = {**form.node, "x-kubernetes-group-version-kind": [gvk]}
        where = f"/apis/{kind.group}/{kind.version}/"
        where += f"namespaces/{{namespace}}/{kind.resource}" if kind.namespaced else kind.resource
        reference = {"$ref": f"#/components/schemas/{name}"}
        paths[where] = {"post": _operation("post", gvk, reference), "get": _operation("list", gvk, reference)}
        paths[where + "/{name}"] = {
            verb: _operation(verb, gvk, reference) for verb in ("get", "put", "patch", "delete")
        }
    if not paths:
        return None
    meta = schema.raw_document("api/v1")
    if meta is not None:
        known = msgspec.json.decode(meta)["components"]["schemas"]
        schemas |= {k: v for k, v in known.items() if k.startswith("io.k8s.apimachinery.")}
    document = {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"},
        "paths": paths,
        "components": {"schemas": schemas},
    }
    return msgspec.json.encode(document, order="sorted", enc_hook=str)


def _operation(verb: str, gvk: Object, reference: Object) -> Object:
    out: Object = {
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": reference}}}},
        "x-kubernetes-action": verb,
        "x-kubernetes-group-version-kind": gvk,
    }
    if verb in ("post", "put", "patch"):
        names = ("dryRun", "fieldManager", "fieldValidation")
        out["parameters"] = [{"name": n, "in": "query", "schema": {"type": "string"}} for n in names]
    return out


def openapi_v2(cluster: "KubeCluster", *, protobuf: bool) -> tuple[bytes, str]:
    """(``/openapi/v2``, its content type). kubectl and helm look there for kinds that v3 does not know, and only in
    protobuf: an empty document tells them so. As JSON it has the definitions, without paths."""
    title, number = "Kubernetes", f"v{cluster.version}"
    if protobuf:
        info = _field(1, title.encode()) + _field(2, number.encode())
        body = _field(1, b"2.0") + _field(2, info) + _field(8, b"")
        return body, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    definitions: Object = {}
    for name in schema.index():
        raw = schema.raw_document(name) or b"{}"
        moved = raw.replace(b"#/components/schemas/", b"#/definitions/")
        definitions |= msgspec.json.decode(moved)["components"]["schemas"]
    document = {
        "swagger": "2.0",
        "info": {"title": title, "version": number},
        "paths": {},
        "definitions": definitions,
    }
    return msgspec.json.encode(document), "application/json"


def _field(number: int, data: bytes) -> bytes:
    """One length-delimited protobuf field; short ones only."""
    assert len(data) < 128
    return bytes((number << 3 | 2, len(data))) + data
