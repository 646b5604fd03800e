"""Collects what is wrong with an object, field by field, in Kubernetes' words."""

from collections.abc import Iterable
from typing import Any

import msgspec

from byocni_tui.sandbox.kube.stamp import Stamp
from byocni_tui.sandbox.kube.status import Cause


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return msgspec.json.encode(
        value, order="sorted", enc_hook=lambda v: v.at if isinstance(v, Stamp) else str(v)
    ).decode()


class Complaints:
    """An ordered list of causes."""

    def __init__(self) -> None:
        self.causes: list[Cause] = []

    def required(self, field: str, detail: str = "") -> None:
        text = f"Required value: {detail}" if detail else "Required value"
        self.causes.append(Cause("FieldValueRequired", field, text))

    def invalid(self, field: str, value: Any, detail: str) -> None:
        self.causes.append(Cause("FieldValueInvalid", field, f"Invalid value: {_shown(value)}: {detail}"))

    def unsupported(self, field: str, value: Any, allowed: Iterable[str]) -> None:
        listed = ", ".join(f'"{v}"' for v in allowed)
        text = f"Unsupported value: {_shown(value)}: supported values: {listed}"
        self.causes.append(Cause("FieldValueNotSupported", field, text))

    def duplicate(self, field: str, value: Any) -> None:
        self.causes.append(Cause("FieldValueDuplicate", field, f"Duplicate value: {_shown(value)}"))

    def missing(self, field: str, value: Any) -> None:
        self.causes.append(Cause("FieldValueNotFound", field, f"Not found: {_shown(value)}"))

    def forbidden(self, field: str, detail: str) -> None:
        self.causes.append(Cause("FieldValueForbidden", field, f"Forbidden: {detail}"))

    def has(self, field: str) -> bool:
        """Whether a field, or something in it, has been complained about."""
        return any(c.field == field or c.field.startswith((field + ".", field + "[")) for c in self.causes)

    def each(self, field: str, value: Any, details: Iterable[str]) -> None:
        """One ``invalid`` for each detail."""
        for detail in details:
            self.invalid(field, value, detail)
