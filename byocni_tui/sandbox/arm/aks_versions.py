"""The Kubernetes versions that AKS offers here (fixtures/arm/kubernetes.json)."""

from typing import Any

from byocni_tui.sandbox.arm.kind import fixture


def minors() -> list[dict[str, Any]]:
    """Oldest first: ``{"version", "isDefault"?, "isPreview"?, "plans", "patches"}``, patches oldest first."""
    found: list[dict[str, Any]] = fixture("kubernetes")["minors"]
    return found


def minor(version: str) -> dict[str, Any] | None:
    """The entry of ``1.35`` or ``1.35.6``."""
    wanted = ".".join(version.split(".")[:2])
    return next((one for one in minors() if one["version"] == wanted), None)


def resolve(asked: str, *, short: bool = False) -> str:
    """The exact version: a bare minor means its newest patch, nothing the default's; unknown ones come back as given.

    ``short``: the minor only.
    """
    if not asked:
        default = next(one for one in minors() if one.get("isDefault"))
        return str(default["version"] if short else default["patches"][-1])
    entry = minor(asked)
    if entry is None or asked.count(".") != 1:
        return asked
    return str(entry["version"] if short else entry["patches"][-1])


def offered(asked: str) -> bool:
    """Whether a version (or minor) can be asked for."""
    entry = minor(asked)
    return entry is not None and (asked.count(".") == 1 or asked in entry["patches"])


def upgrades(version: str) -> list[str]:
    """Patches that a cluster of ``version`` can go to: newer ones of its minor, and those of the next minor."""
    table = minors()
    at = next((index for index, one in enumerate(table) if version in one["patches"]), None)
    if at is None:
        return []
    own = table[at]["patches"]
    following = table[at + 1]["patches"] if at + 1 < len(table) else []
    return [*own[own.index(version) + 1 :], *following]
