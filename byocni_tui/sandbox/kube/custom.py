"""Custom resources: what a CRD adds to the kinds, and how it comes and goes."""

from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.kube.kinds import Kind, Registry
from byocni_tui.sandbox.kube.stamp import Stamp

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

CRDS: Final = "customresourcedefinitions.apiextensions.k8s.io"
_CLEANUP: Final = "customresourcecleanup.apiextensions.k8s.io"
_DELAY: Final = 0.5
"""Virtual seconds until a deleted CRD's objects have been looked after."""

VERBS: Final = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


def register(registry: Registry, crd: dict[str, Any]) -> None:
    """Serve the versions of a CRD (again, after a change). The storage version is the one stored."""
    spec = crd["spec"]
    names, group = spec["names"], spec["group"]
    registry.drop(group, names["plural"])
    versions = sorted(spec["versions"], key=lambda v: not v.get("storage"))
    for version in versions:
        if not version.get("served"):
            continue
        subresources: dict[str, dict[str, Any]] = {}
        own = {"group": group, "version": version["name"], "kind": names["kind"]}
        wanted = version.get("subresources") or {}
        if "status" in wanted:
            subresources["status"] = {
                "subresource": "status",
                "responseKind": own,
                "verbs": ["get", "patch", "update"],
            }
        if "scale" in wanted:
            scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
            subresources["scale"] = {
                "subresource": "scale",
                "responseKind": scale,
                "verbs": ["get", "patch", "update"],
            }
        registry.add(
            Kind(
                group=group,
                version=version["name"],
                resource=names["plural"],
                singular=names.get("singular") or names["kind"].lower(),
                kind=names["kind"],
                namespaced=spec["scope"] == "Namespaced",
                verbs=VERBS,
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                subresources=subresources,
                crd=crd["metadata"]["name"],
            )
        )


class Definitions:
    """Keeps the served kinds in step with the CRDs in the store, whoever wrote them."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.cluster = cluster
        self.store = cluster.store
        self._timer = f"kube/{cluster.id}/crd"
        self._leaving: set[str] = set()
        cluster.clock.on(self._timer, lambda data: self._clean(data["name"]))
        self.store.subscribe(self._seen)

    def _seen(self, event: str, group_resource: str, obj: dict[str, Any]) -> None:
        if group_resource != CRDS:
            if event == "DELETED" and group_resource in self._leaving:
                self._later(group_resource)
            return
        name = obj["metadata"]["name"]
        if event == "DELETED":
            self._leaving.discard(name)
            self.cluster.registry.drop(obj["spec"]["group"], obj["spec"]["names"]["plural"])
        elif "deletionTimestamp" in obj["metadata"]:
            if name not in self._leaving:
                self._leaving.add(name)
                self._later(name)
        else:
            register(self.cluster.registry, obj)
            self._establish(name)

    def _later(self, name: str) -> None:
        self.cluster.clock.schedule(_DELAY, self._timer, {"name": name}, awaited=True)

    def _clean(self, name: str) -> None:
        crd = self.store.get(CRDS, "", name)
        if crd is None:
            return
        for entry in list(self.store.entries(name)):
            self.store.delete(name, entry.ns, entry.name)
        if self.store.count(name) == 0:
            finalizers = [f for f in crd["metadata"].get("finalizers") or () if f != _CLEANUP]
            crd["metadata"]["finalizers"] = finalizers
            self.store.update(CRDS, crd)

    def _establish(self, name: str) -> None:
        crd = self.store.get(CRDS, "", name)
        if crd is None:
            return
        names, now = crd["spec"]["names"], Stamp(self.cluster.clock.now())
        accepted = {
            "plural": names["plural"],
            "singular": names.get("singular") or names["kind"].lower(),
            "kind": names["kind"],
            "listKind": names.get("listKind") or names["kind"] + "List",
        }
        accepted |= {key: names[key] for key in ("shortNames", "categories") if names.get(key)}
        crd["status"] = {
            "conditions": (crd.get("status") or {}).get("conditions") or _conditions(now),
            "acceptedNames": accepted,
            "storedVersions": [v["name"] for v in crd["spec"]["versions"] if v.get("storage")],
        }
        self.store.update(CRDS, crd, status=True)

    def condemn(self, name: str) -> None:
        """Before a CRD is deleted: it stays until its objects are gone."""
        crd = self.store.get(CRDS, "", name)
        if crd is None or _CLEANUP in (crd["metadata"].get("finalizers") or ()):
            return
        crd["metadata"].setdefault("finalizers", []).append(_CLEANUP)
        terminating = {
            "type": "Terminating",
            "status": "True",
            "lastTransitionTime": Stamp(self.cluster.clock.now()),
            "reason": "InstanceDeletionPending",
            "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        }
        crd.setdefault("status", {}).setdefault("conditions", []).append(terminating)
        self.store.update(CRDS, crd, status=True)


def _conditions(now: Stamp) -> list[dict[str, Any]]:
    texts = (
        ("NamesAccepted", "NoConflicts", "no conflicts found"),
        ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    )
    return [
        {"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message}
        for kind, reason, message in texts
    ]
