"""Shapes of bodies as data: what kind of JSON stands where. Whatever is not named may be anything.

A shape is a word (``string``, ``integer``, ``number``, ``boolean``, ``any``), a list of one shape (an array of such),
or a mapping (an object: shapes of its fields; ``*`` is the shape of every other field).
"""

from typing import Any, Final

_WORDS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def misfit(value: Any, shape: Any, path: str = "") -> tuple[str, str] | None:
    """Path and expected kind of the first thing in ``value`` that has another shape; null fits everywhere but in an
    array."""
    if value is None or shape == "any":
        return None
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return path, "object"
        for name, inner in value.items():
            wrong = misfit(inner, shape.get(name, shape.get("*", "any")), f"{path}.{name}" if path else name)
            if wrong is not None:
                return wrong
        return None
    if isinstance(shape, list):
        if not isinstance(value, list):
            return path, "array"
        for number, inner in enumerate(value):
            where = f"{path}[{number}]"
            wrong = (
                (where, kind_of(shape[0]))
                if inner is None and shape[0] != "any"
                else misfit(inner, shape[0], where)
            )
            if wrong is not None:
                return wrong
        return None
    fits = isinstance(value, _WORDS[shape]) and (shape == "boolean" or not isinstance(value, bool))
    return None if fits else (path, str(shape))


def kind_of(shape: Any) -> str:
    """A shape in one word."""
    if isinstance(shape, dict):
        return "object"
    return "array" if isinstance(shape, list) else str(shape)
