"""Preemption: a pod that finds no room may have pods of lower priority leave a node, chosen as the scheduler's
DefaultPreemption does: as few as are needed, budgets spared where they can be, the least important first."""

from collections.abc import Callable
from typing import NamedTuple

from byocni_tui.sandbox.kube.life.engine import Key, Life
from byocni_tui.sandbox.kube.life.index import Load, Pods, host_ports
from byocni_tui.sandbox.kube.life.objects import Obj, deleting, key_of, matches, name_of, requests
from byocni_tui.sandbox.kube.life.placing import Filter

NEVER = "not eligible due to preemptionPolicy=Never."
TERMINATING = "not eligible due to a terminating pod on the nominated node."

Rules = Callable[[frozenset[Key]], Filter]
"""The filters for the pod if the pods with these keys were not there."""


class _Choice(NamedTuple):
    """One node's victims, so that the smaller is the better choice."""

    broken: int
    highest: int
    total: int
    number: int
    younger: float
    node: str
    victims: list[Obj]


class Preemption:
    """Chooses victims, and has them go."""

    def __init__(self, life: Life, pods: Pods) -> None:
        self._life = life
        self._pods = pods
        self.nominated: dict[Key, tuple[str, int, Obj]] = {}
        """Pods that wait for a node to be cleared: its name, their priority and spec."""

    def seen(self, event: str, pod: Obj) -> None:
        """Keep up with who is nominated for which node."""
        node = (pod.get("status") or {}).get("nominatedNodeName")
        if event == "DELETED" or not node or pod["spec"].get("nodeName") or deleting(pod):
            self.nominated.pop(key_of(pod), None)
        else:
            self.nominated[key_of(pod)] = (node, priority(pod), pod["spec"])

    def load(self, pod: Obj, without: frozenset[Key] = frozenset()) -> Callable[[str], Load]:
        """What counts on a node for a pod: what is there, and who was promised it and is not less important."""
        mine, own = priority(pod), key_of(pod)
        promised = {
            key: (node, spec)
            for key, (node, rank, spec) in self.nominated.items()
            if key != own and rank >= mine
        }
        if not promised and not without:
            return self._pods.load

        def counted(node: str) -> Load:
            here, result = self._pods.load(node), Load()
            for key, (cpu, memory) in here.pods.items():
                if key not in without:
                    _add(result, key, cpu, memory)
            result.host_ports = {port: key for port, key in here.host_ports.items() if key not in without}
            for key, (where, spec) in promised.items():
                if where == node:
                    wants = requests(spec)
                    _add(result, key, wants.get("cpu", 0.0), wants.get("memory", 0.0))
                    result.host_ports |= dict.fromkeys(host_ports(spec), key)
            return result

        return counted

    def unable(self, pod: Obj) -> str:
        """Why a pod may not preempt at all; empty if it may."""
        if pod["spec"].get("preemptionPolicy") == "Never":
            return NEVER
        node = (pod.get("status") or {}).get("nominatedNodeName")
        if node and any(deleting(one) for one in self._below(node, priority(pod))):
            return TERMINATING
        return ""

    def clear(self, pod: Obj, nodes: list[Obj], rules: Rules) -> str:
        """Have the victims on the best of these nodes go; its name, or empty if there are none that would help."""
        found = [one for node in nodes if (one := self._choose(pod, node, rules)) is not None]
        if not found:
            return ""
        best = min(found)
        for victim in best.victims:
            self._evict(pod, victim, best.node)
        return best.node

    # -- choosing ----------------------------------------------------------------------------------------------------

    def _below(self, node: str, rank: int) -> "list[Obj]":
        keys = self._pods.below(node, rank)
        return [p for key in keys if (p := self._life.get("pods", *key)) is not None]

    def _choose(self, pod: Obj, node: Obj, rules: Rules) -> _Choice | None:
        lower = [p for p in self._below(name_of(node), priority(pod)) if not deleting(p)]
        if not lower or rules(frozenset(map(key_of, lower))).refusal(node) is not None:
            return None
        guarded = self._guarded(lower)
        # The most important are spared first; those under a budget before all others.
        order = sorted(lower, key=lambda p: (key_of(p) not in guarded, -priority(p), _age(p)))
        gone = set(map(key_of, lower))
        for one in order:
            gone.discard(key_of(one))
            if rules(frozenset(gone)).refusal(node) is not None:
                gone.add(key_of(one))
        victims = [p for p in order if key_of(p) in gone]
        if not victims:
            return None
        ranks = [priority(p) for p in victims]
        earliest = min(_age(p) for p in victims if priority(p) == max(ranks))
        broken = len(gone & guarded)
        return _Choice(broken, max(ranks), sum(ranks), len(victims), -earliest, name_of(node), victims)

    def _guarded(self, pods: "list[Obj]") -> "set[Key]":
        """Those whose going would break a budget."""
        found: set[Key] = set()
        for budget in self._life.list("poddisruptionbudgets.policy"):
            left = int((budget.get("status") or {}).get("disruptionsAllowed", 0))
            for pod in pods:
                if pod["metadata"]["namespace"] == budget["metadata"]["namespace"] and matches(
                    budget["spec"].get("selector"), pod["metadata"].get("labels") or {}
                ):
                    left -= 1
                    if left < 0:
                        found.add(key_of(pod))
        return found

    def _evict(self, pod: Obj, victim: Obj, node: str) -> None:
        life, (namespace, name) = self._life, key_of(victim)
        conditions = [
            c for c in (victim.get("status") or {}).get("conditions") or () if c["type"] != "DisruptionTarget"
        ]
        conditions.append(
            {
                "type": "DisruptionTarget", "status": "True", "lastProbeTime": None, "lastTransitionTime": life.stamp(),
                "reason": "PreemptionByScheduler", "observedGeneration": victim["metadata"].get("generation", 1),
                "message": "default-scheduler: preempting to accommodate a higher priority pod",
            }
        )  # fmt: skip
        victim.setdefault("status", {})["conditions"] = conditions
        life.update_status("pods", victim)
        text = f"Preempted by pod {pod['metadata']['uid']} on node {node}"
        life.recorder.scheduling(victim, "Preempted", text, warning=False, action="Preempting")
        life.delete("pods", namespace, name)


def priority(pod: Obj) -> int:
    """A pod's priority."""
    return int(pod["spec"].get("priority") or 0)


def _age(pod: Obj) -> float:
    """When a pod began: later is younger."""
    stamp = (pod.get("status") or {}).get("startTime") or pod["metadata"]["creationTimestamp"]
    return float(getattr(stamp, "at", 0.0))


def _add(load: Load, key: Key, cpu: float, memory: float) -> None:
    load.pods[key] = (cpu, memory)
    load.cpu += cpu
    load.memory += memory
