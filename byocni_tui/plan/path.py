"""Dotted paths into a plan: ``node_pools[0].name``, ``network.vnet.ranges[0]``, ``resource_group.tags["a.b"]``."""

import json
import re
from typing import Any, Final, TypeVar

import msgspec

from byocni_tui.plan.model import Plan
from byocni_tui.plan.shape import Shape, members

Step = str | int
S = TypeVar("S", bound=msgspec.Struct)
_STEP: Final = re.compile(r'\.?([^.\[\]"]+)|\[(\d{1,6})\]|\[("(?:[^"\\]|\\.)*")\]')


class PathError(ValueError):
    """The path doesn't exist in an answers file: ``near`` is the nearest that does, or None."""

    def __init__(self, path: str, near: str | None = None) -> None:
        super().__init__(path)
        self.path = path
        self.near = near


def parse(path: str) -> tuple[Step, ...]:
    """The steps of a path; raises PathError where it isn't one."""
    steps: list[Step] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if not match or (match[1] is not None and (path[at] == ".") == (at == 0)):
            raise PathError(path)
        if match[1] is not None:
            steps.append(match[1])
        elif match[2] is not None:
            steps.append(int(match[2]))
        else:
            try:
                steps.append(str(json.loads(match[3])))
            except ValueError:
                raise PathError(path) from None
        at = match.end()
    if not steps:
        raise PathError(path)
    return tuple(steps)


def join(*steps: Step) -> str:
    """The path of ``steps``; keys that aren't plain words are quoted."""
    out = ""
    for step in steps:
        if isinstance(step, int):
            out += f"[{step}]"
        elif re.fullmatch(r'[^.\[\]"\s]+', step):
            out += f".{step}" if out else step
        else:
            out += f"[{json.dumps(step, ensure_ascii=False)}]"
    return out


def pattern(path: str) -> str:
    """``node_pools[0].name`` -> ``node_pools[].name``: as ``fields`` names it."""
    out = ""
    for step in parse(path):
        out += "[]" if isinstance(step, int) else f".{step}" if out else step
    return out


def shape_at(path: str, model: type[msgspec.Struct] = Plan) -> Shape:
    """What stands at ``path`` in a file of ``model``; raises PathError with the nearest known key."""
    shape = Shape("struct", model=model)
    steps = parse(path)
    for index, step in enumerate(steps):
        try:
            shape = _inner(shape, step, path, steps[:index])
        except PathError as error:
            raise PathError(path, _whole(error.near, steps[index + 1 :], model)) from None
    return shape


def _whole(near: str | None, rest: tuple[Step, ...], model: type[msgspec.Struct]) -> str | None:
    """The nearest known key with what follows it, where that is known as well."""
    if near is None or not rest:
        return near
    whole = join(*parse(near), *rest)
    try:
        shape_at(whole, model)
    except PathError as error:
        return error.near or near
    return whole


def _inner(shape: Shape, step: Step, path: str, before: tuple[Step, ...]) -> Shape:
    if shape.kind == "any":
        return shape
    if shape.kind == "struct" and shape.model is not None and isinstance(step, str):
        known = members(shape.model)
        if step in known:
            return known[step][0]
        import difflib

        near = difflib.get_close_matches(step, list(known), n=1)
        raise PathError(path, join(*before, near[0]) if near else None)
    if (shape.kind == "list" and isinstance(step, int)) or (shape.kind == "map" and isinstance(step, str)):
        assert shape.item is not None
        return shape.item
    raise PathError(path)


def get(plan: msgspec.Struct, path: str) -> Any:
    """What stands at ``path``; None where a list is shorter, a key isn't there, or something on the way is null."""
    shape_at(path, type(plan))
    value: Any = plan
    for step in parse(path):
        if value is None:
            return None
        if isinstance(value, msgspec.Struct):
            value = getattr(value, str(step))
        elif isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, (tuple, list)):
            value = value[step] if isinstance(step, int) and step < len(value) else None
        else:
            return None
    return value


def replace(plan: S, path: str, value: Any) -> S:
    """``plan`` with ``value`` (plain JSON-like data will do) at ``path``; what isn't touched is shared.

    An index one past the end of a list appends. Raises PathError for an unknown path, TypeError or ValueError
    (msgspec.ValidationError) for a value of another type than the field's.
    """
    shape_at(path, type(plan))
    new = _replace(plan, Shape("struct", model=type(plan)), parse(path), value, path)
    assert isinstance(new, type(plan))
    return new


def _replace(node: Any, shape: Shape, steps: tuple[Step, ...], value: Any, path: str) -> Any:
    if not steps:
        return convert(value, shape)
    step, rest = steps[0], steps[1:]
    inner = _inner(shape, step, path, ())
    if shape.kind == "struct" and shape.model is not None:
        base = shape.model() if node is None else node
        return msgspec.structs.replace(
            base, **{str(step): _replace(getattr(base, str(step)), inner, rest, value, path)}
        )
    if isinstance(step, int):
        items = list(node or ())
        if step > len(items):
            raise PathError(path)
        new = _replace(items[step] if step < len(items) else _blank(inner), inner, rest, value, path)
        items[step : step + 1] = [new]
        return items if shape.kind == "any" else tuple(items)
    mapping = dict(node) if isinstance(node, dict) else {}
    mapping[step] = _replace(mapping.get(step), inner, rest, value, path)
    return mapping


def _blank(shape: Shape) -> Any:
    """What a new item of a list begins as: structs have defaults, or empty text where one must be given."""
    if shape.model is None:
        return None
    missing = {
        name: "" for name, (_, default) in members(shape.model).items() if default is msgspec.NODEFAULT
    }
    return shape.model(**missing)


_SCALARS: Final[dict[str, Any]] = {"text": str, "number": int, "switch": bool, "number_or_text": int | str}


def convert(value: Any, shape: Shape) -> Any:
    """Plain data as the models hold it; raises msgspec.ValidationError where it doesn't fit."""
    if value is None and shape.nullable:
        return None
    if shape.kind == "any":
        return value
    if shape.kind == "struct":
        return msgspec.convert(value, shape.model, from_attributes=True)
    if shape.kind == "list" and shape.item is not None:
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            raise msgspec.ValidationError("Expected a list")
        return tuple(convert(item, shape.item) for item in value)
    if shape.kind == "map" and shape.item is not None:
        if not isinstance(value, dict):
            raise msgspec.ValidationError("Expected a mapping")
        return {str(key): convert(item, shape.item) for key, item in value.items()}
    return msgspec.convert(value, _SCALARS[shape.kind])
