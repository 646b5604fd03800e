"""The taint eviction controller: pods leave a node that has a NoExecute taint which they do not tolerate."""

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.objects import Obj, deleting, name_of, pod_active, tolerates

_SOURCE = "taint-eviction-controller"


class Evictions:
    """One timer a pod and taint."""

    def __init__(self, life: Life, pods: Pods) -> None:
        self._life = life
        self._pods = pods
        life.watch("nodes", self._node)
        life.on("evict", self._evict)

    def _node(self, event: str, node: Obj) -> None:
        taints = [t for t in node["spec"].get("taints") or () if t["effect"] == "NoExecute"]
        if event == "DELETED" or not taints:
            return
        for key in self._pods.on_node(name_of(node)):
            pod = self._life.get("pods", *key)
            if pod is None or deleting(pod) or not pod_active(pod):
                continue
            for taint in taints:
                patience = _patience(pod, taint)
                if patience is not None:
                    data = {"ns": key[0], "n": key[1], "uid": pod["metadata"]["uid"], "taint": taint["key"]}
                    self._life.after(patience, "evict", data, awaited=False)

    def _evict(self, data: Obj) -> None:
        life = self._life
        pod = life.get("pods", data["ns"], data["n"])
        if pod is None or pod["metadata"]["uid"] != data["uid"] or deleting(pod):
            return
        node = life.get("nodes", None, pod["spec"]["nodeName"])
        if node is None or not any(
            t["key"] == data["taint"] and t["effect"] == "NoExecute" for t in node["spec"].get("taints") or ()
        ):
            return
        text = f"Marking for deletion Pod {data['ns']}/{data['n']}"
        life.recorder.event(pod, "Pod", "TaintManagerEviction", text, source=_SOURCE)
        life.delete("pods", data["ns"], data["n"])


def _patience(pod: Obj, taint: Obj) -> float | None:
    """Seconds until the pod has to go; None: it may stay."""
    tolerated = [t for t in pod["spec"].get("tolerations") or () if tolerates([t], taint)]
    if not tolerated:
        return 0.0
    limits = [t["tolerationSeconds"] for t in tolerated if t.get("tolerationSeconds") is not None]
    return float(min(limits)) if limits else None
