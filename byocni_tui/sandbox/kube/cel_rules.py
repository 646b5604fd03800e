"""``x-kubernetes-validations``: the CEL rules of a CRD's schema, judged on every write of its objects."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from byocni_tui.sandbox.kube.cel import CelUnknownError, Program
from byocni_tui.sandbox.kube.cel_library import FUNCTIONS, CelError
from byocni_tui.sandbox.kube.cel_syntax import CelSyntaxError
from byocni_tui.sandbox.kube.complaints import Complaints
from byocni_tui.sandbox.kube.schema import Schema
from byocni_tui.sandbox.kube.status import Cause

Object = dict[str, Any]
_RULES: Final = "x-kubernetes-validations"
_PREFIX: Final = {"FieldValueForbidden": "Forbidden", "FieldValueRequired": "Required value"}
_CONVERTED: Final = {"date-time": "timestamp", "duration": "duration"}


@lru_cache(maxsize=4096)
def program(text: str, names: tuple[str, ...]) -> Program:
    """A compiled expression. Raises CelSyntaxError and CelUnknownError."""
    return Program(text, names)


def judge(value: Any, old: Any, schema: Schema, field: str, found: Complaints) -> None:
    """Complain about every rule that does not hold. ``old`` is the value before, None for one that is new."""
    for rule in schema.node.get(_RULES) or ():
        _one(rule, value, old, schema, field, found)
    if isinstance(value, dict):
        for name, item in value.items():
            below = schema.field(name)
            if below is not None and not (not field and name in ("metadata", "apiVersion", "kind")):
                before = old.get(name) if isinstance(old, dict) else None
                judge(item, before, below, f"{field}.{name}" if field else name, found)
    elif isinstance(value, list):
        below = schema.item()
        for at, item in enumerate(value):
            judge(item, _before(item, old, schema), below, f"{field}[{at}]", found)


def _before(item: Any, old: Any, schema: Schema) -> Any:
    """The item of the old list that has the same keys; only keyed lists know."""
    if schema.list_type != "map" or not isinstance(old, list) or not isinstance(item, dict):
        return None
    keys = schema.map_keys
    return next((o for o in old if isinstance(o, dict) and all(o.get(k) == item.get(k) for k in keys)), None)


def _one(rule: Object, value: Any, old: Any, schema: Schema, field: str, found: Complaints) -> None:
    text = rule.get("rule", "")
    transition = "oldSelf" in text
    if transition and old is None and not rule.get("optionalOldSelf"):
        return
    try:
        made = program(text, ("self", "oldSelf"))
    except (CelSyntaxError, CelUnknownError):
        return  # said when the CRD came
    values = {"self": _shown(value, schema)}
    if transition:
        before = _shown(old, schema) if old is not None else None
        values["oldSelf"] = _optional(before) if rule.get("optionalOldSelf") else before
    kind = schema.type or "object"
    try:
        holds = made.run(values)
    except CelError as error:
        found.invalid(field, kind, f"{error} evaluating rule: {rule.get('message') or text}")
        return
    if holds is True:
        return
    message = _message(rule, values) or rule.get("message") or f"failed rule: {text.strip()}"
    where = field + str(rule.get("fieldPath", "")) if field else str(rule.get("fieldPath", "")).lstrip(".")
    reason = rule.get("reason", "FieldValueInvalid")
    if reason in _PREFIX:
        found.causes.append(Cause(reason, where, f"{_PREFIX[reason]}: {message}"))
    elif reason == "FieldValueDuplicate":
        found.duplicate(where, kind)
    else:
        found.invalid(where or "<nil>", kind, message)


def _message(rule: Object, values: Object) -> str:
    if not rule.get("messageExpression"):
        return ""
    try:
        said = program(rule["messageExpression"], ("self", "oldSelf")).run(values)
    except (CelError, CelUnknownError, CelSyntaxError, KeyError):
        return ""  # as the server does: the message then
    return said.strip() if isinstance(said, str) else ""


def _optional(value: Any) -> Any:
    from byocni_tui.sandbox.kube.cel_library import Optional

    return Optional() if value is None else Optional(value)


def _shown(value: Any, schema: Schema | None) -> Any:
    """A value as rules see it: times and durations by their format, of metadata only the names."""
    if isinstance(value, dict):
        out = {}
        for name, item in value.items():
            if name == "metadata" and "kind" in value and isinstance(item, dict):
                out[name] = {k: v for k, v in item.items() if k in ("name", "generateName")}
            else:
                out[name] = _shown(item, schema.field(name) if schema else None)
        return out
    if isinstance(value, list):
        below = schema.item() if schema else None
        return [_shown(item, below) for item in value]
    if isinstance(value, str) and schema is not None:
        convert = _CONVERTED.get(schema.node.get("format", ""))
        if convert is not None:
            try:
                return FUNCTIONS[convert](value)
            except (CelError, ValueError):
                return value
    return value


# -- what a CRD itself is judged by -----------------------------------------------------------------------------------


def problems(crd: Object, found: Complaints) -> list[str]:
    """Complain about rules that are no expressions; returns warnings for those that are not judged here."""
    warnings = []
    versions = (crd.get("spec") or {}).get("versions") or []
    for at, version in enumerate(versions):
        node = (version.get("schema") or {}).get("openAPIV3Schema") or {}
        path = (
            f"spec.versions[{at}].schema.openAPIV3Schema"
            if len(versions) > 1
            else "spec.validation.openAPIV3Schema"
        )
        for where, rule in _rules(node, path):
            text = str(rule.get("rule", ""))
            try:
                program(text, ("self", "oldSelf"))
            except CelSyntaxError as wrong:
                shown = (
                    f"ERROR: <input>:1:{wrong.at + 1}: Syntax error: {wrong}\n | {text}\n | {'.' * wrong.at}^"
                )
                found.causes.append(
                    Cause(
                        "FieldValueInvalid",
                        f"{where}.rule",
                        f'Invalid value: "{text}": compilation failed: {shown}',
                    )
                )
            except CelUnknownError as unknown:
                warnings.append(f"{where}.rule: {unknown}: not in the sandbox, the rule is not judged")
    return warnings


def ruled(node: Object) -> bool:
    """Whether there are rules anywhere in a schema."""
    return next(_rules(node, ""), None) is not None


def _rules(node: Any, path: str) -> Iterator[tuple[str, Object]]:
    if not isinstance(node, dict):
        return
    for at, rule in enumerate(node.get(_RULES) or ()):
        if isinstance(rule, dict):
            yield f"{path}.{_RULES}[{at}]", rule
    for name, below in (node.get("properties") or {}).items():
        yield from _rules(below, f"{path}.properties[{name}]")
    for key in ("items", "additionalProperties"):
        yield from _rules(node.get(key), f"{path}.{key}")
