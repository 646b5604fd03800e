"""What a schema alone refuses: for custom resources everything, for built-in kinds enums and required fields."""

import re
from typing import Any, Final

from byocni_tui.sandbox.kube.complaints import Complaints
from byocni_tui.sandbox.kube.schema import Schema

_NAMES: Final = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
}


def builtin(value: Any, schema: Schema, field: str, found: Complaints) -> None:
    """Enums and required fields of a built-in kind that nobody complained about yet."""
    if isinstance(value, list):
        item = schema.item()
        for at, element in enumerate(value):
            builtin(element, item, f"{field}[{at}]", found)
        return
    if isinstance(value, str):
        allowed = schema.node.get("enum")
        if allowed and value not in allowed and not found.has(field):
            found.unsupported(field, value, allowed)
        return
    if not isinstance(value, dict):
        return
    for name in schema.node.get("required") or ():
        where = f"{field}.{name}" if field else name
        below = schema.field(name)
        numeric = below is not None and below.type in ("integer", "boolean", "array")
        if name not in value and not numeric and not found.has(where) and not _listed(found, where):
            found.required(where)
    for name, element in value.items():
        below = schema.field(name)
        if below is not None and name != "status":
            builtin(element, below, f"{field}.{name}" if field else name, found)


def _listed(found: Complaints, where: str) -> bool:
    return any(where.startswith(c.field + ".") for c in found.causes)


def custom(value: Any, schema: Schema, field: str, found: Complaints) -> None:
    """Everything that a custom resource's schema demands, fields in alphabetical order."""
    node = schema.node
    if value is None:
        if not node.get("nullable"):
            found.invalid(field, None, f'{field} in body must be of type {schema.type}: "null"')
        return
    if not _typed(value, node, field, found):
        return
    allowed = node.get("enum")
    if allowed is not None and value not in allowed:
        found.unsupported(field, value, [str(v) for v in allowed])
    if isinstance(value, str):
        _text(value, node, field, found)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _number(value, node, field, found)
    elif isinstance(value, list):
        _items(value, schema, field, found)
    elif isinstance(value, dict):
        _object(value, schema, field, found)
    _logical(value, schema, field, found)


def _logical(value: Any, schema: Schema, field: str, found: Complaints) -> None:
    """allOf, anyOf, oneOf and not."""
    node = schema.node
    for below in node.get("allOf") or ():
        custom(value, schema.of(below), field, found)
    fits = {
        key: sum(_fits(value, schema.of(below), field) for below in node[key])
        for key in ("anyOf", "oneOf")
        if node.get(key)
    }
    where = field or "<nil>"
    if fits.get("anyOf") == 0:
        found.invalid(where, "", f'"{field}" must validate at least one schema (anyOf)')
    if fits.get("oneOf", 1) != 1:
        found.invalid(where, "", f'"{field}" must validate one and only one schema (oneOf)')
    if node.get("not") and _fits(value, schema.of(node["not"]), field):
        found.invalid(where, "", f'"{field}" must not validate the schema (not)')


def _fits(value: Any, schema: Schema, field: str) -> bool:
    found = Complaints()
    custom(value, schema, field, found)
    return not found.causes


def _typed(value: Any, node: dict[str, Any], field: str, found: Complaints) -> bool:
    wanted = node.get("type")
    if node.get("x-kubernetes-int-or-string"):
        return isinstance(value, int | str)
    got = _NAMES.get(type(value), "string")
    if not wanted or got == wanted or (wanted == "number" and got == "integer"):
        return True
    if wanted == "integer" and isinstance(value, float) and value.is_integer():
        return True
    found.invalid(field, got, f'{field} in body must be of type {wanted}: "{got}"')
    return False


def _text(value: str, node: dict[str, Any], field: str, found: Complaints) -> None:
    if len(value) < node.get("minLength", 0):
        found.invalid(field, value, f"{field} in body should be at least {node['minLength']} chars long")
    if "maxLength" in node and len(value) > node["maxLength"]:
        from byocni_tui.sandbox.kube.status import Cause

        text = f"Too long: may not be more than {node['maxLength']} bytes"
        found.causes.append(Cause("FieldValueTooLong", field, text))
    pattern = node.get("pattern")
    if pattern and not re.search(pattern, value):
        found.invalid(field, value, f"{field} in body should match '{pattern}'")


def _number(value: float, node: dict[str, Any], field: str, found: Complaints) -> None:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and (value < low or (node.get("exclusiveMinimum") and value == low)):
        words = "greater than" if node.get("exclusiveMinimum") else "greater than or equal to"
        found.invalid(field, value, f"{field} in body should be {words} {low}")
    if high is not None and (value > high or (node.get("exclusiveMaximum") and value == high)):
        words = "less than" if node.get("exclusiveMaximum") else "less than or equal to"
        found.invalid(field, value, f"{field} in body should be {words} {high}")
    if node.get("multipleOf") and value % node["multipleOf"]:
        found.invalid(field, value, f"{field} in body should be a multiple of {node['multipleOf']}")


def _items(value: list[Any], schema: Schema, field: str, found: Complaints) -> None:
    node = schema.node
    if len(value) < node.get("minItems", 0):
        found.invalid(field, len(value), f"{field} in body should have at least {node['minItems']} items")
    if "maxItems" in node and len(value) > node["maxItems"]:
        from byocni_tui.sandbox.kube.status import Cause

        text = f"Too many: {len(value)}: must have at most {node['maxItems']} items"
        found.causes.append(Cause("FieldValueTooMany", field, text))
    item = schema.item()
    seen: list[Any] = []
    for at, element in enumerate(value):
        custom(element, item, f"{field}[{at}]", found)
        key = element
        if schema.list_type == "map" and isinstance(element, dict):
            key = {name: element.get(name) for name in schema.map_keys}
        if schema.list_type in ("map", "set"):
            if key in seen:
                found.duplicate(f"{field}[{at}]", key)
            seen.append(key)


def _object(value: dict[str, Any], schema: Schema, field: str, found: Complaints) -> None:
    low, high = schema.node.get("minProperties", 0), schema.node.get("maxProperties")
    if len(value) < low:
        found.invalid(field, len(value), f"{field} in body should have at least {low} properties")
    if high is not None and len(value) > high:
        from byocni_tui.sandbox.kube.status import Cause

        text = f"Too many: {len(value)}: must have at most {high} items"
        found.causes.append(Cause("FieldValueTooMany", field, text))
    missing = [name for name in schema.node.get("required") or () if name not in value]
    for name in sorted({*missing, *value}):
        where = f"{field}.{name}" if field else name
        if name in missing:
            found.required(where)
            continue
        if not field and name in ("metadata", "apiVersion", "kind"):
            continue
        below = schema.field(name)
        if below is not None:
            custom(value[name], below, where, found)
