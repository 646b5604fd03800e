"""BYO501–508: what the service, the subscription and this machine offer."""

import difflib
import re
from collections.abc import Iterator
from typing import Any, Final

from byocni_tui.plan.facts import Item
from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.arithmetic import most_nodes, surge_nodes
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule

_API: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(-preview)?", re.ASCII)
FIRST_STABLE: Final = "2022-06-01"
FIRST_PREVIEW: Final = "2022-01-02"


@rule("BYO501", "error", source=sources.BYO_CNI)
def api_version(case: Case) -> Iterator[Finding]:
    """Older versions of the API don't know plugin ``none``."""
    text = case.plan.export.api_version
    if text is None:
        return
    match, field = _API.fullmatch(text.strip()), "export.api_version"
    if not match:
        yield found("BYO501", field, variant="unreadable", remedy=Remedy(set={field: None}), value=text)
    elif match[1] < (FIRST_PREVIEW if match[2] else FIRST_STABLE):
        yield found("BYO501", field, remedy=Remedy(set={field: None}), value=text)


FIRST_CLI: Final = (2, 39, 0)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


@rule("BYO502", "error", source=sources.BYO_CNI, needs=("azureCli",), applies=lambda _: False)
def cli_version(case: Case) -> Iterator[Finding]:
    """Older ones don't offer ``--network-plugin none``."""
    version = (case.facts.azure_cli or {}).get("version", "")
    if version and _numbers(version) < FIRST_CLI:
        yield found(
            "BYO502", "export", remedy=Remedy(action="upgrade-cli"), facts=True, value=version, least="2.39.0"
        )


_NEEDED: Final = ("Microsoft.ContainerService", "Microsoft.Compute", "Microsoft.Network")


@rule("BYO503", "error", source=sources.PROVIDERS, needs=("providers",))
def registered(case: Case) -> Iterator[Finding]:
    """A subscription has to have asked for a provider once."""
    needed = list(_NEEDED)
    if case.plan.identity.type == "user":
        needed.append("Microsoft.ManagedIdentity")
    states = {
        str(item.get("namespace", "")).lower(): str(item.get("registrationState", ""))
        for item in case.facts.providers or ()
    }
    for name in needed:
        state = states.get(name.lower())
        if state is not None and state != "Registered":
            yield found(
                "BYO503",
                "subscription",
                variant="registering" if state == "Registering" else "message",
                evidence={name: state},
                remedy=Remedy(action="register-provider"),
                facts=True,
                value=name,
                state=state,
            )


def _short(region: str) -> str:
    return re.sub(r"\s", "", region).lower()


def _names_version(case: Case) -> bool:
    return bool(case.plan.cluster.kubernetes_version) and case.new


def names_size(case: Case) -> bool:
    """Whether a pool names its VM size."""
    return case.new and any(pool.vm_size for pool in case.plan.node_pools)


@rule(
    "BYO504", "error", source=sources.VERSIONS, needs=("kubernetesVersions.{region}",), applies=_names_version
)
def kubernetes_version(case: Case) -> Iterator[Finding]:
    """The region's own list decides; a bare minor means its newest patch."""
    wanted = (case.plan.cluster.kubernetes_version or "").strip().removeprefix("v")
    items = (case.facts.kubernetes_versions or {}).get(_short(case.plan.region or ""), ())
    if not wanted or not items or not case.new:
        return
    offered: dict[str, list[str]] = {}
    for item in items:
        version = str(item.get("version", ""))
        patches = sorted(item.get("patchVersions") or {}, key=_numbers)
        offered[".".join(version.split(".")[:2])] = patches or [version]
    minor = ".".join(wanted.split(".")[:2])
    every = [patch for patches in offered.values() for patch in patches]
    if wanted not in offered and wanted not in every:
        near = offered[minor][-1] if minor in offered else _nearest(wanted, list(offered))
        yield found(
            "BYO504",
            "cluster.kubernetes_version",
            remedy=Remedy(variant="take", set={"cluster.kubernetes_version": near}),
            facts=True,
            value=wanted,
            region=case.plan.region,
            known=sorted(offered, key=_numbers),
        )
        return
    item = next(item for item in items if ".".join(str(item.get("version", "")).split(".")[:2]) == minor)
    plans = (item.get("capabilities") or {}).get("supportPlan")
    if plans == ["AKSLongTermSupport"] and case.plan.cluster.tier != "premium":
        yield found(
            "BYO504",
            "cluster.kubernetes_version",
            variant="lts",
            related=("cluster.tier",),
            remedy=Remedy(variant="take", set={"cluster.tier": "premium"}),
            facts=True,
            value=wanted,
        )


def _nearest(wanted: str, offered: list[str]) -> str:
    """The lowest offered minor above, or the highest below."""
    above = sorted((item for item in offered if _numbers(item) >= _numbers(wanted)[:2]), key=_numbers)
    return above[0] if above else max(offered, key=_numbers)


def skus(case: Case) -> dict[str, Item]:
    """The region's VM sizes by their name in lower case."""
    items = (case.facts.skus or {}).get(_short(case.plan.region or ""), ())
    return {
        str(item.get("name", "")).lower(): item
        for item in items
        if str(item.get("resourceType", "virtualMachines")).lower() == "virtualmachines"
    }


def capability(sku: Item | None, name: str) -> float | None:
    """A number among a size's capabilities (vCPUs, MemoryGB)."""
    for item in (sku or {}).get("capabilities") or ():
        if item.get("name") == name:
            try:
                return float(item.get("value", ""))
            except (TypeError, ValueError):
                return None
    return None


@rule("BYO505", "error", source=sources.QUOTAS, needs=("skus.{region}",), applies=names_size)
def vm_sizes(case: Case) -> Iterator[Finding]:
    """A size has to exist in the region and zone, and be allowed to the subscription."""
    sizes = skus(case)
    if not sizes or not case.new:
        return
    for index, pool in enumerate(case.plan.node_pools):
        if not pool.vm_size:
            continue
        field = f"node_pools[{index}].vm_size"
        sku = sizes.get(pool.vm_size.lower())
        values: dict[str, Any] = {"value": pool.vm_size, "region": case.plan.region}
        limits = (sku or {}).get("restrictions") or ()
        location = next((item for item in limits if item.get("type") == "Location"), None)
        if sku is None:
            near = difflib.get_close_matches(pool.vm_size.lower(), list(sizes), n=1)
            name = str(sizes[near[0]]["name"]) if near else None
            remedy = Remedy(variant="take", set={field: name}) if name else None
            yield found("BYO505", field, remedy=remedy, facts=True, **values)
        elif location is not None:
            yield found(
                "BYO505",
                field,
                variant="restricted",
                facts=True,
                reason=location.get("reasonCode", ""),
                **values,
            )
        else:
            yield from _zones(index, pool.zones, sku, values)


def _zones(index: int, zones: tuple[str, ...], sku: Item, values: dict[str, Any]) -> Iterator[Finding]:
    offered = {str(zone) for info in sku.get("locationInfo") or () for zone in info.get("zones") or ()}
    for limit in sku.get("restrictions") or ():
        if limit.get("type") == "Zone":
            offered -= {str(zone) for zone in (limit.get("restrictionInfo") or {}).get("zones") or ()}
    lacking = [zone for zone in zones if zone in ("1", "2", "3") and zone not in offered]
    if lacking:
        left = [zone for zone in zones if zone not in lacking]
        field = f"node_pools[{index}].zones"
        remedy = Remedy(variant="take", set={field: left})
        known = sorted(offered) or ["-"]
        yield found(
            "BYO505", field, variant="zone", remedy=remedy, facts=True, zone=lacking, known=known, **values
        )


def _counts(case: Case, need: str) -> bool:
    """Cores can be counted only where sizes are named, addresses only for a load balancer."""
    return case.plan.network.outbound_type == "loadBalancer" if need == "usages.network" else names_size(case)


@rule(
    "BYO506",
    "error",
    source=sources.QUOTA,
    needs=("usages.compute", "usages.network", "skus.{region}"),
    plan_only=True,
    applies=lambda case: case.new,
    relevant=_counts,
)
def quota(case: Case) -> Iterator[Finding]:
    """Cores for nodes and surge, of the family and of the region; one public address for the load balancer."""
    if not case.new:
        return
    region = _short(case.plan.region or "")
    usages = case.facts.usages or {}
    compute = {
        str((item.get("name") or {}).get("value", "")).lower(): item
        for item in (usages.get("compute") or {}).get(region, ())
    }
    sizes, wanted = skus(case), dict[str, float]()
    for pool in case.plan.node_pools:
        sku = sizes.get((pool.vm_size or "").lower())
        cores = capability(sku, "vCPUs")
        if sku is not None and cores:
            need = cores * (most_nodes(pool) + surge_nodes(pool))
            for key in ("cores", str(sku.get("family", "")).lower()):
                wanted[key] = wanted.get(key, 0) + need
    for key, need in wanted.items():
        if finding := _short_of(compute.get(key), need, "cores" if key == "cores" else "family"):
            yield finding
    if case.plan.network.outbound_type == "loadBalancer":
        network = (usages.get("network") or {}).get(region, ())
        for item in network:
            name = str((item.get("name") or {}).get("value", ""))
            if name in ("StandardSkuPublicIpAddresses", "PublicIPAddresses") and (
                finding := _short_of(item, 1, "addresses")
            ):
                yield finding
                break


def _short_of(item: Item | None, need: float, variant: str) -> Finding | None:
    if item is None:
        return None
    limit, used = int(item.get("limit") or 0), int(item.get("currentValue") or 0)
    if limit < 0 or limit - used >= need:
        return None
    names = item.get("name") or {}
    return found(
        "BYO506",
        "network.outbound_type" if variant == "addresses" else "node_pools",
        variant=variant,
        evidence={str(names.get("value", "")): {"limit": limit, "currentValue": used}},
        remedy=Remedy(action="request-quota"),
        facts=True,
        name=str(names.get("localizedValue") or names.get("value", "")),
        need=int(need),
        free=max(limit - used, 0),
        limit=limit,
        used=used,
    )


@rule("BYO507", "error", source=sources.LOCKS, needs=("validation", "locks"), plan_only=True)
def refused(case: Case) -> Iterator[Finding]:
    """What Azure itself said it would refuse, and read-only locks in the way."""
    for entry in case.facts.validation or ():
        code = str(entry.get("code", ""))
        if code in ("RequestDisallowedByPolicy", "PolicyViolation"):
            yield found(
                "BYO507",
                "resource_group.name",
                variant="policy",
                evidence={"validation": entry.get("message")},
                facts=True,
                text=str(entry.get("message", ""))[:400],
            )
    subscription = (case.plan.subscription or "").lower()
    group = (case.plan.resource_group.name or "").lower()
    scopes = {f"/subscriptions/{subscription}": True}
    scopes[f"/subscriptions/{subscription}/resourcegroups/{group}"] = not case.plan.resource_group.create
    for scope, locks in (case.facts.locks or {}).items():
        for lock in locks:
            level = str((lock.get("properties") or {}).get("level", ""))
            here = str(lock.get("id", scope)).lower().partition("/providers/microsoft.authorization/locks")[0]
            if level == "ReadOnly" and scopes.get(here):
                yield found(
                    "BYO507",
                    "resource_group.name",
                    evidence={str(lock.get("id", "")): level},
                    facts=True,
                    name=str(lock.get("name", "")),
                    scope=here,
                )


@rule("BYO508", "error", source=sources.QUOTAS, needs=("providers",))
def offered(case: Case) -> Iterator[Finding]:
    """Regions where the service makes clusters."""
    region = _short(case.plan.region or "")
    for provider in case.facts.providers or ():
        if str(provider.get("namespace", "")).lower() != "microsoft.containerservice":
            continue
        for kind in provider.get("resourceTypes") or ():
            places = [_short(str(place)) for place in kind.get("locations") or ()]
            if str(kind.get("resourceType", "")).lower() == "managedclusters" and places and region:
                if region not in places:
                    near = difflib.get_close_matches(region, places, n=1)
                    remedy = Remedy(variant="take", set={"region": near[0]}) if near else None
                    yield found("BYO508", "region", remedy=remedy, facts=True, value=case.plan.region)
                return
