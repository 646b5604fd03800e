"""AKS' node auto-repair, where a scenario turns it on (``auto_repair: true``, or a fault of the event ``auto-repair``).

A node that has not been Ready for five minutes is rebooted, then reimaged, then redeployed; the events are those of
Microsoft's documentation.
"""

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.objects import Obj, condition_true, name_of

_PATIENCE = 300.0
_TAKES = {"Reboot": 90.0, "Reimage": 240.0, "Redeploy": 300.0}
_NEXT = {"Reboot": "Reimage", "Reimage": "Redeploy", "Redeploy": "Reboot"}
_ROUNDS = 9  # three times each
_SOURCE = "aks-auto-repair"


class AutoRepair:
    """One timer a node that is not Ready."""

    def __init__(self, life: Life) -> None:
        self._life = life
        life.watch("nodes", self._node)
        life.on("repair.start", self._start)
        life.on("repair.end", self._end)

    def _wanted(self) -> bool:
        scenario = getattr(self._life.world, "scenario", None)
        return getattr(scenario, "auto_repair", False) or self._life.faulty("auto-repair", {}) is not None

    def _node(self, event: str, node: Obj) -> None:
        if event == "ADDED" and not condition_true(node, "Ready") and self._wanted():
            data = {"node": name_of(node), "uid": node["metadata"]["uid"], "what": "Reboot", "round": 1}
            self._life.after(_PATIENCE, "repair.start", data, awaited=False)

    def _patient(self, data: Obj) -> Obj | None:
        """The node, if it is still the same one and not Ready."""
        node = self._life.get("nodes", None, data["node"])
        if node is None or node["metadata"]["uid"] != data["uid"] or condition_true(node, "Ready"):
            return None
        return node

    def _start(self, data: Obj) -> None:
        node, what = self._patient(data), data["what"]
        if node is None or not self._wanted():
            return
        text = (
            f"Node auto-repair is initiating a {what.lower()} action due to NotReady status persisting for more than "
            "five minutes."
        )
        self._life.recorder.event(node, "Node", f"Node{what}Start", text, source=_SOURCE)
        self._life.after(_TAKES[what], "repair.end", data, awaited=False)

    def _end(self, data: Obj) -> None:
        node, what = self._life.get("nodes", None, data["node"]), data["what"]
        if node is None or node["metadata"]["uid"] != data["uid"]:
            return
        life = self._life
        text = f"{what} action from node auto-repair is completed."
        life.recorder.event(node, "Node", f"Node{what}End", text, source=_SOURCE)
        boot = f"{life.world.rng(f'boot/{data}').getrandbits(128):032x}"
        boot = "-".join((boot[:8], boot[8:12], boot[12:16], boot[16:20], boot[20:]))
        node["status"]["nodeInfo"]["bootID"] = boot
        life.update_status("nodes", node)
        host = name_of(node)
        text = f"Node {host} has been rebooted, boot id: {boot}"
        life.recorder.event(node, "Node", "Rebooted", text, source="kubelet", host=host, warning=True)
        if self._patient(data) is not None and data["round"] < _ROUNDS:
            again = {**data, "what": _NEXT[what], "round": data["round"] + 1}
            life.after(_PATIENCE, "repair.start", again, awaited=False)
