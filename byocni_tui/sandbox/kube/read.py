"""get and list."""

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from byocni_tui.sandbox.kube import selectors
from byocni_tui.sandbox.kube.answer import Form, Writer
from byocni_tui.sandbox.kube.request import Target
from byocni_tui.sandbox.kube.status import ApiError, bad_request, not_found

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]


def matcher(target: Target, query: Any) -> Callable[[Object], bool] | None:
    """What ``labelSelector``, ``fieldSelector`` and the name in the path let through; None when that is everything."""
    tests: list[Callable[[Object], bool]] = []
    if query.get("labelSelector"):
        by_label = selectors.labels(query["labelSelector"])
        tests.append(lambda obj: by_label(obj["metadata"].get("labels") or {}))
    if query.get("fieldSelector"):
        tests.append(selectors.fields(query["fieldSelector"], target.kind.storage))
    if target.name:
        tests.append(lambda obj: bool(obj["metadata"]["name"] == target.name))
    if not tests:
        return None
    return lambda obj: all(test(obj) for test in tests)


def get(cluster: "KubeCluster", writer: Writer, target: Target, form: Form) -> web.Response:
    """One object. Raises 404."""
    kind = target.kind
    obj = cluster.store.get(kind.storage, target.ns, target.name)
    if obj is None:
        raise not_found(kind.resource, kind.group, target.name)
    return writer.json(writer.shape(kind, obj, form))


def listed(cluster: "KubeCluster", target: Target, query: Any) -> tuple[list[Object], Object]:
    """(items, list metadata) with selectors, ``limit`` and ``continue``."""
    store, kind = cluster.store, target.kind
    matches = matcher(target, query)
    limit = _number(query.get("limit", ""), "limit")
    start, version, before = _token(query.get("continue", ""), store.oldest)
    meta: Object = {"resourceVersion": str(version or store.version)}
    ns = target.ns or None
    node = _node(query.get("fieldSelector", "")) if kind.storage == "pods" else None
    chosen = selectors.labels(query["labelSelector"]) if query.get("labelSelector") else None
    items: list[Object] = []
    last: tuple[str, str] = ("", "")
    remaining = 0
    for entry in store.entries(kind.storage, ns, after=start):
        key = (entry.ns, entry.name)
        if limit and len(items) >= limit:
            if matches is not None:
                remaining = 1
                break
            left = store.count(kind.storage, ns) - before - len(items)
            remaining = max(left, 1)
            break
        if (node is not None and entry.node != node) or (chosen is not None and not chosen(entry.labels())):
            continue
        obj = entry.object()
        if matches is None or matches(obj):
            items.append(obj)
            last = key
    if remaining:
        token = {
            "v": "meta.k8s.io/v1",
            "rv": version or store.version,
            "start": list(last),
            "seen": before + len(items),
        }
        meta["continue"] = base64.urlsafe_b64encode(json.dumps(token).encode()).decode()
        if matches is None:
            meta["remainingItemCount"] = remaining
    return items, meta


def _node(selector: str) -> str | None:
    """The node that a field selector asks for: looked up without unpacking every pod."""
    for part in selector.split(","):
        key, sign, value = part.partition("=")
        if key.strip() == "spec.nodeName" and sign:
            return value.removeprefix("=").strip()
    return None


def _number(text: str, name: str) -> int:
    if not text:
        return 0
    if not text.isdigit():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax ({name})')
    return int(text)


def _token(text: str, oldest: int) -> tuple[tuple[str, str] | None, int, int]:
    if not text:
        return None, 0, 0
    try:
        token = json.loads(base64.urlsafe_b64decode(text))
        start, version, seen = (token["start"][0], token["start"][1]), int(token["rv"]), int(token["seen"])
    except (ValueError, KeyError, TypeError, IndexError) as broken:
        raise bad_request(f"continue key is not valid: {broken}") from broken
    if version < oldest:
        why = (
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
            "without the continue parameter, or use the continue token in this response to retrieve the remainder of "
            "the results. Continuing with the provided token results in an inconsistent list - objects that were "
            "created, modified, or deleted between the time the first chunk was returned and now may show up in the "
            "list."
        )
        raise ApiError(410, "Expired", why)
    return start, version, seen
