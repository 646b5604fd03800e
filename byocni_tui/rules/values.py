"""BYO004–006: values outside their range, fields that exclude or need each other, ids that are none."""

import difflib
from collections.abc import Iterator
from typing import Any, Final

from byocni_tui.plan import fields, path
from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.plan.model import Plan, Subnet, Vnet
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import RULES, found, rule
from byocni_tui.rules.resources import resource_type
from byocni_tui.rules.runtime import CAUSES

MTU: Final = (576, 9000)
NODE_MASK: Final = (8, 30)


def _choice(field: str, value: str) -> Iterator[Finding]:
    declared = fields.field(field)
    if declared is None or not value or value in declared.choices:
        return
    near = difflib.get_close_matches(value, declared.choices, n=1)
    wanted = near[0] if near else str(declared.default)
    yield found(
        "BYO004",
        field,
        variant="choice",
        remedy=Remedy(variant="take", set={field: wanted}),
        path=field,
        value=value,
        choices=declared.choices,
    )


def _limits(field: str, value: int, limits: tuple[int, int], default: Any) -> Iterator[Finding]:
    if not limits[0] <= value <= limits[1]:
        remedy = Remedy(variant="take", set={field: default})
        yield found("BYO004", field, remedy=remedy, path=field, value=value, least=limits[0], most=limits[1])


@rule("BYO004", "error", source=sources.BYO_CNI)
def outside(case: Case) -> Iterator[Finding]:
    """Right type, impossible value, and no other rule speaks of it."""
    plan = case.plan
    if isinstance(plan.cni.mtu, int):
        yield from _limits("cni.mtu", plan.cni.mtu, MTU, "auto")
    elif plan.cni.mtu != "auto":
        remedy = Remedy(variant="take", set={"cni.mtu": "auto"})
        yield found(
            "BYO004", "cni.mtu", variant="mtu", remedy=remedy, value=plan.cni.mtu, least=576, most=9000
        )
    if plan.cni.node_mask is not None:
        limits = (case.plugin.options.node_mask if case.plugin else None) or NODE_MASK
        yield from _limits("cni.node_mask", plan.cni.node_mask, limits, None)
    if plan.cluster.kubernetes_version and case.new and not case.kubernetes:
        field = "cluster.kubernetes_version"
        remedy = Remedy(variant="take", set={field: None})
        yield found(
            "BYO004", field, variant="kubernetes", remedy=remedy, value=plan.cluster.kubernetes_version[:60]
        )
    if plan.network.outbound_type not in ("none", "block"):
        yield from _choice("network.outbound_type", plan.network.outbound_type)
    yield from _choice("cni.encryption", plan.cni.encryption)
    yield from _choice("cni.kube_proxy", plan.cni.kube_proxy)
    for index, pool in enumerate(plan.node_pools):
        yield from _choice(f"node_pools[{index}].os", pool.os)
    for index, code in enumerate(plan.accept):
        yield from _code(f"accept[{index}]", code)
    for code in plan.override:
        yield from _code(path.join("override", code), code)


def _code(field: str, code: str) -> Iterator[Finding]:
    if code in RULES or code in CAUSES:
        return
    near = difflib.get_close_matches(code.upper(), list(RULES), n=1)
    # A new text for an item of a list is a value to take; a key of `override` can't be renamed by setting it.
    remedy = Remedy(variant="take", set={field: near[0]}) if near and field.startswith("accept") else None
    yield found("BYO004", field, variant="code", remedy=remedy, value=code)


def _pair(
    variant: str, field: str, *related: str, remedy: dict[str, Any] | None = None, **values: Any
) -> Finding:
    way = Remedy(variant="take", set=remedy) if remedy else Remedy(variant=f"{variant}_fix")
    return found("BYO005", field, variant=variant, related=related, remedy=way, path=field, **values)


@rule("BYO005", "error", source=sources.BYO_CNI)
def contradictions(case: Case) -> Iterator[Finding]:
    """Fields that exclude each other, or need one another."""
    plan = case.plan
    if not plan.cluster.create:
        if plan.resource_group.create:
            yield _pair(
                "group_of_existing",
                "resource_group.create",
                "cluster.create",
                remedy={"resource_group.create": False},
            )
        return
    yield from _network(plan)
    yield from _identity(plan)
    if plan.cluster.private_dns_zone and not plan.cluster.private:
        yield _pair(
            "zone_of_public", "cluster.private_dns_zone", "cluster.private", remedy={"cluster.private": True}
        )
    group, nodes = plan.resource_group.name, plan.cluster.node_resource_group
    if group and nodes and group.lower() == nodes.lower():
        yield _pair(
            "same_group",
            "cluster.node_resource_group",
            "resource_group.name",
            remedy={"cluster.node_resource_group": None},
            value=nodes,
        )


def _network(plan: Plan) -> Iterator[Finding]:
    network = plan.network
    if network.managed:
        defaults: dict[str, Any] = {"network.vnet": Vnet(), "network.subnet": Subnet()}
        changed = [
            field.path
            for field in fields.FIELDS
            for section in defaults
            if field.path.startswith(section + ".") and path.get(plan, field.path) != field.default
        ]
        if changed:
            reset = {name: path.get(Plan(), name) for name in changed}
            if any(name.endswith((".id", ".name")) for name in changed):
                reset = {"network.managed": False}
            yield _pair("managed", changed[0], "network.managed", remedy=reset)
        return
    vnet, subnet = network.vnet, network.subnet
    for section, pair in (
        ("network.vnet", (vnet.id, vnet.name)),
        ("network.subnet", (subnet.id, subnet.name)),
    ):
        if all(pair):
            yield _pair("both", f"{section}.id", f"{section}.name", remedy={f"{section}.name": None})
    if not (subnet.id or subnet.name):
        yield _pair("no_subnet", "network.subnet.id", "network.managed")
    elif subnet.name and not subnet.id and not (vnet.id or vnet.name):
        yield _pair("no_vnet", "network.vnet.id", "network.subnet.name")
    elif subnet.id and vnet.name:
        yield _pair(
            "subnet_of_new", "network.subnet.id", "network.vnet.name", remedy={"network.vnet.name": None}
        )
    elif (
        subnet.id and vnet.id and not subnet.id.lower().startswith(vnet.id.strip().rstrip("/").lower() + "/")
    ):
        yield _pair(
            "other_vnet",
            "network.subnet.id",
            "network.vnet.id",
            remedy={"network.vnet.id": None},
            value=vnet.id,
        )


def _identity(plan: Plan) -> Iterator[Finding]:
    identity = plan.identity
    if identity.type == "user":
        if identity.id and identity.name:
            yield _pair("both", "identity.id", "identity.name", remedy={"identity.name": None})
        elif not (identity.id or identity.name):
            new = {"identity.name": f"{plan.cluster.name or 'cluster'}-identity"}
            yield _pair("no_identity", "identity.id", "identity.type", remedy=new)
    elif identity.id or identity.name:
        field = "identity.id" if identity.id else "identity.name"
        yield _pair("system_identity", field, "identity.type", remedy={"identity.type": "user"})


_IDS: Final = {
    "network.vnet.id": "Microsoft.Network/virtualNetworks",
    "network.subnet.id": "Microsoft.Network/virtualNetworks/subnets",
    "identity.id": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "cluster.attach_acr": "Microsoft.ContainerRegistry/registries",
    "cluster.private_dns_zone": "Microsoft.Network/privateDnsZones",
}


@rule("BYO006", "error", source=sources.NAMING)
def not_an_id(case: Case) -> Iterator[Finding]:
    """A resource id has a fixed shape, and names its type."""
    for field, wanted in _IDS.items():
        text = path.get(case.plan, field)
        if not text:
            continue
        kind = resource_type(text)
        if kind is None:
            yield found("BYO006", field, path=field, value=text, type=wanted)
        elif kind != wanted.lower():
            yield found("BYO006", field, variant="type", path=field, value=text, type=wanted, given=kind)
