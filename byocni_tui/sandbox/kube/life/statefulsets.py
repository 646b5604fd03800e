"""StatefulSet: numbered pods, one after the other."""

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.objects import (
    Obj,
    clone,
    controller_of,
    deleting,
    key_of,
    name_of,
    owner_reference,
    pod_active,
    pod_ready,
    safe_hash,
    template_pod,
)
from byocni_tui.sandbox.kube.life.replicasets import pod_available

RESOURCE = "statefulsets.apps"
_REVISIONS = "controllerrevisions.apps"
_SOURCE = "statefulset-controller"
_CODE = "controller-revision-hash"


class StatefulSets:
    """Pods by their number."""

    name = "statefulset"

    def __init__(self, life: Life, pods: Pods) -> None:
        self._life = life
        self._pods = pods
        life.add(self)
        life.watch(RESOURCE, lambda _event, s: life.enqueue(self.name, *key_of(s)))
        life.watch("pods", self._pod)

    def _pod(self, _event: str, pod: Obj) -> None:
        ref = controller_of(pod)
        if ref is not None and ref["kind"] == "StatefulSet":
            self._life.enqueue(self.name, pod["metadata"]["namespace"], ref["name"])

    def reconcile(self, namespace: str, name: str) -> None:
        """One StatefulSet."""
        life = self._life
        s = life.get(RESOURCE, namespace, name)
        if s is None or deleting(s):
            return
        code = f"{name}-{safe_hash(s['spec']['template'])}"
        self._revision(s, code)
        status = s.get("status") or {}
        if status.get("updateRevision") is None:
            s["status"] = {**status, "currentRevision": code, "updateRevision": code, "collisionCount": 0}
        pods = {name_of(p): p for p in self._pods.owned(s["metadata"]["uid"])}
        self._steer(s, code, pods)
        self._status(s, code)

    def _steer(self, s: Obj, code: str, pods: dict[str, Obj]) -> None:
        """At most one thing at a time, unless the set is Parallel."""
        life, spec, m = self._life, s["spec"], s["metadata"]
        want = int(spec.get("replicas", 1))
        parallel = spec.get("podManagementPolicy") == "Parallel"
        for number in range(want):
            pod = pods.get(f"{m['name']}-{number}")
            if pod is None:
                self._make(s, number, code)
                if not parallel:
                    return
            elif deleting(pod):
                if not parallel:
                    return
            elif pod["status"].get("phase") in ("Failed", "Succeeded"):
                life.delete("pods", m["namespace"], name_of(pod))
                return
            elif not pod_ready(pod) and not parallel:
                return
        surplus = sorted((p for p in pods.values() if _number(p) >= want), key=_number, reverse=True)
        for pod in surplus:
            if not deleting(pod):
                self._drop(s, pod)
            if not parallel:
                return
        if (spec.get("updateStrategy") or {}).get("type", "RollingUpdate") != "RollingUpdate":
            return
        partition = int(((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition", 0))
        for number in range(want - 1, partition - 1, -1):
            pod = pods.get(f"{m['name']}-{number}")
            if pod is None:
                return
            if pod["metadata"].get("labels", {}).get(_CODE) != code:
                if not deleting(pod):
                    self._drop(s, pod)
                return
            if not pod_ready(pod):
                return

    def _make(self, s: Obj, number: int, code: str) -> None:
        life, m = self._life, s["metadata"]
        name = f"{m['name']}-{number}"
        labels = {
            "apps.kubernetes.io/pod-index": str(number), _CODE: code, "statefulset.kubernetes.io/pod-name": name,
        }  # fmt: skip
        pod = template_pod(
            s["spec"]["template"], namespace=m["namespace"], name=name,
            owner=owner_reference(s, "apps/v1", "StatefulSet"), labels=labels,
        )  # fmt: skip
        pod["metadata"].pop("generateName", None)
        pod["spec"]["hostname"] = name
        if s["spec"].get("serviceName"):
            pod["spec"]["subdomain"] = s["spec"]["serviceName"]
        self._claims(s, name, pod)
        made, why = life.try_create("pods", pod)
        kind = "StatefulSet"
        if made is None:
            text = f"create Pod {name} in StatefulSet {m['name']} failed error: {why}"
            life.recorder.event(s, kind, "FailedCreate", text, source=_SOURCE, warning=True)
            life.enqueue_later(10.0, self.name, *key_of(s), awaited=False)
            return
        text = f"create Pod {name} in StatefulSet {m['name']} successful"
        life.recorder.event(s, kind, "SuccessfulCreate", text, source=_SOURCE)

    def _claims(self, s: Obj, pod_name: str, pod: Obj) -> None:
        """A claim for each template, made once and kept; the pod's volumes point to them."""
        life, m = self._life, s["metadata"]
        for template in s["spec"].get("volumeClaimTemplates") or ():
            volume = template["metadata"]["name"]
            name = f"{volume}-{pod_name}"
            if life.store.entry("persistentvolumeclaims", m["namespace"], name) is None:
                labels = s["spec"]["selector"].get("matchLabels") or {}
                labels = {**(template["metadata"].get("labels") or {}), **labels}
                meta = {"name": name, "namespace": m["namespace"], "labels": labels}
                life.try_create("persistentvolumeclaims", {"metadata": meta, "spec": clone(template["spec"])})
                text = f"create Claim {name} Pod {pod_name} in StatefulSet {m['name']} success"
                life.recorder.event(s, "StatefulSet", "SuccessfulCreate", text, source=_SOURCE)
            volumes = [v for v in pod["spec"].get("volumes") or () if v["name"] != volume]
            pod["spec"]["volumes"] = [
                *volumes,
                {"name": volume, "persistentVolumeClaim": {"claimName": name}},
            ]

    def _drop(self, s: Obj, pod: Obj) -> None:
        life, m = self._life, s["metadata"]
        life.delete("pods", m["namespace"], name_of(pod))
        text = f"delete Pod {name_of(pod)} in StatefulSet {m['name']} successful"
        life.recorder.event(s, "StatefulSet", "SuccessfulDelete", text, source=_SOURCE)

    def _revision(self, s: Obj, code: str) -> None:
        life, m = self._life, s["metadata"]
        if life.store.entry(_REVISIONS, m["namespace"], code) is not None:
            return
        own = [
            r
            for r in life.list(_REVISIONS, m["namespace"])
            if (ref := controller_of(r)) is not None and ref["uid"] == m["uid"]
        ]
        labels = {
            **(s["spec"]["template"].get("metadata", {}).get("labels") or {}),
            "controller.kubernetes.io/hash": code,
        }
        life.create(
            _REVISIONS,
            {
                "metadata": {
                    "name": code, "namespace": m["namespace"], "labels": labels,
                    "ownerReferences": [owner_reference(s, "apps/v1", "StatefulSet")],
                },
                "data": {"spec": {"template": {**clone(s["spec"]["template"]), "$patch": "replace"}}},
                "revision": max([int(r["revision"]) for r in own], default=0) + 1,
            },
        )  # fmt: skip

    def _status(self, s: Obj, code: str) -> None:
        life = self._life
        fresh = life.get(RESOURCE, *key_of(s))
        if fresh is None:
            return
        pods = [p for p in self._pods.owned(s["metadata"]["uid"]) if pod_active(p)]
        current = s["status"]["currentRevision"]
        updated = [p for p in pods if p["metadata"].get("labels", {}).get(_CODE) == code]
        old = [p for p in pods if p["metadata"].get("labels", {}).get(_CODE) == current]
        ready = [p for p in pods if pod_ready(p)]
        minimum = int(s["spec"].get("minReadySeconds", 0))
        want = int(s["spec"].get("replicas", 1))
        if len(updated) == want and len(ready) == want == len(pods):
            current, old = code, updated
        status: Obj = {"observedGeneration": s["metadata"].get("generation", 1), "replicas": len(pods)}
        for key, value in (("readyReplicas", ready), ("currentReplicas", old), ("updatedReplicas", updated)):
            if value:
                status[key] = len(value)
        status["currentRevision"], status["updateRevision"] = current, code
        status["collisionCount"] = 0
        status["availableReplicas"] = sum(1 for p in pods if pod_available(life, p, minimum))
        if fresh.get("status") != status:
            life.update_status(RESOURCE, {**fresh, "status": status})


def _number(pod: Obj) -> int:
    tail = name_of(pod).rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0
