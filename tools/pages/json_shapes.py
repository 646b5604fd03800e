"""``docs/json.md`` and ``docs/schemas/*.json``: the JSON that commands print, for people and for programs."""

import json
from collections.abc import Iterator
from typing import Any

from tools.pages.markdown import begin, end, heads, table, text
from tools.pages.shapes import SHAPES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def page(lang: str) -> str:
    """The whole page."""
    lines = [*begin(lang, "json"), text(lang, "json.more"), ""]
    for name, shape in SHAPES.items():
        title = _said(shape, lang)
        lines += [
            f"## {title}",
            "",
            f"{text(lang, 'json.schema')} [`schemas/{name}.json`](schemas/{name}.json)",
            "",
        ]
        lines += table(
            heads(lang, "key type meaning"), _rows(shape, "[]" if shape["type"] == "array" else "", lang)
        )
    return end(lines)


def schemas() -> dict[str, str]:
    """Every schema by its file name, its texts in English."""
    return {f"schemas/{name}.json": _schema(shape) for name, shape in SHAPES.items()}


def _schema(shape: dict[str, Any]) -> str:
    document = {"$schema": _DIALECT, **_plain(shape)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items() if value != ("", "")}
    if isinstance(node, tuple):
        return node[0]
    return [_plain(item) for item in node] if isinstance(node, list) else node


def _said(shape: dict[str, Any], lang: str) -> str:
    en, zh = shape.get("description", ("", ""))
    return str(zh if lang == "zh" else en)


def _rows(shape: dict[str, Any], at: str, lang: str) -> Iterator[list[str]]:
    """One row a key, whatever is inside below it."""
    if "items" in shape:
        shape = shape["items"]
    for key, inner in shape.get("properties", {}).items():
        path = f"{at}.{key}" if at else key
        kinds = inner["type"] if isinstance(inner["type"], list) else [inner["type"]]
        kind = " | ".join(kinds)
        meaning = _said(inner, lang)
        if "enum" in inner:
            choices = ", ".join(f"`{choice}`" for choice in inner["enum"])
            meaning = f"{meaning}: {choices}" if lang == "en" else f"{meaning}：{choices}"
        yield [
            f"`{path}`",
            kind,
            meaning if key in shape["required"] else f"{meaning} ({text(lang, 'json.optional')})",
        ]
        yield from _rows(inner, f"{path}[]" if "items" in inner else path, lang)
