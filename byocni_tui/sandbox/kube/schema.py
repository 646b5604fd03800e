"""OpenAPI as the one table of facts: types, defaults, merge keys and list types of every kind."""

import gzip
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from byocni_tui.sandbox.kube.kinds import Kind

Node = dict[str, Any]
_FOLDER: Final = ("fixtures", "kubernetes-1.36", "openapi")
_REF: Final = "#/components/schemas/"
_ANYTHING: Final[Node] = {"x-kubernetes-preserve-unknown-fields": True}


def document_name(group: str, version: str) -> str:
    """``apis/apps/v1``, ``api/v1``."""
    return f"apis/{group}/{version}" if group else f"api/{version}"


@cache
def raw_document(name: str) -> bytes | None:
    """The document of a group-version as JSON, or None when there is none."""
    path = files("byocni_tui").joinpath(*_FOLDER, name.replace("/", "_") + ".json.gz")
    return gzip.decompress(path.read_bytes()) if path.is_file() else None


@cache
def _schemas(name: str) -> dict[str, Node]:
    raw = raw_document(name)
    if raw is None:
        return {}
    components: dict[str, Node] = msgspec.json.decode(raw)["components"]["schemas"]
    return components


@cache
def index() -> dict[str, Any]:
    """The recorded index, without the documents that are not held."""
    paths: dict[str, Any] = msgspec.json.decode(
        files("byocni_tui").joinpath(*_FOLDER, "index.json").read_bytes()
    )["paths"]
    return {name: entry for name, entry in paths.items() if raw_document(name) is not None}


class Schema:
    """One node of a document, with references followed when asked for."""

    __slots__ = ("_defs", "node")

    def __init__(self, node: Node, defs: dict[str, Node]) -> None:
        self._defs = defs
        merged = node
        if "allOf" in node and len(node["allOf"]) == 1 and "$ref" in node["allOf"][0]:
            merged = {
                **defs[node["allOf"][0]["$ref"].removeprefix(_REF)],
                **{k: v for k, v in node.items() if k != "allOf"},
            }
        elif "$ref" in node:
            merged = defs[node["$ref"].removeprefix(_REF)]
        self.node = merged

    @property
    def properties(self) -> dict[str, Node]:
        found: dict[str, Node] = self.node.get("properties") or {}
        return found

    @property
    def open(self) -> bool:
        """Whether fields that nobody declared are kept."""
        if self.node.get("x-kubernetes-preserve-unknown-fields"):
            return True
        return "properties" not in self.node and not isinstance(self.node.get("additionalProperties"), dict)

    @property
    def type(self) -> str:
        return str(self.node.get("type", ""))

    def field(self, name: str) -> "Schema | None":
        """The schema of a field, or None for one that is not declared."""
        node = self.properties.get(name)
        if node is None:
            extra = self.node.get("additionalProperties")
            node = extra if isinstance(extra, dict) else None
        if node is None:
            return None
        return Schema(node, self._defs)

    def item(self) -> "Schema":
        """The schema of a list's items."""
        return Schema(self.node.get("items") or _ANYTHING, self._defs)

    def of(self, node: Node) -> "Schema":
        """Another node of the same document."""
        return Schema(node, self._defs)

    @property
    def is_map(self) -> bool:
        """A map with free keys (labels), not a struct."""
        return not self.properties and isinstance(self.node.get("additionalProperties"), dict)

    @property
    def list_type(self) -> str:
        """``map``, ``set`` or ``atomic`` for server-side apply."""
        return str(self.node.get("x-kubernetes-list-type", "atomic"))

    @property
    def map_keys(self) -> list[str]:
        keys: list[str] = self.node.get("x-kubernetes-list-map-keys") or []
        return keys

    @property
    def granular(self) -> bool:
        """Whether server-side apply tracks the fields of this object one by one."""
        return self.node.get("x-kubernetes-map-type") != "atomic"

    @property
    def merge_key(self) -> str | None:
        return self.node.get("x-kubernetes-patch-merge-key")

    @property
    def strategies(self) -> list[str]:
        return str(self.node.get("x-kubernetes-patch-strategy", "")).split(",")

    @property
    def default(self) -> Any:
        return self.node.get("default")


@cache
def builtin(group: str, version: str, kind: str) -> Schema | None:
    """The schema of a built-in kind, or None."""
    defs = _schemas(document_name(group, version))
    for node in defs.values():
        for gvk in node.get("x-kubernetes-group-version-kind") or ():
            if (gvk["group"], gvk["version"], gvk["kind"]) == (group, version, kind):
                return Schema(node, defs)
    return None


def metadata() -> Schema:
    """ObjectMeta, for kinds whose own schema leaves it out."""
    defs = _schemas("api/v1")
    return Schema(defs["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"], defs)


def custom(node: Node) -> Schema:
    """The schema of a CRD's version, with metadata put in."""
    defs = _schemas("api/v1")
    properties = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        **(node.get("properties") or {}),
        "metadata": {"allOf": [{"$ref": _REF + "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}]},
    }
    return Schema({**node, "type": "object", "properties": properties}, defs)


def of_kind(kind: Kind, crds: dict[str, Node]) -> Schema | None:
    """The schema of any kind; ``crds`` are the objects of the custom resource definitions by name."""
    if kind.crd is None:
        return builtin(kind.group, kind.version, kind.kind)
    crd = crds.get(kind.crd)
    if crd is None:
        return None
    for version in crd["spec"]["versions"]:
        if version["name"] == kind.version:
            return custom((version.get("schema") or {}).get("openAPIV3Schema") or _ANYTHING)
    return None
