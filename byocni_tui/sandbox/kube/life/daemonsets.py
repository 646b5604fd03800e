"""DaemonSet: one pod on each node that it may run on."""

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.herd import Herd
from byocni_tui.sandbox.kube.life.index import Brief, Pods
from byocni_tui.sandbox.kube.life.objects import (
    Obj,
    clone,
    controller_of,
    deleting,
    int_or_percent,
    key_of,
    name_of,
    owner_reference,
    safe_hash,
    template_pod,
    tolerates,
)
from byocni_tui.sandbox.kube.life.placing import node_matches
from byocni_tui.sandbox.kube.life.replicasets import adopt
from byocni_tui.sandbox.kube.packed import pack, unpack
from byocni_tui.sandbox.kube.status import ApiError

RESOURCE = "daemonsets.apps"
REVISIONS = "controllerrevisions.apps"
_SOURCE = "daemonset-controller"
_REMEMBERED = 50  # templates
_VERY_MANY = 1000
_MANY = 20  # nodes; from here on a set waits a moment for more news before it counts its pods again
_ASKED = ("mutatingwebhookconfigurations.admissionregistration.k8s.io",
          "validatingwebhookconfigurations.admissionregistration.k8s.io",
          "validatingadmissionpolicies.admissionregistration.k8s.io")  # fmt: skip
_NODE = "node.kubernetes.io/"
_TOLERATED = (
    ("not-ready", "NoExecute"), ("unreachable", "NoExecute"), ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"), ("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule"),
)  # fmt: skip


class DaemonSets:
    """Keeps a pod on each node, and rolls new templates out."""

    name = "daemonset"

    def __init__(self, life: Life, pods: Pods, nodes: dict[str, Obj]) -> None:
        self._life = life
        self._pods = pods
        self._nodes = nodes
        self._soon: set[tuple[str, str]] = set()
        self._placing = False
        self.herd: Herd | None = None
        """For what large clusters do in great numbers; set once the kubelets are there."""
        self._faces: dict[str, tuple[Obj, list[Obj], bool]] = {}
        self._fits: dict[str, dict[str, tuple[bool, bool]]] = {}
        """By set and template, which nodes it may run on and stay on; a node that has changed is asked again."""
        life.add(self)
        life.watch(RESOURCE, lambda _event, ds: life.enqueue(self.name, *key_of(ds)))
        life.watch("pods", self._pod)
        life.watch("nodes", self._node)

    def _pod(self, _event: str, pod: Obj) -> None:
        ref = controller_of(pod)
        if ref is not None and ref["kind"] == "DaemonSet" and not self._placing:
            self._later(pod["metadata"]["namespace"], ref["name"])

    def _node(self, event: str, node: Obj) -> None:
        name = name_of(node)
        spec = node["spec"]
        face = (
            node["metadata"].get("labels") or {},
            spec.get("taints") or [],
            bool(spec.get("unschedulable")),
        )
        if event != "DELETED" and self._faces.get(name) == face:
            return
        if event == "DELETED":
            self._faces.pop(name, None)
        else:
            self._faces[name] = face
        for fits in self._fits.values():
            fits.pop(name, None)
        for entry in self._life.store.entries(RESOURCE):
            self._later(entry.ns, entry.name)

    def _later(self, namespace: str, name: str) -> None:
        count = self._life.store.count("nodes")
        if count < _MANY:
            self._life.enqueue(self.name, namespace, name)
        elif (namespace, name) not in self._soon:
            self._soon.add((namespace, name))
            delay = 0.5 if count < _VERY_MANY else 2.0
            self._life.enqueue_later(delay, self.name, namespace, name, awaited=True)

    def _fitting(self, mark: str, spec: Obj) -> dict[str, tuple[bool, bool]]:
        fits = self._fits.get(mark)
        if fits is None:
            if len(self._fits) > _REMEMBERED:
                self._fits.clear()
            fits = self._fits[mark] = {}
        for name, node in self._nodes.items():
            if name not in fits:
                fits[name] = (_may_run(spec, node), _may_stay(spec, node))
        return fits

    def reconcile(self, namespace: str, name: str) -> None:
        """One DaemonSet."""
        life = self._life
        self._soon.discard((namespace, name))
        ds = life.get(RESOURCE, namespace, name)
        if ds is None or deleting(ds):
            return
        adopt(life, self._pods, ds, "DaemonSet")
        code = self._revision(ds)
        spec = {**ds["spec"]["template"]["spec"]}
        spec["tolerations"] = [*(spec.get("tolerations") or []), *_daemon_tolerations(spec)]
        nodes = self._nodes
        fits = self._fitting(f"{ds['metadata']['uid']}/{code}", spec)
        wanted = {n for n, (may_run, _) in fits.items() if may_run}
        by_node: dict[str, list[Brief]] = {}
        for pod in self._pods.briefs(ds["metadata"]["uid"]):
            by_node.setdefault(pod.node, []).append(pod)
        self._place(ds, spec, code, wanted, fits, by_node)
        self._roll(ds, code, wanted, by_node)
        self._status(ds, code, wanted, nodes)

    def _place(
        self,
        ds: Obj,
        spec: Obj,
        code: str,
        wanted: set[str],
        fits: dict[str, tuple[bool, bool]],
        by_node: dict[str, list[Brief]],
    ) -> None:
        life, m = self._life, ds["metadata"]
        missing = [n for n in sorted(wanted) if n not in by_node]
        if missing and self.herd is not None:
            like = self._new(ds, spec, code, missing[0])
            if self.herd.takes(like, missing[0]):
                kind = life.store.registry.stored("pods")
                life.admission.enter(kind, like)
                life.admission.create(kind, like)
                self._placing = True
                self.herd.place(like, missing, m["name"])
                self._placing = False
                for brief in self._pods.briefs(m["uid"]):
                    by_node.setdefault(brief.node, [brief])
        alike = self._admitted(ds, spec, code, missing) if len(missing) > _MANY else None
        for node in sorted(wanted):
            pods = by_node.get(node, [])
            failed = [p for p in pods if p.phase in ("Failed", "Succeeded")]
            for brief in failed:
                if not brief.deleting:
                    text = (
                        f"Found failed daemon pod {'/'.join(brief.key)} on node {node}, will try to kill it"
                    )
                    life.recorder.event(
                        ds, "DaemonSet", "FailedDaemonPod", text, source=_SOURCE, warning=True
                    )
                    life.delete("pods", *brief.key)
            if any(p not in failed for p in pods):
                continue
            made, why = (
                (self._like(alike, ds, node), "")
                if alike is not None
                else life.try_create("pods", self._new(ds, spec, code, node))
            )
            if made is None:
                text = f"Error creating: {why}"
                life.recorder.event(ds, "DaemonSet", "FailedCreate", text, source=_SOURCE, warning=True)
                life.enqueue_later(10.0, self.name, *key_of(ds), awaited=False)
                break
            text = f"Created pod: {name_of(made)}"
            life.recorder.event(ds, "DaemonSet", "SuccessfulCreate", text, source=_SOURCE)
        for node, pods in by_node.items():
            if node in wanted:
                continue
            for brief in pods if not fits.get(node, (False, False))[1] else []:
                if not brief.deleting:
                    self._drop(ds, brief)

    def _admitted(self, ds: Obj, spec: Obj, code: str, missing: list[str]) -> bytes | None:
        """A pod as admission lets it in, where it would let in all of them: nothing counts pods, nobody is asked."""
        life, space = self._life, ds["metadata"]["namespace"]
        if any(life.store.count(r) for r in _ASKED) or life.store.count("resourcequotas", space):
            return None
        pod = {"apiVersion": "v1", "kind": "Pod", **self._new(ds, spec, code, missing[0])}
        kind = life.store.registry.stored("pods")
        try:
            life.admission.enter(kind, pod)
            life.admission.create(kind, pod)
        except ApiError:
            return None  # whoever creates them one by one tells why
        return pack(pod)

    def _like(self, alike: bytes, ds: Obj, node: str) -> Obj:
        """The pod for a node, after the pattern of another one's."""
        life, pod, m = self._life, unpack(alike), ds["metadata"]
        while True:
            pod["metadata"]["name"] = f"{m['name']}-{life.suffix(m['name'])}"
            if life.store.entry("pods", m["namespace"], pod["metadata"]["name"]) is None:
                break
        pod["spec"]["affinity"] = _pinned(pod["spec"].get("affinity"), node)
        made: Obj = life.store.create("pods", pod)
        return made

    def _new(self, ds: Obj, spec: Obj, code: str, node: str) -> Obj:
        """The pod for a node, as the controller sends it."""
        m = ds["metadata"]
        pod = template_pod(
            ds["spec"]["template"], namespace=m["namespace"], name=f"{m['name']}-{self._life.suffix(m['name'])}",
            owner=owner_reference(ds, "apps/v1", "DaemonSet"),
            labels={"controller-revision-hash": code, "pod-template-generation": str(m.get("generation", 1))},
        )  # fmt: skip
        pod["spec"]["affinity"] = _pinned(pod["spec"].get("affinity"), node)
        pod["spec"]["tolerations"] = clone({"t": spec["tolerations"]})["t"]
        return pod

    def _drop(self, ds: Obj, brief: Brief) -> None:
        self._life.delete("pods", *brief.key)
        text = f"Deleted pod: {brief.key[1]}"
        self._life.recorder.event(ds, "DaemonSet", "SuccessfulDelete", text, source=_SOURCE)

    def _roll(self, ds: Obj, code: str, wanted: set[str], by_node: dict[str, list[Brief]]) -> None:
        strategy = ds["spec"].get("updateStrategy") or {}
        if strategy.get("type", "RollingUpdate") != "RollingUpdate":
            return
        rolling = strategy.get("rollingUpdate") or {}
        allowed = int_or_percent(rolling.get("maxUnavailable", 1), len(wanted), up=True)
        out = 0
        ready_old: list[Brief] = []
        sick_old: list[Brief] = []
        for node in sorted(wanted):
            pods = [p for p in by_node.get(node, []) if not p.deleting]
            out += not pods or not pods[0].ready
            for pod in pods:
                if pod.code != code and pod.phase not in ("Failed", "Succeeded"):
                    (ready_old if pod.ready else sick_old).append(pod)
        room = max(0, (allowed or 1) - out)
        for pod in [*sick_old, *ready_old[:room]]:
            self._drop(ds, pod)

    def _revision(self, ds: Obj) -> str:
        """The hash of the template; a ControllerRevision keeps each."""
        life, m = self._life, ds["metadata"]
        code = safe_hash(ds["spec"]["template"])
        name = f"{m['name']}-{code}"
        if life.store.entry(REVISIONS, m["namespace"], name) is None:
            own = [
                r for r in life.list(REVISIONS, m["namespace"])
                if (ref := controller_of(r)) is not None and ref["uid"] == m["uid"]
            ]  # fmt: skip
            number = max([int(r["revision"]) for r in own], default=0) + 1
            life.create(
                REVISIONS,
                {
                    "metadata": {
                        "name": name, "namespace": m["namespace"],
                        "labels": {**(ds["spec"]["template"]["metadata"].get("labels") or {}),
                                   "controller-revision-hash": code},
                        "annotations": {"deprecated.daemonset.template.generation": str(m.get("generation", 1))},
                        "ownerReferences": [owner_reference(ds, "apps/v1", "DaemonSet")],
                    },
                    "data": {"spec": {"template": {**clone(ds["spec"]["template"]), "$patch": "replace"}}},
                    "revision": number,
                },
            )  # fmt: skip
        return code

    def _status(self, ds: Obj, code: str, wanted: set[str], nodes: dict[str, Obj]) -> None:
        life = self._life
        ds = life.get(RESOURCE, *key_of(ds)) or ds
        current = ready = updated = available = stray = 0
        minimum = int(ds["spec"].get("minReadySeconds", 0))
        for pod in self._pods.briefs(ds["metadata"]["uid"]):
            if pod.deleting:
                continue
            if pod.node not in wanted:
                stray += pod.node in nodes
                continue
            current += 1
            ready += pod.ready
            available += pod.ready and (not minimum or life.age_of(pod.since) >= minimum)
            updated += pod.code == code
        status: Obj = {
            "currentNumberScheduled": current, "numberMisscheduled": stray,
            "desiredNumberScheduled": len(wanted), "numberReady": ready,
            "observedGeneration": ds["metadata"].get("generation", 1),
        }  # fmt: skip
        for key, value in (
            ("updatedNumberScheduled", updated), ("numberAvailable", available),
            ("numberUnavailable", len(wanted) - available),
        ):  # fmt: skip
            if value:
                status[key] = value
        if ds.get("status") != status:
            life.update_status(RESOURCE, {**ds, "status": status})


def _daemon_tolerations(spec: Obj) -> list[Obj]:
    found = [{"key": _NODE + key, "operator": "Exists", "effect": effect} for key, effect in _TOLERATED]
    if spec.get("hostNetwork"):
        found.append({"key": _NODE + "network-unavailable", "operator": "Exists", "effect": "NoSchedule"})
    return found


def _pinned(affinity: Obj | None, node: str) -> Obj:
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    result = clone(affinity or {})
    result.setdefault("nodeAffinity", {})["requiredDuringSchedulingIgnoredDuringExecution"] = {
        "nodeSelectorTerms": [term]
    }
    return result


def _may_run(spec: Obj, node: Obj) -> bool:
    return node_matches(spec, node) and all(
        tolerates(spec["tolerations"], t)
        for t in node["spec"].get("taints") or ()
        if t["effect"] in ("NoSchedule", "NoExecute")
    )


def _may_stay(spec: Obj, node: Obj) -> bool:
    return node_matches(spec, node) and all(
        tolerates(spec["tolerations"], t)
        for t in node["spec"].get("taints") or ()
        if t["effect"] == "NoExecute"
    )
