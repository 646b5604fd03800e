"""The answers file as JSON Schema (draft 2020-12), for editors that check while typing."""

from typing import Any

import msgspec

from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan
from byocni_tui.plan.shape import Shape, members

_TYPES = {
    "text": ["string"],
    "number": ["integer"],
    "switch": ["boolean"],
    "number_or_text": ["integer", "string"],
}


def schema(tr: Translator, model: type[msgspec.Struct] = Plan) -> dict[str, Any]:
    """The schema; titles and descriptions in the translator's language."""
    out = _struct(model, (), tr)
    out["required"] = ["version"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "byocni-tui", **out}


def _struct(model: type[msgspec.Struct], at: tuple[str, ...], tr: Translator) -> dict[str, Any]:
    properties = {}
    required = []
    for name, (shape, default) in members(model).items():
        entry = _one(shape, (*at, name), tr)
        if default is msgspec.NODEFAULT:
            required.append(name)
        elif shape.kind != "struct":
            entry["default"] = msgspec.to_builtins(default)
        properties[name] = entry
    out: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    if required:
        out["required"] = required
    return out


def _one(shape: Shape, at: tuple[str, ...], tr: Translator) -> dict[str, Any]:
    entry = _value(shape, at, tr)
    key = "fields." + ".".join(at)
    if tr.has(f"{key}.label"):
        entry["title"] = tr(f"{key}.label")
        entry["description"] = tr(f"{key}.help")
    elif tr.has(f"{key}.section"):
        entry["description"] = tr(f"{key}.section")
    return entry


def _value(shape: Shape, at: tuple[str, ...], tr: Translator) -> dict[str, Any]:
    entry: dict[str, Any]
    if shape.kind == "any":
        return {}
    if shape.kind == "struct" and shape.model is not None:
        entry = _struct(shape.model, at, tr)
    elif shape.kind == "list" and shape.item is not None:
        entry = {"type": "array", "items": _value(shape.item, at, tr)}
    elif shape.kind == "map" and shape.item is not None:
        entry = {"type": "object", "additionalProperties": _value(shape.item, at, tr) or True}
    else:
        entry = {"type": list(_TYPES[shape.kind])}
        # Scalars are read as text where the field is text, so an editor needn't complain about 1.30 or 0123.
        if shape.kind == "text":
            entry["type"] += ["number", "boolean"]
        if shape.about.choices:
            entry = {"enum": list(shape.about.choices)}
    if shape.nullable:
        if "enum" in entry:
            entry["enum"].append(None)
        else:
            kinds = entry["type"] if isinstance(entry["type"], list) else [entry["type"]]
            entry["type"] = [*kinds, "null"]
    return entry
