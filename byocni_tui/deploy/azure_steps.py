"""The steps in Azure, up to the kubeconfig. Each looks before it makes: what is there already is kept if this run (or
an earlier session of it) made it or the plan says to use it, and refused otherwise."""

import base64
import os
from typing import Any, Final

import msgspec

from byocni_tui.deploy import bodies
from byocni_tui.deploy.failure import StepError
from byocni_tui.deploy.work import Outcome, Work
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Json, Operation

CREATE_TYPICAL: Final = 300.0
PROPAGATION_LIMIT: Final = 600.0
"""Seconds that a role may take to become effective (documented: up to ten minutes)."""

_NOT_YET: Final = frozenset({"LinkedAuthorizationFailed", "AuthorizationFailed"})
"""What AKS's operation fails with while the cluster's identity may not join the subnet yet."""


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
        while item.get("registrationState") != "Registered":
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
    path = bodies.identity_id(work.plan)
    if path is None or not work.plan.cluster.create:
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


async def network(work: Work) -> Outcome:
    """The own network and its subnet, where the plan makes them."""
    plan = work.plan
    vnet, subnet = bodies.vnet_id(plan), bodies.subnet_id(plan)
    if vnet is None or subnet is None or not plan.cluster.create:
        return Outcome(work.text("network.managed"), "skipped")
    if await work.azure.find(subnet) is not None:
        work.journal.note(subnet, "subnet", "adopted", "network")
        return Outcome(work.text("network.used", name=subnet.rpartition("/")[2]))
    if plan.network.subnet.id:
        raise StepError("SubnetNotFound", id=subnet)
    if plan.network.vnet.id or await work.azure.find(vnet) is not None:
        await _make(work, subnet, "subnet", bodies.subnet_body(plan), "network", subnet.rpartition("/")[2])
        return Outcome(work.text("network.subnet_made", name=plan.network.subnet.name))
    await _make(work, vnet, "vnet", bodies.vnet_body(plan), "network", vnet.rpartition("/")[2])
    return Outcome(work.text("network.made", name=plan.network.vnet.name))


async def _assign(work: Work, scope: str, principal: str, role: str, step: str) -> None:
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
    """Network Contributor on the own subnet, before the cluster needs it."""
    scope = bodies.subnet_id(work.plan)
    if scope is None or not work.plan.cluster.create or not work.plan.identity.assign_role:
        return Outcome(work.text("role.none"), "skipped")
    if work.plan.identity.type != "user":
        return Outcome(work.text("role.later"), "skipped")
    if work.principal is None:
        found = await work.azure.get(bodies.identity_id(work.plan) or "")
        work.principal = str(found["properties"]["principalId"])
    await _assign(work, scope, work.principal, bodies.NETWORK_CONTRIBUTOR, "role")
    return Outcome(work.text("role.made", subnet=scope.rpartition("/")[2]))


def _state(cluster: Json | None) -> str:
    return str(((cluster or {}).get("properties") or {}).get("provisioningState", ""))


def _role_is_fresh(work: Work) -> bool:
    """Whether this run has assigned a role, which takes a while to become effective."""
    return any(item.kind == "role-assignment" and item.state == "made" for item in work.journal.resources())


async def _put_cluster(work: Work, path: str) -> Json | None:
    """Send the cluster, and see it through. Returns it as it stands if the answer was lost but the request was not.

    A refusal at once is about the caller's rights and stands. One that comes with the operation is about the cluster's
    own identity: where its role was assigned a moment ago, the same request is sent again until the role counts.
    """
    deadline = work.clock.monotonic() + PROPAGATION_LIMIT
    while True:
        try:
            put = await work.azure.put(path, bodies.cluster_body(work.plan))
        except ProviderError as error:
            if error.passing or error.code in ("OperationNotAllowed", "EtagMismatch"):
                found = await work.azure.find(path)
                if found is not None:
                    return found
            raise
        if put.operation:
            work.journal.put("cluster-operation", put.operation.url)
        work.journal.note(path, "cluster", "made", "cluster")
        if put.operation is None:
            return None
        await _role_for_system_identity(work, put.body)
        try:
            await work.finish(put.operation, work.plan.cluster.name or "", CREATE_TYPICAL)
        except ProviderError as error:
            if error.code not in _NOT_YET or not _role_is_fresh(work) or work.clock.monotonic() > deadline:
                raise
            work.say(work.text("role.propagating"), None, {"original": error.message})
            await work.pause(60)
            continue
        return None


async def _role_for_system_identity(work: Work, cluster: Json) -> None:
    """A system-assigned identity exists from the first answer on: its role follows at once, as az does it."""
    scope = bodies.subnet_id(work.plan)
    principal = (cluster.get("identity") or {}).get("principalId")
    if scope and principal and work.plan.identity.type != "user" and work.plan.identity.assign_role:
        await _assign(work, scope, str(principal), bodies.NETWORK_CONTRIBUTOR, "cluster")


async def _await_cluster(work: Work, path: str, found: Json) -> None:
    """Go on with an operation that somebody began: by its own address where it is known, else by the cluster."""
    url = work.journal.get("cluster-operation")
    if url:
        try:
            await work.finish(
                Operation("InProgress", str(url), 0.0), work.plan.cluster.name or "", CREATE_TYPICAL
            )
        except ProviderError as error:
            if not error.absent:
                raise
        else:
            return
    current: Json | None = found
    while _state(current) not in ("Succeeded", "Failed", "Canceled", ""):
        work.say(work.text("operation", what=work.plan.cluster.name, status=_state(current)), None, None)
        await work.pause(15)
        current = await work.azure.find(path)
    if _state(current) != "Succeeded":
        raise StepError(
            "cluster_failed", _state(current), name=work.plan.cluster.name, state=_state(current) or "-"
        )


async def cluster(work: Work) -> Outcome:
    """The cluster with plugin ``none``. Sent once: an earlier session's request is found again and waited for."""
    plan, path = work.plan, bodies.cluster_id(work.plan)
    name = plan.cluster.name
    found = await work.azure.find(path)
    if not plan.cluster.create:
        if found is None:
            raise StepError("cluster_missing", name=name, group=plan.resource_group.name)
        work.journal.note(path, "cluster", "adopted", "cluster")
        await _await_cluster(work, path, found)
        return Outcome(work.text("cluster.taken", name=name))
    if found is not None and work.journal.state_of(path) not in ("planned", "made"):
        raise StepError("cluster_exists", name=name, group=plan.resource_group.name)
    if found is None or _state(found) in ("Failed", "Canceled"):
        work.journal.note(path, "cluster", "planned", "cluster")
        work.say(work.text("cluster.sending", name=name), 0.0, {"typical_seconds": CREATE_TYPICAL})
        found = await _put_cluster(work, path)
        if found is None:
            return Outcome(work.text("cluster.made", name=name))
        work.journal.note(path, "cluster", "made", "cluster")
    else:
        work.say(work.text("cluster.found_again", name=name, state=_state(found)), None, None)
        work.journal.note(path, "cluster", "made", "cluster")
    await _role_for_system_identity(work, found)
    await _await_cluster(work, path, found)
    return Outcome(work.text("cluster.made", name=name))


async def read_back(work: Work) -> Outcome:
    """What Azure says it made: plugin ``none``, and the ranges that were planned."""
    plan = work.plan
    work.cluster = await work.azure.get(bodies.cluster_id(plan))
    properties: dict[str, Any] = work.cluster.get("properties") or {}
    network: dict[str, Any] = properties.get("networkProfile") or {}
    plugin = network.get("networkPlugin")
    if plugin != "none":
        raise StepError("plugin_not_none", str(plugin), name=plan.cluster.name, plugin=plugin)
    if plan.cluster.create:
        for key, wanted in (
            ("podCidr", plan.network.pod_cidr),
            ("serviceCidr", plan.network.service_cidr),
            ("dnsServiceIP", bodies.dns_service_ip(plan)),
        ):
            got = network.get(key)
            # Before api-version 2026-01-01 the service didn't return a pod range with plugin none.
            if wanted and got and got != wanted:
                raise StepError("range_differs", str(got), key=key, wanted=wanted, got=got)
    else:
        ranges = {"pod_cidr": network.get("podCidr"), "service_cidr": network.get("serviceCidr")}
        taken = {key: value for key, value in ranges.items() if value}
        if not plan.cni.pool and not network.get("podCidr"):
            taken["pod_cidr"] = plan.network.pod_cidr
        version = properties.get("currentKubernetesVersion") or properties.get("kubernetesVersion")
        work.plan = msgspec.structs.replace(
            plan,
            network=msgspec.structs.replace(plan.network, **taken),
            cluster=msgspec.structs.replace(plan.cluster, kubernetes_version=version),
        )
    await _attach_registry(work, properties)
    message = work.text(
        "read_back.done",
        version=properties.get("currentKubernetesVersion") or properties.get("kubernetesVersion"),
        pod=network.get("podCidr") or "-",
        service=network.get("serviceCidr") or "-",
    )
    return Outcome(message, detail={"networkProfile": network, "fqdn": api_server(work.cluster)})


async def _attach_registry(work: Work, properties: dict[str, Any]) -> None:
    """AcrPull for the kubelets, where the plan names a registry."""
    registry = work.plan.cluster.attach_acr
    kubelet = ((properties.get("identityProfile") or {}).get("kubeletidentity") or {}).get("objectId")
    if registry and kubelet:
        await _assign(work, registry, str(kubelet), bodies.ACR_PULL, "read-back")


def api_server(cluster: Json) -> str | None:
    """The API server's host name."""
    properties = cluster.get("properties") or {}
    name = properties.get("privateFQDN") or properties.get("fqdn")
    return str(name) if name else None


async def credentials(work: Work) -> Outcome:
    """The user's kubeconfig, into the run's folder, readable by nobody else; the user's own is left alone."""
    path = f"{bodies.cluster_id(work.plan)}/listClusterUserCredential"
    answer = (await work.azure.post(path)).body
    entries = answer.get("kubeconfigs") or ()
    if not entries:
        raise StepError("no_credentials", name=work.plan.cluster.name)
    data = base64.b64decode(entries[0]["value"])
    partial = work.kubeconfig.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, work.kubeconfig)
    await work.close()
    return Outcome(
        work.text("credentials.done", path=str(work.kubeconfig)), detail={"kubeconfig": str(work.kubeconfig)}
    )
