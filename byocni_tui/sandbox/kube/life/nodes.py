"""What a node says about itself: registration, heartbeats, Ready once a CNI configuration is there, and its taints."""

from byocni_tui.sandbox.kube.life.cni import NodeNetwork
from byocni_tui.sandbox.kube.life.contact import Contact, retaint, set_taints
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.herd import LARGE
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.kubelet import NOT_INITIALIZED, Kubelet
from byocni_tui.sandbox.kube.life.objects import Obj, clone, condition, name_of
from byocni_tui.sandbox.kube.stamp import Stamp

_BEAT = 10.0  # seconds between a kubelet's lease renewals
_AT_A_TIME = 100  # leases renewed in one beat; with more nodes each waits its turn
_REPORT = 300.0  # seconds after which a kubelet reports an unchanged status
_LEASES = "leases.coordination.k8s.io"
_NOT_READY = "node.kubernetes.io/not-ready"
_UNREACHABLE = "node.kubernetes.io/unreachable"
_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


class Nodes:
    """The node's own voice (kubelet) and the node life cycle controller."""

    name = "node"

    def __init__(
        self, life: Life, pods: Pods, kubelet: Kubelet, network: NodeNetwork, contact: Contact
    ) -> None:
        self._life = life
        self._pods = pods
        self._kubelet = kubelet
        self._network = network
        self._cordoned: dict[str, bool] = {}
        self._turn = 0
        self._contact = contact
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
            for key in self._pods.on_node(name):
                life.enqueue("kubelet", *key)
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
            left = life.fault("leftover", {"node": name})
            if left is not None:
                self._network.leave(name, left)
        self._cordon(node)

    def _register(self, node: Obj) -> None:
        life, name = self._life, name_of(node)
        if life.store.count("nodes") < LARGE:
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
            set_taints(node, rest)
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
        if node is None or data["node"] in self._contact.lost:
            return
        if not self._network.configured(data["node"]):
            self._unconfigured(node)
            return
        fault = life.fault("node-ready", {"node": data["node"]})
        if fault is not None:
            if fault.get("retry"):
                life.after(float(fault["retry"]), "node.ready", data, awaited=True)
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
            retaint(life, data["node"])
        self._kubelet.wake(data["node"])

    def _unconfigured(self, node: Obj) -> None:
        """The last configuration is gone: the runtime's network is not ready any more."""
        life, name, now = self._life, name_of(node), self._life.stamp()
        ready = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
        if ready["status"] == "False":
            return
        ready.update(
            status="False", reason="KubeletNotReady", message=NOT_INITIALIZED, lastHeartbeatTime=now,
            lastTransitionTime=now,
        )  # fmt: skip
        life.update_status("nodes", node)
        self._tell(node, "NodeNotReady", f"Node {name} status is now: NodeNotReady")
        retaint(life, name)

    def _untaint(self, data: Obj) -> None:
        """The taints that follow from Ready, as the node life cycle controller sets and removes them."""
        life = self._life
        node = life.get("nodes", None, data["node"])
        if node is None:
            return
        ready = condition(node, "Ready") or {"status": "Unknown"}
        key = {"True": "", "False": _NOT_READY}.get(ready["status"], _UNREACHABLE)
        taints = node["spec"].get("taints") or []
        rest = [t for t in taints if t["key"] not in (_NOT_READY, _UNREACHABLE) or t["key"] == key]
        have = {t["effect"] for t in rest if t["key"] == key}
        seen = life.state["nodes"].get(data["node"], {}).get("was_ready", ready["status"] == "True")
        missing = [e for e in ("NoSchedule", "NoExecute") if key and seen and e not in have]
        rest += [{"key": key, "effect": e, "timeAdded": life.stamp()} for e in missing]
        if rest != taints:
            set_taints(node, rest)
            life.update("nodes", node)
        if ready["status"] == "True":
            life.state["nodes"].setdefault(data["node"], {})["was_ready"] = True

    # -- heartbeats --------------------------------------------------------------------------------------------------

    def _beat(self, _data: Obj) -> None:
        life = self._life
        life.after(_BEAT, "beat", {}, awaited=False)
        life.drain()
        names = [e.name for e in life.store.entries("nodes")]
        changed = life.world.changed
        for name in (names[self._turn :] + names[: self._turn])[:_AT_A_TIME]:
            self._turn = (self._turn + 1) % len(names)
            if not self._contact.heard(name):
                continue
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
