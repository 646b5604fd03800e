"""Answers: objects, lists and tables as bytes."""

from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import web

from byocni_tui.sandbox.kube import convert, table
from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.stamp import Stamp, show
from byocni_tui.sandbox.kube.status import ApiError

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]
JSON: Final = "application/json"
_SPOKEN: Final = frozenset(
    ["", "*/*", "application/*", JSON, "application/yaml", "application/vnd.kubernetes.protobuf"]
)


class Form:
    """What a client accepts for an answer about a kind: ``object``, ``table`` or ``metadata``."""

    def __init__(self, accept: str, query: Any) -> None:
        self.how = "object"
        self.include = query.get("includeObject", "Metadata")
        for option in accept.split(","):
            words = dict(w.strip().partition("=")[::2] for w in option.split(";")[1:])
            kind = option.partition(";")[0].strip()
            if kind not in (JSON, "*/*", ""):
                continue
            if words.get("as") == "Table":
                self.how = "table"
            elif words.get("as") in ("PartialObjectMetadata", "PartialObjectMetadataList"):
                self.how = "metadata"
            break


def acceptable(accept: str) -> None:
    """Raises 406 where a client takes none of the forms that the API server has (CBOR is behind a gate there, too)."""
    kinds = [option.partition(";")[0].strip().lower() for option in accept.split(",")]
    if any(kind in _SPOKEN for kind in kinds):
        return
    text = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    raise ApiError(406, "NotAcceptable", f"only the following media types are accepted: {text}", {})


class Writer:
    """Encodes for one cluster; every stamp becomes the text that clients see now."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.cluster = cluster
        self._encoder = msgspec.json.Encoder(enc_hook=self._hook)

    def _hook(self, value: Any) -> str:
        if isinstance(value, Stamp):
            return show(value, self.cluster.clock.shown)
        raise TypeError(f"{type(value).__name__} can't be shown")

    def encode(self, value: Any) -> bytes:
        return self._encoder.encode(value)

    def json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
        return web.Response(body=self.encode(value), status=status, content_type=JSON, headers=headers)

    def error(self, error: ApiError) -> web.Response:
        return self.json(error.body(), error.code, error.headers)

    def printing(self, kind: Kind) -> table.Printing:
        crd = None
        if kind.crd is not None:
            crd = self.cluster.store.get("customresourcedefinitions.apiextensions.k8s.io", "", kind.crd)
        return table.Printing(kind, crd)

    def ages(self) -> table.Ages:
        return table.Ages(self.cluster.clock.now(), self.cluster.clock.shown)

    def shape(self, kind: Kind, obj: Object, form: Form) -> Object:
        """One object in the form that was asked for."""
        if form.how == "table":
            printing = self.printing(kind)
            rows = [table.row(printing, obj, self.ages(), form.include)]
            meta = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            return _table(printing, rows, meta)
        obj = convert.outward(kind, obj)
        return partial(obj) if form.how == "metadata" else obj

    def shape_list(self, kind: Kind, items: list[Object], meta: Object, form: Form) -> Object:
        """A list in the form that was asked for."""
        if form.how == "table":
            printing, ages = self.printing(kind), self.ages()
            return _table(printing, [table.row(printing, obj, ages, form.include) for obj in items], meta)
        if form.how == "metadata":
            return {
                "kind": "PartialObjectMetadataList",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": meta,
                "items": [partial(obj) for obj in items],
            }
        shown = [convert.outward(kind, obj) for obj in items]
        if kind.crd is None:
            shown = [{k: v for k, v in obj.items() if k not in ("apiVersion", "kind")} for obj in shown]
        return {"kind": kind.list_kind, "apiVersion": kind.api_version, "metadata": meta, "items": shown}


def partial(obj: Object) -> Object:
    """Only the metadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def _table(printing: table.Printing, rows: list[Object], meta: Object) -> Object:
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": printing.columns,
        "rows": rows,
    }
