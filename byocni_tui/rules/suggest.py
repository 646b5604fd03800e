"""Where a range could go instead: the nearest conventional one that collides with nothing known. Never random."""

from typing import Any, Final

from byocni_tui.plan.finding import Remedy
from byocni_tui.rules.case import Case, Place
from byocni_tui.rules.ranges import PRIVATE, known, parse_address, show

CONVENTIONAL: Final = {
    "cni.pool": known("10.244.0.0/16"),
    "network.pod_cidr": known("10.244.0.0/16"),
    "network.service_cidr": known("10.0.0.0/16"),
}


def move(case: Case, place: Place, *, prefix: int | None = None) -> Remedy | None:
    """Another range for a field of the plan; None where it has no conventional place (VNets, which others know)."""
    near = CONVENTIONAL.get(place.field)
    if near is None or not case.new:
        return None
    usual = place.range.prefix if 14 <= place.range.prefix <= 28 else 16
    stays = place.range.prefix >= 14 and any(block.contains(place.range) for block in PRIVATE)
    free = case.free(prefix or usual, place.range if stays else near, leaving=place.field)
    if free is None:
        return None
    changes: dict[str, Any] = {place.field: str(free)}
    plan = case.plan
    if place.field == "network.pod_cidr" and plan.cni.pool:
        changes["cni.pool"] = str(free)
    if place.field == "network.service_cidr" and plan.network.dns_service_ip:
        address = parse_address(plan.network.dns_service_ip)
        if isinstance(address, int) and not free.holds(address):
            changes["network.dns_service_ip"] = show(free.first + min(10, free.size - 2))
    return Remedy(variant="take", set=changes)
