"""The scheduler: binds pods to nodes, or says why it can't in the real one's words."""

from collections import Counter
from collections.abc import Callable

from byocni_tui.sandbox.kube.life.engine import Key, Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.objects import (
    Obj,
    deleting,
    key_of,
    name_of,
    pinned_to,
    pod_active,
    quantity,
)
from byocni_tui.sandbox.kube.life.placing import NO_VICTIMS, UNRESOLVABLE, Filter
from byocni_tui.sandbox.kube.life.preemption import TERMINATING, Preemption

_HOSTNAME = "kubernetes.io/hostname"
_RETRY = 300.0  # seconds until pods that nothing else woke are tried again
_NEXT_MESSAGE = 20.0  # seconds within which the same refusal is not told again


class Scheduler:
    """One pod at a time, in the order in which they came."""

    name = "scheduler"

    def __init__(self, life: Life, pods: Pods) -> None:
        self._life = life
        self._pods = pods
        self._waiting: dict[tuple[str, str], None] = {}
        self._nodes: dict[str, Obj] = {}
        self._preemption = Preemption(life, pods)
        life.add(self)
        life.watch("nodes", self._node)
        life.watch("pods", self._pod)

    def clear(self) -> None:
        """Forget everything; it is told anew."""
        self._waiting.clear()
        self._nodes.clear()
        self._preemption.nominated.clear()

    @property
    def nodes(self) -> dict[str, Obj]:
        """The nodes by name, as last seen: what decides about pods, not more. Not to be changed."""
        return self._nodes

    @property
    def waiting(self) -> "list[tuple[str, str]]":
        """The pods that found no place."""
        return list(self._waiting)

    def _pod(self, event: str, pod: Obj) -> None:
        key = key_of(pod)
        self._preemption.seen(event, pod)
        if event != "DELETED" and not pod["spec"].get("nodeName") and not deleting(pod):
            if event == "ADDED" or key not in self._waiting:
                self._life.enqueue(self.name, *key)
            return
        self._waiting.pop(key, None)
        if event == "DELETED" or not pod_active(pod):
            self._wake()

    def _node(self, event: str, node: Obj) -> None:
        old = self._nodes.get(name_of(node))
        if event == "DELETED":
            self._nodes.pop(name_of(node), None)
            return
        node = self._nodes[name_of(node)] = _face(node)
        if old is None or any(
            old[part].get(key) != node[part].get(key)
            for part, key in (
                ("spec", "taints"), ("spec", "unschedulable"), ("metadata", "labels"), ("status", "allocatable"),
            )
        ):  # fmt: skip
            self._wake()

    def _wake(self) -> None:
        for key in self._waiting:
            self._life.enqueue(self.name, *key)

    def reconcile(self, namespace: str, name: str) -> None:
        """Try to place one pod."""
        life = self._life
        pod = life.get("pods", namespace, name)
        if pod is None or pod["spec"].get("nodeName") or deleting(pod) or pod["spec"].get("schedulingGates"):
            self._waiting.pop((namespace, name), None)
            return
        if pod["spec"].get("schedulerName", "default-scheduler") != "default-scheduler":
            return
        short = tuple(map(int, life.cluster.version.split(".")[:2])) >= (1, 34)
        target = pinned_to(pod["spec"])
        near = self._neighbours(target)
        asking: Obj = pod

        def without(gone: frozenset[Key]) -> Filter:
            def left(terms: list[Obj]) -> list[Obj]:
                return [p for p in near(terms) if key_of(p) not in gone]

            loads = self._preemption.load(asking, gone)
            return Filter(asking, loads, left if gone else near, self._nodes, long_taints=not short)

        rules = without(frozenset())
        reasons: Counter[str] = Counter()
        help_: Counter[str] = Counter()
        hopeful: list[Obj] = []
        best: tuple[float, int, str] | None = None
        for node in self._candidates(target):
            refusal = rules.refusal(node)
            if refusal is None:
                score = self._score(node)
                best = min(best, score) if best is not None else score
                continue
            reasons.update(refusal[0])
            help_[NO_VICTIMS if refusal[1] else UNRESOLVABLE] += 1
            if refusal[1]:
                hopeful.append(node)
        if best is not None:
            self._bind(pod, best[2])
            return
        total = len(self._nodes)
        if target is not None and total:
            others = total - (target in self._nodes)
            if others:
                reasons["node(s) didn't satisfy plugin(s) [NodeAffinity]"] += others
                help_[UNRESOLVABLE] += others
        unable = self._preemption.unable(pod)
        cleared = "" if unable or not hopeful else self._preemption.clear(pod, hopeful, without)
        if cleared or (unable != TERMINATING and (pod.get("status") or {}).get("nominatedNodeName")):
            _nominate(pod, cleared)
            nominated = life.update_status("pods", pod)
            if nominated is None:  # it has changed meanwhile, and is looked at again
                return
            pod = nominated
        evict = f"0/{total} nodes are available: {_listed(help_)}."
        self._refuse(pod, total, reasons, "" if cleared else unable or evict, short=short)

    def _candidates(self, target: str | None) -> list[Obj]:
        if target is None:
            return [self._nodes[n] for n in sorted(self._nodes)]
        return [self._nodes[target]] if target in self._nodes else []

    def _neighbours(self, target: str | None) -> "Callable[[list[Obj]], list[Obj]]":
        """Gives the bound pods that terms of affinity select; where the pod can only go to one node and the terms are
        about nodes, those of that node are enough."""

        def others(terms: list[Obj]) -> list[Obj]:
            if target is not None and all(t["topologyKey"] == _HOSTNAME for t in terms):
                keys = set(self._pods.on_node(target))
            else:
                keys = {k for t in terms for k in self._pods.selected(None, t.get("labelSelector"))}
            found = (self._life.get("pods", *key) for key in sorted(keys))
            return [p for p in found if p is not None and pod_active(p) and p["spec"].get("nodeName")]

        return others

    def _score(self, node: Obj) -> tuple[float, int, str]:
        """Least allocated first, then fewest pods."""
        load = self._pods.load(name_of(node))
        free = node["status"]["allocatable"]
        cpu = load.cpu / (quantity(free.get("cpu", "1")) or 1.0)
        memory = load.memory / (quantity(free.get("memory", "1")) or 1.0)
        return round(cpu + memory, 6), len(load.pods), name_of(node)

    def _bind(self, pod: Obj, node: str) -> None:
        life = self._life
        self._waiting.pop(key_of(pod), None)
        pod["spec"]["nodeName"] = node
        _nominate(pod, "")
        now = life.stamp()
        _set_scheduled(pod, {"status": "True", "lastProbeTime": None, "lastTransitionTime": now})
        bound = life.update_status("pods", pod)
        if bound is not None:
            m = bound["metadata"]
            text = f"Successfully assigned {m['namespace']}/{m['name']} to {node}"
            life.recorder.scheduling(bound, "Scheduled", text, warning=False)

    def _refuse(self, pod: Obj, total: int, reasons: "Counter[str]", evict: str, *, short: bool) -> None:
        """``evict``: what became of preemption; empty if room is being made."""
        life, key = self._life, key_of(pod)
        if total:
            claims = "no new claims to deallocate, " if short else ""
            text = f"0/{total} nodes are available: {_listed(reasons)}."
            text += f" {claims}preemption: {evict}" if evict else ""
        else:
            text = "no nodes available to schedule pods"
        self._waiting[key] = None
        told = life.state["refused"].get("/".join(key))
        if told is None or told[1] != text or life.now() - told[0] >= _NEXT_MESSAGE:
            life.state["refused"]["/".join(key)] = [life.now(), text]
            life.recorder.scheduling(pod, "FailedScheduling", text, warning=True)
            life.enqueue_later(_RETRY, self.name, *key, awaited=False)
        old = next(
            (c for c in (pod.get("status") or {}).get("conditions") or () if c["type"] == "PodScheduled"),
            None,
        )
        if old is None or old.get("message") != text:
            since = (
                old["lastTransitionTime"] if old is not None and old["status"] == "False" else life.stamp()
            )
            _set_scheduled(
                pod,
                {"status": "False", "lastProbeTime": None, "lastTransitionTime": since, "reason": "Unschedulable",
                 "message": text},
            )  # fmt: skip
            life.update_status("pods", pod)


def _face(node: Obj) -> Obj:
    """What a scheduler looks at; whole nodes unpacked would be a hundred megabytes in a large cluster."""
    spec, status = node["spec"], node.get("status") or {}
    ready = [c for c in status.get("conditions") or () if c["type"] == "Ready"]
    return {
        "metadata": {k: node["metadata"][k] for k in ("name", "labels") if k in node["metadata"]},
        "spec": {k: spec[k] for k in ("taints", "unschedulable") if k in spec},
        "status": {"allocatable": status.get("allocatable") or {}, "conditions": ready},
    }


def _listed(counts: "Counter[str]") -> str:
    return ", ".join(sorted(f"{n} {r}" for r, n in counts.items()))


def _nominate(pod: Obj, node: str) -> None:
    status = pod.setdefault("status", {})
    status.pop("nominatedNodeName", None)
    if node:
        status["nominatedNodeName"] = node


def _set_scheduled(pod: Obj, values: Obj) -> None:
    status = pod.setdefault("status", {})
    status.setdefault("phase", "Pending")
    status["conditions"] = [
        *(c for c in status.get("conditions") or () if c["type"] != "PodScheduled"),
        {"type": "PodScheduled", "observedGeneration": pod["metadata"].get("generation", 1), **values},
    ]
