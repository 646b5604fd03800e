"""ReplicaSet: as many pods as were asked for, and which of them go first."""

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.objects import (
    Obj,
    controller_of,
    deleting,
    key_of,
    matches,
    name_of,
    owner_reference,
    pod_active,
    pod_ready,
    template_pod,
)

RESOURCE = "replicasets.apps"
_MANY = 50  # pods
_SOURCE = "replicaset-controller"


class ReplicaSets:
    """Creates and deletes pods, counts them."""

    name = "replicaset"

    def __init__(self, life: Life, pods: Pods) -> None:
        self._life = life
        self._pods = pods
        self._soon: set[tuple[str, str]] = set()
        life.add(self)
        life.watch(RESOURCE, lambda _event, rs: life.enqueue(self.name, *key_of(rs)))
        life.watch("pods", self._pod)

    def _pod(self, event: str, pod: Obj) -> None:
        ref = controller_of(pod)
        if ref is not None and ref["kind"] == "ReplicaSet":
            self._later(pod["metadata"]["namespace"], ref["name"], ref["uid"])
        elif ref is None and event != "DELETED" and pod["metadata"].get("labels"):
            for rs in self._life.list(RESOURCE, pod["metadata"]["namespace"]):
                if matches(rs["spec"]["selector"], pod["metadata"]["labels"]):
                    self._life.enqueue(self.name, *key_of(rs))

    def _later(self, namespace: str, name: str, uid: str) -> None:
        """A set of many pods waits a moment for more news before it counts them again."""
        if self._pods.count(uid) < _MANY:
            self._life.enqueue(self.name, namespace, name)
        elif (namespace, name) not in self._soon:
            self._soon.add((namespace, name))
            self._life.enqueue_later(0.5, self.name, namespace, name, awaited=True)

    def reconcile(self, namespace: str, name: str) -> None:
        """One ReplicaSet."""
        life = self._life
        self._soon.discard((namespace, name))
        rs = life.get(RESOURCE, namespace, name)
        if rs is None:
            return
        if not deleting(rs):
            adopt(life, self._pods, rs, "ReplicaSet")
            self._scale(rs, [p for p in self._pods.owned(rs["metadata"]["uid"]) if pod_active(p)])
        owned = self._pods.owned(rs["metadata"]["uid"])
        self._status(rs, [p for p in owned if pod_active(p)], sum(1 for p in owned if deleting(p)))

    def _scale(self, rs: Obj, active: list[Obj]) -> None:
        life, m = self._life, rs["metadata"]
        missing = int(rs["spec"].get("replicas", 1)) - len(active)
        for _ in range(missing):
            pod = template_pod(
                rs["spec"]["template"], namespace=m["namespace"], name=f"{m['name']}-{life.suffix(m['name'])}",
                owner=owner_reference(rs, "apps/v1", "ReplicaSet"), labels={},
            )  # fmt: skip
            made, why = life.try_create("pods", pod)
            if made is None:
                text = f"Error creating: {why}"
                life.recorder.event(rs, "ReplicaSet", "FailedCreate", text, source=_SOURCE, warning=True)
                life.enqueue_later(10.0, self.name, *key_of(rs), awaited=False)
                break
            life.recorder.event(
                rs, "ReplicaSet", "SuccessfulCreate", f"Created pod: {name_of(made)}", source=_SOURCE
            )
        for pod in sorted(active, key=_worth)[: max(0, -missing)]:
            life.delete("pods", m["namespace"], name_of(pod))
            life.recorder.event(
                rs, "ReplicaSet", "SuccessfulDelete", f"Deleted pod: {name_of(pod)}", source=_SOURCE
            )

    def _status(self, rs: Obj, active: list[Obj], terminating: int) -> None:
        ready = sum(1 for p in active if pod_ready(p))
        available = sum(
            1 for p in active if pod_available(self._life, p, int(rs["spec"].get("minReadySeconds", 0)))
        )
        status: Obj = {"replicas": len(active)}
        if active:
            status["fullyLabeledReplicas"] = len(active)
        if ready:
            status["readyReplicas"] = ready
        if available:
            status["availableReplicas"] = available
        status["terminatingReplicas"] = terminating
        status["observedGeneration"] = rs["metadata"].get("generation", 1)
        if ready > available:
            self._life.enqueue_later(1.0, self.name, *key_of(rs), awaited=True)
        if rs.get("status") != status:
            self._life.update_status(RESOURCE, {**rs, "status": status})


def adopt(life: Life, pods: Pods, owner: Obj, kind: str) -> None:
    """Take in matching pods that nobody controls."""
    for namespace, name in pods.orphans(owner["metadata"]["namespace"]):
        pod = life.get("pods", namespace, name)
        if pod is None or not pod_active(pod):
            continue
        if matches(owner["spec"]["selector"], pod["metadata"].get("labels") or {}):
            pod["metadata"].setdefault("ownerReferences", []).append(owner_reference(owner, "apps/v1", kind))
            life.update("pods", pod)


def pod_available(life: Life, pod: Obj, min_ready: int) -> bool:
    """Ready for at least ``min_ready`` seconds."""
    if not pod_ready(pod):
        return False
    if not min_ready:
        return True
    since = next(c.get("lastTransitionTime") for c in pod["status"]["conditions"] if c["type"] == "Ready")
    return life.age_of(since) >= min_ready


def _worth(pod: Obj) -> tuple[bool, bool, bool, float, str]:
    """Pods that are worth least come first: not bound, not running, not ready, youngest."""
    status = pod.get("status") or {}
    return (
        bool(pod["spec"].get("nodeName")),
        status.get("phase") == "Running",
        pod_ready(pod),
        -created(pod),
        name_of(pod),
    )


def created(obj: Obj) -> float:
    """Virtual seconds of the creation."""
    return float(obj["metadata"]["creationTimestamp"].at)
