"""The cluster itself: sent once, seen through, read back, and its kubeconfig fetched."""

import base64
import os
from typing import Any, Final

import msgspec

from byocni_tui.deploy import bodies
from byocni_tui.deploy.azure_steps import PROPAGATION_LIMIT, assign
from byocni_tui.deploy.failure import StepError
from byocni_tui.deploy.work import Outcome, Work
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Json, Operation

CREATE_TYPICAL: Final = 300.0

_NOT_YET: Final = frozenset({"LinkedAuthorizationFailed", "AuthorizationFailed"})
"""What AKS's operation fails with while the cluster's identity may not join the subnet yet."""


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
            put = await work.azure.put(
                path, bodies.cluster_body(work.plan), version=bodies.preview_version(work.plan)
            )
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
        await assign(work, scope, str(principal), bodies.NETWORK_CONTRIBUTOR, "cluster")


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
    found = await work.azure.find(bodies.cluster_id(plan))
    if found is None:
        if not plan.cluster.create:
            raise StepError("cluster_missing", name=plan.cluster.name, group=plan.resource_group.name)
        raise StepError("cluster_gone", name=plan.cluster.name, run=work.journal.run)
    work.cluster = found
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
        await assign(work, registry, str(kubelet), bodies.ACR_PULL, "read-back")


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
