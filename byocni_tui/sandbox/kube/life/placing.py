"""Where a pod may go: the scheduler's filters, each with the sentence that the real one gives."""

from collections.abc import Callable, Iterator
from typing import Any

from byocni_tui.sandbox.kube.life.index import Load, host_ports
from byocni_tui.sandbox.kube.life.objects import Obj, matches, quantity, requests, requirement, tolerates

UNRESOLVABLE = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"


def node_matches(spec: Obj, node: Obj) -> bool:
    """nodeSelector and required node affinity."""
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(k) != v for k, v in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    if not affinity:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    for term in affinity.get("nodeSelectorTerms") or ():
        expressions, wanted = term.get("matchExpressions") or (), term.get("matchFields") or ()
        if (expressions or wanted) and all(
            requirement(labels, e["key"], e["operator"], e.get("values") or []) for e in expressions
        ) and all(requirement(fields, e["key"], e["operator"], e.get("values") or []) for e in wanted):  # fmt: skip
            return True
    return False


class Filter:
    """The filters for one pod; ``others`` gives the pods that count for affinity between pods, with their nodes."""

    def __init__(
        self, pod: Obj, loads: Callable[[str], Load], others: Callable[[list[Obj]], list[Obj]], nodes: dict[str, Obj],
        *, long_taints: bool,
    ) -> None:  # fmt: skip
        self._spec = pod["spec"]
        self._pod = pod
        self._wants = requests(self._spec)
        self._ports = host_ports(self._spec)
        self._loads = loads
        self._nodes = nodes
        self._long_taints = long_taints
        affinity = self._spec.get("affinity") or {}
        self._near = (affinity.get("podAffinity") or {}).get(
            "requiredDuringSchedulingIgnoredDuringExecution"
        ) or ()
        self._far = (affinity.get("podAntiAffinity") or {}).get(
            "requiredDuringSchedulingIgnoredDuringExecution"
        ) or ()
        self._spread = [
            c
            for c in self._spec.get("topologySpreadConstraints") or ()
            if c.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"
        ]
        terms = [*self._near, *self._far, *self._spread]
        self._others: list[Obj] = others(terms) if terms else []

    def refusal(self, node: Obj) -> tuple[list[str], bool] | None:
        """Why not this node, and whether evicting others could help; None if it may go there."""
        spec = self._spec
        tolerations = spec.get("tolerations") or []
        if node["spec"].get("unschedulable") and not tolerates(
            tolerations, {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
        ):
            return ["node(s) were unschedulable"], False
        for taint in node["spec"].get("taints") or ():
            if taint["effect"] in ("NoSchedule", "NoExecute") and not tolerates(tolerations, taint):
                if self._long_taints:
                    return [
                        f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value') or ''}}}"
                    ], False
                return ["node(s) had untolerated taint(s)"], False
        if not node_matches(spec, node):
            return ["node(s) didn't match Pod's node affinity/selector"], False
        load = self._loads(node["metadata"]["name"])
        if any(port in load.host_ports for port in self._ports):
            return ["node(s) didn't have free ports for the requested pod ports"], True
        return self._room(node, load) or self._neighbours(node)

    def _room(self, node: Obj, load: Load) -> tuple[list[str], bool] | None:
        free = node["status"]["allocatable"]
        lacking, ever = [], True
        if len(load.pods) + 1 > quantity(free.get("pods", "110")):
            lacking.append("Too many pods")
        for what, used in (("cpu", load.cpu), ("memory", load.memory)):
            want, total = self._wants.get(what, 0.0), quantity(free.get(what, "0"))
            if want and used + want > total + 1e-9:
                lacking.append(f"Insufficient {what}")
                ever = ever and want <= total
        for what, want in self._wants.items():
            if what not in ("cpu", "memory", "ephemeral-storage") and want > quantity(free.get(what, "0")):
                lacking.append(f"Insufficient {what}")
                ever = False
        return (lacking, ever) if lacking else None

    def _neighbours(self, node: Obj) -> tuple[list[str], bool] | None:
        for rule in self._spread:
            if not self._spreads(rule, node):
                return ["node(s) didn't match pod topology spread constraints"], True
        for term in self._near:
            here = list(self._sharing(term, node))
            alone = not any(self._selected(term, p) for p in self._others)
            if not here and not (alone and self._selected(term, self._pod)):
                return ["node(s) didn't match pod affinity rules"], False
        for term in self._far:
            if next(self._sharing(term, node), None) is not None:
                return ["node(s) didn't match pod anti-affinity rules"], True
        return None

    def _selected(self, term: Obj, pod: Obj) -> bool:
        spaces = term.get("namespaces") or [self._pod["metadata"]["namespace"]]
        return pod["metadata"]["namespace"] in spaces and matches(
            term.get("labelSelector"), pod["metadata"].get("labels") or {}
        )

    def _sharing(self, term: Obj, node: Obj) -> Iterator[Obj]:
        key = term["topologyKey"]
        place = (node["metadata"].get("labels") or {}).get(key)
        for pod in self._others:
            other = self._nodes.get(pod["spec"].get("nodeName", ""))
            if other is None or place is None or (other["metadata"].get("labels") or {}).get(key) != place:
                continue
            if self._selected(term, pod):
                yield pod

    def _spreads(self, rule: Obj, node: Obj) -> bool:
        key = rule["topologyKey"]
        counts: dict[Any, int] = {}
        for other in self._nodes.values():
            place = (other["metadata"].get("labels") or {}).get(key)
            if place is not None and node_matches(self._spec, other):
                counts.setdefault(place, 0)
        for pod in self._others:
            other = self._nodes.get(pod["spec"].get("nodeName", ""), {})
            place = ((other.get("metadata") or {}).get("labels") or {}).get(key)
            if place in counts and pod["metadata"]["namespace"] == self._pod["metadata"]["namespace"]:
                counts[place] += matches(rule.get("labelSelector"), pod["metadata"].get("labels") or {})
        here = (node["metadata"].get("labels") or {}).get(key)
        return here in counts and counts[here] + 1 - min(counts.values()) <= int(rule.get("maxSkew", 1))
