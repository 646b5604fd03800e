"""What a screen asks of a run besides carrying it out: a remedy that is done in Azure at once, why a cluster's nodes
are not Ready, cleaning up. Part of the composition root, like ``preflight``; ``context`` is its only user."""

import base64
import os
import shlex
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.plan.finding import Finding
from byocni_tui.providers.protocols import KubernetesProvider

if TYPE_CHECKING:
    from byocni_tui.context import Context

REGISTRATION_LIMIT: Final = 1800.0
"""Seconds; registering a provider usually takes one to five minutes."""


async def mend(context: "Context", finding: Finding) -> None:
    """Do what the finding's remedy names. ``ProviderError`` with Azure's words where it is refused; ValueError for an
    action that is not done from here."""
    remedy = finding.remedy
    if remedy is not None and remedy.action == "register-provider":
        await _register(context, str(finding.values["value"]))
    elif remedy is not None and remedy.commands and all(map(is_security_rule, remedy.commands)):
        await _allow(context, remedy.commands)
    else:
        raise ValueError(remedy and remedy.action)


def is_security_rule(command: str) -> bool:
    """Whether a remedy's command makes a security rule."""
    return command.startswith("az network nsg rule create ")


def security_rule(command: str) -> tuple[str, dict[str, Any]]:
    """The id and the body that ``az network nsg rule create`` with these words would put, so that what is shown and
    what is done are the same. ``command`` has long flags only, as ``rules.actions`` writes them."""
    flags: dict[str, list[str]] = {}
    values: list[str] = []
    for word in shlex.split(command)[5:]:
        if word.startswith("--"):
            values = flags.setdefault(word[2:], [])
        else:
            values.append(word)
    one = {name: items[0] for name, items in flags.items()}
    body: dict[str, Any] = {
        "priority": int(one["priority"]),
        "direction": one["direction"],
        "access": one["access"],
        "protocol": one["protocol"],
        "sourcePortRange": "*",
    }
    for key, flag in (
        ("sourceAddressPrefix", "source-address-prefixes"),
        ("destinationAddressPrefix", "destination-address-prefixes"),
        ("destinationPortRange", "destination-port-ranges"),
    ):
        several = flags[flag]
        plural = f"{key}es" if key.endswith("Prefix") else f"{key}s"
        body.update({key: several[0]} if len(several) == 1 else {plural: several})
    path = (
        f"/subscriptions/{one['subscription']}/resourceGroups/{one['resource-group']}"
        f"/providers/Microsoft.Network/networkSecurityGroups/{one['nsg-name']}/securityRules/{one['name']}"
    )
    return path, {"properties": body}


async def _allow(context: "Context", commands: tuple[str, ...]) -> None:
    work = context.work(await context.connections())
    for path, body in map(security_rule, commands):
        answer = await work.azure.put(path, body)
        if answer.operation is not None:
            await work.finish(answer.operation, path.rpartition("/")[2], 5.0)
    (await context.collector()).forget("networkSecurityGroups")
    await context.collect("networkSecurityGroups")


async def _register(context: "Context", name: str) -> None:
    azure = (await context.connections()).azure
    path = f"/subscriptions/{context.plan.subscription}/providers/{name}"
    item = (await azure.post(f"{path}/register")).body
    deadline = context.clock.monotonic() + REGISTRATION_LIMIT
    while item.get("registrationState") != "Registered" and context.clock.monotonic() < deadline:
        await context.clock.sleep(5)
        item = await azure.get(path)
    (await context.collector()).forget("providers")
    await context.collect("providers")


async def diagnose(context: "Context", kubeconfig: Path | None = None) -> dict[str, Any]:
    """``doctor -o json`` for the plan's cluster (or that of a kubeconfig): nodes, causes, what wasn't seen. Reads.
    ``ProviderError`` where its API server, or Azure for its credentials, can't be asked."""
    from byocni_tui.deploy.doctor import diagnose as judge
    from byocni_tui.deploy.doctor import gather, to_dict
    from byocni_tui.deploy.nodes import node_state

    connections = await context.connections()
    own = context.open_journal().folder / "kubeconfig"
    with tempfile.TemporaryDirectory(prefix="byocni-") as folder:
        path = kubeconfig or (own if own.exists() and context.deployed else None)
        if path is None:
            path = await _fetch_kubeconfig(context, Path(folder))
        kube: KubernetesProvider = connections.kubernetes(path)
        try:
            snapshot = await gather(kube)
        finally:
            await kube.close()
    tr = context.tr
    states = sorted(
        (node_state(node) for node in snapshot.nodes), key=lambda state: (state.ready, state.name)
    )
    return {
        "nodes": [{"name": s.name, "ready": s.ready, "stage": s.stage, "message": s.message} for s in states],
        "causes": [to_dict(cause, tr) for cause in judge(snapshot)],
        "not_seen": list(snapshot.not_seen),
    }


async def _fetch_kubeconfig(context: "Context", folder: Path) -> Path:
    """The cluster user's kubeconfig in a file of its own, gone with its folder."""
    from byocni_tui.deploy.bodies import cluster_id
    from byocni_tui.deploy.failure import StepError

    azure = (await context.connections()).azure
    answer = (await azure.post(f"{cluster_id(context.plan)}/listClusterUserCredential")).body
    entries = answer.get("kubeconfigs") or ()
    if not entries:
        raise StepError("no_credentials", name=context.plan.cluster.name)
    path = folder / "kubeconfig"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64decode(entries[0]["value"]))
    return path


def doomed(context: "Context") -> list[str]:
    """The ids of what cleaning up would remove."""
    from byocni_tui.deploy.undo import doomed as find

    return [item.id for item in find(context.open_journal())]


async def clean_up(context: "Context") -> AsyncIterator[tuple[str, str, str]]:
    """Remove what this run made, telling (id, outcome, reason): ``removed``, ``absent`` or ``kept``."""
    from byocni_tui.deploy.undo import undo

    journal = context.open_journal()
    journal.acquire()
    context.deployed = True
    work = context.work(await context.connections())
    kept = 0
    async for removal in undo(work):
        kept += removal.outcome == "kept"
        yield removal.resource.id, removal.outcome, removal.reason
    journal.put("destroyed", not kept)
