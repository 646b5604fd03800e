"""The Common Expression Language, evaluated over plain JSON data: operators, macros and error rules.

Functions are in ``cel_library``. What is not known there raises ``CelUnknownError`` before anything is evaluated, so
that a caller can say that an expression is not judged here instead of judging it wrongly.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from byocni_tui.sandbox.kube import cel_library
from byocni_tui.sandbox.kube.cel_library import CelError, Optional, equal
from byocni_tui.sandbox.kube.cel_syntax import Node, parse

_MACROS: Final = frozenset(
    ("all", "exists", "exists_one", "existsOne", "map", "filter", "optMap", "optFlatMap")
)
_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}
_ESCAPED: Final = {"__underscores__": "__", "__dot__": ".", "__dash__": "-", "__slash__": "/"}


class CelUnknownError(Exception):
    """A function or name that is not in the sandbox's CEL."""


class Program:
    """A parsed expression. Raises CelSyntaxError and CelUnknownError when made, CelError when it runs."""

    def __init__(self, text: str, names: Iterable[str]) -> None:
        self.text = text
        self._tree = parse(text)
        _check(self._tree, frozenset(names))

    def run(self, values: Mapping[str, Any]) -> Any:
        """The value of the expression with these variables."""
        return _evaluate(self._tree, values)


def _check(node: Node, names: frozenset[str]) -> None:
    """Every name is a variable, every function known."""
    if node.kind == "name":
        if node.value not in names and node.value not in cel_library.NAMES:
            raise CelUnknownError(f"undeclared reference to '{node.value}'")
        return
    if node.kind == "call":
        receiver, args = node.args[0], node.args[1:]
        if receiver is None and node.value == "has":
            if len(args) != 1 or args[0].kind != "select":
                raise CelUnknownError("invalid argument to has() macro")
            _check(args[0].args[0], names)
            return
        if receiver is not None and node.value in _MACROS:
            _check(receiver, names)
            own = [arg.value for arg in args[:-1] if arg.kind == "name"][: 2 if len(args) == 3 else 1]
            for arg in args[len(own) :]:
                _check(arg, names | set(own))
            return
        if _qualified(node) is None:
            known = cel_library.FUNCTIONS if receiver is None else cel_library.METHODS
            if node.value not in known:
                raise CelUnknownError(f"undeclared reference to '{node.value}'")
            if receiver is not None:
                _check(receiver, names)
        for arg in args:
            _check(arg, names)
        return
    for arg in node.args:
        _check(arg, names)


def _qualified(node: Node) -> Callable[..., Any] | None:
    """``sets.contains``, ``optional.of``: functions with a namespace."""
    receiver = node.args[0]
    if receiver is not None and receiver.kind == "name":
        return cel_library.QUALIFIED.get(f"{receiver.value}.{node.value}")
    return None


def _evaluate(node: Node, values: Mapping[str, Any]) -> Any:
    kind, args = node.kind, node.args
    if kind == "literal":
        return node.value
    if kind == "name":
        return values[node.value] if node.value in values else cel_library.NAMES[node.value]
    if kind in ("select", "optional_select"):
        held = _evaluate(args[0], values)
        return _select(held, _unescaped(node.value), optional=kind == "optional_select")
    if kind in ("index", "optional_index"):
        return _index(
            _evaluate(args[0], values), _evaluate(args[1], values), optional=kind == "optional_index"
        )
    if kind == "conditional":
        return _evaluate(args[1] if _truth(_evaluate(args[0], values)) else args[2], values)
    if kind == "binary":
        return _binary(node.value, args[0], args[1], values)
    if kind == "unary":
        operand = _evaluate(args[0], values)
        if node.value == "!":
            return not _truth(operand)
        if isinstance(operand, bool) or not isinstance(operand, int | float):
            raise CelError("no such overload")
        return -operand
    if kind == "list":
        return [_evaluate(arg, values) for arg in args]
    if kind == "map":
        return {
            _evaluate(k, values): _evaluate(v, values) for k, v in zip(args[::2], args[1::2], strict=True)
        }
    return _call(node, values)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise CelError("no such overload")
    return value


def _unescaped(name: str) -> str:
    """A property's real name: rules write words that CEL reserves as ``__word__``."""
    for mark, text in _ESCAPED.items():
        name = name.replace(mark, text) if mark in name and name != mark else name
    if len(name) > 4 and name.startswith("__") and name.endswith("__"):
        return name[2:-2]
    return name


def _select(held: Any, name: str, *, optional: bool = False) -> Any:
    if isinstance(held, Optional):
        return held if held.empty else _select(held.value, name, optional=True)
    if not isinstance(held, dict):
        raise CelError("no such overload")
    if name in held:
        return Optional(held[name]) if optional else held[name]
    if optional:
        return Optional()
    raise CelError(f"no such key: {name}")


def _index(held: Any, key: Any, *, optional: bool = False) -> Any:
    if isinstance(held, Optional):
        return held if held.empty else _index(held.value, key, optional=True)
    if isinstance(held, dict):
        return _select(held, key, optional=optional)
    if isinstance(held, list) and isinstance(key, int | float) and not isinstance(key, bool):
        if 0 <= key < len(held) and key == int(key):
            return Optional(held[int(key)]) if optional else held[int(key)]
        if optional:
            return Optional()
        raise CelError(f"index out of bounds: {key}")
    raise CelError("no such overload")


def _binary(sign: str, left: Node, right: Node, values: Mapping[str, Any]) -> Any:
    if sign in ("&&", "||"):
        return _decide(sign == "||", ((left, values), (right, values)))
    a, b = _evaluate(left, values), _evaluate(right, values)
    if sign == "==":
        return equal(a, b)
    if sign == "!=":
        return not equal(a, b)
    if sign == "in":
        if isinstance(b, dict):
            return a in b
        if isinstance(b, list):
            return any(equal(a, one) for one in b)
        raise CelError("no such overload")
    if sign in _ORDER:
        if not cel_library.comparable(a, b):
            raise CelError("no such overload")
        return _ORDER[sign](a, b)
    return cel_library.arithmetic(sign, a, b)


def _decide(decisive: bool, sides: Iterable[tuple[Node, Mapping[str, Any]]]) -> bool:
    """``||``, ``&&``, ``exists``, ``all``: an error of one does not count when another decides."""
    failed: CelError | None = None
    for node, values in sides:
        try:
            if _truth(_evaluate(node, values)) is decisive:
                return decisive
        except CelError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return not decisive


def _call(node: Node, values: Mapping[str, Any]) -> Any:
    receiver, args = node.args[0], node.args[1:]
    if receiver is None:
        if node.value == "has":
            inner = args[0]
            held = _evaluate(inner.args[0], values)
            if isinstance(held, Optional):
                return isinstance(held.value, dict) and _unescaped(inner.value) in held.value
            if not isinstance(held, dict):
                raise CelError("no such overload")
            return _unescaped(inner.value) in held
        return _applied(cel_library.FUNCTIONS[node.value], [_evaluate(arg, values) for arg in args])
    if node.value in _MACROS:
        return _macro(node.value, _evaluate(receiver, values), args, values)
    if (function := _qualified(node)) is not None:
        return _applied(function, [_evaluate(arg, values) for arg in args])
    given = [_evaluate(receiver, values), *(_evaluate(arg, values) for arg in args)]
    return _applied(cel_library.METHODS[node.value], given)


def _applied(function: Callable[..., Any], given: list[Any]) -> Any:
    try:
        return function(*given)
    except (TypeError, ValueError, AttributeError, IndexError, KeyError, OverflowError) as wrong:
        raise CelError(f"no such overload: {wrong}") from wrong


def _macro(name: str, over: Any, args: tuple[Node, ...], values: Mapping[str, Any]) -> Any:
    if name in ("optMap", "optFlatMap"):
        if not isinstance(over, Optional) or over.empty:
            return Optional()
        made = _evaluate(args[1], {**values, args[0].value: over.value})
        return made if name == "optFlatMap" else Optional(made)
    if not isinstance(over, list | dict):
        raise CelError("no such overload")
    two = len(args) == 3 and args[1].kind == "name" and name in ("all", "exists", "exists_one", "existsOne")
    pairs = list(over.items()) if isinstance(over, dict) else list(enumerate(over))

    def scopes() -> Iterable[Mapping[str, Any]]:
        for key, item in pairs:
            if two:
                yield {**values, args[0].value: key, args[1].value: item}
            else:
                yield {**values, args[0].value: key if isinstance(over, dict) else item}

    body = args[-1]
    if name in ("all", "exists"):
        return _decide(name == "exists", ((body, scope) for scope in scopes()))
    if name in ("exists_one", "existsOne"):
        return sum(_truth(_evaluate(body, scope)) for scope in scopes()) == 1
    if name == "filter":
        return [
            key if isinstance(over, dict) else item
            for (key, item), scope in zip(pairs, scopes(), strict=True)
            if _truth(_evaluate(body, scope))
        ]
    chosen = (s for s in scopes() if len(args) == 2 or _truth(_evaluate(args[1], s)))
    return [_evaluate(body, scope) for scope in chosen]
