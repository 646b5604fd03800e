"""BYO208–211, 213, 215: the pod range, what the plugin makes of it, and what else is out there."""

from collections.abc import Iterator
from typing import Final

from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.arithmetic import blocks_needed, nodes_at_maximum, prefix_for
from byocni_tui.rules.case import Case, Place
from byocni_tui.rules.known_ranges import Use
from byocni_tui.rules.ranges import PRIVATE, RESERVED, UNUSABLE, Range
from byocni_tui.rules.registry import found, rule
from byocni_tui.rules.resources import vnet_id
from byocni_tui.rules.subnet import names_vnet
from byocni_tui.rules.suggest import CONVENTIONAL, move

POD: Final = "network.pod_cidr"


@rule("BYO208", "warning", source=sources.BYO_CNI)
def no_pod_range(case: Case) -> Iterator[Finding]:
    """Without it the control plane doesn't know where pods are: webhooks and aggregated APIs suffer."""
    if case.plan.network.pod_cidr or not case.new:
        return
    pool = case.place("cni.pool")
    free = pool.range if pool else case.free(16, CONVENTIONAL[POD], leaving=POD)
    remedy = Remedy(variant="take", set={POD: str(free)}) if free else None
    yield found("BYO208", POD, remedy=remedy)


def _pool_place(case: Case) -> Place | None:
    """The range that the plugin is told to hand out, in the plan's own words."""
    rendered = case.rendered_pool
    return rendered if rendered and rendered.field != "default" else None


@rule("BYO209", "error", source=sources.IP_PLANNING)
def pool_too_small(case: Case) -> Iterator[Finding]:
    """Every node at the maximum needs its blocks."""
    place, plugin, mask = _pool_place(case), case.plugin, case.mask
    if place is None or plugin is None or mask is None or plugin.ipam.kind == "none":
        return
    needed, have = blocks_needed(case.plan, plugin.ipam.kind, mask), _blocks(place.range, mask)
    if needed <= have:
        return
    wanted = mask - max(needed - 1, 0).bit_length()
    remedy = move(case, place, prefix=wanted) if wanted >= 8 else None
    yield found(
        "BYO209",
        place.field,
        related=("node_pools",),
        evidence={place.field: place.text},
        remedy=remedy,
        what=place.label,
        value=str(place.range),
        have=have,
        mask=mask,
        needed=needed,
        nodes=nodes_at_maximum(case.plan),
        plugin=plugin.name,
    )


def _blocks(pool: Range, mask: int) -> int:
    return 1 << (mask - pool.prefix) if mask >= pool.prefix else 0


def _around(case: Case, use: Use) -> str | None:
    """``error`` where traffic would be lost, ``info`` where the range may be reused, None where it can't matter."""
    if use.kind == "known":
        return "error"
    home = (vnet_id(case) or "").strip().rstrip("/").lower()
    if not home or not use.vnet:
        return None
    if use.kind == "peer" and use.vnet == home:
        return "error"
    return "info" if use.kind == "cluster" and use.vnet in case.connected else None


@rule(
    "BYO210",
    "error",
    "info",
    source=sources.BYO_CNI,
    needs=("virtualNetworks", "managedClusters"),
    plan_only=True,
    applies=names_vnet,
)
def in_use_elsewhere(case: Case) -> Iterator[Finding]:
    """A peer, an office: pods would answer instead of the hosts there, or the other way round."""
    for field in (POD, "network.service_cidr"):
        place = case.place(field)
        if place is None:
            continue
        hits: dict[str, list[tuple[Range, Use]]] = {}
        for entry in case.taken.ranges.overlapping(place.range):
            severity = _around(case, entry[1])
            if severity:
                hits.setdefault(severity, []).append(entry)
        for severity in ("error", "info"):
            if severity in hits:
                yield _elsewhere(case, place, severity, hits[severity])


def _elsewhere(case: Case, place: Place, severity: str, hits: list[tuple[Range, Use]]) -> Finding:
    other, use = hits[0]
    variant = {"known": "message", "peer": "peer", "cluster": "cluster"}[use.kind]
    return found(
        "BYO210",
        place.field,
        severity="error" if severity == "error" else "info",
        variant=variant if len(hits) == 1 else f"{variant}_more",
        related=tuple(entry[1].field for entry in hits[:5]),
        evidence={entry[1].field: str(entry[0]) for entry in hits[:5]},
        remedy=move(case, place) if severity == "error" else None,
        facts=use.facts,
        what=place.label,
        value=str(place.range),
        other=str(other),
        who=use.what,
        more=len(hits) - 1,
    )


@rule("BYO211", "warning", source=sources.RFC1918)
def public(case: Case) -> Iterator[Finding]:
    """Hosts on the Internet have these addresses; from the cluster they can't be reached any more."""
    pod = case.place(POD)
    for field, place in case.places.items():
        inside_vnet = field == "network.subnet.range" and any(
            vnet.range.contains(place.range) for vnet in case.vnets
        )
        same_as_pod = field == "cni.pool" and pod is not None and pod.range.contains(place.range)
        if inside_vnet or same_as_pod or any(block.contains(place.range) for block in PRIVATE):
            continue
        if any(place.range.overlaps(block) for block in (*RESERVED, *UNUSABLE)):
            continue
        yield found("BYO211", field, remedy=move(case, place), what=place.label, value=str(place.range))


@rule("BYO213", "error", "info", source=sources.BYO_CNI)
def pool_apart(case: Case) -> Iterator[Finding]:
    """The control plane routes by the pod range; a pod outside it can't be reached from there."""
    pool, pod = _pool_place(case), case.place(POD)
    if pool is None or pod is None or pool.range == pod.range:
        return
    inside = pod.range.contains(pool.range)
    own = pool.field == "cni.pool"
    yield found(
        "BYO213",
        pool.field,
        severity="info" if inside else "error",
        variant="inside" if inside else "message",
        related=(POD,),
        evidence={pool.field: pool.text, POD: pod.text},
        remedy=Remedy(variant="take", set={"cni.pool": None}) if own and not inside else None,
        value=str(pool.range),
        other=str(pod.range),
    )


@rule("BYO215", "error", source=sources.IP_PLANNING)
def too_small(case: Case) -> Iterator[Finding]:
    """A service range without room for services, a pod range without room for one node."""
    service = case.place("network.service_cidr")
    if service and service.range.prefix > 28:
        remedy = move(case, service, prefix=24)
        yield found("BYO215", service.field, variant="service", remedy=remedy, value=str(service.range))
    pod, mask = _pool_place(case) or case.place(POD), case.mask
    plugin = case.plugin
    if pod and plugin and mask is not None and plugin.ipam.kind != "none" and pod.range.prefix > mask:
        needed = blocks_needed(case.plan, plugin.ipam.kind, mask) << (32 - mask)
        remedy = move(case, pod, prefix=min(prefix_for(needed), 16))
        yield found("BYO215", pod.field, remedy=remedy, value=str(pod.range), mask=mask, plugin=plugin.name)
