"""What the answers about a service look like (providers, versions, sizes, quota), as types: their keys, such as
``name`` and ``capabilities``, mean another thing in each group, so ``arm_shape`` can't know them by name. Everything
may be absent or null; unknown keys are nobody's business."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from byocni_tui.errors import EXIT_USAGE, UserError


class _Shape(msgspec.Struct, rename="camel"):
    """Keys are in camel case, as ARM writes them."""


class _ResourceType(_Shape):
    resource_type: str | None = None
    locations: list[str] | None = None


class _Provider(_Shape):
    namespace: str | None = None
    registration_state: str | None = None
    resource_types: list[_ResourceType] | None = None


class _VersionCapabilities(_Shape):
    support_plan: list[str] | None = None


class _Version(_Shape):
    version: str | None = None
    patch_versions: dict[str, Any] | None = None
    capabilities: _VersionCapabilities | None = None


class _RestrictionInfo(_Shape):
    zones: list[str] | None = None


class _Restriction(_Shape):
    type: str | None = None
    reason_code: str | None = None
    restriction_info: _RestrictionInfo | None = None


class _LocationInfo(_Shape):
    zones: list[str] | None = None


class _Capability(_Shape):
    name: str | None = None
    value: str | None = None


class _Sku(_Shape):
    name: str | None = None
    resource_type: str | None = None
    family: str | None = None
    restrictions: list[_Restriction] | None = None
    location_info: list[_LocationInfo] | None = None
    capabilities: list[_Capability] | None = None


class _UsageName(_Shape):
    value: str | None = None
    localized_value: str | None = None


class _Usage(_Shape):
    name: _UsageName | None = None
    limit: int | None = None
    current_value: int | None = None


_GROUPS: Final[dict[str, Any]] = {
    "providers": list[_Provider],
    "kubernetesVersions": dict[str, list[_Version]],
    "skus": dict[str, list[_Sku]],
    "usages": dict[str, dict[str, list[_Usage]]],
}
"""Group of the facts file -> what it holds."""


def refuse_odd_services(groups: Mapping[str, Any], where: str) -> None:
    """UserError, exit status 2, with the pointer of the first thing that can't come from ARM. ``groups`` are those of a
    facts file by name."""
    for name, shape in _GROUPS.items():
        if groups.get(name) is None:
            continue
        try:
            msgspec.convert(groups[name], shape)
        except msgspec.ValidationError as error:
            words, _, pointer = str(error).partition(" - at `$")
            raise UserError(
                "facts_wrong_type",
                exit_code=EXIT_USAGE,
                where=where,
                pointer=f"$.{name}{pointer.rstrip('`')}",
                detail=words,
            ) from None
