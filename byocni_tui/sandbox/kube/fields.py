"""Unknown, duplicate and mistyped fields: what ``fieldValidation`` and decoding look at."""

import re
from typing import Any, Final

from byocni_tui.sandbox.kube import human
from byocni_tui.sandbox.kube.schema import Schema
from byocni_tui.sandbox.kube.stamp import Stamp
from byocni_tui.sandbox.kube.status import ApiError, bad_request

_QUANTITY: Final = [{"type": "string"}, {"type": "number"}]
_GO: Final = {str: "string", bool: "bool", int: "number", float: "number", dict: "object", list: "array"}


def unknown(value: Any, schema: Schema, path: str = "") -> list[str]:
    """Paths of the fields that the schema does not declare."""
    found: list[str] = []
    if isinstance(value, list):
        item = schema.item()
        for at, element in enumerate(value):
            if isinstance(element, dict | list):
                found += unknown(element, item, f"{path}[{at}]")
    elif isinstance(value, dict) and not schema.open:
        for key, element in value.items():
            below = schema.field(key)
            where = f"{path}.{key}" if path else key
            if below is None:
                found.append(where)
            elif isinstance(element, dict | list):
                found += unknown(element, below, where)
    return found


def prune(value: Any, schema: Schema) -> None:
    """Drop the fields that the schema does not declare, in place."""
    if isinstance(value, list):
        item = schema.item()
        for element in value:
            if isinstance(element, dict | list):
                prune(element, item)
    elif isinstance(value, dict) and not schema.open:
        for key in list(value):
            below = schema.field(key)
            if below is None:
                del value[key]
            elif isinstance(value[key], dict | list):
                prune(value[key], below)


def drop_nulls(value: Any, schema: Schema | None) -> None:
    """A null is the same as nothing, except where a custom resource's schema says nullable; in place."""
    if isinstance(value, list):
        for element in value:
            drop_nulls(element, schema.item() if schema else None)
    elif isinstance(value, dict):
        for key in list(value):
            below = schema.field(key) if schema else None
            if value[key] is None:
                if below is None or not below.node.get("nullable"):
                    del value[key]
            elif isinstance(value[key], dict | list):
                drop_nulls(value[key], below)


def mistyped(value: Any, schema: Schema, path: str = "") -> tuple[str, str, str] | None:
    """The first value of a wrong type: (path, Go's word for the value, expected)."""
    expected = schema.type
    if schema.node.get("oneOf") == _QUANTITY and isinstance(value, str) and human.quantity(value) is None:
        return path, "quantity", "quantity"
    if (
        value is None
        or not expected
        or schema.node.get("x-kubernetes-int-or-string")
        or isinstance(value, Stamp)
    ):
        return None
    known: dict[str, type | tuple[type, ...]] = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
    }
    fits = known.get(expected, object)
    if not isinstance(value, fits) or (expected in ("integer", "number") and isinstance(value, bool)):
        return path, _GO.get(type(value), "string"), expected
    if isinstance(value, list):
        item = schema.item()
        for element in value:
            if element is None:
                return path, "null", item.type or "object"
            if wrong := mistyped(element, item, path):
                return wrong
    elif isinstance(value, dict):
        for key, element in value.items():
            below = schema.field(key)
            if below is not None and (wrong := mistyped(element, below, f"{path}.{key}" if path else key)):
                return wrong
    return None


_GO_NAME: Final = re.compile(r"(^|[-_])([a-z])")


def type_error(kind: str, version: str, schema: Schema, wrong: tuple[str, str, str]) -> ApiError:
    """400 as the JSON decoder of a built-in kind words it."""
    path, got, expected = wrong
    if got == "quantity":
        why = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        return bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: {why}')
    parts = path.split(".")
    holder, node = kind, schema
    for part in parts[:-1]:
        below = node.field(part)
        if below is None:
            break
        inner = below.item() if below.type == "array" else below
        holder, node = _struct_name(below, holder), inner
    last = node.field(parts[-1])
    text = (
        f'{kind} in version "{version}" cannot be handled as a {kind}: json: cannot unmarshal {got} into Go struct '
        f"field {holder}.{path} of type {_go_type(last, expected)}"
    )
    return bad_request(text)


def _struct_name(schema: Schema, fallback: str) -> str:
    node = schema.node
    reference = (node.get("items") or {}).get("$ref") or node.get("$ref", "")
    return reference.rpartition(".")[2] or fallback


def _go_type(schema: Schema | None, expected: str) -> str:
    if schema is None:
        return expected
    if expected == "integer":
        return str(schema.node.get("format", "int32"))
    if expected == "object":
        extra = schema.node.get("additionalProperties")
        return "map[string]string" if extra else "v1.Object"
    if expected == "array":
        item = schema.item()
        return (
            "[]string"
            if item.type == "string"
            else "[]v1." + (schema.node.get("items", {}).get("$ref", "").rpartition(".")[2])
        )
    return {"boolean": "bool"}.get(expected, expected)
