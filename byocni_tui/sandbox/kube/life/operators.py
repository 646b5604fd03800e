"""Plays the operators' parts: what a behaviour says is made once its conditions hold."""

import re
from typing import Any

from byocni_tui.sandbox.kube.custom import register
from byocni_tui.sandbox.kube.life.behaviours import Behaviours, catalogue, fill
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.objects import Obj, clone, name_of

_MANY = 20
_NAMED = re.compile(r"\$\{(\w+)\}")
_VERY_MANY = 1000
_CRDS = "customresourcedefinitions.apiextensions.k8s.io"


class Operators:
    """One key a behaviour and step."""

    name = "operator"

    def __init__(self, life: Life, behaviours: Behaviours) -> None:
        self._life = life
        self._behaviours = behaviours
        self._waiting: set[str] = set()
        self._done: dict[str, dict[str, int]] = {}
        """By step, the nodes that it has nothing to do for, with their versions."""
        life.add(self)
        for resource in ("deployments.apps", "daemonsets.apps", "nodes", "jobs.batch", "namespaces"):
            life.watch(resource, self._look)
        life.watch("*", self._custom)

    def _look(self, _event: str, _obj: Obj) -> None:
        for behaviour in catalogue().values():
            if behaviour.get("operator"):
                self._soon(behaviour["id"])

    def _custom(self, event: str, obj: Obj) -> None:
        group = str(obj.get("apiVersion", "")).partition("/")[0]
        if event != "ADDED" and self._done and "." in group:
            for done in self._done.values():
                done.pop(name_of(obj), None)
        for behaviour in catalogue().values():
            if group in (behaviour.get("groups") or ()):
                self._soon(behaviour["id"])
        if obj["$resource"] == _CRDS and event == "ADDED":
            self._life.enqueue("crd", "", name_of(obj))

    def _soon(self, behaviour: str) -> None:
        """Small clusters are looked at at once, large ones a moment later, for all that has happened by then."""
        count = self._life.store.count("nodes")
        if count < _MANY:
            self._life.enqueue(self.name, "", behaviour)
        elif behaviour not in self._waiting:
            self._waiting.add(behaviour)
            delay = 0.5 if count < _VERY_MANY else 2.0
            self._life.enqueue_later(delay, self.name, "", behaviour, awaited=True)

    def reconcile(self, _namespace: str, name: str) -> None:
        """One behaviour: every step whose conditions hold."""
        self._waiting.discard(name)
        behaviour = self._behaviours.get(name)
        if behaviour is None:
            return
        for number, step in enumerate(behaviour["operator"]):
            self._step(behaviour, f"{name}/{number}", step)

    def _step(self, behaviour: Obj, mark: str, step: Obj) -> None:
        life = self._life
        since = life.state["steps"]
        if not all(self._behaviours.holds(w, {}) for w in step.get("when") or ()):
            since.pop(mark, None)
            for made in step.get("otherwise") or ():
                self._make(made, {})
            return
        delay = float(step.get("after", 0.0))
        if mark not in since:
            since[mark] = life.now()
            if delay:
                life.enqueue_later(delay, self.name, "", behaviour["id"], awaited=True)
        if life.now() - since[mark] < delay - 1e-6:
            return
        for made in step.get("make") or ():
            self._make(made, {})
        for gone in step.get("remove") or ():
            if life.store.registry.find(gone["resource"]) is not None:
                life.delete(gone["resource"], gone.get("namespace", ""), gone["name"])
        for number, made in enumerate(step.get("per_node") or ()):
            done = self._done.setdefault(f"{mark}/{number}", {})
            early = [w for w in made.get("when") or () if set(_NAMED.findall(str(w))) <= {"node"}]
            for entry in life.store.entries("nodes"):
                if done.get(entry.name) == entry.version:
                    continue
                known = {"node": entry.name}
                if not all(self._behaviours.holds(fill(w, known), known) for w in early):
                    continue
                node = entry.object()
                if self._make(made, self._context(behaviour, node)):
                    fresh = life.store.entry("nodes", "", entry.name)
                    done[entry.name] = fresh.version if fresh is not None else 0

    def _context(self, behaviour: Obj, node: Obj) -> dict[str, str]:
        address = next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")
        context = {"node": name_of(node), "nodeIP": address, "nodeUID": node["metadata"]["uid"]}
        block = self._behaviours.node_block(behaviour, name_of(node))
        if block is not None:
            context["podCIDR"] = str(block)
            context["routerIP"] = str(block[1])
        return context

    def _make(self, made: Obj, context: dict[str, str]) -> bool:
        """Create or change one object (``resource`` and ``object``), or a custom resource definition (``crd``). Whether
        it is as it should be now."""
        life = self._life
        if "crd" in made:
            self._crd(made["crd"])
            return True
        if any(not self._behaviours.holds(w, context) for w in fill(made.get("when") or [], context)):
            return False
        resource = made["resource"]
        if life.store.registry.find(resource) is None:
            return False
        if "podCIDR" not in context and "${podCIDR}" in str(made["object"]):
            return False
        texts = {k: str(self._behaviours.source(v, context)) for k, v in (made.get("texts") or {}).items()}
        want = fill(clone(made["object"]), {**context, **texts})
        sources: dict[str, Any] = {
            k: self._behaviours.source(v, context) for k, v in (made.get("from") or {}).items()
        }
        want = _put_in(want, sources)
        m = want["metadata"]
        have = life.get(resource, m.get("namespace", ""), m["name"])
        if have is None:
            return life.create(resource, want) is not None
        if made.get("once"):
            return True
        new = _merge(clone(have), want, life)
        if new != have:
            status_only = set(want) <= {"metadata", "status", "apiVersion", "kind"}
            return (life.update_status if status_only else life.update)(resource, new) is not None
        return True

    def _crd(self, short: Obj) -> None:
        """A definition in short form: group, kind, plural, scope, versions, names."""
        life = self._life
        name = f"{short['plural']}.{short['group']}"
        if life.get(_CRDS, None, name) is not None:
            return
        names = {
            "plural": short["plural"], "singular": short.get("singular", short["kind"].lower()), "kind": short["kind"],
            "listKind": short["kind"] + "List",
        }  # fmt: skip
        if short.get("short"):
            names["shortNames"] = short["short"]
        versions = short.get("versions", ["v1"])
        columns = {"additionalPrinterColumns": short["columns"]} if short.get("columns") else {}
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        now = life.stamp()
        crd = {
            "metadata": {"name": name, "labels": short.get("labels", {})},
            "spec": {
                "group": short["group"], "names": names, "scope": short.get("scope", "Namespaced"),
                "conversion": {"strategy": "None"},
                "versions": [
                    {"name": v, "served": True, "storage": n == 0, "schema": schema, **columns,
                     **({"subresources": {"status": {}}} if short.get("status") else {})}
                    for n, v in enumerate(versions)
                ],
            },
            "status": {
                "acceptedNames": names, "storedVersions": versions[:1],
                "conditions": [
                    {"type": "NamesAccepted", "status": "True", "lastTransitionTime": now, "reason": "NoConflicts",
                     "message": "no conflicts found"},
                    {"type": "Established", "status": "True", "lastTransitionTime": now,
                     "reason": "InitialNamesAccepted", "message": "the initial names have been accepted"},
                ],
            },
        }  # fmt: skip
        made = life.create(_CRDS, crd)
        if made is not None and life.store.registry.find(name) is None:
            register(life.store.registry, made)


class Definitions:
    """Serves a custom resource definition that came through the store alone."""

    name = "crd"

    def __init__(self, life: Life) -> None:
        self._life = life
        life.add(self)

    def reconcile(self, _namespace: str, name: str) -> None:
        """One definition."""
        crd = self._life.get(_CRDS, None, name)
        if crd is not None and self._life.store.registry.find(name) is None:
            register(self._life.store.registry, crd)


def _put_in(value: Any, sources: dict[str, Any]) -> Any:
    """Texts that are exactly ``@name`` become the source of that name, whatever its type."""
    if isinstance(value, str) and value.startswith("@") and value[1:] in sources:
        return sources[value[1:]]
    if isinstance(value, list):
        return [_put_in(v, sources) for v in value]
    if isinstance(value, dict):
        return {k: _put_in(v, sources) for k, v in value.items()}
    return value


def _merge(have: Obj, want: Obj, life: Life) -> Obj:
    """``want`` over ``have``; conditions by their type, with a new time when the status differs."""
    for key, value in want.items():
        if key == "conditions":
            have[key] = _conditions(have.get(key) or [], value, life)
        elif isinstance(value, dict) and isinstance(have.get(key), dict):
            _merge(have[key], value, life)
        elif value is None:
            have.pop(key, None)
        else:
            if isinstance(value, dict):
                value = _merge({}, value, life)
            have[key] = value
    return have


def _conditions(have: list[Obj], want: list[Obj], life: Life) -> list[Obj]:
    result = list(have)
    for new in want:
        old = next((c for c in result if c["type"] == new["type"]), None)
        if old is None:
            result.append({**new, "lastTransitionTime": life.stamp()})
            continue
        if old["status"] != new["status"]:
            old["lastTransitionTime"] = life.stamp()
        old.update(new)
    return result
