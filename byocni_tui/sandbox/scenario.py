"""A scenario file: the cloud it starts from, what goes wrong there, the plan to begin with, and what it teaches."""

from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from byocni_tui.sandbox.faults import Fault

FOLDER: Final = Path(__file__).parent.parent / "fixtures" / "scenarios"
CLOUDS: Final = Path(__file__).parent.parent / "fixtures" / "clouds"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ScenarioError(ValueError):
    """A scenario that can't be read: ``where`` is the file, with line and column (from 1) where they are known."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same said in both languages."""

    en: str
    zh: str


class Debrief(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it was about, and where to read on."""

    text: Text
    source: str


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One scenario. ``plan`` is an answers file (read by whoever shows it; the sandbox never judges by it)."""

    id: str = ""
    title: Text
    lesson: Text
    cloud: str
    level: int = 1
    minutes: int = 10
    prerequisites: tuple[str, ...] = ()
    node_role: str | None = None
    """The role label of nodes (``agent`` as in the article); ``None``: no role, as on today's service."""
    auto_repair: bool = False
    durations: dict[str, float] = {}
    """Virtual seconds of named steps, over the cloud's own."""
    cloud_changes: dict[str, Any] = {}
    """Merged over the cloud's file: what is different for this lesson."""
    world: tuple[dict[str, Any], ...] = ()
    """Requests that are carried out, in order and at once, before anybody looks: ``{put: path, body: {…}}``."""
    plan: dict[str, Any] = {}
    faults: tuple[Fault, ...] = ()
    notice: Text | None = None
    hints: tuple[Text, ...] = ()
    solved: dict[str, Any] = {}
    solution: dict[str, Any] = {}
    debrief: Debrief | None = None


def names() -> list[str]:
    """Ids of the scenarios that come along, the default first."""
    found = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    return sorted(found, key=lambda name: name != "article")


def find(scenario: str) -> Path:
    """The file of an id, or the path of a file given as such. Raises ``ScenarioError`` naming the ids there are."""
    known = FOLDER / f"{scenario}.yaml"
    if "/" not in scenario and known.is_file():
        return known
    path = Path(scenario)
    if path.is_file():
        return path
    raise ScenarioError(scenario, f"no such scenario or file; there are: {', '.join(names())}")


def load(scenario: str) -> Scenario:
    """Read a scenario by id or path. Raises ``ScenarioError``."""
    path = find(scenario)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(str(path), str(error)) from error
    return parse(text, str(path), path.stem)


def parse(text: str, where: str, name: str) -> Scenario:
    """Read the text of a scenario file. Raises ``ScenarioError`` with line and column."""
    try:
        data = yaml.load(text, _Loader)  # noqa: S506 a safe loader, in C where there is one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        raise ScenarioError(at, error.problem or "not YAML") from error
    if not isinstance(data, dict):
        raise ScenarioError(f"{where}:1:1", "a mapping is expected")
    try:
        scenario = msgspec.convert({"id": name, **data}, Scenario)
    except msgspec.ValidationError as error:
        raise ScenarioError(_locate(text, where, str(error)), str(error)) from error
    if not (CLOUDS / f"{scenario.cloud}.yaml").is_file():
        raise ScenarioError(_locate(text, where, "`$.cloud`"), f"there is no cloud '{scenario.cloud}'")
    return scenario


def _locate(text: str, where: str, message: str) -> str:
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
    mark = node.start_mark if node is not None else None
    return f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where


def load_cloud(scenario: Scenario) -> dict[str, Any]:
    """The cloud that a scenario starts from, with the scenario's own changes merged over it."""
    data = yaml.load((CLOUDS / f"{scenario.cloud}.yaml").read_text(encoding="utf-8"), _Loader)  # noqa: S506
    found: dict[str, Any] = merged(data, scenario.cloud_changes)
    return found


def merged(base: Any, over: Any) -> Any:
    """Mappings merged key by key, anything else replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}
    return over
