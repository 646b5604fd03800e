"""What the API server refuses, in Kubernetes' own words: metadata, the well-known kinds and schemas."""

from typing import Any, Final

from byocni_tui.sandbox.kube import cel_rules, names, validate_schema
from byocni_tui.sandbox.kube.complaints import Complaints
from byocni_tui.sandbox.kube.immutable import UPDATE
from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.schema import Schema
from byocni_tui.sandbox.kube.status import ApiError, Cause, invalid
from byocni_tui.sandbox.kube.validate_kinds import CREATE

Object = dict[str, Any]
_UNCHECKED: Final = (
    'Invalid value: "null": some validation rules were not checked because the object was invalid; correct the '
    "existing errors to complete validation"
)
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
    _body(kind, obj, schema, found, None)
    refuse(kind, obj, found)


def update(kind: Kind, obj: Object, old: Object, schema: Schema | None, subresource: str) -> None:
    """Refuse an invalid change with 422."""
    found = Complaints()
    meta, before = obj["metadata"], old["metadata"]
    if any(
        meta.get(key) != before.get(key) for key in ("labels", "annotations", "finalizers", "ownerReferences")
    ):
        _metadata(meta, found)
        found.causes += [
            c for c in found.causes if c.field == "metadata.labels"
        ] * 3  # an update is judged four times
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
            _body(kind, obj, schema, found, old)
        change = UPDATE.get(kind.storage)
        if change is not None and subresource not in ("ephemeralcontainers", "resize"):
            change(obj, old, found)
    elif kind.crd is not None:
        _body(kind, obj, schema, found, old)
    refuse(kind, obj, found)


def refuse(kind: Kind, obj: Object, found: Complaints) -> None:
    """Raise 422 when there are complaints."""
    if found.causes:
        raise invalid(kind.kind, kind.group, obj["metadata"].get("name", ""), found.causes)


def _body(kind: Kind, obj: Object, schema: Schema | None, found: Complaints, old: Object | None) -> None:
    if kind.crd is not None:
        if schema is not None:
            before = len(found.causes)
            validate_schema.custom(obj, schema, "", found)
            if len(found.causes) == before:
                cel_rules.judge(obj, old, schema, "", found)
            elif cel_rules.ruled(schema.node):
                found.causes.append(Cause("FieldValueInvalid", "<nil>", _UNCHECKED))
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
