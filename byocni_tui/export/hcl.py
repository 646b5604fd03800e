"""Values as HCL, the language of Terraform files."""

import re
from typing import Any, Final

from byocni_tui.export.pieces import Call, Param
from byocni_tui.export.shell import clean

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Ref(str):
    """An expression that this program wrote, such as ``azurerm_subnet.this.id``."""

    __slots__ = ()


def variable(name: str) -> str:
    """A parameter's name in Terraform's style: ``clusterName`` is ``cluster_name``."""
    return re.sub("([A-Z])", lambda match: "_" + match[1].lower(), name)


def string(text: str) -> str:
    """A quoted template in which nothing is a template: ``${`` and ``%{`` are doubled."""
    quoted = "".join(_ESCAPES.get(char, char) for char in clean(text))
    quoted = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", quoted)
    return '"' + quoted.replace("${", "$${").replace("%{", "%%{") + '"'


def key(name: Any) -> str:
    """The key of an object."""
    if isinstance(name, Call | Param | Ref):
        return f"({inline(name)})"
    return name if _NAME.fullmatch(name) else string(name)


def inline(value: Any) -> str:
    """A value in one line; objects and lists of several are laid out by ``value``."""
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, Param):
        return f"var.{variable(value.name)}"
    if isinstance(value, Call):
        assert value.terraform is not None, value.name
        return value.terraform
    if isinstance(value, bool):
        return "true" if value else "false"
    return string(value) if isinstance(value, str) else str(value)


def layout(value: Any, indent: str) -> str:
    """A value over as many lines as ``terraform fmt`` would take."""
    deeper = indent + "  "
    if isinstance(value, dict):
        if not value:
            return "{}"
        return "\n".join(("{", *rows(value, deeper), f"{indent}}}"))
    if isinstance(value, list):
        if not any(isinstance(item, dict | list) for item in value):
            return "[" + ", ".join(inline(item) for item in value) + "]"
        return "\n".join(("[", *(f"{deeper}{layout(item, deeper)}," for item in value), f"{indent}]"))
    return inline(value)


def rows(pairs: dict[Any, Any], indent: str) -> list[str]:
    """``key = value`` lines; keys of neighbours that take one line stand in one column, as ``terraform fmt`` wants."""
    texts = [(key(name), layout(item, indent)) for name, item in pairs.items()]
    lines: list[str] = []
    group: list[tuple[str, str]] = []

    def flush() -> None:
        width = max((len(name) for name, _ in group), default=0)
        lines.extend(f"{indent}{name.ljust(width)} = {text}" for name, text in group)
        group.clear()

    for name, text in texts:
        if "\n" in text:
            flush()
            lines.append(f"{indent}{name} = {text}")
        else:
            group.append((name, text))
    flush()
    return lines


class Block:
    """A block under construction: arguments first, then inner blocks."""

    def __init__(self, *head: str) -> None:
        self.head = " ".join((head[0], *(f'"{label}"' for label in head[1:])))
        self.arguments: dict[Any, Any] = {}
        self.inner: list[Block] = []

    def set(self, **arguments: Any) -> "Block":
        """Arguments; None is left out."""
        self.arguments |= {name: item for name, item in arguments.items() if item is not None}
        return self

    def block(self, inner: "Block") -> "Block":
        """An inner block."""
        self.inner.append(inner)
        return self

    def lines(self, indent: str = "") -> list[str]:
        """The block's lines."""
        deeper = indent + "  "
        body = rows(self.arguments, deeper)
        for item in self.inner:
            body += ([""] if body else []) + item.lines(deeper)
        if not body:
            return [f"{indent}{self.head} {{}}"]
        return [f"{indent}{self.head} {{", *body, f"{indent}}}"]
