"""The order of the steps and which fields each asks for.

A step owns every field under its prefixes, so a field added to the plan appears without a word here; ``first`` only
says which come first, the others stand under "more".
"""

from functools import cache
from typing import Final

import msgspec

from byocni_tui.plan.fields import FIELDS, Field, field


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """``first`` are concrete paths (``node_pools[0].count``)."""

    id: str
    prefixes: tuple[str, ...] = ()
    first: tuple[str, ...] = ()


STEPS: Final = (
    Step(
        id="start",
        prefixes=("acknowledge_support_boundary", "cluster.create"),
        first=("acknowledge_support_boundary", "cluster.create"),
    ),
    Step(id="account", prefixes=("cloud", "tenant", "subscription"), first=("cloud", "tenant", "subscription")),
    Step(id="region", prefixes=("region",), first=("region",)),
    Step(id="group", prefixes=("resource_group",), first=("resource_group.name", "resource_group.create")),
    Step(
        id="cluster",
        prefixes=("cluster", "node_pools"),
        first=(
            "cluster.name", "cluster.kubernetes_version", "cluster.tier", "node_pools[0].count",
            "node_pools[0].vm_size", "node_pools[0].max_pods",
        ),
    ),
    Step(
        id="network",
        prefixes=("network", "identity"),
        first=(
            "network.managed", "network.service_cidr", "network.dns_service_ip", "network.pod_cidr",
            "network.vnet.ranges", "network.subnet.range",
        ),
    ),
    Step(
        id="cni",
        prefixes=("cni",),
        first=("cni.plugin", "cni.version", "cni.encapsulation", "cni.encryption", "cni.kube_proxy", "cni.mtu",
               "cni.registry"),
    ),
    Step(id="preflight"),
    Step(id="review", prefixes=("export", "accept", "override")),
    Step(id="deploy"),
    Step(id="done"),
)  # fmt: skip
IDS: Final = tuple(step.id for step in STEPS)
EXISTING: Final = (
    "cluster.name", "resource_group.name", "region", "network.pod_cidr", "network.service_cidr",
)  # fmt: skip
"""What is asked of a cluster that exists, on its own step; picking it from the list fills all of it in."""
POOL_FIRST: Final = ("name", "mode", "count", "vm_size", "max_pods")
"""What is in view of a second pool."""
NOT_FOR_EXISTING: Final = ("region", "group", "network")
"""Steps that a cluster that exists has behind it."""
_HIDDEN: Final = frozenset({"version", "accept", "override"})
"""``version`` is the file's own; accepting and overriding happen at the finding; autoscale is asked as ``1-5``."""


def step(step_id: str) -> Step:
    """The step of that id."""
    return STEPS[IDS.index(step_id)]


def _owns(owner: Step, path: str) -> bool:
    return any(path == p or path.startswith((f"{p}.", f"{p}[")) for p in owner.prefixes)


@cache
def step_of(path: str) -> str:
    """The id of the step where ``path`` is asked (the first that owns it); ``review`` for what belongs to none."""
    return next((owner.id for owner in STEPS if _owns(owner, path)), "review")


def paths(owner: Step, pools: int = 1, fields: tuple[Field, ...] = FIELDS) -> tuple[str, ...]:
    """All fields of a step as concrete paths, those of ``first`` first; a pool's fields once for each pool."""
    rest: list[str] = []
    autoscale_seen = False
    for known in fields:
        if known.path.startswith("node_pools[].autoscale."):
            if autoscale_seen:
                continue
            autoscale_seen, name = True, "node_pools[].autoscale"
        elif known.path in _HIDDEN:
            continue
        elif known.path.startswith("network.known_ranges[]."):
            name = "network.known_ranges"
        else:
            name = known.path
        if step_of(name) != owner.id:
            continue
        if name.startswith("node_pools[]"):
            rest.extend(name.replace("[]", f"[{index}]") for index in range(pools))
        else:
            rest.append(name)
    wanted = [*owner.first, *(path for path in dict.fromkeys(rest) if path not in owner.first)]
    return tuple(wanted)


def asked_as(path: str) -> str:
    """The path of the row in which ``path`` is asked: ``network.vnet.ranges[0]`` -> ``network.vnet.ranges``, a tag ->
    its map, a value under ``cni.values`` -> ``cni.values``."""
    if ".autoscale" in path:
        return path[: path.index(".autoscale") + len(".autoscale")]
    if path.startswith("network.known_ranges"):
        return "network.known_ranges"
    if path.startswith("node_pools["):
        return path if "." not in path else _cut(path, path.index(".") + 1)
    found = field(path)
    return found.path if found and "[]" not in found.path else _cut(path, 0)


def _cut(path: str, start: int) -> str:
    at = path.find("[", start)
    return path if at < 0 else path[:at]
