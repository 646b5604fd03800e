"""A scenario file: the cloud it starts from, what goes wrong there, the plan to begin with, and what it teaches.

The file is YAML. In its texts ``$sub`` stands for the cloud's first subscription (``/subscriptions/…``), ``$net`` for
the network resources of the group ``rg-network``, ``$aks`` for the cluster that the plan names.
"""

import contextlib
import re
import shlex
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from byocni_tui.sandbox import scenario_reader as reader
from byocni_tui.sandbox.faults import Fault
from byocni_tui.sandbox.scenario_reader import ScenarioError as ScenarioError

FOLDER: Final = Path(__file__).parent.parent / "fixtures" / "scenarios"
CLOUDS: Final = Path(__file__).parent.parent / "fixtures" / "clouds"

_CLUSTERS: Final = "/managedclusters/"
_NEEDS_CREDENTIALS: Final = re.compile(r"(kubectl|helm|byocni-tui (verify|doctor))\b")
_NEEDS_CLUSTER: Final = re.compile(
    rf"{_NEEDS_CREDENTIALS.pattern}|az aks (show|get-credentials|operation|nodepool|command|update)\b"
)
"""Commands of ``look`` that show nothing before the lesson's cluster exists."""


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same said in both languages."""

    en: str
    zh: str


class Debrief(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What it was about, and where to read on."""

    text: Text
    source: str


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that can be seen in the sandbox: exactly one of ``act``, ``resource``, ``objects``, ``nodes``,
    ``crossing``, ``struck``, ``all``, ``any``, ``not``; the other keys say which and how many.

    Patterns are shell patterns without letter case, a list means any of them; ``where`` is a table of path -> pattern,
    with dots between names, ``[type=Ready]`` to pick from a list and ``*`` for any entry.
    """

    act: Annotated[
        dict[str, Any] | None, Meta(description="A request that a client made: fields of an act")
    ] = None
    resource: Annotated[str | None, Meta(description="An Azure resource type; counts those that exist")] = (
        None
    )
    objects: Annotated[str | None, Meta(description="A Kubernetes resource, as pods or deployments.apps")] = (
        None
    )
    nodes: Annotated[str | None, Meta(description="ready or not-ready")] = None
    crossing: Annotated[
        bool | None,
        Meta(description="Whether pods on different nodes reach each other, large answers included"),
    ] = None
    struck: Annotated[str | None, Meta(description="The id of a fault that has struck")] = None
    all: "tuple[Condition, ...]" = ()
    any: "tuple[Condition, ...]" = ()
    not_: "Condition | None" = msgspec.field(name="not", default=None)
    name: str | list[str] | None = None
    group: str | None = None
    namespace: str | None = None
    cluster: str | None = None
    labels: dict[str, str] = {}
    where: dict[str, Any] = {}
    every: Annotated[bool, Meta(description="Every one that is there must agree (and there is one)")] = False
    at_least: int | None = None
    at_most: int | None = None
    say: Annotated[Text | None, Meta(description="What this asks of the learner, for the coach's list")] = (
        None
    )


KINDS: Final = ("act", "resource", "objects", "nodes", "crossing", "struck", "all", "any", "not_")


class Apply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Carry the scenario's plan out with byocni-tui, some answers changed."""

    set: dict[str, Any] = {}
    accept: str = "all"
    fails: Annotated[str | None, Meta(description="The step that has to fail; none: it has to succeed")] = (
        None
    )


class Helm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A release; without ``chart`` it is uninstalled. ``chart`` is a name of the sandbox's repository."""

    release: str
    chart: str | None = None
    namespace: str = "kube-system"
    version: str | None = None
    values: dict[str, Any] = {}
    wait: Annotated[str | None, Meta(description="helm's --wait --timeout, as 60s")] = None
    fails: Annotated[bool, Meta(description="helm has to fail")] = False


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One step of a solution or of a world. ``az`` and ``kubectl`` are what a person would type; what is sent is the
    request beside it: ``put``, ``patch``, ``post``, ``delete`` or ``get`` with a path, and ``body``. A step of the
    ``world`` has no ``az``, ``apply`` or ``wait``."""

    say: Text | None = None
    apply: Apply | None = None
    az: str | None = None
    kubectl: str | None = None
    put: str | None = None
    patch: str | None = None
    post: str | None = None
    delete: str | None = None
    get: str | None = None
    body: Any = None
    api_version: str | None = None
    fails: Annotated[
        str | None, Meta(description="The code (or HTTP status) that the request is refused with")
    ] = None
    cluster: str | None = None
    helm: Helm | None = None
    objects: Annotated[tuple[dict[str, Any], ...], Meta(description="Kubernetes objects to create")] = ()
    wait: Condition | None = None
    seconds: Annotated[float, Meta(description="The longest wait, in virtual seconds", gt=0, le=14400)] = 3600
    pass_: Annotated[float, Meta(description="Let virtual seconds pass", ge=0, le=14400)] | None = (
        msgspec.field(name="pass", default=None)
    )

    @property
    def request(self) -> tuple[str, str] | None:
        """Method and path, where the step is a request."""
        for method in ("put", "patch", "post", "delete", "get"):
            path = getattr(self, method)
            if path is not None:
                return method.upper(), str(path)
        return None


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wrong turn: an act that costs points, and why it was one."""

    act: dict[str, Any]
    why: Text


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One scenario. ``plan`` is an answers file (read by whoever shows it; the sandbox never judges by it)."""

    id: str = ""
    title: Text
    lesson: Annotated[Text, Meta(description="The story: what the learner finds, and what is asked of them")]
    cloud: Annotated[str, Meta(description="A file of fixtures/clouds: public, china, usgov")]
    level: Annotated[int, Meta(ge=1, le=4)] = 1
    minutes: Annotated[int, Meta(ge=1, le=240)] = 10
    prerequisites: tuple[str, ...] = ()
    node_role: str | None = None
    """The role label of nodes (``agent`` as in the article); ``None``: no role, as on today's service."""
    auto_repair: bool = False
    durations: dict[str, float] = {}
    """Virtual seconds of named steps, over the cloud's own."""
    cloud_changes: dict[str, Any] = {}
    """Merged over the cloud's file: what is different for this lesson."""
    world: Annotated[
        tuple[Step, ...],
        Meta(description="What is there before anybody looks: requests, helm, objects, in order"),
    ] = ()
    plan: dict[str, Any] = {}
    faults: tuple[Fault, ...] = ()
    notice: Text | None = None
    look: Annotated[tuple[str, ...], Meta(description="Commands that show what is to be noticed")] = ()
    hints: Annotated[tuple[Text, ...], Meta(description="Three, from a nudge to the answer")] = ()
    solved: Annotated[tuple[Condition, ...], Meta(description="All of these, seen in the sandbox")] = ()
    wrong: tuple[Turn, ...] = ()
    solution: tuple[Step, ...] = ()
    debrief: Debrief | None = None

    @property
    def teaches(self) -> bool:
        """Whether there is something to solve in it."""
        return bool(self.solved)

    @property
    def looks(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What to look at now, and what only once the learner's cluster is there. Where kubectl or helm need its
        credentials, the command that fetches them comes first."""
        lines, fetch = list(self.look), self._fetch()
        at = next((n for n, line in enumerate(lines) if _NEEDS_CREDENTIALS.match(line)), None)
        if at is not None and fetch and not any("get-credentials" in line for line in lines):
            lines.insert(at, fetch)
        if any(_CLUSTERS in step.put.lower() for step in self.world if step.put):
            return tuple(lines), ()
        later = tuple(line for line in lines if _NEEDS_CLUSTER.match(line))
        return tuple(line for line in lines if line not in later), later

    def _fetch(self) -> str:
        """What brings kubectl the credentials of the plan's cluster; nothing where the plan names none."""
        parts = [self.plan.get(key) for key in ("resource_group", "cluster")]
        names_of = [
            shlex.quote(str(part["name"])) for part in parts if isinstance(part, dict) and part.get("name")
        ]
        return "az aks get-credentials -g {} -n {}".format(*names_of) if len(names_of) == 2 else ""


def names() -> list[str]:
    """Ids of the scenarios that come along, the default first."""
    found = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    return sorted(found, key=lambda name: name != "article")


def find(scenario: str) -> Path:
    """The file of an id, or the path of a file given as such. Raises ``ScenarioError`` naming the ids there are."""
    if scenario in names():
        return FOLDER / f"{scenario}.yaml"
    with contextlib.suppress(OSError, ValueError):  # a name that no file can have
        path = Path(scenario)
        if path.exists():
            return path
    raise ScenarioError(scenario, f"no such scenario or file; there are: {', '.join(names())}")


def load(scenario: str) -> Scenario:
    """Read a scenario by id or path. Raises ``ScenarioError``."""
    path = find(scenario)
    return parse(reader.read(path), str(path), path.stem)


def parse(text: str, where: str, name: str) -> Scenario:
    """Read the text of a scenario file. Raises ``ScenarioError`` with line and column."""
    data = reader.tree(text, where)
    cloud = data.get("cloud")
    names_of = reader.placeholders(data, _first_subscription(cloud) if isinstance(cloud, str) else "")
    try:
        scenario = msgspec.convert({"id": name, **reader.filled(data, names_of)}, Scenario)
    except msgspec.ValidationError as error:
        raise ScenarioError(reader.locate(text, where, str(error)), str(error)) from error
    if not _is_cloud(scenario.cloud):
        known = ", ".join(sorted(path.stem for path in CLOUDS.glob("*.yaml")))
        problem = f"there is no cloud '{scenario.cloud}'; there are: {known}"
        raise ScenarioError(reader.locate(text, where, "`$.cloud`"), problem)
    if scenario.auto_repair:
        repair = Fault(
            id="auto-repair", when={"service": "kube", "event": "auto-repair"}, what={"kind": "repair"}
        )
        scenario = msgspec.structs.replace(scenario, faults=(*scenario.faults, repair))
    return scenario


def _is_cloud(name: str) -> bool:
    return any(path.stem == name for path in CLOUDS.glob("*.yaml"))


def _first_subscription(cloud: str) -> str:
    if not _is_cloud(cloud):
        return ""
    data = reader.tree(reader.read(CLOUDS / f"{cloud}.yaml"), cloud)
    return str(data["subscriptions"][0]["id"])


def load_cloud(scenario: Scenario) -> dict[str, Any]:
    """The cloud that a scenario starts from, with the scenario's own changes merged over it."""
    data = reader.tree(reader.read(CLOUDS / f"{scenario.cloud}.yaml"), scenario.cloud)
    found: dict[str, Any] = merged(data, scenario.cloud_changes)
    return found


def merged(base: Any, over: Any) -> Any:
    """Mappings merged key by key, anything else replaced."""
    if isinstance(base, dict) and isinstance(over, dict):
        return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}
    return over


def schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file."""
    found = msgspec.json.schema(Scenario)
    found["$defs"]["Scenario"]["properties"].pop("id", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "byocni-tui scenario",
        **found,
    }
