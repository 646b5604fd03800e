"""What the API server refuses, in Kubernetes' own words."""

from typing import Any

from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.schema import Schema
from byocni_tui.sandbox.kube.status import ApiError, Cause, invalid
from byocni_tui.sandbox.kube.store import Store

Object = dict[str, Any]


def create(kind: Kind, obj: Object, schema: Schema | None) -> None:
    """Refuse an invalid new object with 422."""
    meta = obj["metadata"]
    if not meta.get("name") and not meta.get("generateName"):
        raise invalid(
            kind.kind,
            kind.group,
            "",
            [
                Cause(
                    "FieldValueRequired", "metadata.name", "Required value: name or generateName is required"
                )
            ],
        )


def update(kind: Kind, obj: Object, old: Object, schema: Schema | None, subresource: str) -> None:
    """Refuse an invalid change with 422."""


def refuse_service(obj: Object, text: str) -> ApiError:
    """422 for a service, from ``field: message``."""
    field, _, message = text.partition(": ")
    return invalid(
        "Service", "", obj["metadata"].get("name", ""), [Cause("FieldValueInvalid", field, message)]
    )


def quota(store: Store, kind: Kind, obj: Object) -> None:
    """Refuse with 403 what a ResourceQuota has no room for."""
