"""Persistent volumes: claims get one from their storage class, as soon as it says so, and give it back."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster
    from byocni_tui.sandbox.kube.store import Store

Object = dict[str, Any]
_CLAIMS: Final = "persistentvolumeclaims"
_VOLUMES: Final = "persistentvolumes"
_CLASSES: Final = "storageclasses.storage.k8s.io"
_DEFAULT: Final = "storageclass.kubernetes.io/is-default-class"
KEPT_CLAIM: Final = "kubernetes.io/pvc-protection"
KEPT_VOLUME: Final = "kubernetes.io/pv-protection"
_SECONDS: Final = 3.0
"""Virtual seconds until a disk is there."""


def claim(store: "Store", obj: Object) -> None:
    """A new claim: its class, its finalizer, its status, in place."""
    spec = obj.setdefault("spec", {})
    if "storageClassName" not in spec:
        for one in store.list(_CLASSES):
            if (one["metadata"].get("annotations") or {}).get(_DEFAULT) == "true":
                spec["storageClassName"] = one["metadata"]["name"]
    finalizers = obj["metadata"].setdefault("finalizers", [])
    if KEPT_CLAIM not in finalizers:
        finalizers.append(KEPT_CLAIM)
    obj["status"] = {"phase": "Pending"}


class Volumes:
    """The binder, the provisioner and the two protections, in one."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.cluster = cluster
        self.store = cluster.store
        self._timer = f"kube/{cluster.id}/volume"
        self._making: set[tuple[str, str]] = set()
        cluster.clock.on(self._timer, lambda data: self._make(data["ns"], data["name"]))
        self.store.subscribe(self._seen)

    def _seen(self, event: str, group_resource: str, obj: Object) -> None:
        meta = obj["metadata"]
        if group_resource == _CLAIMS:
            if event == "DELETED":
                self._give_back(obj)
            else:
                self._look(meta["namespace"], meta["name"])
        elif group_resource == _VOLUMES and event != "DELETED":
            if "deletionTimestamp" in meta and (obj.get("status") or {}).get("phase") != "Bound":
                self._release(_VOLUMES, "", meta["name"], KEPT_VOLUME)
        elif group_resource == "pods":
            for volume in (obj.get("spec") or {}).get("volumes") or ():
                if source := volume.get("persistentVolumeClaim"):
                    self._look(meta["namespace"], source["claimName"])

    def _look(self, ns: str, name: str) -> None:
        found = self.store.get(_CLAIMS, ns, name)
        if found is None:
            return
        if "deletionTimestamp" in found["metadata"]:
            if not self._users(ns, name):
                self._release(_CLAIMS, ns, name, KEPT_CLAIM)
            return
        if (found.get("status") or {}).get("phase") == "Bound" or (ns, name) in self._making:
            return
        spec = found["spec"]
        if match := self._fitting(spec):
            self._bind(found, match)
            return
        cls = self.store.get(_CLASSES, "", spec.get("storageClassName") or "")
        if cls is None or cls.get("provisioner") == "kubernetes.io/no-provisioner":
            return
        waits = cls.get("volumeBindingMode") == "WaitForFirstConsumer"
        if not waits or any((p.get("spec") or {}).get("nodeName") for p in self._users(ns, name)):
            self._making.add((ns, name))
            self.cluster.clock.schedule(_SECONDS, self._timer, {"ns": ns, "name": name}, awaited=True)

    def _users(self, ns: str, name: str) -> list[Object]:
        return [
            pod
            for pod in self.store.list("pods", ns)
            if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
            and any(
                (v.get("persistentVolumeClaim") or {}).get("claimName") == name
                for v in pod["spec"].get("volumes") or ()
            )
        ]

    def _fitting(self, spec: Object) -> Object | None:
        """A volume that somebody made by hand and nobody has."""
        for volume in self.store.list(_VOLUMES):
            own = volume["spec"]
            named = spec.get("volumeName")
            if (volume.get("status") or {}).get("phase") != "Available" or (
                named and named != volume["metadata"]["name"]
            ):
                continue
            same_class = (own.get("storageClassName") or "") == (spec.get("storageClassName") or "")
            if same_class and set(spec.get("accessModes") or ()) <= set(own.get("accessModes") or ()):
                return volume
        return None

    def _make(self, ns: str, name: str) -> None:
        self._making.discard((ns, name))
        found = self.store.get(_CLAIMS, ns, name)
        if found is None or (found.get("status") or {}).get("phase") == "Bound":
            return
        spec = found["spec"]
        cls = self.store.get(_CLASSES, "", spec.get("storageClassName") or "") or {}
        driver, title = cls.get("provisioner", ""), f"pvc-{found['metadata']['uid']}"
        volume = self.store.create(
            _VOLUMES,
            {
                "metadata": {
                    "name": title,
                    "annotations": {"pv.kubernetes.io/provisioned-by": driver},
                    "finalizers": [KEPT_VOLUME],
                },
                "spec": {
                    "accessModes": spec.get("accessModes") or [],
                    "capacity": {
                        "storage": (spec.get("resources") or {}).get("requests", {}).get("storage", "1Gi")
                    },
                    "csi": {"driver": driver, "volumeHandle": title},
                    "persistentVolumeReclaimPolicy": cls.get("reclaimPolicy", "Delete"),
                    "storageClassName": spec.get("storageClassName", ""),
                    "volumeMode": spec.get("volumeMode", "Filesystem"),
                },
                "status": {"phase": "Available"},
            },
        )
        self._bind(found, volume)

    def _bind(self, found: Object, volume: Object) -> None:
        meta = found["metadata"]
        volume["spec"]["claimRef"] = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "name": meta["name"],
            "namespace": meta["namespace"],
            "uid": meta["uid"],
        }
        volume["status"] = {"phase": "Bound"}
        self.store.update(_VOLUMES, volume)
        found["spec"]["volumeName"] = volume["metadata"]["name"]
        notes = meta.setdefault("annotations", {})
        notes |= {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
        capacity = volume["spec"].get("capacity") or {}
        found["status"] = {
            "phase": "Bound",
            "accessModes": volume["spec"]["accessModes"],
            "capacity": capacity,
        }
        meta.pop("resourceVersion", None)
        self.store.update(_CLAIMS, found)

    def _give_back(self, found: Object) -> None:
        name = found["spec"].get("volumeName")
        volume = self.store.get(_VOLUMES, "", name) if name else None
        if volume is None:
            return
        volume["status"] = {"phase": "Released"}
        self.store.update(_VOLUMES, volume, status=True)
        if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            self.store.delete(_VOLUMES, "", volume["metadata"]["name"])

    def _release(self, resource: str, ns: str, name: str, finalizer: str) -> None:
        obj = self.store.get(resource, ns, name)
        if obj is not None and finalizer in (obj["metadata"].get("finalizers") or ()):
            obj["metadata"]["finalizers"].remove(finalizer)
            self.store.update(resource, obj)
