"""What a node says about itself: registration, heartbeats, Ready once a CNI configuration is there, taints."""

from byocni_tui.sandbox.kube.life.cni import NodeNetwork
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.kubelet import Kubelet
from byocni_tui.sandbox.kube.life.objects import Obj, clone, name_of
from byocni_tui.sandbox.kube.stamp import Stamp

_BEAT = 10.0  # seconds between a kubelet's lease renewals
_AT_A_TIME = 100  # leases renewed in one beat; with more nodes each waits its turn
_REPORT = 300.0  # seconds after which a kubelet reports an unchanged status
_MONITOR = 5.0  # seconds between the looks of the node life cycle controller
_LEASES = "leases.coordination.k8s.io"
_NOT_READY = "node.kubernetes.io/not-ready"
_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


class Nodes:
    """The node's own voice (kubelet) and the node life cycle controller."""

    name = "node"

    def __init__(self, life: Life, kubelet: Kubelet, network: NodeNetwork) -> None:
        self._life = life
        self._kubelet = kubelet
        self._network = network
        self._cordoned: dict[str, bool] = {}
        self._turn = 0
        life.add(self)
        life.watch("nodes", self._node)
        life.on("node.ready", self._configured)
        life.on("node.untaint", self._untaint)
        life.on("beat", self._beat)
        life.after(_BEAT, "beat", {}, awaited=False)

    def _node(self, event: str, node: Obj) -> None:
        life, name = self._life, name_of(node)
        if event == "DELETED":
            life.state["nodes"].pop(name, None)
            life.state["addresses"].pop(name, None)
            self._cordoned.pop(name, None)
            life.delete(_LEASES, "kube-node-lease", name)
            for pod in life.store.list("pods", node=name):
                life.enqueue("kubelet", pod["metadata"]["namespace"], name_of(pod))
        else:
            life.enqueue(self.name, "", name)

    def reconcile(self, _namespace: str, name: str) -> None:
        """One node: what registration brings, and the taints that follow from it."""
        life = self._life
        node = life.get("nodes", None, name)
        if node is None:
            return
        disk = life.state["nodes"].setdefault(name, {})
        if "seen" not in disk:
            disk["seen"] = life.now()
            self._register(node)
        self._cordon(node)

    def _register(self, node: Obj) -> None:
        life, name = self._life, name_of(node)
        self._tell(node, "Starting", "Starting kubelet.")
        for what in ("NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"):
            self._tell(node, what, f"Node {name} status is now: {what}")
        life.recorder.event(
            node, "Node", "RegisteredNode", f"Node {name} event: Registered Node {name} in Controller",
            source="node-controller",
        )  # fmt: skip
        life.create(
            _LEASES,
            {
                "metadata": {
                    "name": name, "namespace": "kube-node-lease",
                    "ownerReferences": [
                        {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}
                    ],
                },
                "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": life.micro()},
            },
        )  # fmt: skip

    def _cordon(self, node: Obj) -> None:
        """The taint and the event that follow ``spec.unschedulable``."""
        life, name = self._life, name_of(node)
        wanted = bool(node["spec"].get("unschedulable"))
        taints = list(node["spec"].get("taints") or ())
        have = any(t["key"] == _UNSCHEDULABLE for t in taints)
        if wanted != have:
            rest = [t for t in taints if t["key"] != _UNSCHEDULABLE]
            if wanted:
                rest.append({"key": _UNSCHEDULABLE, "effect": "NoSchedule", "timeAdded": life.stamp()})
            _set_taints(node, rest)
            life.update("nodes", node)
        if self._cordoned.get(name, False) != wanted:
            what = "NodeNotSchedulable" if wanted else "NodeSchedulable"
            self._tell(node, what, f"Node {name} status is now: {what}")
        self._cordoned[name] = wanted

    # -- Ready -------------------------------------------------------------------------------------------------------

    def _configured(self, data: Obj) -> None:
        """The kubelet has seen the file."""
        life = self._life
        node = life.get("nodes", None, data["node"])
        if node is None or not self._network.configured(data["node"]):
            return
        flaps = life.fault("node-ready", {"node": data["node"]})
        if flaps is not None:
            return
        now = life.stamp()
        changed = False
        for c in node["status"]["conditions"]:
            c["lastHeartbeatTime"] = now
            if c["type"] == "Ready" and c["status"] != "True":
                c.update(
                    status="True", reason="KubeletReady", message="kubelet is posting ready status",
                    lastTransitionTime=now,
                )  # fmt: skip
                changed = True
        life.update_status("nodes", node)
        if changed:
            self._tell(node, "NodeReady", f"Node {data['node']} status is now: NodeReady")
            delay = life.world.rng(f"{life.id}/untaint/{data['node']}").uniform(0.2, _MONITOR)
            life.after(delay, "node.untaint", {"node": data["node"]}, awaited=True)
        self._kubelet.wake(data["node"])

    def _untaint(self, data: Obj) -> None:
        node = self._life.get("nodes", None, data["node"])
        if node is None:
            return
        taints = node["spec"].get("taints") or []
        rest = [t for t in taints if t["key"] != _NOT_READY]
        if len(rest) != len(taints):
            _set_taints(node, rest)
            self._life.update("nodes", node)

    # -- heartbeats --------------------------------------------------------------------------------------------------

    def _beat(self, _data: Obj) -> None:
        life = self._life
        life.after(_BEAT, "beat", {}, awaited=False)
        life.drain()
        names = [e.name for e in life.store.entries("nodes")]
        changed = life.world.changed
        for name in (names[self._turn :] + names[: self._turn])[:_AT_A_TIME]:
            self._turn = (self._turn + 1) % len(names)
            lease = life.get(_LEASES, "kube-node-lease", name)
            if lease is not None:
                lease["spec"]["renewTime"] = life.micro()
                life.update(_LEASES, lease)
            node = life.get("nodes", None, name)
            if node is None:
                continue
            last = node["status"]["conditions"][0]["lastHeartbeatTime"]
            if isinstance(last, Stamp) and life.now() - last.at >= _REPORT:
                new = clone(node)
                for c in new["status"]["conditions"]:
                    c["lastHeartbeatTime"] = life.stamp()
                life.update_status("nodes", new)
        life.world.changed = changed  # a heartbeat alone is not worth writing the state down

    def _tell(self, node: Obj, reason: str, message: str) -> None:
        self._life.recorder.event(node, "Node", reason, message, source="kubelet", host=name_of(node))


def _set_taints(node: Obj, taints: list[Obj]) -> None:
    if taints:
        node["spec"]["taints"] = taints
    else:
        node["spec"].pop("taints", None)
