"""What plugins do beyond their manifests, as data (fixtures/behaviours/*.yaml; the language is in the README there)."""

import ipaddress
import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from byocni_tui.sandbox.kube.life.cni import carve
from byocni_tui.sandbox.kube.life.objects import Obj, matches

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.life.engine import Life
    from byocni_tui.sandbox.kube.life.index import Pods

_KEPT = 100
"""Objects that are kept unpacked; plugins ask for a handful, but for some by node."""


@cache
def catalogue() -> dict[str, Obj]:
    """All behaviours by id."""
    folder = files("byocni_tui") / "fixtures" / "behaviours"
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            data = yaml.safe_load(entry.read_text(encoding="utf-8"))
            found[str(data["id"])] = data
    return found


class Behaviours:
    """Answers the kubelet's and the operators' questions from the data."""

    def __init__(self, life: "Life", pods: "Pods") -> None:
        self._life = life
        self._pods = pods
        self._kept: dict[tuple[str, str, str], tuple[int, Obj]] = {}
        self.contact: Callable[[str, str], str] = lambda _node, _host: ""
        """Why a program on a node does not reach the API server under a host name or address; empty if it does."""

    def block_records(self) -> list[str]:
        """The resources in whose objects (one a node, named after it) plugins write a node's block."""
        return [b["pool"]["record"] for b in catalogue().values() if "record" in b.get("pool", {})]

    def get(self, behaviour: str) -> Obj | None:
        """A behaviour by id."""
        return catalogue().get(behaviour)

    def of_agent(self, pod: Obj) -> Obj | None:
        """The behaviour whose agent this pod is."""
        return self.of_labels(pod["metadata"].get("labels") or {})

    def of_labels(self, labels: dict[str, str]) -> Obj | None:
        """The behaviour whose agents have these labels."""
        for behaviour in catalogue().values():
            if behaviour["agent"]["labels"].items() <= labels.items():
                return behaviour
        return None

    def container(self, pod: Obj, container: Obj) -> Obj | None:
        """The rule for a container: the first whose labels and name agree."""
        labels = pod["metadata"].get("labels") or {}
        for behaviour in catalogue().values():
            for rule in behaviour.get("containers") or ():
                want = rule["match"]
                if want.get("container") in (None, container["name"]) and matches(
                    {"matchLabels": want["labels"]}, labels
                ):
                    return {**rule, "behaviour": behaviour["id"]}
        return None

    def writes(self, behaviour: Obj, pod: Obj) -> bool:
        """Whether the agent is set to write a configuration at all (``cni.unless`` may say otherwise)."""
        unless = behaviour["cni"].get("unless")
        return unless is None or not self.holds(unless, {"node": pod["spec"]["nodeName"]})

    def exclusive(self, behaviour: Obj) -> bool:
        """Whether the plugin takes all other configurations away (``cni.exclusive``)."""
        rule = behaviour["cni"].get("exclusive")
        return rule is not None and self.holds(rule, {})

    def enforces(self, behaviour: Obj) -> bool:
        """Whether NetworkPolicy means anything under this plugin."""
        if not behaviour.get("policy"):
            return False
        unless = behaviour.get("policy_unless")
        return unless is None or not self.holds(unless, {})

    def agent_missing(self, behaviour: Obj, node: str) -> str:
        """The plugin's error if it needs its agent and the agent is not there; else empty."""
        error = behaviour["cni"].get("without_agent")
        if not error:
            return ""
        wanted = behaviour["agent"]["labels"].items()
        if any(wanted <= group.labels.items() for group in self._pods.ready_on(node)):
            return ""
        return str(error)

    # -- conditions --------------------------------------------------------------------------------------------------

    def holds(self, want: Obj, context: dict[str, str]) -> bool:
        """One condition of the language, about the objects as they are."""
        life = self._life
        if "all" in want:
            return all(self.holds(w, context) for w in want["all"])
        if "any" in want:
            return any(self.holds(w, context) for w in want["any"])
        if "not" in want:
            return not self.holds(want["not"], context)
        if "crd" in want:
            crd = life.get("customresourcedefinitions.apiextensions.k8s.io", None, want["crd"])
            return crd is not None
        if "workload" in want:
            return self._workload(want)
        if "api_server" in want:
            return not self.contact(context["node"], str(fill(want["api_server"], context)))
        if "agent_ready" in want:
            return self._agent_ready(str(fill(want["agent_ready"], context)))
        obj = self.find(want, context)
        if obj is None:
            return False
        if "field" not in want:
            return True
        value = at(obj, want["field"])
        if "equals" in want:
            return bool(value == fill(want["equals"], context))
        return bool(value)

    def _agent_ready(self, node: str) -> bool:
        """Whether a behaviour's agent is ready on a node."""
        return any(self.of_labels(group.labels) is not None for group in self._pods.ready_on(node))

    def find(self, want: Obj, context: dict[str, str]) -> Obj | None:
        """The object that a condition or source names (``resource``, ``name`` or the first, ``namespace`` or any)."""
        life, resource = self._life, want["resource"]
        if life.store.registry.find(resource) is None:
            return None
        name = fill(want.get("name", ""), context)
        namespace = want.get("namespace")
        if name:
            return self._named(resource, namespace, name)
        entry = next(iter(life.store.entries(resource, namespace)), None)
        return entry.object() if entry is not None else None

    def _named(self, resource: str, namespace: str | None, name: str) -> Obj | None:
        """An object by its name, in whatever namespace if none is said; read often, so kept while it is unchanged.
        Not to be changed."""
        store = self._life.store
        spaces = [namespace] if namespace is not None else store.namespaces(resource)
        for space in spaces:
            entry = store.entry(resource, space, name)
            if entry is None:
                continue
            kept = self._kept.get((resource, space, name))
            if kept is None or kept[0] != entry.version:
                if len(self._kept) > _KEPT:
                    self._kept.clear()
                kept = self._kept[(resource, space, name)] = (entry.version, entry.object())
            return kept[1]
        return None

    def _workload(self, want: Obj) -> bool:
        """At least one ready pod with these labels (of a kind of controller, if one is named)."""
        for resource in ("deployments.apps", "daemonsets.apps"):
            for obj in self._life.list(resource):
                if matches(
                    {"matchLabels": want["workload"]}, obj["spec"]["template"]["metadata"].get("labels") or {}
                ):
                    status = obj.get("status") or {}
                    if status.get("readyReplicas") or status.get("numberReady"):
                        return True
        return False

    # -- pools -------------------------------------------------------------------------------------------------------

    def pool(self, behaviour: Obj) -> tuple[str, int] | None:
        """The plugin's own pool and the mask of a node's block."""
        rule = behaviour["pool"]
        obj = self.find(rule["cidr"], {}) if "resource" in rule["cidr"] else None
        cidr = at(obj, rule["cidr"]["field"]) if obj is not None else None
        if isinstance(cidr, list):
            cidr = cidr[0] if cidr else None
        cidr = str(cidr).split(" ", 1)[0].split(",", 1)[0] if cidr else rule.get("default", "")
        if not cidr or "/" not in cidr:
            return None
        mask: Any = None
        if "mask" in rule:
            source = self.find(rule["mask"], {}) if "resource" in rule["mask"] else None
            mask = at(source, rule["mask"]["field"]) if source is not None else None
        return cidr, int(mask or rule.get("default_mask", 24))

    def node_block(self, behaviour: Obj, node: str, number: int = 0) -> ipaddress.IPv4Network | None:
        """A node's block of the plugin's pool; a further one (``number``) where the plugin gives several."""
        pool = self.pool(behaviour)
        if pool is None or (number and not behaviour["pool"].get("many")):
            return None
        return carve(self._life, *pool, f"{node}#{number}" if number else node)

    def source(self, want: Obj, context: dict[str, str]) -> Any:
        """The value that a source names."""
        obj = self.find(fill(want, context), context)
        value = at(obj, want["field"]) if obj is not None else None
        if value is not None and "map" in want:
            value = want["map"].get(value)
        return want.get("default") if value is None else value


def at(obj: Any, path: str) -> Any:
    """A value by its path; parts are parted by ``/``; ``#yaml`` and ``#json`` parse a text."""
    for part in path.split("/"):
        if part == "#yaml":
            obj = yaml.safe_load(obj) if isinstance(obj, str) else obj
        elif part == "#json":
            obj = json.loads(obj) if isinstance(obj, str) else obj
        elif isinstance(obj, list):
            obj = obj[int(part)] if part.isdecimal() and int(part) < len(obj) else None
        elif isinstance(obj, dict):
            obj = obj.get(part)
        else:
            return None
    return obj


def fill(value: Any, context: dict[str, str]) -> Any:
    """``$node`` and its like replaced, in texts however deep."""
    if isinstance(value, str):
        for key, text in context.items():
            value = value.replace("${" + key + "}", text)
        return value
    if isinstance(value, list):
        return [fill(v, context) for v in value]
    if isinstance(value, dict):
        return {fill(k, context): fill(v, context) for k, v in value.items()}
    return value
