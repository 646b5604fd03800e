"""An answers file (YAML) into a plan. Whatever the bytes are, the outcome is a plan or a UserError of exit status 2
with line and column; a value of the right type that makes no sense is held, and left to the rules."""

import difflib
from typing import Any, Final

import msgspec

from byocni_tui.errors import EXIT_USAGE, UserError
from byocni_tui.plan.model import Plan
from byocni_tui.plan.path import PathError, Step, join, parse, shape_at
from byocni_tui.plan.path import replace as replace_at
from byocni_tui.plan.shape import Shape, members
from byocni_tui.plan.yaml_nodes import (
    FALSE,
    TRUE,
    Node,
    complain,
    compose,
    is_null,
    number,
    pairs,
    plain_data,
)

VERSION: Final = 1
_TRUE: Final = TRUE | {"yes", "Yes", "YES", "on", "On", "ON"}
_FALSE: Final = FALSE | {"no", "No", "NO", "off", "Off", "OFF"}


def load(text: str, where: str) -> Plan:
    """The plan in ``text``; ``where`` names the file in complaints. Raises UserError, exit status 2."""
    node = compose(text, where)
    if node is None or is_null(node):
        raise complain("plan_empty", where, 1, 1)
    if node.kind != "map":
        raise complain("plan_not_a_map", where, node.line, node.column)
    keys = {key: child for key, child, _ in pairs(node, where)}
    if "version" not in keys:
        raise complain("plan_version_missing", where, node.line, node.column)
    _check_version(keys["version"], where)
    plan = _Reader(where).read(node, Shape("struct", model=Plan), ())
    assert isinstance(plan, Plan)
    return plan


def set_value(plan: Plan, assignment: str) -> Plan:
    """``plan`` after one ``path=value`` of ``--set``; the value is read as in a file. UserError, exit status 2."""
    path, equals, text = assignment.partition("=")
    path = path.strip()
    if not equals or not path:
        raise UserError("set_syntax", exit_code=EXIT_USAGE, given=assignment)
    value = parse_value(path, text)
    try:
        return replace_at(plan, path, value)
    except PathError:
        raise UserError("set_index", exit_code=EXIT_USAGE, path=path) from None
    except msgspec.ValidationError as error:
        raise UserError("set_type", exit_code=EXIT_USAGE, path=path, text=text, detail=str(error)) from None


def parse_value(path: str, text: str, model: type[msgspec.Struct] = Plan) -> Any:
    """``text`` as the field at ``path`` holds it: a text field takes it as it stands, others read it as YAML."""
    try:
        shape = shape_at(path, model)
    except PathError as error:
        key = "set_path_near" if error.near else "set_path"
        raise UserError(key, exit_code=EXIT_USAGE, path=path, near=error.near) from None
    where = f"--set {path}"
    if shape.kind == "text" and not (shape.nullable and text in ("null", "~", "")):
        node = Node("scalar", text, 1, 1)
    else:
        node = compose(text, where) or Node("scalar", "", 1, 1, plain=True)
    if path == "version":
        _check_version(node, where)
    return _Reader(where).read(node, shape, parse(path))


def _check_version(node: Node, where: str) -> None:
    given = number(node)
    if given is not None and given > VERSION:
        raise complain("plan_version_newer", where, node.line, node.column, given=given, known=VERSION)
    if given != VERSION:
        text = node.value if node.kind == "scalar" else "…"
        raise complain("plan_version_unknown", where, node.line, node.column, given=text, known=VERSION)


class _Reader:
    def __init__(self, where: str) -> None:
        self.where = where

    def read(self, node: Node, shape: Shape, at: tuple[Step, ...]) -> Any:
        """``node`` as ``shape`` holds it. Null in a place that has no null: an empty collection, the defaults of a
        section, or empty text, which is a finding (a value is missing)."""
        if shape.kind == "any":
            return plain_data(node, self.where)
        if is_null(node) and shape.nullable:
            return None
        if shape.kind == "struct":
            return self._struct(node, shape, at)
        if shape.kind == "list":
            return self._list(node, shape, at)
        if shape.kind == "map":
            return self._map(node, shape, at)
        return self._scalar(node, shape, at)

    def _struct(self, node: Node, shape: Shape, at: tuple[Step, ...]) -> Any:
        assert shape.model is not None
        known = members(shape.model)
        given: dict[str, Any] = {}
        if not is_null(node):
            if node.kind != "map":
                raise self._wrong(node, "map", at)
            for key, child, key_node in pairs(node, self.where):
                if key not in known:
                    raise self._unknown(key, key_node, list(known), at)
                given[key] = self.read(child, known[key][0], (*at, key))
        for name, (_, default) in known.items():
            if default is msgspec.NODEFAULT and name not in given:
                given[name] = ""
        return shape.model(**given)

    def _list(self, node: Node, shape: Shape, at: tuple[Step, ...]) -> tuple[Any, ...]:
        assert shape.item is not None
        if is_null(node):
            return ()
        if node.kind != "list":
            raise self._wrong(node, "list", at)
        return tuple(self.read(child, shape.item, (*at, index)) for index, child in enumerate(node.value))

    def _map(self, node: Node, shape: Shape, at: tuple[Step, ...]) -> dict[str, Any]:
        assert shape.item is not None
        if is_null(node):
            return {}
        if node.kind != "map":
            raise self._wrong(node, "map", at)
        return {key: self.read(child, shape.item, (*at, key)) for key, child, _ in pairs(node, self.where)}

    def _scalar(self, node: Node, shape: Shape, at: tuple[Step, ...]) -> Any:
        if node.kind != "scalar":
            raise self._wrong(node, shape.kind, at)
        if shape.kind == "text":
            if shape.about.strict and node.value not in shape.about.choices:
                raise self._unknown_value(node, shape, at)
            return "" if is_null(node) else node.value
        if shape.kind == "switch" and node.plain:
            if node.value in _TRUE or node.value in _FALSE:
                return node.value in _TRUE
        elif shape.kind == "number":
            value = number(node)
            if value is not None:
                return value
        elif shape.kind == "number_or_text":
            value = number(node)
            return node.value if value is None else value
        raise self._wrong(node, shape.kind, at)

    def _wrong(self, node: Node, wanted: str, at: tuple[Step, ...]) -> UserError:
        found = node.value if node.kind == "scalar" else "[…]" if node.kind == "list" else "{…}"
        found = found if len(found) <= 60 else found[:59] + "…"
        return complain(
            f"plan_wrong_type_{wanted}",
            self.where,
            node.line,
            node.column,
            path=join(*at) if at else "",
            found=found,
        )

    def _unknown(self, key: str, node: Node, known: list[str], at: tuple[Step, ...]) -> UserError:
        near = difflib.get_close_matches(key, known, n=1)
        path = join(*at, key) if at else key
        text = "plan_unknown_key_near" if near else "plan_unknown_key"
        return complain(
            text,
            self.where,
            node.line,
            node.column,
            path=path,
            near=near[0] if near else "",
            known=", ".join(known),
        )

    def _unknown_value(self, node: Node, shape: Shape, at: tuple[Step, ...]) -> UserError:
        near = difflib.get_close_matches(node.value, shape.about.choices, n=1)
        return complain(
            "plan_unknown_value_near" if near else "plan_unknown_value",
            self.where,
            node.line,
            node.column,
            path=join(*at),
            found=node.value,
            near=near[0] if near else "",
            choices=", ".join(shape.about.choices),
        )
