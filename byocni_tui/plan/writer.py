"""A plan as an answers file: every key is there, each with what it means and, at its default, why that is the default.

The same plan always gives the same bytes, and ``reader.load`` gives the same plan back.
"""

import json
import re
import textwrap
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan
from byocni_tui.plan.shape import Shape, members

_WIDTH: Final = 100
_WORD: Final = re.compile(
    r"[A-Za-z_][A-Za-z0-9_/-]*(?:\.[A-Za-z0-9_-]+)*|\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?"
)
_GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NOT_TEXT: Final = re.compile(r"(?i)null|true|false|yes|no|on|off|y|n|inf|nan")


def dump(plan: msgspec.Struct, tr: Translator) -> str:
    """The whole file, comments in the translator's language."""
    lines = list(_comment(tr("fields.file"), ""))
    lines.extend(_struct(plan, (), "", tr))
    return "\n".join(lines) + "\n"


def _struct(value: msgspec.Struct, at: tuple[str, ...], indent: str, tr: Translator) -> Iterator[str]:
    for name, (shape, default) in members(type(value)).items():
        yield from _field(name, getattr(value, name), shape, default, (*at, name), indent, tr)


def _field(
    name: str, value: Any, shape: Shape, default: Any, at: tuple[str, ...], indent: str, tr: Translator
) -> Iterator[str]:
    if not indent:
        yield ""
    yield from _explain(at, value == default, indent, tr)
    nested = shape.item is not None and shape.item.model is not None
    if shape.kind == "struct" and value is not None:
        yield f"{indent}{name}:"
        yield from _struct(value, at, indent + "  ", tr)
    elif nested and value:
        yield f"{indent}{name}:"
        for item in value:
            first = True
            for line in _struct(item, at, indent + "    ", tr):
                yield f"{indent}  - {line.lstrip()}" if first and not line.lstrip().startswith("#") else line
                first = first and line.lstrip().startswith("#")
    else:
        yield from _plain(f"{indent}{_key(name, indent)}:", value, indent)


def _explain(at: tuple[str, ...], is_default: bool, indent: str, tr: Translator) -> Iterator[str]:
    key = "fields." + ".".join(at)
    if tr.has(f"{key}.help"):
        text = tr(f"{key}.help")
        if is_default and tr.has(f"{key}.why"):
            text += (" " if tr.lang == "en" else "") + tr(f"{key}.why")
        yield from _comment(text, indent)
    elif tr.has(f"{key}.section"):
        yield from _comment(tr(f"{key}.section"), indent)


def _comment(text: str, indent: str) -> Iterator[str]:
    for paragraph in text.splitlines():
        for line in wrap(paragraph, _WIDTH - len(indent) - 2):
            yield f"{indent}# {line}".rstrip()


def wrap(text: str, width: int) -> list[str]:
    """Lines no wider than ``width`` columns; Chinese text, which has no blanks, is broken between characters."""
    if not any(unicodedata.east_asian_width(character) in "WF" for character in text):
        return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
    lines, line, used = [], "", 0
    for part in re.findall(r"[!-~]+|.", text):
        size = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in part)
        if used + size > width and line and part not in "，。、；：”）":
            lines.append(line.rstrip())
            line, used = "", 0
        line, used = line + (part if line or part != " " else ""), used + size
    return [*lines, line]


def _plain(head: str, value: Any, indent: str) -> Iterator[str]:
    """``head`` (a key, or a list's dash) with plain data after it; collections that hold something go below."""
    if isinstance(value, dict) and value:
        yield head
        for key, item in value.items():
            yield from _plain(f"{indent}  {_key(key, indent + '  ')}:", item, indent + "  ")
    elif isinstance(value, (list, tuple)) and any(
        isinstance(item, (dict, list, tuple)) and item for item in value
    ):
        yield head
        for item in value:
            yield from _list_item(item, indent + "  ")
    else:
        yield f"{head} {scalar(value)}"


def _list_item(item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, dict) and item:
        lines = [
            line
            for key, part in item.items()
            for line in _plain(f"{indent}  {_key(key, indent + '  ')}:", part, indent + "  ")
        ]
        yield f"{indent}- {lines[0].lstrip()}"
        yield from lines[1:]
    else:
        yield f"{indent}- {json_text(item)}"


def scalar(value: Any) -> str:
    """A value on one line, so that ``reader`` (and any other YAML reader) takes it for what it is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return json.dumps(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(scalar(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {scalar(item)}" for key, item in value.items()) + "}"
    text = str(value)
    if (_WORD.fullmatch(text) or _GUID.fullmatch(text)) and not _NOT_TEXT.fullmatch(text):
        return text
    return json_text(text)


def json_text(value: Any) -> str:
    """JSON, which YAML reads as well; what doesn't print is escaped, other languages stay readable."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(character: str) -> str:
    """YAML's own escape: JSON's pairs for what lies above U+FFFF are not YAML."""
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"


def _key(name: str, indent: str | None = None) -> str:
    """A key on a line that begins with ``indent``, or within braces. YAML takes no more than 1,024 characters for a
    key unless a question mark announces it."""
    text = scalar(name)
    if len(text) < 1000:
        return text
    return f"? {text} " if indent is None else f"? {text}\n{indent}"


def example(tr: Translator) -> str:
    """The file that ``plan`` begins with: nothing but defaults."""
    return dump(Plan(), tr)
