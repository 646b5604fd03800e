"""YAML as a tree of nodes that know their line and column.

Built from PyYAML's events and not by its composer: that one recurses, so a file of a few thousand brackets would end
in a RecursionError (or, in C, worse), and it expands aliases without a limit.
"""

import re
from typing import Any, Final, Literal, NamedTuple

import yaml

from byocni_tui.errors import EXIT_USAGE, UserError

MAX_DEPTH: Final = 50
MAX_NODES: Final = 200_000
MAX_CHARACTERS: Final = 4_000_000


class Node(NamedTuple):
    """``value`` is text, a list of nodes, or a list of (key node, value node); line and column count from 1."""

    kind: Literal["scalar", "list", "map"]
    value: Any
    line: int
    column: int
    plain: bool = False
    tag: str | None = None


def complain(
    key: str, where: str, line: int, column: int, detail: str | None = None, **values: Any
) -> UserError:
    """An unreadable file, or value of an option (``--set PATH``): exit status 2, with the place."""
    place = where if where.startswith("--") and line == column == 1 else f"{where}:{line}:{column}"
    return UserError(
        key, exit_code=EXIT_USAGE, detail=detail, place=place, where=where, line=line, column=column, **values
    )


def compose(text: str, where: str) -> Node | None:
    """The one document in ``text``; None where it is empty. Raises UserError (exit status 2) for anything else."""
    if len(text) > MAX_CHARACTERS:
        raise complain("file_too_large", where, 1, 1)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(where).build(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise complain("not_yaml", where, line, column, detail=error.problem or error.context) from None
    except yaml.reader.ReaderError as error:
        line, column = _place(text, error.position)
        raise complain("not_yaml", where, line, column, detail=error.reason) from None
    except yaml.YAMLError as error:
        raise complain("not_yaml", where, 1, 1, detail=str(error)) from None
    except UnicodeEncodeError as error:
        # A lone surrogate: can't come from UTF-8, only from a caller that holds such text.
        line, column = _place(text, error.start)
        raise complain("not_yaml", where, line, column, detail=error.reason) from None


def _place(text: str, position: int) -> tuple[int, int]:
    before = text[: max(position, 0)]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


class _Builder:
    def __init__(self, where: str) -> None:
        self.where = where
        self.nodes = 0
        self.sizes: dict[int, int] = {}
        self.anchors: dict[str, Node] = {}

    def build(self, events: Any) -> Node | None:
        """Iterative: ``stack`` holds the open collections, a map's list alternates keys and values until it ends."""
        root: Node | None = None
        stack: list[tuple[Node, str | None]] = []
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self._at(event, "yaml_documents")
                continue
            if isinstance(event, yaml.CollectionEndEvent):
                node, anchor = stack.pop()
                if node.kind == "map":
                    node.value[:] = list(zip(node.value[::2], node.value[1::2], strict=True))
                if anchor:
                    self.anchors[anchor] = node
            elif isinstance(event, yaml.NodeEvent):
                opened = isinstance(event, yaml.CollectionStartEvent)
                node = self._node(event)
                if opened:
                    stack.append((node, event.anchor))
                    if len(stack) > MAX_DEPTH:
                        raise self._at(event, "yaml_too_deep", limit=MAX_DEPTH)
                    parent = stack[-2][0] if len(stack) > 1 else None
                else:
                    parent = stack[-1][0] if stack else None
                if parent is not None:
                    parent.value.append(node)
                elif root is None:
                    root = node
        return root

    def _node(self, event: Any) -> Node:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.AliasEvent):
            known = self.anchors.get(event.anchor or "")
            if known is None:
                raise self._at(event, "yaml_alias", name=event.anchor)
            self._count(event, self._size(known))
            return known._replace(line=line, column=column)
        self._count(event, 1)
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style in (None, "")
            node = Node("scalar", event.value, line, column, plain, event.tag)
            if event.anchor:
                self.anchors[event.anchor] = node
            return node
        kind: Literal["list", "map"] = "list" if isinstance(event, yaml.SequenceStartEvent) else "map"
        return Node(kind, [], line, column, tag=event.tag)

    def _size(self, node: Node) -> int:
        """How many nodes an alias stands for; remembered, since aliases of aliases double each time."""
        if node.kind == "scalar":
            return 1
        known = self.sizes.get(id(node.value))
        if known is None:
            children = node.value if node.kind == "list" else [part for pair in node.value for part in pair]
            known = self.sizes[id(node.value)] = 1 + sum(self._size(child) for child in children)
        return known

    def _count(self, event: Any, number: int) -> None:
        self.nodes += number
        if self.nodes > MAX_NODES:
            raise self._at(event, "file_too_large")

    def _at(self, event: Any, key: str, **values: Any) -> UserError:
        mark = event.start_mark
        return complain(key, self.where, mark.line + 1, mark.column + 1, **values)


_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,2})?")
NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
TRUE: Final = frozenset({"true", "True", "TRUE"})
FALSE: Final = frozenset({"false", "False", "FALSE"})


def is_null(node: Node) -> bool:
    """Whether the node is YAML's null: written so, or nothing at all, without quotes."""
    return node.kind == "scalar" and node.plain and node.tag is None and node.value in NULLS


def number(node: Node) -> int | None:
    """The whole number that a scalar without quotes is, or None."""
    plain = node.kind == "scalar" and node.plain and node.tag in (None, "tag:yaml.org,2002:int")
    return int(node.value) if plain and _NUMBER.fullmatch(node.value) else None


def plain_data(node: Node, where: str) -> Any:
    """The node as JSON-like data (YAML 1.2's core types; dates stay text). Duplicate keys are refused."""
    if node.kind == "list":
        return [plain_data(child, where) for child in node.value]
    if node.kind == "map":
        return {key: plain_data(child, where) for key, child, _ in pairs(node, where)}
    if not node.plain or node.tag is not None:
        return node.value
    text = node.value
    if text in NULLS:
        return None
    if text in TRUE or text in FALSE:
        return text in TRUE
    if _NUMBER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) and len(text) < 40 else text


def pairs(node: Node, where: str) -> list[tuple[str, Node, Node]]:
    """(key, value node, key node) of a map; refuses keys that aren't scalars and keys that stand there twice."""
    found: dict[str, tuple[str, Node, Node]] = {}
    for key, child in node.value:
        if key.kind != "scalar":
            raise complain("yaml_key", where, key.line, key.column)
        if key.value in found:
            first = found[key.value][2]
            raise complain("yaml_duplicate", where, key.line, key.column, name=key.value, first=first.line)
        found[key.value] = (key.value, child, key)
    return list(found.values())
