"""What Azure has: ARM's own items, grouped by the scope that they were asked for. A group that is None was not
collected, so nothing can be concluded from it; an empty one was, and nothing is there."""

import difflib
import json
from typing import Any, Final

import msgspec

from byocni_tui.errors import EXIT_USAGE, UserError
from byocni_tui.plan.arm_shape import refuse_misshapen
from byocni_tui.plan.service_shapes import refuse_odd_services

Item = dict[str, Any]
Items = tuple[Item, ...]


class Facts(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True
):
    """The facts file. Items are as ARM returns them, never rebuilt, so that evidence can quote them."""

    cloud: str | None = None
    subscription: str | None = None
    collected_at: str | None = msgspec.field(default=None, name="collected_at")
    principal: Item | None = None
    locations: Items | None = None
    providers: Items | None = None
    features: Items | None = None
    resource_groups: Items | None = None
    managed_clusters: Items | None = None
    virtual_networks: Items | None = None
    network_security_groups: Items | None = None
    route_tables: Items | None = None
    nat_gateways: Items | None = None
    identities: Items | None = None
    registries: Items | None = None
    role_definitions: Items | None = None
    deny_assignments: Items | None = None
    kubernetes_versions: dict[str, Items] | None = None
    skus: dict[str, Items] | None = None
    usages: dict[str, dict[str, Items]] | None = None
    permissions: dict[str, Items] | None = None
    locks: dict[str, Items] | None = None
    role_assignments: dict[str, Items] | None = None
    validation: Items | None = None
    azure_cli: dict[str, str] | None = None

    def has(self, key: str) -> bool:
        """Whether ``key`` was collected: a name as in the file (``virtualNetworks``), or one step further down
        (``skus.chinanorth3``, ``usages.compute``)."""
        first, _, rest = key.partition(".")
        name = _NAMES.get(first)
        value = getattr(self, name) if name else None
        if rest:
            return isinstance(value, dict) and rest in value
        return value is not None


_NAMES: Final = {info.encode_name: info.name for info in msgspec.structs.fields(Facts)}
KEYS: Final = tuple(_NAMES)
"""The names of the file's groups."""


def merge(facts: Facts, more: Facts) -> Facts:
    """``facts`` with every group that ``more`` has; groups that are keyed by scope or region are united."""
    changes: dict[str, Any] = {}
    for name in _NAMES.values():
        new, old = getattr(more, name), getattr(facts, name)
        if new is None:
            continue
        united = isinstance(new, dict) and isinstance(old, dict) and name not in ("principal", "azure_cli")
        changes[name] = {**old, **new} if united else new
        if name == "usages" and united:
            changes[name] = {kind: {**old.get(kind, {}), **new.get(kind, {})} for kind in {**old, **new}}
    return msgspec.structs.replace(facts, **changes)


def dump(facts: Facts) -> str:
    """The facts as the file holds them."""
    return msgspec.json.format(msgspec.json.encode(facts), indent=2).decode() + "\n"


def load(text: str, where: str) -> Facts:
    """The facts in ``text``: one JSON object, or a recording (JSON lines). UserError, exit status 2, for the rest."""
    facts = _load(text, where)
    groups = {key: getattr(facts, name) for key, name in _NAMES.items()}
    refuse_misshapen(groups, where)
    refuse_odd_services(groups, where)
    return facts


def _load(text: str, where: str) -> Facts:
    lines = text.split("\n")
    if any(_is_exchange(line) for line in lines[:1]):
        from byocni_tui.plan.recording import sort_in

        return sort_in([_parse(line, where, at) for at, line in enumerate(lines) if line.strip()])
    data = _parse(text, where, 0)
    if isinstance(data, dict):
        for key in data:
            if key not in _NAMES:
                near = difflib.get_close_matches(key, KEYS, n=1)
                raise UserError(
                    "facts_unknown_key_near" if near else "facts_unknown_key",
                    exit_code=EXIT_USAGE,
                    where=where,
                    name=key,
                    near=near[0] if near else "",
                    known=", ".join(KEYS),
                )
    try:
        return msgspec.convert(data, Facts)
    except msgspec.ValidationError as error:
        words, _, pointer = str(error).partition(" - at `")
        raise UserError(
            "facts_wrong_type",
            exit_code=EXIT_USAGE,
            where=where,
            pointer=pointer.rstrip("`") or "$",
            detail=words,
        ) from None


def _parse(text: str, where: str, line_offset: int) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise UserError(
            "facts_not_json",
            exit_code=EXIT_USAGE,
            where=where,
            line=error.lineno + line_offset,
            column=error.colno,
            detail=error.msg,
        ) from None
    except (RecursionError, ValueError) as error:
        # ValueError: a number of thousands of digits, or NaN, which JSON does not have.
        raise UserError(
            "facts_not_json",
            exit_code=EXIT_USAGE,
            where=where,
            line=1 + line_offset,
            column=1,
            detail=str(error),
        ) from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _is_exchange(line: str) -> bool:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and {"method", "path", "status"} <= value.keys()
