"""How many nodes there can be, and how many addresses they need."""

import math
import re
from typing import Final

from byocni_tui.plan.model import NodePool, Plan

AZURE_RESERVED: Final = 5
"""Addresses that Azure keeps of every subnet: the first four and the last."""
_SURGE: Final = re.compile(r"(\d{1,6})(%?)", re.ASCII)


def surge_of(pool: NodePool) -> tuple[int, bool] | None:
    """Number, and whether it is a percentage; None where it can't be read (BYO608)."""
    match = _SURGE.fullmatch(pool.max_surge.strip())
    return (int(match[1]), bool(match[2])) if match and int(match[1]) >= 1 else None


def most_nodes(pool: NodePool) -> int:
    """The autoscaler's maximum, or the count."""
    return max(pool.autoscale.max if pool.autoscale else pool.count, 0)


def surge_nodes(pool: NodePool) -> int:
    """Extra nodes while the pool is upgraded: at least one, ten percent where it can't be read."""
    number, percent = surge_of(pool) or (10, True)
    return max(1, math.ceil(most_nodes(pool) * number / 100) if percent else number)


def nodes_at_maximum(plan: Plan) -> int:
    """All pools at their largest, surge included."""
    return sum(most_nodes(pool) + surge_nodes(pool) for pool in plan.node_pools)


def addresses_needed(plan: Plan, in_use: int = 0) -> int:
    """What the subnet has to hold: nodes, Azure's own five, what is there already, a private API server's endpoint."""
    return nodes_at_maximum(plan) + AZURE_RESERVED + in_use + (1 if plan.cluster.private else 0)


def prefix_for(addresses: int) -> int:
    """The longest prefix (smallest range) that holds so many addresses."""
    return max(32 - max(addresses - 1, 0).bit_length(), 0)


def blocks_needed(plan: Plan, kind: str, mask: int) -> int:
    """Blocks of 2^(32-mask) addresses that the plugin hands out with all nodes there."""
    if kind == "per_node_block":
        return nodes_at_maximum(plan)
    size = 1 << (32 - mask)
    return sum(
        (most_nodes(pool) + surge_nodes(pool)) * math.ceil(max(pool.max_pods, 0) / size)
        for pool in plan.node_pools
    )
