"""Expressions of ARM templates (``[concat('a', parameters('b'))]``): read into a tree, then evaluated in a scope."""

import re
from collections.abc import Callable
from typing import Any, Final, Protocol

from byocni_tui.sandbox.arm.errors import ArmError

_TOKEN: Final = re.compile(r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|"
                           r"(?P<mark>\?\.|\[\?|[().,\[\]]))")  # fmt: skip

_DEEPEST: Final = 200

Tree = tuple[Any, ...]


class Scope(Protocol):
    """Where an expression is evaluated."""

    def call(self, name: str, arguments: list[Any]) -> Any:
        """The value of a function; arguments are evaluated. Raises ``ArmError``."""
        ...


def invalid(text: str) -> ArmError:
    """400 ``InvalidTemplate``."""
    return ArmError(400, "InvalidTemplate", f"Deployment template validation failed: '{text}'.")


def is_expression(text: str) -> bool:
    """``[…]``, but not ``[[…``, which is a literal that begins with a bracket."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise invalid(
                    f"Unable to parse language expression '{text}': unexpected character '{text[at]}' at {at}"
                )
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> tuple[str, str]:
        if self.at >= len(self.tokens) or (wanted and self.tokens[self.at][1] != wanted):
            raise invalid(
                f"Unable to parse language expression '{self.text}': expected token '{wanted or 'value'}'"
            )
        self.at += 1
        return self.tokens[self.at - 1]

    def expression(self) -> Tree:
        kind, token = self.take()
        tree: Tree
        if kind == "string":
            tree = ("value", token[1:-1].replace("''", "'"))
        elif kind == "number":
            tree = ("value", float(token) if "." in token else int(token))
        elif kind == "name":
            tree = ("call", token, self.arguments())
        else:
            raise invalid(f"Unable to parse language expression '{self.text}': unexpected token '{token}'")
        while self.peek() in (".", "[", "?.", "[?"):
            mark = self.take()[1]
            if mark in (".", "?."):
                tree = ("get", tree, ("value", self.take()[1]), mark == "?.")
            else:
                index = self.expression()
                self.take("]")
                tree = ("get", tree, index, mark == "[?")
        return tree

    def arguments(self) -> list[Tree]:
        self.take("(")
        found: list[Tree] = []
        while self.peek() != ")":
            found.append(self.expression())
            if self.peek() == ",":
                self.take(",")
        self.take(")")
        return found


def parse(text: str) -> Tree:
    """The tree of an expression without its outer brackets."""
    reader = _Reader(text)
    if text.count("(") > _DEEPEST or text.count("[") > _DEEPEST:
        raise invalid("Unable to parse language expression: it is nested too deeply")
    tree = reader.expression()
    if reader.at != len(reader.tokens):
        raise invalid(f"Unable to parse language expression '{text}': expected end of text")
    return tree


def run(tree: Tree, scope: Scope) -> Any:
    """Evaluate a tree. ``if``, ``and``, ``or`` and ``coalesce`` evaluate no more than they need."""
    if tree[0] == "value":
        return tree[1]
    if tree[0] == "get":
        return _member(run(tree[1], scope), run(tree[2], scope), safe=tree[3])
    name, arguments = tree[1].lower(), tree[2]
    if name == "if" and len(arguments) != 3:
        raise invalid("Unable to evaluate template language function 'if': three arguments are expected")
    if name == "if":
        return run(arguments[1 if run(arguments[0], scope) else 2], scope)
    if name == "and":
        return all(run(one, scope) for one in arguments)
    if name == "or":
        return any(run(one, scope) for one in arguments)
    if name == "coalesce":
        return next((value for one in arguments if (value := run(one, scope)) is not None), None)
    values = [run(one, scope) for one in arguments]
    function = FUNCTIONS.get(name)
    if function is None:
        return scope.call(name, values)
    try:
        return function(*values)
    except (
        TypeError,
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        ArithmeticError,
        MemoryError,
    ) as error:
        raise invalid(f"Unable to evaluate template language function '{tree[1]}': {error}") from error


def _member(value: Any, key: Any, *, safe: bool) -> Any:
    if isinstance(value, list) and isinstance(key, int) and -1 < key < len(value):
        return value[key]
    if isinstance(value, dict):
        for name, member in value.items():
            if name.lower() == str(key).lower():
                return member
    if safe or (value is None and safe):
        return None
    known = ", ".join(value) if isinstance(value, dict) else ""
    raise invalid(
        f"The language expression property '{key}' doesn't exist, available properties are '{known}'"
    )


def _string(value: Any) -> str:
    import json

    if isinstance(value, str):
        return value
    return (
        str(value)
        if isinstance(value, bool)
        else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    )


def _concat(*values: Any) -> Any:
    if values and isinstance(values[0], list):
        return [item for value in values for item in value]
    return "".join(_string(value) for value in values)


def _format(pattern: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)(?::[^}]*)?\}", lambda match: _string(values[int(match[1])]), pattern)


def _union(*values: Any) -> Any:
    if isinstance(values[0], dict):
        merged: dict[str, Any] = {}
        for value in values:
            for key, item in value.items():
                old = merged.get(key)
                merged[key] = _union(old, item) if isinstance(old, dict) and isinstance(item, dict) else item
        return merged
    found: list[Any] = []
    for value in values:
        found += [item for item in value if item not in found]
    return found


def _intersection(*values: Any) -> Any:
    if isinstance(values[0], dict):
        return {k: v for k, v in values[0].items() if all(other.get(k) == v for other in values[1:])}
    return [item for item in values[0] if all(item in other for other in values[1:])]


def _contains(container: Any, item: Any) -> bool:
    if isinstance(container, dict):
        return str(item).lower() in [key.lower() for key in container]
    return str(item) in container if isinstance(container, str) else item in container


def _equals(one: Any, two: Any) -> bool:
    return one.lower() == two.lower() if isinstance(one, str) and isinstance(two, str) else bool(one == two)


def _unique(*values: Any) -> str:
    import hashlib

    digest = hashlib.sha256("/".join(_string(value) for value in values).encode()).digest()
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(letters[byte % 32] for byte in digest[:13])


def _guid(*values: Any) -> str:
    import uuid

    return str(
        uuid.uuid5(uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830"), "-".join(_string(v) for v in values))
    )


def _split(text: str, marks: Any) -> list[str]:
    return re.split("|".join(re.escape(one) for one in ([marks] if isinstance(marks, str) else marks)), text)


def _json(text: str) -> Any:
    import json

    return json.loads(text)


def _b64(text: str) -> str:
    import base64

    return base64.b64encode(text.encode()).decode()


def _from_b64(text: str) -> str:
    import base64

    return base64.b64decode(text).decode()


def _cidr_subnet(network: str, length: int, index: int) -> str:
    import ipaddress

    parent = ipaddress.ip_network(network)
    size = 2 ** (parent.max_prefixlen - length)
    return str(ipaddress.ip_network((int(parent.network_address) + index * size, length)))


def _cidr_host(network: str, index: int) -> str:
    import ipaddress

    return str(ipaddress.ip_network(network)[index + 1])


def _substring(text: str, start: int, length: int | None = None) -> str:
    return text[start:] if length is None else text[start : start + length]


def _take(value: Any, count: int) -> Any:
    return value[: max(0, count)]


def _bool(value: Any) -> bool:
    return value.lower() in ("true", "1") if isinstance(value, str) else bool(value)


def _object(*values: Any) -> dict[str, Any]:
    return dict(zip(values[::2], values[1::2], strict=True))


def _min(*values: Any) -> Any:
    return min(values[0] if isinstance(values[0], list) else values)


def _max(*values: Any) -> Any:
    return max(values[0] if isinstance(values[0], list) else values)


def _mul(one: Any, two: Any) -> Any:
    if not isinstance(one, int) or not isinstance(two, int):
        raise TypeError("integers are expected")
    return one * two


_MOST = 10_000
_WIDEST = 10_000


def _range(start: int, count: int) -> list[int]:
    if not 0 <= count <= _MOST:
        raise ValueError(f"count is 0 to {_MOST}")
    return list(range(start, start + count))


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "concat": _concat,
    "format": _format,
    "string": _string,
    "int": int,
    "float": float,
    "bool": _bool,
    "true": lambda: True,
    "false": lambda: False,
    "null": lambda: None,
    "not": lambda value: not value,
    "equals": _equals,
    "greater": lambda a, b: a > b,
    "greaterorequals": lambda a, b: a >= b,
    "less": lambda a, b: a < b,
    "lessorequals": lambda a, b: a <= b,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": _mul,
    "div": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "min": _min,
    "max": _max,
    "range": _range,
    "array": lambda value: value if isinstance(value, list) else [value],
    "createarray": lambda *values: list(values),
    "createobject": _object,
    "union": _union,
    "intersection": _intersection,
    "contains": _contains,
    "empty": lambda value: value is None or len(value) == 0,
    "length": len,
    "first": lambda value: value[0] if value else None,
    "last": lambda value: value[-1] if value else None,
    "skip": lambda value, count: value[max(0, count) :],
    "take": _take,
    "join": lambda values, mark: mark.join(_string(one) for one in values),
    "split": _split,
    "flatten": lambda values: [item for one in values for item in one],
    "items": lambda value: [{"key": key, "value": value[key]} for key in sorted(value)],
    "objectkeys": list,
    "tryget": lambda value, key: value.get(key) if isinstance(value, dict) else None,
    "json": _json,
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "replace": lambda text, old, new: text.replace(old, new),
    "startswith": lambda text, start: text.lower().startswith(start.lower()),
    "endswith": lambda text, end: text.lower().endswith(end.lower()),
    "indexof": lambda text, part: (
        text.lower().find(part.lower()) if isinstance(text, str) else text.index(part)
    ),
    "lastindexof": lambda text, part: text.lower().rfind(part.lower()),
    "substring": _substring,
    "padleft": lambda text, width, char=" ": _string(text).rjust(min(width, _WIDEST), char),
    "uniquestring": _unique,
    "guid": _guid,
    "base64": _b64,
    "base64tostring": _from_b64,
    "cidrsubnet": _cidr_subnet,
    "cidrhost": _cidr_host,
    "uri": lambda base, path: base.rstrip("/") + "/" + path.lstrip("/"),
}
