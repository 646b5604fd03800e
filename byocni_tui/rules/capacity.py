"""BYO505, 506: VM sizes and quota."""

import difflib
from collections.abc import Iterator
from typing import Any, Final

from byocni_tui.plan.facts import Item
from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.arithmetic import most_nodes, surge_nodes
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule
from byocni_tui.rules.service import short_region


def names_size(case: Case) -> bool:
    """Whether a pool names its VM size."""
    return case.new and any(pool.vm_size for pool in case.plan.node_pools)


def skus(case: Case) -> dict[str, Item]:
    """The region's VM sizes by their name in lower case."""
    items = (case.facts.skus or {}).get(short_region(case.plan.region or ""), ())
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
    """Cores of a family can be counted only where sizes are named, addresses only for a load balancer."""
    if need == "usages.network":
        return case.plan.network.outbound_type == "loadBalancer"
    return need == "usages.compute" or names_size(case)


LEAST_CORES: Final = 2


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
    region = short_region(case.plan.region or "")
    usages = case.facts.usages or {}
    compute = {
        str((item.get("name") or {}).get("value", "")).lower(): item
        for item in (usages.get("compute") or {}).get(region, ())
    }
    sizes, wanted = skus(case), dict[str, float]()
    for pool in case.plan.node_pools:
        sku = sizes.get((pool.vm_size or "").lower())
        # Where the service chooses the size, it has at least two cores: AKS takes no smaller ones.
        cores = capability(sku, "vCPUs") or (0 if pool.vm_size else LEAST_CORES)
        need = cores * (most_nodes(pool) + surge_nodes(pool))
        for key in ("cores", str((sku or {}).get("family", "")).lower()):
            if need and key:
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
