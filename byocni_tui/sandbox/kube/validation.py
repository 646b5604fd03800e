"""What the API server refuses, in Kubernetes' own words: metadata, the well-known kinds, schemas and quotas."""

import math
from typing import Any, Final

from byocni_tui.sandbox.kube import human, names, validate_schema
from byocni_tui.sandbox.kube.complaints import Complaints
from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.schema import Schema
from byocni_tui.sandbox.kube.status import ApiError, Cause, forbidden, invalid
from byocni_tui.sandbox.kube.store import Store
from byocni_tui.sandbox.kube.validate_kinds import CREATE, UPDATE

Object = dict[str, Any]
_LABELS: Final = ("namespaces", "services")
_FINALIZERS: Final = ("orphan", "foregroundDeletion", "kubernetes")


def create(kind: Kind, obj: Object, schema: Schema | None) -> None:
    """Refuse an invalid new object with 422."""
    meta = obj["metadata"]
    found = Complaints()
    name = meta.get("name", "")
    if not name and not meta.get("generateName"):
        found.required("metadata.name", "name or generateName is required")
    elif kind.group == "rbac.authorization.k8s.io":
        found.each("metadata.name", name, names.segment(name))
    else:
        rule = names.label if kind.storage in _LABELS else names.subdomain
        found.each("metadata.name", name, rule(name))
    _metadata(meta, found)
    _body(kind, obj, schema, found)
    _refuse(kind, obj, found)


def update(kind: Kind, obj: Object, old: Object, schema: Schema | None, subresource: str) -> None:
    """Refuse an invalid change with 422."""
    found = Complaints()
    meta, before = obj["metadata"], old["metadata"]
    if any(
        meta.get(key) != before.get(key) for key in ("labels", "annotations", "finalizers", "ownerReferences")
    ):
        _metadata(meta, found)
    if "deletionTimestamp" in before:
        added = [f for f in meta.get("finalizers") or () if f not in (before.get("finalizers") or ())]
        if added:
            why = "no new finalizers can be added if the object is being deleted, found new finalizers "
            found.forbidden(
                "metadata.finalizers", why + "[]string{" + ", ".join(f'"{f}"' for f in added) + "}"
            )
    if subresource != "status":
        if {k: v for k, v in obj.items() if k not in ("metadata", "status")} != {
            k: v for k, v in old.items() if k not in ("metadata", "status")
        }:
            _body(kind, obj, schema, found)
        change = UPDATE.get(kind.storage)
        if change is not None:
            change(obj, old, found)
    elif kind.crd is not None:
        _body(kind, obj, schema, found)
    _refuse(kind, obj, found)


def _refuse(kind: Kind, obj: Object, found: Complaints) -> None:
    if found.causes:
        raise invalid(kind.kind, kind.group, obj["metadata"].get("name", ""), found.causes)


def _body(kind: Kind, obj: Object, schema: Schema | None, found: Complaints) -> None:
    if kind.crd is not None:
        if schema is not None:
            validate_schema.custom(obj, schema, "", found)
        return
    special = CREATE.get(kind.storage)
    if special is not None:
        special(obj, found)
    if schema is not None and kind.storage != "customresourcedefinitions.apiextensions.k8s.io":
        validate_schema.builtin(obj, schema, "", found)


def _metadata(meta: Object, found: Complaints) -> None:
    for key, value in (meta.get("labels") or {}).items():
        found.each("metadata.labels", key, names.qualified(key))
        found.each("metadata.labels", value, names.value(value))
    size = 0
    for key, value in (meta.get("annotations") or {}).items():
        found.each("metadata.annotations", key, names.qualified(key.lower()))
        size += len(key) + len(value)
    if size > 256 * 1024:
        text = "Too long: may not be more than 262144 bytes"
        found.causes.append(Cause("FieldValueTooLong", "metadata.annotations", text))
    for finalizer in meta.get("finalizers") or ():
        complaints = names.qualified(finalizer)
        if complaints:
            found.each("metadata.finalizers", finalizer, complaints)
        elif "/" not in finalizer and finalizer not in _FINALIZERS:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            found.invalid("metadata.finalizers", finalizer, why)
    for at, owner in enumerate(meta.get("ownerReferences") or ()):
        for key in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(key):
                found.invalid(f"metadata.ownerReferences[{at}].{key}", "", f"{key} must not be empty")


def refuse_service(obj: Object, text: str) -> ApiError:
    """422 for a service, from ``field: message``."""
    field, _, message = text.partition(": ")
    return invalid(
        "Service", "", obj["metadata"].get("name", ""), [Cause("FieldValueInvalid", field, message)]
    )


# -- quotas ------------------------------------------------------------------------------------------------------------


def usage(kind: Kind, obj: Object) -> dict[str, float]:
    """What an object costs, by the names that a ResourceQuota uses."""
    out = {f"count/{kind.group_resource}": 1.0}
    if not kind.group:
        out[kind.resource] = 1.0
    if kind.storage == "pods":
        if obj.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return {f"count/{kind.group_resource}": 1.0}
        totals: dict[str, float] = {}
        for container in obj["spec"].get("containers") or ():
            resources = container.get("resources") or {}
            for part in ("requests", "limits"):
                for name, text in (resources.get(part) or {}).items():
                    totals[f"{part}.{name}"] = totals.get(f"{part}.{name}", 0.0) + (
                        human.quantity(text) or 0.0
                    )
        for name in ("cpu", "memory"):
            if f"requests.{name}" in totals:
                totals[name] = totals[f"requests.{name}"]
        out |= totals
    elif kind.storage == "services":
        type_key = {"LoadBalancer": "services.loadbalancers", "NodePort": "services.nodeports"}
        if obj["spec"].get("type") in type_key:
            out[type_key[obj["spec"]["type"]]] = 1.0
    elif kind.storage == "persistentvolumeclaims":
        asked = (obj["spec"].get("resources") or {}).get("requests") or {}
        out["requests.storage"] = human.quantity(asked.get("storage", 0)) or 0.0
    return out


def used(store: Store, kinds: list[Kind], ns: str, hard: dict[str, str]) -> dict[str, float]:
    """What a namespace uses of what a quota limits."""
    out = dict.fromkeys(hard, 0.0)
    for kind in kinds:
        wanted = (
            {f"count/{kind.group_resource}", kind.resource}
            if not kind.group
            else {f"count/{kind.group_resource}"}
        )
        heavy = kind.storage in ("pods", "services", "persistentvolumeclaims")
        if not heavy and not wanted & hard.keys():
            continue
        for obj in store.list(kind.storage, ns):
            for name, amount in usage(kind, obj).items():
                if name in out:
                    out[name] += amount
    return out


def quota(store: Store, kind: Kind, obj: Object) -> None:
    """Refuse with 403 what a ResourceQuota has no room for."""
    ns = obj["metadata"].get("namespace", "")
    for budget in store.list("resourcequotas", ns):
        hard = (budget.get("spec") or {}).get("hard") or {}
        asked = {name: amount for name, amount in usage(kind, obj).items() if name in hard}
        if kind.storage == "pods":
            needed = [
                n
                for n in hard
                if n.split(".")[0] in ("requests", "limits", "cpu", "memory") and n not in asked
            ]
            needed = [n for n in needed if n.split(".")[-1] in ("cpu", "memory")]
            if needed:
                why = f"failed quota: {budget['metadata']['name']}: must specify {_missing(obj, needed)}"
                raise forbidden(kind.resource, kind.group, obj["metadata"].get("name", ""), why)
        if not asked:
            continue
        present = used(store, [kind], ns, {name: hard[name] for name in asked})
        over = sorted(
            n for n, amount in asked.items() if present[n] + amount > (human.quantity(hard[n]) or math.inf)
        )
        if human_zero := [n for n in asked if human.quantity(hard[n]) == 0.0 and asked[n] > 0]:
            over = sorted({*over, *human_zero})
        if over:
            asks, uses, caps = (
                ",".join(f"{n}={_amount(source[n], hard[n])}" for n in over)
                for source in (asked, present, hard)
            )
            why = f"exceeded quota: {budget['metadata']['name']}, requested: {asks}, used: {uses}, limited: {caps}"
            raise forbidden(kind.resource, kind.group, obj["metadata"].get("name", ""), why)


def _amount(value: Any, like: str) -> str:
    return value if isinstance(value, str) else human.quantity_text(value, str(like).lstrip("0123456789."))


def _missing(obj: Object, needed: list[str]) -> str:
    containers = ",".join(c.get("name", "") for c in obj["spec"].get("containers") or ())
    return "; ".join(f"{name} for: {containers}" for name in sorted(needed))
