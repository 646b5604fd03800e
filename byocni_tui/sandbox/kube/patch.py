"""JSON patch, merge patch and strategic merge patch; pure functions on plain objects."""

import copy
from typing import Any

from byocni_tui.sandbox.kube.schema import Schema
from byocni_tui.sandbox.kube.status import ApiError, bad_request


def merge(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merge(out.get(key), value)
    return out


def json_patch(target: Any, operations: Any) -> Any:
    """RFC 6902. Raises 422 as the API server does when an operation can't be done."""
    if not isinstance(operations, list):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch"
        )
    document = copy.deepcopy(target)
    for operation in operations:
        document = _operate(document, operation)
    return document


def _pointer(path: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _refuse(why: str) -> ApiError:
    """422; the server keeps the reason to itself, ``why`` is for whoever debugs."""
    error = ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {})
    error.add_note(why)
    return error


def _operate(document: Any, operation: dict[str, Any]) -> Any:
    kind, path = operation.get("op"), _pointer(str(operation.get("path", "")))
    if kind in ("add", "replace", "test"):
        value = copy.deepcopy(operation.get("value"))
    elif kind in ("move", "copy"):
        origin = _pointer(str(operation.get("from", "")))
        value = copy.deepcopy(_reach(document, origin))
        if kind == "move":
            document = _drop(document, origin)
    elif kind == "remove":
        return _drop(document, path)
    else:
        raise _refuse(f"Unexpected kind: {kind}")
    if kind == "test":
        if _reach(document, path, missing=None) != value:
            raise _refuse("testing value failed")
        return document
    if not path:
        return value
    parent = _reach(document, path[:-1])
    last = path[-1]
    if isinstance(parent, list):
        if kind == "replace":
            parent[_position(last, len(parent) - 1)] = value
        else:
            parent.insert(len(parent) if last == "-" else _position(last, len(parent)), value)
    elif isinstance(parent, dict):
        parent[last] = value
    else:
        raise _refuse("add operation does not apply: doc is missing path")
    return document


def _position(text: str, limit: int) -> int:
    if not text.isdigit() or int(text) > limit:
        raise _refuse(f"Unable to access invalid index: {text}")
    return int(text)


_REQUIRED: Any = object()


def _reach(document: Any, path: list[str], missing: Any = _REQUIRED) -> Any:
    for part in path:
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        elif missing is not _REQUIRED:
            return missing
        else:
            raise _refuse(f"doc is missing path: /{'/'.join(path)}")
    return document


def _drop(document: Any, path: list[str]) -> Any:
    parent = _reach(document, path[:-1])
    if isinstance(parent, dict) and path[-1] in parent:
        del parent[path[-1]]
    elif isinstance(parent, list):
        del parent[_position(path[-1], len(parent) - 1)]
    else:
        raise _refuse(f"Unable to remove nonexistent key: {path[-1]}")
    return document


def strategic(target: Any, patch: Any, schema: Schema | None) -> Any:
    """A strategic merge patch: merge keys and strategies are the schema's, directives are ``$patch``,
    ``$deleteFromPrimitiveList``, ``$setElementOrder`` and ``$retainKeys``."""
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    if patch.get("$patch") == "delete":
        return {}
    out = dict(target) if isinstance(target, dict) else {}
    retain = patch.get("$retainKeys")
    if isinstance(retain, list):
        out = {key: value for key, value in out.items() if key in retain}
    orders: dict[str, list[Any]] = {}
    for key, value in patch.items():
        if key.startswith("$setElementOrder/"):
            if not isinstance(value, list):
                raise bad_request(f"the value of {key} is not a list")
            orders[key.partition("/")[2]] = value
        elif key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            out[name] = [item for item in out.get(name) or [] if item not in (value or ())]
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        if value is None:
            out.pop(key, None)
            continue
        below = schema.field(key) if schema else None
        if isinstance(value, list):
            out[key] = _merge_list(out.get(key), value, below)
        elif isinstance(value, dict):
            out[key] = strategic(out.get(key), value, below)
        else:
            out[key] = value
    for name, order in orders.items():
        below = schema.field(name) if schema else None
        if isinstance(out.get(name), list):
            out[name] = _reorder(out[name], order, below.merge_key if below else None)
    return out


def _merge_list(current: Any, patch: list[Any], schema: Schema | None) -> list[Any]:
    if schema is None or "merge" not in schema.strategies:
        return [item for item in patch if not (isinstance(item, dict) and "$patch" in item)]
    items = list(current or [])
    key = schema.merge_key
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if not (isinstance(item, dict) and "$patch" in item)]
    for item in patch:
        if not isinstance(item, dict) or key is None:
            if item not in items:
                items.append(item)
            continue
        if key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        at = next(
            (i for i, old in enumerate(items) if isinstance(old, dict) and old.get(key) == item[key]), None
        )
        if item.get("$patch") == "delete":
            items = [old for old in items if not (isinstance(old, dict) and old.get(key) == item[key])]
        elif at is None:
            items.append(strategic({}, item, schema.item()))
        else:
            items[at] = strategic(items[at], item, schema.item())
    return items


def _reorder(items: list[Any], order: list[Any], key: str | None) -> list[Any]:
    if key is None:
        rank = {repr(item): at for at, item in enumerate(order)}
        return sorted(items, key=lambda item: rank.get(repr(item), len(rank)))
    rank = {repr(item.get(key)): at for at, item in enumerate(order) if isinstance(item, dict)}
    return sorted(
        items, key=lambda item: rank.get(repr(item.get(key) if isinstance(item, dict) else item), len(rank))
    )
