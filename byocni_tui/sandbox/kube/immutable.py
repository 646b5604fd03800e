"""What of the well-known kinds may not change."""

import json
from collections.abc import Callable
from typing import Any, Final

from byocni_tui.sandbox.kube import names
from byocni_tui.sandbox.kube.complaints import Complaints

Object = dict[str, Any]
IMMUTABLE: Final = "field is immutable"


def _spec(obj: Object) -> Object:
    spec = obj.get("spec")
    return spec if isinstance(spec, dict) else {}


def _selector(obj: Object, old: Object, found: Complaints) -> None:
    new = _spec(obj).get("selector")
    if new != _spec(old).get("selector"):
        found.invalid("spec.selector", new, IMMUTABLE)


_SETTLED: Final = names.words(
    "replicas ordinals template updateStrategy revisionHistoryLimit persistentVolumeClaimRetentionPolicy "
    "minReadySeconds"
)


def _stateful(obj: Object, old: Object, found: Complaints) -> None:
    new, before = ({k: v for k, v in _spec(o).items() if k not in _SETTLED} for o in (obj, old))
    if new != before:
        listed = ", ".join(f"'{name}'" for name in _SETTLED[:-1]) + f" and '{_SETTLED[-1]}'"
        found.forbidden("spec", f"updates to statefulset spec for fields other than {listed} are forbidden")


def _job_change(obj: Object, old: Object, found: Complaints) -> None:
    new, before = _spec(obj), _spec(old)
    for key in ("completions", "selector", "template", "completionMode"):
        if new.get(key) != before.get(key) and not (
            key in ("template", "completions") and before.get("suspend")
        ):
            found.invalid(f"spec.{key}", new.get(key), IMMUTABLE)


_POD_FREE: Final = (
    "activeDeadlineSeconds",
    "tolerations",
    "terminationGracePeriodSeconds",
    "schedulingGates",
)


def _pod_change(obj: Object, old: Object, found: Complaints) -> None:
    def frozen(pod: Object) -> str:
        spec = {k: v for k, v in _spec(pod).items() if k not in _POD_FREE}
        for part in ("containers", "initContainers"):
            spec[part] = [{k: v for k, v in c.items() if k != "image"} for c in spec.get(part) or ()]
        return json.dumps(spec, sort_keys=True, default=str)

    if frozen(obj) != frozen(old):
        found.forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
            "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
            "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
        )


def _service_change(obj: Object, old: Object, found: Complaints) -> None:
    new, before = _spec(obj), _spec(old)
    if (
        before.get("type") == new.get("type")
        and before.get("clusterIP")
        and new.get("clusterIP") != before["clusterIP"]
    ):
        found.invalid("spec.clusterIPs[0]", new.get("clusterIPs"), "may not change once set")


def _sealed(obj: Object, old: Object, found: Complaints) -> None:
    if old.get("immutable"):
        if not obj.get("immutable"):
            found.forbidden("immutable", "field is immutable when `immutable` is set")
        for part in ("data", "binaryData"):
            if obj.get(part) != old.get(part):
                found.forbidden(part, "field is immutable when `immutable` is set")
    if obj.get("kind") == "Secret" and obj.get("type") != old.get("type"):
        found.invalid("type", obj.get("type"), IMMUTABLE)


def _role_ref(obj: Object, old: Object, found: Complaints) -> None:
    if obj.get("roleRef") != old.get("roleRef"):
        found.invalid("roleRef", obj.get("roleRef"), "cannot change roleRef")


def _node_change(obj: Object, old: Object, found: Complaints) -> None:
    before = _spec(old).get("providerID")
    if before and _spec(obj).get("providerID") != before:
        found.forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid')
    if _spec(old).get("podCIDR") and _spec(obj).get("podCIDR") != _spec(old)["podCIDR"]:
        found.forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid')


def _claim_change(obj: Object, old: Object, found: Complaints) -> None:
    def frozen(claim: Object) -> Object:
        return {
            k: v
            for k, v in _spec(claim).items()
            if k not in ("resources", "volumeName", "volumeAttributesClassName")
        }

    if frozen(obj) != frozen(old):
        why = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound "
        why += "claims"
        found.forbidden("spec", why)


def _storage_class(obj: Object, old: Object, found: Complaints) -> None:
    for key in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):
        if obj.get(key) != old.get(key):
            found.forbidden(key, f"updates to {key} are forbidden.")


def _priority_class(obj: Object, old: Object, found: Complaints) -> None:
    if obj.get("value") != old.get("value"):
        found.forbidden("value", "may not be changed in an update.")


def _crd_change(obj: Object, old: Object, found: Complaints) -> None:
    for path in ("group", "scope"):
        if _spec(obj).get(path) != _spec(old).get(path):
            found.invalid(f"spec.{path}", _spec(obj).get(path), IMMUTABLE)


UPDATE: Final[dict[str, Callable[[Object, Object, Complaints], None]]] = {
    "deployments.apps": _selector,
    "daemonsets.apps": _selector,
    "replicasets.apps": _selector,
    "statefulsets.apps": _stateful,
    "jobs.batch": _job_change,
    "pods": _pod_change,
    "nodes": _node_change,
    "services": _service_change,
    "configmaps": _sealed,
    "secrets": _sealed,
    "rolebindings.rbac.authorization.k8s.io": _role_ref,
    "clusterrolebindings.rbac.authorization.k8s.io": _role_ref,
    "persistentvolumeclaims": _claim_change,
    "storageclasses.storage.k8s.io": _storage_class,
    "priorityclasses.scheduling.k8s.io": _priority_class,
    "customresourcedefinitions.apiextensions.k8s.io": _crd_change,
}
