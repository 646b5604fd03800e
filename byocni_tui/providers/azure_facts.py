"""Collects facts from Azure: in parallel, each once, only those that a plan makes worth asking for.

A read that is refused or fails leaves its group out of the facts: what could not be looked at is unknown, never absent.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from byocni_tui.plan.facts import Facts, merge
from byocni_tui.plan.model import Plan
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import AzureProvider, Json

NAMESPACES: Final = (
    "Microsoft.ContainerService",
    "Microsoft.Network",
    "Microsoft.Compute",
    "Microsoft.ManagedIdentity",
)
_COMMON: Final = ("providers", "resourceGroups", "managedClusters", "permissions")
_AT_ONCE: Final = 8


class Answer(NamedTuple):
    """What became of one key: ``error`` is None where it was read."""

    key: str
    error: ProviderError | None = None

    @property
    def reason(self) -> str | None:
        """Why it could not be read."""
        return f"{self.error.code}: {self.error.message}" if self.error else None


def _looked_at(task: "asyncio.Task[Facts]") -> None:
    if not task.cancelled():
        task.exception()


def wanted(plan: Plan) -> tuple[str, ...]:
    """The keys that pre-flight needs for this plan, most needed first."""
    keys = list(_COMMON)
    if plan.cluster.kubernetes_version:
        keys.append("kubernetesVersions")
    if any(pool.vm_size for pool in plan.node_pools):
        keys += ["skus", "usages"]
    if not plan.network.managed:
        keys += ["virtualNetworks", "networkSecurityGroups", "routeTables", "natGateways"]
    if plan.identity.type == "user" and plan.identity.id:
        keys += ["identities", "roleAssignments", "roleDefinitions"]
    if not plan.resource_group.create:
        keys.append("locks")
    return tuple(keys)


class FactCollector:
    """Remembers what was asked: the same fact for the same scope is read once, however many ask for it."""

    def __init__(
        self, azure: AzureProvider, cloud: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._azure = azure
        self._cloud = cloud
        self._now = now
        self._tasks: dict[tuple[str, ...], asyncio.Task[Any]] = {}
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self.facts = Facts(cloud=cloud)

    def forget(self, *keys: str) -> None:
        """Ask again next time (all, without names)."""
        self._tasks = {scope: task for scope, task in self._tasks.items() if keys and scope[0] not in keys}

    async def collect(self, plan: Plan, keys: Iterable[str]) -> AsyncIterator[Answer]:
        """One answer as each key is done. ``facts`` grows meanwhile. Raises where nobody is signed in."""

        async def one(key: str) -> Answer:
            try:
                found = await self._once(key, plan)
            except ProviderError as error:
                if error.code == "NotSignedIn" or error.status == 401:
                    raise
                return Answer(key, error)
            self.facts = merge(self.facts, found)
            return Answer(key)

        tasks = [asyncio.create_task(one(key), name=f"fact {key}") for key in dict.fromkeys(keys)]
        try:
            for done in asyncio.as_completed(tasks):
                yield await done
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        stamp = self._now().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.facts = merge(self.facts, Facts(subscription=plan.subscription, collected_at=stamp))

    async def _once(self, key: str, plan: Plan) -> Facts:
        scope = (key, *_SCOPES.get(key, _by_subscription)(plan))
        task = self._tasks.get(scope)
        if task is None or task.cancelled() or (task.done() and task.exception() is not None):
            task = self._tasks[scope] = asyncio.create_task(_FETCH[key](self, plan), name=f"read {key}")
            # Whoever waits is told why it failed. Where all have gone away (a run that had to stop), nobody is left to.
            task.add_done_callback(_looked_at)
        # A caller that goes away must not take the answer from the others.
        found: Facts = await asyncio.shield(task)
        return found

    async def items(self, path: str, query: dict[str, str] | None = None) -> tuple[Json, ...]:
        """A listing, with no more than a handful at once."""
        async with self._gate:
            return tuple(await self._azure.items(path, query))

    async def get(self, path: str) -> Json:
        """One object, likewise."""
        async with self._gate:
            return await self._azure.get(path)

    async def account(self) -> Json:
        """Who is signed in."""
        return await self._azure.account()

    async def once(self, key: str, plan: Plan) -> Facts:
        """Another key that a fetcher builds on."""
        return await self._once(key, plan)


def _by_subscription(plan: Plan) -> tuple[str, ...]:
    return (plan.subscription or "", _network_subscription(plan))


def _by_region(plan: Plan) -> tuple[str, ...]:
    return (plan.subscription or "", plan.region or "")


def _by_group(plan: Plan) -> tuple[str, ...]:
    return (plan.subscription or "", plan.resource_group.name or "", plan.network.subnet.id or "")


def _by_identity(plan: Plan) -> tuple[str, ...]:
    return (plan.identity.id or "", plan.network.subnet.id or "")


_SCOPES: Final[dict[str, Callable[[Plan], tuple[str, ...]]]] = {
    "kubernetesVersions": _by_region,
    "skus": _by_region,
    "usages": _by_region,
    "permissions": _by_group,
    "locks": _by_group,
    "identities": _by_identity,
    "roleAssignments": _by_identity,
    "roleDefinitions": _by_identity,
}


def _network_subscription(plan: Plan) -> str:
    """The subscription that holds the network: in a hub and spoke it may be another one."""
    owner = plan.network.subnet.id or plan.network.vnet.id or ""
    parts = owner.strip("/").split("/")
    return parts[1] if len(parts) > 1 and parts[0].lower() == "subscriptions" else plan.subscription or ""


def _sub(plan: Plan) -> str:
    return f"/subscriptions/{plan.subscription}"


async def _principal(collector: FactCollector, _plan: Plan) -> Facts:
    account = await collector.account()
    return Facts(principal={"id": account["id"], "type": account["type"]})


async def _locations(collector: FactCollector, plan: Plan) -> Facts:
    return Facts(locations=await collector.items(f"{_sub(plan)}/locations"))


async def _providers(collector: FactCollector, plan: Plan) -> Facts:
    found = await asyncio.gather(*(collector.get(f"{_sub(plan)}/providers/{name}") for name in NAMESPACES))
    return Facts(providers=tuple(found))


async def _groups(collector: FactCollector, plan: Plan) -> Facts:
    return Facts(resource_groups=await collector.items(f"{_sub(plan)}/resourcegroups"))


async def _clusters(collector: FactCollector, plan: Plan) -> Facts:
    path = f"{_sub(plan)}/providers/Microsoft.ContainerService/managedClusters"
    return Facts(managed_clusters=await collector.items(path))


async def _versions(collector: FactCollector, plan: Plan) -> Facts:
    path = f"{_sub(plan)}/providers/Microsoft.ContainerService/locations/{plan.region}/kubernetesVersions"
    return Facts(kubernetes_versions={str(plan.region): await collector.items(path)})


async def _skus(collector: FactCollector, plan: Plan) -> Facts:
    query = {"$filter": f"location eq '{plan.region}'"}
    found = await collector.items(f"{_sub(plan)}/providers/Microsoft.Compute/skus", query)
    machines = tuple(item for item in found if item.get("resourceType") == "virtualMachines")
    return Facts(skus={str(plan.region): machines})


async def _usages(collector: FactCollector, plan: Plan) -> Facts:
    kinds = ("compute", "network")
    paths = [
        f"{_sub(plan)}/providers/Microsoft.{kind.capitalize()}/locations/{plan.region}/usages"
        for kind in kinds
    ]
    found = await asyncio.gather(*(collector.items(path) for path in paths))
    return Facts(usages={kind: {str(plan.region): items} for kind, items in zip(kinds, found, strict=True)})


def _network_lister(kind: str, group: str) -> Callable[[FactCollector, Plan], Coroutine[Any, Any, Facts]]:
    async def fetch(collector: FactCollector, plan: Plan) -> Facts:
        path = f"/subscriptions/{_network_subscription(plan)}/providers/Microsoft.Network/{kind}"
        return msgspec.structs.replace(Facts(), **{group: await collector.items(path)})

    return fetch


async def _nearest(collector: FactCollector, plan: Plan) -> str:
    """The group if it exists, else the subscription."""
    groups = (await collector.once("resourceGroups", plan)).resource_groups or ()
    name = (plan.resource_group.name or "").lower()
    exists = any(str(item.get("name", "")).lower() == name for item in groups)
    return f"{_sub(plan)}/resourceGroups/{plan.resource_group.name}" if exists else _sub(plan)


async def _permissions(collector: FactCollector, plan: Plan) -> Facts:
    """The caller's own rights: at the group if it exists, else at the subscription; and at the subnet."""
    scopes = [await _nearest(collector, plan), *([plan.network.subnet.id] if plan.network.subnet.id else [])]
    suffix = "providers/Microsoft.Authorization/permissions"
    found = await asyncio.gather(*(collector.items(f"{item}/{suffix}") for item in scopes))
    return Facts(permissions=dict(zip(scopes, found, strict=True)))


async def _locks(collector: FactCollector, plan: Plan) -> Facts:
    scope = await _nearest(collector, plan)
    return Facts(locks={scope: await collector.items(f"{scope}/providers/Microsoft.Authorization/locks")})


async def _identities(collector: FactCollector, plan: Plan) -> Facts:
    if plan.identity.id:
        return Facts(identities=(await collector.get(plan.identity.id),))
    path = f"{_sub(plan)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    return Facts(identities=await collector.items(path))


async def _assignments(collector: FactCollector, plan: Plan) -> Facts:
    """What the cluster's identity has been given at the subnet and above it."""
    identities = (await collector.once("identities", plan)).identities or ()
    scope = plan.network.subnet.id or f"{_sub(plan)}/resourceGroups/{plan.resource_group.name}"
    found: dict[str, tuple[Json, ...]] = {}
    for item in identities[:1]:
        principal = str((item.get("properties") or {}).get("principalId", ""))
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
        found[principal] = await collector.items(path, {"$filter": f"assignedTo('{principal}')"})
    return Facts(role_assignments=found)


async def _definitions(collector: FactCollector, plan: Plan) -> Facts:
    assignments = (await collector.once("roleAssignments", plan)).role_assignments or {}
    ids = {str(item["properties"]["roleDefinitionId"]) for items in assignments.values() for item in items}
    return Facts(role_definitions=tuple(await asyncio.gather(*(collector.get(item) for item in sorted(ids)))))


async def _azure_cli(_collector: FactCollector, _plan: Plan) -> Facts:
    """The Azure CLI of this machine, where there is one."""
    program = shutil.which("az")
    if program is None:
        return Facts(azure_cli={})
    process = await asyncio.create_subprocess_exec(
        program,
        "version",
        "--output",
        "json",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await process.communicate()
    try:
        version = msgspec.json.decode(out, type=dict[str, Any]).get("azure-cli")
    except msgspec.DecodeError:
        version = None
    return Facts(azure_cli={"version": str(version)} if version else {})


_FETCH: Final[dict[str, Callable[[FactCollector, Plan], Coroutine[Any, Any, Facts]]]] = {
    "principal": _principal,
    "locations": _locations,
    "providers": _providers,
    "resourceGroups": _groups,
    "managedClusters": _clusters,
    "kubernetesVersions": _versions,
    "skus": _skus,
    "usages": _usages,
    "virtualNetworks": _network_lister("virtualNetworks", "virtual_networks"),
    "networkSecurityGroups": _network_lister("networkSecurityGroups", "network_security_groups"),
    "routeTables": _network_lister("routeTables", "route_tables"),
    "natGateways": _network_lister("natGateways", "nat_gateways"),
    "permissions": _permissions,
    "locks": _locks,
    "identities": _identities,
    "roleAssignments": _assignments,
    "roleDefinitions": _definitions,
    "azureCli": _azure_cli,
}
KEYS: Final = tuple(_FETCH)
"""Everything that can be asked for."""
