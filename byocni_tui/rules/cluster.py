"""BYO601–609: the cluster and its node pools."""

import re
from collections.abc import Iterator
from typing import Final

from byocni_tui.plan import path
from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.plan.model import NodePool
from byocni_tui.rules import sources
from byocni_tui.rules.arithmetic import most_nodes, surge_of
from byocni_tui.rules.capacity import capability, names_size, skus
from byocni_tui.rules.case import Case
from byocni_tui.rules.names import existing_cluster
from byocni_tui.rules.registry import found, rule
from byocni_tui.rules.resources import properties

POOL_LIMIT: Final = 1000
CLUSTER_LIMIT: Final = 5000
FREE_LIMIT: Final = 1000
MAX_POOLS: Final = 100
_TAINT: Final = re.compile(
    r"(?P<key>([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)"
    r"(=(?P<value>([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?))?:(?P<effect>NoSchedule|PreferNoSchedule|NoExecute)"
)


def _pools(case: Case) -> Iterator[tuple[str, NodePool]]:
    """Where the cluster is made here: an existing one has pools of its own."""
    if case.new:
        yield from ((f"node_pools[{index}]", pool) for index, pool in enumerate(case.plan.node_pools))


@rule("BYO601", "error", source=sources.WINDOWS)
def windows(case: Case) -> Iterator[Finding]:
    """No Windows nodes without one of Azure's own plugins."""
    for at, pool in _pools(case):
        if pool.os == "Windows":
            field = f"{at}.os"
            yield found("BYO601", field, remedy=Remedy(variant="take", set={field: "Linux"}), value=pool.name)


@rule("BYO602", "error", source=sources.BYO_CNI)
def azures_own(case: Case) -> Iterator[Finding]:
    """Settings of Azure's own plugins."""
    for name in ("policy", "plugin_mode", "dataplane"):
        field = f"network.{name}"
        value = path.get(case.plan, field)
        if value and not (name == "policy" and value == "none"):
            yield found(
                "BYO602", field, remedy=Remedy(variant="take", set={field: None}), path=field, value=value
            )


ADDONS: Final = frozenset(
    {
        "http_application_routing", "monitoring", "azure-policy", "azure-keyvault-secrets-provider", "confcom",
        "open-service-mesh", "gitops", "web_application_routing", "virtual-node", "ingress-appgw", "kube-dashboard",
    }
)  # fmt: skip
_NEEDS_AZURE: Final = frozenset({"virtual-node", "ingress-appgw"})


@rule("BYO603", "error", "warning", source=sources.ADDONS)
def addons(case: Case) -> Iterator[Finding]:
    """Add-ons that program Azure's own plugin, and names that there are not."""
    if not case.new:
        return
    for index, name in enumerate(case.plan.cluster.addons):
        left = [other for other in case.plan.cluster.addons if other != name]
        remedy = Remedy(variant="without", set={"cluster.addons": left})
        if name in _NEEDS_AZURE:
            yield found("BYO603", f"cluster.addons[{index}]", remedy=remedy, value=name)
        elif name not in ADDONS:
            known = sorted(ADDONS - _NEEDS_AZURE)
            yield found(
                "BYO603",
                f"cluster.addons[{index}]",
                severity="warning",
                variant="unknown",
                remedy=remedy,
                value=name,
                known=known,
            )


@rule("BYO604", "error", source=sources.TAINTS)
def taints(case: Case) -> Iterator[Finding]:
    """Taints set through AKS stay for ever; on system pools few are taken."""
    for at, pool in _pools(case):
        for index, text in enumerate(pool.taints):
            field, match = f"{at}.taints[{index}]", _TAINT.fullmatch(text)
            left = Remedy(
                variant="without", set={f"{at}.taints": [item for item in pool.taints if item != text]}
            )
            if not match:
                yield found("BYO604", field, variant="malformed", remedy=left, value=text)
            elif "agent-not-ready" in match["key"]:
                yield found("BYO604", field, variant="for_ever", remedy=left, value=text)
            elif (
                pool.mode == "system"
                and match["key"] != "CriticalAddonsOnly"
                and match["effect"] != "PreferNoSchedule"
            ):
                yield found("BYO604", field, remedy=left, value=text, pool=pool.name)


@rule("BYO605", "error", source=sources.SCALE)
def counts(case: Case) -> Iterator[Finding]:
    """How many nodes and pools there can be."""
    plan = case.plan
    if not case.new:
        return
    for at, pool in _pools(case):
        yield from _pool_counts(at, pool)
    total = sum(most_nodes(pool) for pool in plan.node_pools)
    if total > CLUSTER_LIMIT:
        yield found("BYO605", "node_pools", variant="cluster", value=total, limit=CLUSTER_LIMIT)
    elif plan.cluster.tier == "free" and total > FREE_LIMIT:
        remedy = Remedy(variant="take", set={"cluster.tier": "standard"})
        yield found("BYO605", "cluster.tier", variant="free", remedy=remedy, value=total, limit=FREE_LIMIT)
    if len(plan.node_pools) > MAX_POOLS:
        yield found("BYO605", "node_pools", variant="pools", value=len(plan.node_pools), limit=MAX_POOLS)
    if not any(pool.mode == "system" for pool in plan.node_pools):
        field = "node_pools[0].mode"
        first = Remedy(variant="take", set={field: "system"}) if plan.node_pools else None
        yield found("BYO605", "node_pools", variant="no_system", remedy=first)


def _pool_counts(at: str, pool: NodePool) -> Iterator[Finding]:
    least = 1 if pool.mode == "system" else 0
    if not least <= pool.count <= POOL_LIMIT:
        # Two system nodes rather than the one that is just allowed: an upgrade then interrupts nothing.
        value = min(max(pool.count, 2 * least), POOL_LIMIT)
        remedy = Remedy(variant="take", set={f"{at}.count": value})
        yield found(
            "BYO605",
            f"{at}.count",
            remedy=remedy,
            value=pool.count,
            pool=pool.name,
            least=least,
            most=POOL_LIMIT,
        )
        return
    scale = pool.autoscale
    if scale is None:
        return
    if scale.min > scale.max:
        field = f"{at}.autoscale.min"
        remedy = Remedy(variant="take", set={field: max(scale.max, least)})
        yield found(
            "BYO605", field, variant="min_max", remedy=remedy, low=scale.min, high=scale.max, pool=pool.name
        )
    elif scale.min < least:
        field = f"{at}.autoscale.min"
        remedy = Remedy(variant="take", set={field: least})
        yield found(
            "BYO605", field, variant="min_zero", remedy=remedy, low=scale.min, least=least, pool=pool.name
        )
    elif scale.max > POOL_LIMIT:
        field = f"{at}.autoscale.max"
        remedy = Remedy(variant="take", set={field: POOL_LIMIT})
        yield found(
            "BYO605", field, variant="max", remedy=remedy, high=scale.max, most=POOL_LIMIT, pool=pool.name
        )
    elif not scale.min <= pool.count <= scale.max:
        value = min(max(pool.count, scale.min), scale.max)
        yield found(
            "BYO605",
            f"{at}.count",
            variant="outside",
            related=(f"{at}.autoscale.min", f"{at}.autoscale.max"),
            remedy=Remedy(variant="take", set={f"{at}.count": value}),
            value=pool.count,
            low=scale.min,
            high=scale.max,
            pool=pool.name,
        )


@rule("BYO606", "error", source=sources.IP_PLANNING)
def max_pods(case: Case) -> Iterator[Finding]:
    """10 to 250 a node, and room for thirty in a pool: what AKS itself runs has to go somewhere."""
    for at, pool in _pools(case):
        field = f"{at}.max_pods"
        if not 10 <= pool.max_pods <= 250:
            value = min(max(pool.max_pods, 30), 250)
            yield found(
                "BYO606", field, remedy=Remedy(variant="take", set={field: value}), value=pool.max_pods
            )
            continue
        nodes = pool.autoscale.min if pool.autoscale else pool.count
        if nodes > 0 and nodes * pool.max_pods < 30:
            remedy = Remedy(variant="take", set={field: 30})
            yield found(
                "BYO606",
                field,
                variant="thirty",
                related=(f"{at}.autoscale.min" if pool.autoscale else f"{at}.count",),
                remedy=remedy,
                value=pool.max_pods,
                nodes=nodes,
                room=nodes * pool.max_pods,
            )


_SIZE: Final = re.compile(r"Standard_(?P<family>[A-Za-z]+?)(?P<cores>\d+)", re.IGNORECASE)


@rule(
    "BYO607",
    "warning",
    source=sources.SYSTEM_POOLS,
    needs=("skus.{region}",),
    plan_only=True,
    applies=names_size,
)
def for_learning(case: Case) -> Iterator[Finding]:
    """What works, and fails its users on a bad day."""
    sizes = skus(case)
    for at, pool in _pools(case):
        if pool.mode != "system":
            continue
        nodes = pool.autoscale.min if pool.autoscale else pool.count
        if nodes == 1 and sum(other.mode == "system" for other in case.plan.node_pools) == 1:
            field = f"{at}.autoscale.min" if pool.autoscale else f"{at}.count"
            yield found("BYO607", field, remedy=Remedy(variant="take", set={field: 2}), pool=pool.name)
        size = pool.vm_size
        match = _SIZE.match(size) if size else None
        sku = sizes.get((size or "").lower())
        cores = capability(sku, "vCPUs") or (float(match["cores"]) if match else None)
        memory = capability(sku, "MemoryGB")
        if match and match["family"].upper().startswith("B"):
            yield found("BYO607", f"{at}.vm_size", variant="burst", value=size)
        elif (cores is not None and cores < 2) or (memory is not None and memory < 4):
            yield found("BYO607", f"{at}.vm_size", variant="small", facts=sku is not None, value=size)
    total = sum(pool.count for _, pool in _pools(case))
    if case.plan.cluster.tier == "free" and 10 < total <= FREE_LIMIT:
        remedy = Remedy(variant="take", set={"cluster.tier": "standard"})
        yield found("BYO607", "cluster.tier", variant="free", remedy=remedy, value=total)


@rule("BYO608", "error", source=sources.UPGRADE)
def zones_and_surge(case: Case) -> Iterator[Finding]:
    """Zones are 1, 2 and 3; surge is a percentage or a number."""
    for at, pool in _pools(case):
        good = sorted({zone.strip() for zone in pool.zones} & {"1", "2", "3"})
        field = f"{at}.zones"
        wrong = [zone for zone in pool.zones if zone.strip() not in ("1", "2", "3")]
        if wrong:
            remedy = Remedy(variant="take", set={field: good})
            yield found("BYO608", field, variant="zone", remedy=remedy, value=wrong)
        elif len(set(pool.zones)) < len(pool.zones):
            remedy = Remedy(variant="take", set={field: good})
            yield found("BYO608", field, variant="twice", remedy=remedy, value=list(pool.zones))
        if surge_of(pool) is None:
            remedy = Remedy(variant="take", set={f"{at}.max_surge": "10%"})
            yield found("BYO608", f"{at}.max_surge", variant="surge", remedy=remedy, value=pool.max_surge)


@rule(
    "BYO609", "error", source=sources.BYO_CNI, needs=("managedClusters",), applies=lambda case: not case.new
)
def other_plugin(case: Case) -> Iterator[Finding]:
    """A cluster keeps the plugin that it was made with."""
    item = None if case.new else existing_cluster(case)
    plugin = str((properties(item).get("networkProfile") or {}).get("networkPlugin") or "")
    if item is not None and plugin.lower() != "none":
        yield found(
            "BYO609",
            "cluster.name",
            related=("cluster.create",),
            evidence={f"{item.get('id', '')}/networkProfile.networkPlugin": plugin},
            facts=True,
            value=case.plan.cluster.name,
            plugin=plugin or "?",
        )
