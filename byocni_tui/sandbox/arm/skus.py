"""Sizes of virtual machines (fixtures/arm/skus.json)."""

from typing import Any

from byocni_tui.sandbox.arm.kind import fixture


def sizes() -> list[dict[str, Any]]:
    """Every size: ``{"name", "family", "vCPUs", "MemoryGB"}``."""
    found: list[dict[str, Any]] = fixture("skus")["sizes"]
    return found


def find(name: str) -> dict[str, Any] | None:
    """A size by name, in any case."""
    return next((one for one in sizes() if one["name"].lower() == name.lower()), None)


def size_of(name: str) -> dict[str, Any]:
    """A size; an unknown one counts as 2 vCPUs and 8 GiB."""
    return find(name) or {"name": name, "family": "unknown", "vCPUs": 2, "MemoryGB": 8}
