"""Custom resources: what a CRD adds to the kinds."""

from typing import Any

from byocni_tui.sandbox.kube.kinds import Kind, Registry

VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


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
