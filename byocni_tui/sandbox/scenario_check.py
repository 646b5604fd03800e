"""What a scenario file has to have beyond its shape, so that a lesson can be taught from it."""

import re
from typing import Any, Final

import msgspec

from byocni_tui.sandbox import scenario as scenarios
from byocni_tui.sandbox import scenario_reader as reader
from byocni_tui.sandbox import scenario_refs as refs
from byocni_tui.sandbox.scenario import KINDS, Condition, Scenario, Step, Text
from byocni_tui.sandbox.scenario_judge import is_path

_METHODS: Final = ("put", "patch", "post", "delete", "get")
_ACT: Final = frozenset(
    ("plane", "client", "agent", "user", "verb", "mutates", "type", "name", "group", "cluster", "id", "action",
     "query", "body", "status", "code", "message")
)  # fmt: skip
_URL: Final = re.compile(r"https://[\w.-]+/?\S*")


class Problem(msgspec.Struct, frozen=True):
    """Something to mend: ``where`` is FILE:LINE:COLUMN, ``text`` says what and how."""

    where: str
    text: str


class Checker:
    """Looks through one scenario; problems point into its text."""

    def __init__(self, text: str, where: str, scenario: Scenario) -> None:
        self._text = text
        self._where = where
        self._scenario = scenario
        self.problems: list[Problem] = []

    def run(self) -> list[Problem]:
        """All that is wrong, in the order of the file's keys."""
        scenario = self._scenario
        self._texts("title", scenario.title)
        self._texts("lesson", scenario.lesson)
        self._prerequisites()
        self._faults()
        for number, step in enumerate(scenario.world):
            self._step(f"world[{number}]", step, world=True)
        self._taught()
        for number, condition in enumerate(scenario.solved):
            self._condition(f"solved[{number}]", condition)
        for number, turn in enumerate(scenario.wrong):
            self._act(f"wrong[{number}].act", turn.act)
            self._texts(f"wrong[{number}].why", turn.why)
        for number, step in enumerate(scenario.solution):
            self._step(f"solution[{number}]", step, world=False)
        return self.problems

    def _say(self, path: str, text: str) -> None:
        self.problems.append(Problem(reader.locate(self._text, self._where, f"`$.{path}`"), text))

    def _texts(self, path: str, text: Text | None) -> None:
        if text is None:
            return
        for lang in ("en", "zh"):
            if not getattr(text, lang).strip():
                self._say(f"{path}.{lang}", f"{path}.{lang} is empty: both languages are shown")

    def _prerequisites(self) -> None:
        known = scenarios.names()
        for number, name in enumerate(self._scenario.prerequisites):
            if name == self._scenario.id:
                self._say(f"prerequisites[{number}]", "a scenario can't come before itself")
            elif name not in known:
                self._say(f"prerequisites[{number}]", f"there is no scenario '{name}'")

    def _faults(self) -> None:
        seen: set[str] = set()
        for number, fault in enumerate(self._scenario.faults):
            if fault.id in seen:
                self._say(f"faults[{number}].id", f"the fault '{fault.id}' is there twice")
            seen.add(fault.id)
            if "service" not in fault.when:
                self._say(f"faults[{number}].when", "name the service: arm, operation, identity or kube")
            key, problem = refs.occasion(fault.when)
            if problem:
                self._say(f"faults[{number}].when.{key}", problem)
            if "kind" not in fault.what:
                self._say(f"faults[{number}].what", "name the kind of effect")

    def _taught(self) -> None:
        scenario = self._scenario
        if len(scenario.hints) != 3:
            self._say(
                "hints",
                f"three hints are expected, from a nudge to the answer; there are {len(scenario.hints)}",
            )
        for number, hint in enumerate(scenario.hints):
            self._texts(f"hints[{number}]", hint)
        for name in ("notice", "debrief"):
            if getattr(scenario, name) is None:
                self._say("", f"'{name}' is missing")
        self._texts("notice", scenario.notice)
        if scenario.debrief is not None:
            self._texts("debrief.text", scenario.debrief.text)
            if not _URL.fullmatch(scenario.debrief.source):
                self._say("debrief.source", "an address to read on is expected (https://…)")
        if not scenario.solved:
            self._say("", "'solved' is missing: what has to be seen in the sandbox for the lesson to be over")
        if not scenario.solution:
            self._say("", "'solution' is missing: steps that solve it, as a proof and for demos")

    def _condition(self, path: str, condition: Condition) -> None:
        kinds = [kind for kind in KINDS if getattr(condition, kind) not in (None, ())]
        if len(kinds) != 1:
            shown = ", ".join(kind.rstrip("_") for kind in KINDS)
            self._say(path, f"exactly one of {shown} is expected")
            return
        self._texts(f"{path}.say", condition.say)
        if condition.nodes not in (None, "ready", "not-ready"):
            self._say(f"{path}.nodes", "ready or not-ready")
        if condition.struck is not None and condition.struck not in [f.id for f in self._scenario.faults]:
            self._say(f"{path}.struck", f"there is no fault '{condition.struck}'")
        if condition.act is not None:
            self._act(f"{path}.act", condition.act)
        if condition.resource is not None and (problem := refs.kind(condition.resource)):
            self._say(f"{path}.resource", problem)
        self._paths(f"{path}.where", condition.where)
        for name in ("all", "any"):
            for number, one in enumerate(getattr(condition, name)):
                self._condition(f"{path}.{name}[{number}]", one)
        if condition.not_ is not None:
            self._condition(f"{path}.not", condition.not_)

    def _act(self, path: str, pattern: dict[str, Any]) -> None:
        if not pattern:
            self._say(path, "an empty pattern is met by everything")
        if pattern.get("plane") == "arm" and "type" in pattern and (problem := refs.kind(pattern["type"])):
            self._say(f"{path}.type", problem)
        for key, value in pattern.items():
            if key not in _ACT:
                self._say(f"{path}.{key}", f"an act has no '{key}'; it has {', '.join(sorted(_ACT))}")
            elif key in ("body", "query"):
                if isinstance(value, dict):
                    self._paths(f"{path}.{key}", value)
                else:
                    self._say(f"{path}.{key}", "a table of path: pattern is expected")

    def _paths(self, path: str, where: dict[str, Any]) -> None:
        for one in where:
            if not is_path(one):
                self._say(path, f"'{one}' is no path: a.b, a[key=value].b or a.*.b")

    def _step(self, path: str, step: Step, *, world: bool) -> None:
        methods = [name for name in _METHODS if getattr(step, name) is not None]
        acts = [name for name in ("apply", "helm", "wait", "pass_") if getattr(step, name) is not None]
        acts += ["objects"] if step.objects else []
        if len(methods) + len(acts) != 1:
            self._say(
                path,
                "exactly one of apply, helm, objects, wait, pass, put, patch, post, delete, get is expected",
            )
            return
        if world and any(name in acts for name in ("apply", "wait")):
            self._say(path, "a world is made of requests, helm, objects and pass")
        if not world and "objects" in acts:
            self._say(path, "objects are for the world; a solution creates with kubectl and post")
        if methods and not world and not (step.az or step.kubectl):
            self._say(path, "say what a person would type: az or kubectl")
        if methods and not str(getattr(step, methods[0])).startswith("/"):
            self._say(f"{path}.{methods[0]}", "a path begins with / (or with $sub, $net, $aks)")
        elif methods and not step.kubectl and (problem := refs.path(methods[0], getattr(step, methods[0]))):
            self._say(f"{path}.{methods[0]}", problem)
        if step.helm is not None and step.helm.chart is not None and (problem := refs.chart(step.helm.chart)):
            self._say(f"{path}.helm.chart", problem)
        if step.wait is not None:
            self._condition(f"{path}.wait", step.wait)
        self._texts(f"{path}.say", step.say)


def check(name: str) -> list[Problem]:
    """Everything that is wrong with a scenario by id or file; a file that can't be read raises ``ScenarioError``."""
    path = scenarios.find(name)
    text = reader.read(path)
    found = Checker(text, str(path), scenarios.parse(text, str(path), path.stem)).run()
    cycle = _cycle(path.stem)
    if cycle:
        found.append(Problem(str(path), f"the prerequisites lead in a circle: {' > '.join(cycle)}"))
    return found


def _cycle(name: str) -> list[str]:
    """The way round, if a scenario's prerequisites lead back to it."""

    def walk(here: str, way: list[str]) -> list[str]:
        if here in way:
            return [*way[way.index(here) :], here]
        if here not in scenarios.names():
            return []
        for earlier in scenarios.load(here).prerequisites:
            if found := walk(earlier, [*way, here]):
                return found
        return []

    return walk(name, [])
