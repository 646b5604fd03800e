"""The cluster autoscaler: a machine more when a pod finds no room and its pool may grow; and one that a scenario sends.

A pool grows only where ``enableAutoScaling`` says so, up to ``maxCount``, and only while the cluster is healthy: with
more than 45 % of its nodes (and more than three) not Ready the autoscaler stands still (its own defaults), so before a
CNI is there nothing is added.
"""

from typing import Any

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.index import Load
from byocni_tui.sandbox.kube.life.objects import Obj, clone, condition, condition_true, name_of
from byocni_tui.sandbox.kube.life.placing import Filter
from byocni_tui.sandbox.kube.life.scheduler import Scheduler

_SCAN = 10.0  # seconds between the autoscaler's looks
_BOOT = 75.0
_UNREADY_SHARE, _UNREADY_COUNT = 0.45, 3
_SOURCE = "cluster-autoscaler"
_POOL = "kubernetes.azure.com/agentpool"
_STARTUP = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


class Autoscaler:
    """One look a scan, however many pods wait."""

    def __init__(self, life: Life, scheduler: Scheduler) -> None:
        self._life = life
        self._nodes = scheduler.nodes
        self._scheduler = scheduler
        life.watch("pods", self._pod)
        life.watch("nodes", self._node)
        life.on("autoscale.scan", self._scan)
        life.on("autoscale.join", self._join)

    @property
    def _azure(self) -> Any:
        """The operations on clusters of this world's Azure; None without one."""
        arm: Any = getattr(self._life.world, "parts", {}).get("arm")
        handler = arm.handler("Microsoft.ContainerService/managedClusters") if arm is not None else None
        return getattr(handler, "life", None)

    def _pools(self) -> "list[Obj]":
        arm: Any = getattr(self._life.world, "parts", {}).get("arm")
        record = arm.get(self._life.id) if arm is not None else None
        pools: list[Obj] = record["body"]["properties"]["agentPoolProfiles"] if record is not None else []
        return pools

    # -- pods that wait ----------------------------------------------------------------------------------------------

    def _pod(self, event: str, pod: Obj) -> None:
        if event == "DELETED" or pod["spec"].get("nodeName"):
            return
        placed = condition(pod, "PodScheduled")
        state = self._life.state["autoscaler"]
        if placed is None or placed.get("reason") != "Unschedulable" or state.get("armed"):
            return
        if any(p.get("enableAutoScaling") for p in self._pools()):
            state["armed"] = True
            self._life.after(_SCAN, "autoscale.scan", {}, awaited=True)

    def _scan(self, _data: Obj) -> None:
        life, state = self._life, self._life.state["autoscaler"]
        state["armed"] = False
        unready = sum(not condition_true(n, "Ready") for n in self._nodes.values())
        if unready > _UNREADY_COUNT and unready > _UNREADY_SHARE * len(self._nodes):
            return
        waiting = [p for key in self._scheduler.waiting if (p := life.get("pods", *key))]
        if unready or state.get("coming"):  # a machine that is on its way may already be what they wait for
            return
        for pod in waiting:
            if (condition(pod, "PodScheduled") or {}).get("reason") != "Unschedulable":
                continue
            if pod["status"].get("nominatedNodeName"):  # room is being made for it
                continue
            for pool in self._pools():
                if pool.get("enableAutoScaling") and self._helps(pool["name"], pod):
                    self._grow(pool, pod)
                    return

    def _helps(self, pool: str, pod: Obj) -> bool:
        """Whether the pod would fit on a fresh node of the pool."""
        for node in self._nodes.values():
            if (node["metadata"].get("labels") or {}).get(_POOL) != pool:
                continue
            fresh = clone(node)
            fresh["metadata"]["name"] += "-fresh"
            fresh["spec"].pop("unschedulable", None)
            fresh["spec"]["taints"] = [
                t for t in fresh["spec"].get("taints") or () if t["key"] not in _STARTUP
            ]
            rules = Filter(
                pod, lambda _n: Load(), lambda _terms: [], {name_of(fresh): fresh}, long_taints=True
            )
            return rules.refusal(fresh) is None
        return False

    def _grow(self, pool: Obj, pod: Obj) -> None:
        life = self._life
        group = self._azure.scale_set(life.id, pool["name"])
        count, most = int(pool["count"]), int(pool.get("maxCount") or pool["count"])
        if count >= most:
            text = "pod didn't trigger scale-up: 1 max node group size reached"
            life.recorder.event(pod, "Pod", "NotTriggerScaleUp", text, source=_SOURCE)
            return
        text = f"pod triggered scale-up: [{{{group} {count}->{count + 1} (max: {most})}}]"
        life.recorder.event(pod, "Pod", "TriggeredScaleUp", text, source=_SOURCE)
        self._send(pool["name"], _BOOT)

    # -- a machine that a scenario sends -----------------------------------------------------------------------------

    def _node(self, event: str, node: Obj) -> None:
        if event == "DELETED" or not condition_true(node, "Ready") or self._azure is None:
            return
        if not self._life.faulty("autoscale", {}):
            return
        if self._life.state["autoscaler"].get("coming") or not all(
            condition_true(n, "Ready") for n in self._life.list("nodes")
        ):
            return
        what = self._life.fault("autoscale", {})
        if what is not None:
            pools = self._pools()
            self._send(str(what.get("pool") or pools[0]["name"]), float(what.get("seconds", _BOOT)))

    def _send(self, pool: str, seconds: float) -> None:
        self._life.state["autoscaler"]["coming"] = True
        self._life.after(seconds, "autoscale.join", {"pool": pool}, awaited=True)

    def _join(self, data: Obj) -> None:
        self._life.state["autoscaler"]["coming"] = False
        self._azure.grow(self._life.id, data["pool"])
