"""PodDisruptionBudgets: how many pods may go."""

from byocni_tui.sandbox.kube.life.engine import Key, Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.objects import (
    Obj,
    controller_of,
    deleting,
    int_or_percent,
    key_of,
    matches,
    name_of,
    pod_active,
    pod_ready,
)

_RESOURCE = "poddisruptionbudgets.policy"
_REMEMBERED = 120.0  # seconds an eviction counts before its pod is seen to go


class Disruption:
    """Counts the healthy."""

    name = "disruption"

    def __init__(self, life: Life, pods: Pods) -> None:
        self._life = life
        self._pods = pods
        self._selectors: dict[str, dict[Key, Obj | None]] = {}
        life.add(self)
        life.watch(_RESOURCE, self._budget)
        life.watch("pods", self._pod)

    def _pod(self, _event: str, pod: Obj) -> None:
        labels = pod["metadata"].get("labels") or {}
        for key, selector in self._selectors.get(pod["metadata"]["namespace"], {}).items():
            if matches(selector, labels):
                self._life.enqueue(self.name, *key)

    def _budget(self, event: str, budget: Obj) -> None:
        key = key_of(budget)
        space = self._selectors.setdefault(key[0], {})
        if event == "DELETED":
            space.pop(key, None)
        else:
            space[key] = budget["spec"].get("selector")
        self._life.enqueue(self.name, *key)

    def reconcile(self, namespace: str, name: str) -> None:
        """One budget."""
        life = self._life
        budget = life.get(_RESOURCE, namespace, name)
        if budget is None or deleting(budget):
            return
        spec = budget["spec"]
        pods = [p for p in self._pods.chosen(namespace, spec.get("selector")) if pod_active(p)]
        expected = self._expected(pods, namespace)
        if "maxUnavailable" in spec:
            desired = expected - int_or_percent(spec["maxUnavailable"], expected, up=True)
        else:
            wanted = spec.get("minAvailable", 1)
            desired = int_or_percent(wanted, expected, up=True)
            if not isinstance(wanted, str):
                expected = len(pods)
        old = budget.get("status") or {}
        disrupted = {
            n: t
            for n, t in (old.get("disruptedPods") or {}).items()
            if any(name_of(p) == n for p in pods) and life.age_of(t) < _REMEMBERED
        }
        healthy = sum(1 for p in pods if pod_ready(p) and name_of(p) not in disrupted)
        desired = max(0, desired)
        allowed = max(0, healthy - desired) if expected else 0
        status: Obj = {
            "currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed,
            "expectedPods": expected, "observedGeneration": budget["metadata"].get("generation", 1),
        }  # fmt: skip
        if disrupted:
            status["disruptedPods"] = disrupted
        value, reason = ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
        before = next((c for c in old.get("conditions") or () if c["type"] == "DisruptionAllowed"), None)
        same = before is not None and before["status"] == value
        status["conditions"] = [
            {
                "type": "DisruptionAllowed", "status": value, "reason": reason, "message": "",
                "lastTransitionTime": before.get("lastTransitionTime") if same and before else life.stamp(),
                "observedGeneration": status["observedGeneration"],
            }
        ]  # fmt: skip
        if old != status:
            life.update_status(_RESOURCE, {**budget, "status": status})

    def _expected(self, pods: list[Obj], namespace: str) -> int:
        """What the controllers of these pods ask for."""
        total, seen = 0, set()
        for pod in pods:
            ref = controller_of(pod)
            if ref is None or ref["uid"] in seen:
                continue
            seen.add(ref["uid"])
            resource = {"ReplicaSet": "replicasets.apps", "StatefulSet": "statefulsets.apps"}.get(ref["kind"])
            owner = self._life.get(resource, namespace, ref["name"]) if resource else None
            if owner is not None:
                total += int(owner["spec"].get("replicas", 1))
        return total or len(pods)
