"""The steps in Azure, up to the kubeconfig. Each looks before it makes: what is there already is kept if this run (or
an earlier session of it) made it or the plan says to use it, and refused otherwise."""

from typing import Final

from byocni_tui.deploy import bodies
from byocni_tui.deploy.failure import StepError
from byocni_tui.deploy.work import Outcome, Work
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Json

PROPAGATION_LIMIT: Final = 600.0
"""Seconds that a role may take to become effective (documented: up to ten minutes)."""

NETWORK_LIMIT: Final = 600.0
"""Seconds that a network or subnet may take."""

REGISTRATION_LIMIT: Final = 1800.0
"""Seconds; registering usually takes one to five minutes."""


async def providers(work: Work) -> Outcome:
    """Register the resource providers that the subscription lacks."""
    known = {str(item.get("namespace", "")).lower(): item for item in work.providers or ()}
    registered: list[str] = []
    for name in bodies.NAMESPACES:
        path = f"/subscriptions/{work.plan.subscription}/providers/{name}"
        item = known.get(name.lower()) or await work.azure.get(path)
        if item.get("registrationState") == "Registered":
            continue
        work.say(work.text("providers.registering", name=name), None, None)
        await work.azure.post(f"{path}/register")
        deadline = work.clock.monotonic() + REGISTRATION_LIMIT
        while item.get("registrationState") != "Registered":
            if work.clock.monotonic() > deadline:
                raise StepError(
                    "MissingSubscriptionRegistration", str(item.get("registrationState")), name=name
                )
            await work.pause(5)
            item = await work.azure.get(path)
        registered.append(name)
    if registered:
        return Outcome(work.text("providers.registered", names=", ".join(registered)))
    return Outcome(work.text("providers.done"))


async def resource_group(work: Work) -> Outcome:
    """Make the group, or make sure that it is there."""
    plan, path = work.plan, bodies.group_id(work.plan)
    name = plan.resource_group.name
    if not plan.resource_group.create:
        if await work.azure.find(path) is None:
            raise StepError("group_missing", name=name)
        work.journal.note(path, "resource-group", "adopted", "resource-group")
        return Outcome(work.text("group.used", name=name))
    if work.journal.state_of(path) is None and await _group_exists(work, path):
        # A group that was there is used, as `az group create` does, but it is not this run's to remove.
        work.journal.note(path, "resource-group", "adopted", "resource-group")
    if work.journal.state_of(path) != "adopted":
        work.journal.note(path, "resource-group", "planned", "resource-group")
    await work.azure.put(path, bodies.group_body(plan))
    if work.journal.state_of(path) == "adopted":
        return Outcome(work.text("group.used", name=name))
    work.journal.note(path, "resource-group", "made", "resource-group")
    return Outcome(work.text("group.made", name=name, region=plan.region))


async def _group_exists(work: Work, path: str) -> bool:
    if work.groups is not None:
        return (work.plan.resource_group.name or "").lower() in work.groups
    return await work.azure.find(path) is not None


async def identity(work: Work) -> Outcome:
    """The cluster's own identity, where it is a user-assigned one."""
    if not work.plan.cluster.create:
        return Outcome(work.text("standing"), "skipped")
    path = bodies.identity_id(work.plan)
    if path is None:
        return Outcome(work.text("identity.system"), "skipped")
    found = await work.azure.find(path)
    if found is None:
        if work.plan.identity.id:
            raise StepError("identity_missing", id=path)
        work.journal.note(path, "identity", "planned", "identity")
        found = (await work.azure.put(path, bodies.identity_body(work.plan))).body
        work.journal.note(path, "identity", "made", "identity")
        message = work.text("identity.made", name=work.plan.identity.name)
    else:
        work.journal.note(path, "identity", "adopted", "identity")
        message = work.text("identity.used", name=found.get("name"))
    work.principal = str((found.get("properties") or {}).get("principalId") or "") or None
    return Outcome(message)


async def _make(work: Work, path: str, kind: str, body: Json, step: str, what: str) -> None:
    work.journal.note(path, kind, "planned", step)
    put = await work.azure.put(path, body)
    if put.operation:
        await work.finish(put.operation, what, 10)
    work.journal.note(path, kind, "made", step)


async def _settled(work: Work, path: str, found: Json) -> None:
    """Wait until nothing goes on there any more. ``StepError`` where it ended badly, or not at all."""
    deadline = work.clock.monotonic() + NETWORK_LIMIT
    while (
        state := str((found.get("properties") or {}).get("provisioningState", "Succeeded"))
    ) != "Succeeded":
        if state in ("Failed", "Canceled") or work.clock.monotonic() > deadline:
            raise StepError("operation_ended", state, what=path.rpartition("/")[2], status=state)
        await work.pause(5)
        found = await work.azure.get(path)


async def network(work: Work) -> Outcome:
    """The own network and its subnet, where the plan makes them."""
    plan = work.plan
    if not plan.cluster.create:
        return Outcome(work.text("standing"), "skipped")
    vnet, subnet = bodies.vnet_id(plan), bodies.subnet_id(plan)
    if vnet is None or subnet is None:
        return Outcome(work.text("network.managed"), "skipped")
    found = await work.azure.find(subnet)
    if found is not None:
        if work.journal.state_of(vnet) in ("planned", "made"):
            # An earlier session of this run asked for it, and the answer got lost.
            await _settled(work, subnet, found)
            work.journal.note(vnet, "vnet", "made", "network")
            return Outcome(work.text("network.made", name=plan.network.vnet.name))
        mine = work.journal.state_of(subnet) is not None
        await _settled(work, subnet, found)
        work.journal.note(subnet, "subnet", "adopted", "network")
        key = "network.subnet_made" if mine else "network.used"
        return Outcome(work.text(key, name=subnet.rpartition("/")[2]))
    if plan.network.subnet.id:
        raise StepError("SubnetNotFound", id=subnet)
    if plan.network.vnet.id or await work.azure.find(vnet) is not None:
        await _make(work, subnet, "subnet", bodies.subnet_body(plan), "network", subnet.rpartition("/")[2])
        return Outcome(work.text("network.subnet_made", name=plan.network.subnet.name))
    await _make(work, vnet, "vnet", bodies.vnet_body(plan), "network", vnet.rpartition("/")[2])
    return Outcome(work.text("network.made", name=plan.network.vnet.name))


async def assign(work: Work, scope: str, principal: str, role: str, step: str) -> None:
    """One role assignment; waits while a fresh identity isn't known in the directory yet."""
    path = bodies.role_id(scope, principal, role)
    if work.journal.state_of(path) is None:
        work.journal.note(path, "role-assignment", "planned", step)
    deadline = work.clock.monotonic() + PROPAGATION_LIMIT
    while True:
        try:
            await work.azure.put(path, bodies.role_body(work.plan, principal, role))
        except ProviderError as error:
            if error.code == "RoleAssignmentExists":
                # Under another name: it was there before and stays when the run is undone.
                work.journal.note(path, "role-assignment", "removed", step)
                return
            if error.code != "PrincipalNotFound" or work.clock.monotonic() > deadline:
                raise
            work.say(work.text("role.directory"), None, None)
            await work.pause(5)
            continue
        work.journal.note(path, "role-assignment", "made", step)
        return


async def role(work: Work) -> Outcome:
    """Network Contributor on the own subnet, and what an own DNS zone asks for, before the cluster needs it."""
    scope, zone = bodies.subnet_id(work.plan), bodies.zone_roles(work.plan)
    wanted = bool(scope or zone) and work.plan.cluster.create and work.plan.identity.assign_role
    if not wanted:
        return Outcome(work.text("role.none"), "skipped")
    if work.plan.identity.type != "user":
        return Outcome(work.text("role.later"), "skipped")
    if work.principal is None:
        found = await work.azure.get(bodies.identity_id(work.plan) or "")
        work.principal = str(found["properties"]["principalId"])
    for place, role_guid in zone:
        await assign(work, place, work.principal, role_guid, "role")
    if scope is None:
        return Outcome(work.text("role.zone", zone=zone[0][0].rpartition("/")[2]))
    await assign(work, scope, work.principal, bodies.NETWORK_CONTRIBUTOR, "role")
    return Outcome(work.text("role.made", subnet=scope.rpartition("/")[2]))
