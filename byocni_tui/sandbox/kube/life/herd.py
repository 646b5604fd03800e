"""Large clusters: pods that do nothing but run are born running.

From some hundred nodes on, the pods that a DaemonSet puts on every node are thousands that all do the same. Where such
a pod would only be pulled, started and stay (on the host's network, no init containers, no part of a behaviour that
waits or fails, no script, no fault of the scenario about pulls or starts), it is created bound and Running, without the
events of the way there. What a lesson is about, a plugin's agents above all, always lives its whole life; from
a thousand nodes on the recorder leaves the normal ones of its events out, never a warning.
"""

import random
from typing import Any

from byocni_tui.sandbox.kube.life import images, programs
from byocni_tui.sandbox.kube.life.behaviours import Behaviours
from byocni_tui.sandbox.kube.life.cni import mounts_folder
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.kubelet import Kubelet
from byocni_tui.sandbox.kube.life.objects import ALPHABET, Obj
from byocni_tui.sandbox.kube.life.runs import Run, new_run, status
from byocni_tui.sandbox.kube.packed import pack, unpack

LARGE = 200
"""Nodes from which on a cluster is large."""

_SCRIPTED = frozenset(["sh", "bash", "ash"])
_SOURCES = (("secret", "secretName", "secrets"), ("configMap", "name", "configmaps"))


class Herd:
    """Makes many like pods at once."""

    def __init__(self, life: Life, behaviours: Behaviours, kubelet: Kubelet) -> None:
        self._life = life
        self._behaviours = behaviours
        self._kubelet = kubelet
        self._images: dict[str, tuple[str, str, int]] = {}

    def takes(self, pod: Obj, node: str) -> bool:
        """Whether a pod does nothing but run (``pod`` as its controller sends it, ``node`` one that it goes to)."""
        life, spec = self._life, pod["spec"]
        if life.store.count("nodes") < LARGE or not spec.get("hostNetwork") or spec.get("initContainers"):
            return False
        if life.store.count("resourcequotas", pod["metadata"]["namespace"]) or life.world.faults.about(
            "kube", ("pull", "start")
        ):
            return False
        probe = {**pod, "spec": {**spec, "nodeName": node}}
        return self._mounts(pod) and all(self._plain(probe, c, node) for c in spec["containers"])

    def _mounts(self, pod: Obj) -> bool:
        space = pod["metadata"]["namespace"]
        for volume in pod["spec"].get("volumes") or ():
            for kind, key, resource in _SOURCES:
                source = volume.get(kind)
                if source and not source.get("optional") and not self._life.get(resource, space, source[key]):
                    return False
        return True

    def _plain(self, pod: Obj, container: Obj, node: str) -> bool:
        rule = self._behaviours.container(pod, container) or {}
        words = programs.command_line(container)
        scripted = bool(words) and words[0].rsplit("/", 1)[-1] in _SCRIPTED
        if rule.get("waits_for") or rule.get("fails") or rule.get("ends") or scripted:
            return False
        if mounts_folder(pod, container) or programs.plain(container) is not None:
            return False
        return images.failure(self._life, container["image"], node) is None

    def place(self, pod: Obj, nodes: "list[str]", name: str) -> None:
        """The pod on each of these nodes, Running; ``pod`` has been through admission and is pinned to one of them."""
        life, raw = self._life, pack(pod)
        rng = life.rng(f"herd/{name}")
        taken = {entry.name for entry in life.store.entries("pods", pod["metadata"]["namespace"])}
        field: Any
        self._kubelet.quiet = True
        try:
            for node in nodes:
                one = unpack(raw)
                while (own := f"{name}-{''.join(rng.choices(ALPHABET, k=5))}") in taken:
                    continue
                taken.add(own)
                one["metadata"]["name"] = own
                required = one["spec"]["affinity"]["nodeAffinity"][
                    "requiredDuringSchedulingIgnoredDuringExecution"
                ]
                field = required["nodeSelectorTerms"][0]["matchFields"][0]
                field["values"] = [node]
                one["spec"]["nodeName"] = node
                run = self._running(one, node, rng)
                now = life.stamp()
                one["status"] = {
                    "conditions": [
                        {"type": "PodScheduled", "observedGeneration": 1, "status": "True", "lastProbeTime": None,
                         "lastTransitionTime": now}
                    ]
                }  # fmt: skip
                one["status"] = status(one, run, self._kubelet.host(node), life.now())
                made = life.store.create("pods", one)
                self._kubelet.runs[made["metadata"]["uid"]] = run
        finally:
            self._kubelet.quiet = False

    def _running(self, pod: Obj, node: str, rng: random.Random) -> Run:
        life, now = self._life, self._life.now()
        run = new_run(pod, now)
        run.mounted = run.sandbox = True
        disk = life.state["nodes"].setdefault(node, {}).setdefault("images", {})
        for box, container in zip(run.boxes, pod["spec"]["containers"], strict=True):
            rule = self._behaviours.container(pod, container) or {}
            box.state, box.reason, box.runs, box.started_at = "running", "", 1, now
            box.started = box.ready = True
            box.log = "".join(line + "\n" for line in rule.get("log") or ())
            box.id = f"containerd://{rng.getrandbits(256):064x}"
            full, box.image_id, size = self._image(container["image"])
            disk[full] = size
        return run

    def _image(self, image: str) -> tuple[str, str, int]:
        """Full name, digest and size, worked out once."""
        known = self._images.get(image)
        if known is None:
            full = images.full_name(image)
            digest = self._life.world.rng("digest/" + full).getrandbits(256)
            known = self._images[image] = (full, f"sha256:{digest:064x}", images.size(self._life, image))
        return known
