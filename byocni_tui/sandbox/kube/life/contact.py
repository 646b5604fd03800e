"""Whether a node is heard from: its kubelet reaches the API server, and its machine runs. What the control plane makes
of silence: the node's state is unknown, and a node without a machine is taken away."""

from byocni_tui.sandbox.kube.life.azure import Azure
from byocni_tui.sandbox.kube.life.cni import NodeNetwork
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.kubelet import NOT_INITIALIZED, Kubelet
from byocni_tui.sandbox.kube.life.objects import Obj

GRACE = 40.0  # seconds without a sign of life until a node counts as lost
_MONITOR = 5.0  # seconds between the looks of the node life cycle controllers
_SHUTDOWN = "node.cloudprovider.kubernetes.io/shutdown"
_CLOUD = "cloud-node-lifecycle-controller"


class Contact:
    """The node life cycle controller's ear, and the cloud's."""

    def __init__(self, life: Life, pods: Pods, kubelet: Kubelet, network: NodeNetwork) -> None:
        self._life = life
        self._pods = pods
        self._kubelet = kubelet
        self._network = network
        self._azure = Azure(life)
        kubelet.off = lambda node: bool(self._azure.power(node))
        kubelet.silent = lambda node: node in self.lost
        life.on("node.lost", self._gone_silent)
        life.on("node.machineless", self._forget)

    @property
    def lost(self) -> "dict[str, float]":
        """Nodes whose kubelet does not reach the API server, and since when."""
        lost: dict[str, float] = self._life.state["lost"]
        return lost

    def heard(self, name: str, *, awaited: bool = False) -> bool:
        """Whether the kubelet reaches the API server now; what follows when that changes."""
        life = self._life
        if self._azure.home(name):
            if self.lost.pop(name, None) is not None:
                self._back(name)
            return True
        if name not in self.lost:
            self.lost[name] = life.now()
            life.after(GRACE, "node.lost", {"node": name, "since": life.now()}, awaited=awaited)
        return False

    def stopped(self, name: str) -> None:
        """The machine was switched off, or is no more."""
        if self._life.get("nodes", None, name) is not None:
            self.heard(name, awaited=True)
            if self._unknown(name):  # it was off already, and now it is no more
                self._ask_the_cloud(name)

    def started(self, name: str, *, wiped: bool) -> None:
        """The machine booted; ``wiped``: with a fresh disk."""
        life, node = self._life, self._life.get("nodes", None, name)
        if node is None:
            return
        boot = f"{life.rng('boot/' + name).getrandbits(128):032x}"
        boot = "-".join((boot[:8], boot[8:12], boot[12:16], boot[16:20], boot[20:]))
        node["status"]["nodeInfo"]["bootID"] = boot
        life.update_status("nodes", node)
        life.recorder.event(node, "Node", "Starting", "Starting kubelet.", source="kubelet", host=name)
        text = f"Node {name} has been rebooted, boot id: {boot}"
        life.recorder.event(node, "Node", "Rebooted", text, source="kubelet", host=name, warning=True)
        if wiped:
            life.state["nodes"].get(name, {}).pop("images", None)
            self._network.remove(name, set(self._network.files(name)))
        self._kubelet.boot(name, self._pods.on_node(name))
        self._taint(name, shut=False)
        self.heard(name)

    # -- silence -----------------------------------------------------------------------------------------------------

    def _unknown(self, name: str) -> bool:
        node = self._life.get("nodes", None, name)
        conditions = (node or {}).get("status", {}).get("conditions") or ()
        return any(c["type"] == "Ready" and c["status"] == "Unknown" for c in conditions)

    def _gone_silent(self, data: Obj) -> None:
        """The node life cycle controller has waited long enough."""
        life, name = self._life, data["node"]
        node = life.get("nodes", None, name)
        if node is None or self.lost.get(name) != data["since"]:
            return
        now = life.stamp()
        for c in node["status"]["conditions"]:
            if c["type"] in ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure"):
                c.update(
                    status="Unknown", reason="NodeStatusUnknown", lastTransitionTime=now,
                    message="Kubelet stopped posting node status.",
                )  # fmt: skip
        life.update_status("nodes", node)
        life.recorder.event(
            node, "Node", "NodeNotReady", f"Node {name} status is now: NodeNotReady", source="node-controller"
        )
        self._retaint(name)
        self._unready(name)
        if self._azure.power(name):
            self._ask_the_cloud(name)

    def _unready(self, name: str) -> None:
        """Pods of a node that is not heard from are taken out of service; their kubelet can't say so itself."""
        life = self._life
        for key in self._pods.on_node(name):
            pod = life.get("pods", *key)
            ready = [c for c in (pod or {}).get("status", {}).get("conditions") or () if c["type"] == "Ready"]
            if pod is not None and ready and ready[0]["status"] == "True":
                ready[0].update(status="False", lastTransitionTime=life.stamp())
                life.update_status("pods", pod)
                text = "Node is not ready"
                life.recorder.event(pod, "Pod", "NodeNotReady", text, source="node-controller", warning=True)

    def _ask_the_cloud(self, name: str) -> None:
        """The cloud says whether the machine of a silent node is shut down or gone."""
        power = self._azure.power(name)
        if power == "gone":
            self._life.after(_MONITOR, "node.machineless", {"node": name}, awaited=True)
        elif power in ("stopped", "deallocated"):
            self._taint(name, shut=True)

    def _forget(self, data: Obj) -> None:
        life, name = self._life, data["node"]
        node = life.get("nodes", None, name)
        if node is None or self._azure.power(name) != "gone":
            return
        text = f"Deleting node {name} because it does not exist in the cloud provider"
        life.recorder.event(node, "Node", "DeletingNode", text, source=_CLOUD)
        life.delete("nodes", None, name)
        self.lost.pop(name, None)

    def _taint(self, name: str, *, shut: bool) -> None:
        node = self._life.get("nodes", None, name)
        if node is None:
            return
        taints = node["spec"].get("taints") or []
        rest = [t for t in taints if t["key"] != _SHUTDOWN]
        if shut == (len(rest) < len(taints)):
            return
        if shut:
            rest.append({"key": _SHUTDOWN, "effect": "NoSchedule"})
        set_taints(node, rest)
        self._life.update("nodes", node)

    def _back(self, name: str) -> None:
        """The kubelet posts its status again."""
        node = self._life.get("nodes", None, name)
        if node is None:
            return
        now, kinds = self._life.stamp(), {"Memory": "Memory", "Disk": "Disk", "PID": "PID"}
        for c in node["status"]["conditions"]:
            if c["status"] != "Unknown":
                continue
            what = kinds.get(c["type"].removesuffix("Pressure"))
            if what is not None:
                why = {"Memory": "sufficient memory available", "Disk": "no disk pressure",
                       "PID": "sufficient PID available"}[what]  # fmt: skip
                reason = "KubeletHasNoDiskPressure" if what == "Disk" else f"KubeletHasSufficient{what}"
                c.update(status="False", reason=reason, message=f"kubelet has {why}", lastTransitionTime=now)
            else:
                c.update(
                    status="False", reason="KubeletNotReady", message=NOT_INITIALIZED, lastTransitionTime=now
                )
        self._life.update_status("nodes", node)
        self._life.after(0.0, "node.ready", {"node": name}, awaited=True)
        for key in self._pods.on_node(name):  # what happened to them meanwhile, here and there
            self._life.enqueue("kubelet", *key)
        self._retaint(name)

    def _retaint(self, name: str) -> None:
        retaint(self._life, name)


def retaint(life: Life, name: str) -> None:
    """The taints of a node are looked at a little later."""
    delay = life.world.rng(f"{life.id}/untaint/{name}").uniform(0.2, _MONITOR)
    life.after(delay, "node.untaint", {"node": name}, awaited=True)


def set_taints(node: Obj, taints: list[Obj]) -> None:
    """Put taints on a node object; none is no field."""
    if taints:
        node["spec"]["taints"] = taints
    else:
        node["spec"].pop("taints", None)
