"""BYO401–404: what the signed-in identity and the cluster's own may do."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from byocni_tui.plan.derive import zone_to_open
from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.plan.model import Plan
from byocni_tui.rules import sources
from byocni_tui.rules.actions import assign
from byocni_tui.rules.case import Case
from byocni_tui.rules.landing import of_subnet
from byocni_tui.rules.permissions import (
    ASSIGN,
    JOIN,
    READ,
    Verdict,
    caller_may,
    custom_role,
    denied,
    may,
    smallest_role,
)
from byocni_tui.rules.registry import found, rule
from byocni_tui.rules.resources import by_id, linked, properties, resource_type, subnet_of

WRITE_GROUP: Final = "Microsoft.Resources/subscriptions/resourceGroups/write"
WRITE_CLUSTER: Final = "Microsoft.ContainerService/managedClusters/write"
WRITE_VNET: Final = "Microsoft.Network/virtualNetworks/write"
WRITE_IDENTITY: Final = "Microsoft.ManagedIdentity/userAssignedIdentities/write"
USE_IDENTITY: Final = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"


class Need(NamedTuple):
    """Something that the plan's steps do, and the field that makes it necessary."""

    action: str
    scope: str
    field: str


def _group(plan: Plan) -> str:
    return f"/subscriptions/{plan.subscription}/resourceGroups/{plan.resource_group.name}"


def needs(plan: Plan) -> tuple[Need, ...]:
    """What the signed-in identity has to be allowed for this plan."""
    group, network, identity = _group(plan), plan.network, plan.identity
    out = []
    if plan.resource_group.create:
        out.append(Need(WRITE_GROUP, group, "resource_group.name"))
    if not plan.cluster.create:
        return tuple(out)
    out.append(Need(WRITE_CLUSTER, group, "cluster.name"))
    if plan.cluster.attach_acr:
        out.append(Need(ASSIGN, plan.cluster.attach_acr, "cluster.attach_acr"))
    if network.subnet.id:
        out.append(Need(JOIN, network.subnet.id, "network.subnet.id"))
        if identity.assign_role:
            out.append(Need(ASSIGN, network.subnet.id, "identity.assign_role"))
    elif not network.managed:
        if not network.vnet.id:
            out.append(Need(WRITE_VNET, group, "network.vnet.name"))
        if identity.assign_role:
            out.append(Need(ASSIGN, network.vnet.id or group, "identity.assign_role"))
    if zone := zone_to_open(plan):
        out.append(Need(ASSIGN, zone, "cluster.private_dns_zone"))
        if not network.managed:
            own = (network.vnet.id or network.subnet.id or group).partition("/subnets/")[0]
            out.append(Need(ASSIGN, own, "cluster.private_dns_zone"))
    if identity.type == "user":
        if identity.id:
            out.append(Need(USE_IDENTITY, identity.id, "identity.id"))
        else:
            out.append(Need(WRITE_IDENTITY, group, "identity.name"))
    return tuple(out)


def _allowed(case: Case, need: Need) -> Verdict | None:
    verdict = caller_may(case.facts, need.action, need.scope)
    if verdict is None and need.scope == _group(case.plan) and case.plan.resource_group.create:
        # A group that is still to be made has no rights of its own: those of the subscription decide.
        return caller_may(case.facts, need.action, f"/subscriptions/{case.plan.subscription}")
    return verdict


@rule("BYO401", "error", source=sources.RBAC, needs=("permissions",))
def signed_in(case: Case) -> Iterator[Finding]:
    """What this sign-in may not do, although the plan needs it: the action and the scope."""
    plan = case.plan
    if not plan.subscription or not plan.resource_group.name:
        return
    holder = _identity_verdicts(case)
    for need in needs(plan):
        verdict = _allowed(case, need)
        if verdict is None or verdict.allowed:
            continue
        own_role = need.field == "identity.assign_role"
        if own_role and holder and all(item and item.allowed for item in holder.values()):
            # The cluster's identity has what it needs already: nothing has to be assigned.
            continue
        by_deny = bool(verdict.path and verdict.path.startswith("denyAssignments"))
        optional = own_role and not by_deny
        yield found(
            "BYO401",
            need.field,
            variant="denied" if by_deny else "message",
            evidence={verdict.path or "permissions": need.action},
            remedy=Remedy(
                variant="unassigned" if optional and _elsewhere(plan, holder) else "ask",
                set={"identity.assign_role": False} if optional and _elsewhere(plan, holder) else None,
                action="ask-for-role",
                commands=_for_somebody_else(case, need) if not by_deny else (),
            ),
            facts=True,
            action=need.action,
            scope=need.scope,
            role=smallest_role([need.action]) or "Owner",
            deny=verdict.role or "",
        )


def _for_somebody_else(case: Case, need: Need) -> tuple[str, ...]:
    """What somebody with more rights would run for this sign-in, where the facts know who that is."""
    who = case.facts.principal or {}
    if not who.get("id"):
        return ()
    group, subscription = _group(case.plan), f"/subscriptions/{case.plan.subscription}"
    scope = subscription if need.scope == group and case.plan.resource_group.create else need.scope
    role = smallest_role([need.action]) or "Owner"
    return (assign(role, str(who["id"]), str(who.get("type") or "User"), scope),)


def _elsewhere(plan: Plan, holder: dict[str, Verdict | None]) -> bool:
    """Whether somebody else can have assigned the role: to an identity that exists, and isn't known to lack it."""
    known = any(item and not item.allowed for item in holder.values())
    return plan.identity.type == "user" and bool(plan.identity.id) and not known


def _principal(case: Case) -> str | None:
    item = by_id(case.facts.identities, case.plan.identity.id)
    principal = properties(item).get("principalId")
    return str(principal) if principal else None


def _identity_verdicts(case: Case) -> dict[str, Verdict | None]:
    """What the cluster's own identity may do at the subnet; nothing where there is no such identity yet."""
    principal, subnet = _principal(case), case.plan.network.subnet.id
    if case.plan.identity.type != "user" or not principal or not subnet:
        return {}
    return {action: may(case.facts, principal, action, subnet) for action in (JOIN, READ)}


def _has_identity(case: Case) -> bool:
    return of_subnet(case) and case.plan.identity.type == "user" and bool(case.plan.identity.id)


@rule(
    "BYO402",
    "error",
    source=sources.BYO_CNI,
    needs=("identities", "roleAssignments"),
    applies=_has_identity,
)
def cluster_identity(case: Case) -> Iterator[Finding]:
    """The cluster's identity joins its nodes to the subnet: both actions, or it can't be made."""
    principal, subnet = _principal(case), case.plan.network.subnet.id
    if not _has_identity(case) or principal is None or subnet is None:
        return
    verdicts = _identity_verdicts(case)
    lacking = [action for action, verdict in verdicts.items() if verdict and not verdict.allowed]
    stopped = [verdict for action in lacking if (verdict := denied(case.facts, principal, action, subnet))]
    if not lacking or (case.plan.identity.assign_role and not stopped):
        # What the plan assigns itself is no defect; a deny assignment would beat it.
        return
    # The role that the plan assigns ends the want of one; it can't lift a deny assignment.
    remedy = (
        Remedy(variant="lift", action="lift-deny-assignment")
        if stopped
        else Remedy(
            variant="assign",
            set={"identity.assign_role": True},
            action="assign-role",
            commands=(assign("Network Contributor", principal, "ServicePrincipal", subnet),),
        )
    )
    place = stopped[0].path if stopped else f"roleAssignments[{principal}]"
    yield found(
        "BYO402",
        "identity.id",
        variant="denied" if stopped else "message",
        related=("network.subnet.id",),
        evidence={place or "denyAssignments": lacking, "customRole": custom_role(subnet)},
        remedy=remedy,
        facts=True,
        identity=(case.plan.identity.id or "").rstrip("/").rsplit("/", 1)[-1],
        actions=lacking,
        subnet=subnet,
        role=smallest_role([JOIN, READ]) or "Network Contributor",
        deny=stopped[0].role if stopped else "",
    )


def _user_assigned(plan: Plan) -> Remedy:
    base = re.sub(r"[^A-Za-z0-9_-]", "-", plan.cluster.name or "").strip("-_") or "aks"
    named = plan.identity.id or plan.identity.name
    return Remedy(
        variant="user",
        set={"identity.type": "user", **({} if named else {"identity.name": f"{base}-identity"})},
    )


@rule("BYO403", "warning", source=sources.IDENTITY)
def too_late(case: Case) -> Iterator[Finding]:
    """A system-assigned identity exists only when its cluster does, so its role comes late."""
    plan = case.plan
    if case.new and plan.identity.type == "system" and not plan.network.managed:
        yield found("BYO403", "identity.type", related=("network.managed",), remedy=_user_assigned(plan))


@rule(
    "BYO404",
    "error",
    "warning",
    source=sources.PRIVATE,
    needs=("virtualNetworks",),
    plan_only=True,
    applies=of_subnet,
)
def needs_user_assigned(case: Case) -> Iterator[Finding]:
    """A DNS zone or a route table of one's own has to be open to the identity before the cluster exists."""
    plan = case.plan
    if not case.new or plan.identity.type != "system":
        return
    zone = plan.cluster.private_dns_zone
    if zone and resource_type(zone):
        yield found(
            "BYO404",
            "identity.type",
            related=("cluster.private_dns_zone",),
            remedy=_user_assigned(plan),
            zone=zone.rstrip("/").rsplit("/", 1)[-1],
        )
    table = linked(subnet_of(case), "routeTable") if of_subnet(case) else None
    if table:
        yield found(
            "BYO404",
            "identity.type",
            severity="warning",
            variant="table",
            related=("network.subnet.id",),
            evidence={f"{plan.network.subnet.id}/routeTable": table},
            remedy=_user_assigned(plan),
            facts=True,
            table=table.rstrip("/").rsplit("/", 1)[-1],
        )
