"""From the text of a scenario file to plain data, with line and column in every complaint. Whatever the text is, the
outcome is data or a ``ScenarioError``: files are written by trainers, and by chance."""

from pathlib import Path
from typing import Any, Final

import yaml

LARGEST: Final = 512 * 1024
"""Bytes of a file; a lesson has a few thousand."""
_NODES: Final = 50_000
"""Values that a file may stand for, aliases counted as often as they are used."""
_DEEPEST: Final = 60

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ScenarioError(ValueError):
    """A scenario that can't be read: ``where`` is the file, with line and column (from 1) where they are known."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


def read(path: Path) -> str:
    """The text of a file. Raises ``ScenarioError``; never waits for a pipe or reads without end."""
    try:
        if not path.is_file():
            raise ScenarioError(str(path), "not a file")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ScenarioError(str(path), f"larger than {LARGEST // 1024} KiB: this is no scenario")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ScenarioError(str(path), error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise ScenarioError(str(path), f"byte {error.start + 1} is not UTF-8") from error


def tree(text: str, where: str) -> dict[str, Any]:
    """The mapping that a text stands for."""
    try:
        node = yaml.compose(text, _Loader)
        if not isinstance(node, yaml.MappingNode):
            raise ScenarioError(_at(where, node), "a mapping is expected")
        _Gauge(where).visit(node)
        data: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 a safe loader, in C where there is one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        raise ScenarioError(at, error.problem or "not YAML") from error
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        if isinstance(error, ScenarioError):
            raise
        raise ScenarioError(
            where, f"not YAML: {str(error).splitlines()[0] if str(error) else 'too deep'}"
        ) from error
    return data


class _Gauge:
    """Counts what a document stands for, before any of it is made: keys once each, not too much, not too deep."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._left = _NODES

    def visit(self, node: yaml.Node, depth: int = 0) -> None:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise ScenarioError(_at(self._where, node), "too much, or nested too deep, for a scenario")
        if isinstance(node, yaml.SequenceNode):
            for value in node.value:
                self.visit(value, depth + 1)
        elif isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise ScenarioError(_at(self._where, key), "a key has to be a word")
                if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                    raise ScenarioError(_at(self._where, key), f"the key '{key.value}' is there twice")
                seen.add(key.value)
                self.visit(value, depth + 1)


def _at(where: str, node: yaml.Node | None) -> str:
    return where + (
        f":{node.start_mark.line + 1}:{node.start_mark.column + 1}" if node is not None else ":1:1"
    )


def locate(text: str, where: str, message: str) -> str:
    """``where:line:column`` of the path that a validation message ends with (`$.faults[0].when`)."""
    path = message.partition("`$")[2].rstrip("`").replace("[", ".[").split(".")
    unknown = message.partition("unknown field `")[2].partition("`")[0]
    node: yaml.Node | None = yaml.compose(text, _Loader)
    for name in [part for part in [*path, unknown] if part]:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == name:
                    child = key if name == unknown else value
        elif (
            isinstance(node, yaml.SequenceNode)
            and name[1:-1].isdecimal()
            and int(name[1:-1]) < len(node.value)
        ):
            child = node.value[int(name[1:-1])]
        if child is None:
            break
        node = child
    return _at(where, node)


def part(text: str, key: str) -> str:
    """The value of a key at the top, alone in its text and at its own lines and columns; empty if it isn't there."""
    top: yaml.Node | None = yaml.compose(text, _Loader)
    for name, value in top.value if isinstance(top, yaml.MappingNode) else ():
        if name.value == key:
            start, end = value.start_mark.index, value.end_mark.index
            before = "".join(char if char == "\n" else " " for char in text[:start])
            return before + text[start:end]
    return ""


def placeholders(data: dict[str, Any], subscription: str) -> dict[str, str]:
    """What ``$sub``, ``$net`` and ``$aks`` stand for in this file."""
    sub = f"/subscriptions/{subscription}"
    plan = data.get("plan") if isinstance(data.get("plan"), dict) else {}
    assert isinstance(plan, dict)
    group, cluster = plan.get("resource_group"), plan.get("cluster")
    names = [
        str(one.get("name") or fallback) if isinstance(one, dict) else fallback
        for one, fallback in ((group, "rg-byocni"), (cluster, "aks-byocni"))
    ]
    return {
        "$sub": sub,
        "$net": f"{sub}/resourceGroups/rg-network/providers/Microsoft.Network",
        "$aks": f"{sub}/resourceGroups/{names[0]}/providers/Microsoft.ContainerService/managedClusters/{names[1]}",
    }


def filled(value: Any, names: dict[str, str]) -> Any:
    """The data with the placeholders filled in."""
    if isinstance(value, str):
        if "$" in value:
            for name, meant in names.items():
                value = value.replace(name, meant)
        return value
    if isinstance(value, dict):
        return {filled(key, names): filled(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    return value
