"""BYO201–207, 212, 214: ranges that can't be read, that Azure reserves, or that get in each other's way."""

from collections.abc import Iterator
from itertools import combinations

from byocni_tui.plan.finding import Finding, Label, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case, Place
from byocni_tui.rules.ranges import (
    PLATFORM_ADDRESS,
    RESERVED,
    UNUSABLE,
    Range,
    parse,
    parse_address,
    show,
)
from byocni_tui.rules.registry import found, rule
from byocni_tui.rules.suggest import move


@rule("BYO201", "error", source=sources.NETWORK_OVERVIEW)
def unreadable(case: Case) -> Iterator[Finding]:
    """Not an IPv4 range. No other address rule looks at that range."""
    for field, text in case.texts:
        problem = parse(text)
        if not isinstance(problem, Range):
            yield found("BYO201", field, variant=problem, value=text, what=Label(field))
    for number, text, problem in case.taken.unreadable:
        field = f"network.known_ranges[{number}].range"
        yield found("BYO201", field, variant=problem, value=text, what=Label(field))


@rule("BYO202", "warning", source=sources.NETWORK_OVERVIEW)
def host_bits(case: Case) -> Iterator[Finding]:
    """An address where the network belongs; everyone goes on with the network."""
    entries = [
        (place.field, place.text, place.range) for place in case.places.values() if place.range.host_bits
    ]
    entries += [
        (f"network.known_ranges[{n}].range", text, found_) for n, text, found_ in case.taken.host_bits
    ]
    for field, text, network in entries:
        remedy = Remedy(set={field: str(network)})
        yield found(
            "BYO202", field, remedy=remedy, value=text.strip(), network=str(network), what=Label(field)
        )


def _judged(case: Case) -> Iterator[Place]:
    """The ranges that Azure is told: the pool only where it differs from the pod range."""
    pod = case.place("network.pod_cidr")
    for field, place in case.places.items():
        if field != "cni.pool" or pod is None or place.range != pod.range:
            yield place
    yield from (place for place in case.vnets if place.facts)


@rule("BYO203", "error", source=sources.BYO_CNI)
def reserved(case: Case) -> Iterator[Finding]:
    """Ranges that AKS keeps for itself: an overlap is refused, not only the same range."""
    for place in _judged(case):
        if place.field == "cni.pool":
            # AKS isn't told of it: outside the pod range it is BYO213's.
            continue
        for taken in RESERVED:
            if place.range.overlaps(taken):
                yield found(
                    "BYO203",
                    place.field,
                    evidence={place.field: place.text},
                    remedy=move(case, place),
                    what=place.label,
                    value=str(place.range),
                    other=str(taken),
                )
                break


@rule("BYO204", "error", source=sources.BYO_CNI)
def overlap(case: Case) -> Iterator[Finding]:
    """Two of service, pod and VNet ranges share addresses."""
    own = [case.place("network.pod_cidr"), case.place("network.service_cidr"), *case.vnets]
    for first, second in combinations([place for place in own if place], 2):
        if first.range.overlaps(second.range) and not (first.facts and second.facts):
            yield found(
                "BYO204",
                first.field,
                related=(second.field,),
                evidence={first.field: first.text, second.field: second.text},
                remedy=move(case, first),
                what=first.label,
                value=str(first.range),
                other_what=second.label,
                other=str(second.range),
            )


@rule("BYO205", "error", source=sources.BYO_CNI)
def service_too_large(case: Case) -> Iterator[Finding]:
    """The service range has to be smaller than /12."""
    place = case.place("network.service_cidr")
    if place and place.range.prefix <= 12:
        remedy = move(case, place, prefix=16)
        yield found("BYO205", place.field, remedy=remedy, value=str(place.range))


@rule("BYO206", "error", source=sources.BYO_CNI)
def dns_outside(case: Case) -> Iterator[Finding]:
    """The DNS service's address is no address, or not one of the service range."""
    text = case.plan.network.dns_service_ip
    if not text:
        return
    field, service = "network.dns_service_ip", case.place("network.service_cidr")
    address = parse_address(text)
    remedy = _dns_remedy(service)
    if not isinstance(address, int):
        yield found("BYO206", field, variant="not_an_address", remedy=remedy, value=text)
    elif service and not service.range.holds(address):
        yield found(
            "BYO206",
            field,
            related=(service.field,),
            evidence={field: text, service.field: service.text},
            remedy=remedy,
            value=text.strip(),
            other=str(service.range),
        )


def dns_address(service: Range) -> int | None:
    """The tenth address of the range, or the last usable one of a smaller range."""
    offset = min(10, service.size - 2)
    return service.first + offset if offset >= 2 else None


def _dns_remedy(service: Place | None) -> Remedy | None:
    address = dns_address(service.range) if service else None
    return Remedy(variant="take", set={"network.dns_service_ip": show(address)}) if address else None


@rule("BYO207", "error", source=sources.BYO_CNI)
def dns_taken(case: Case) -> Iterator[Finding]:
    """The first address is the range itself, the second the API server's service, the last is not given out."""
    text, service = case.plan.network.dns_service_ip, case.place("network.service_cidr")
    address = parse_address(text) if text else None
    if not isinstance(address, int) or not service:
        return
    places = {service.range.first: "network", service.range.first + 1: "first", service.range.last: "last"}
    if address in places:
        yield found(
            "BYO207",
            "network.dns_service_ip",
            variant=places[address],
            related=(service.field,),
            evidence={"network.dns_service_ip": text, service.field: service.text},
            remedy=_dns_remedy(service),
            value=show(address),
            other=str(service.range),
        )


@rule("BYO212", "error", source=sources.VNET_FAQ)
def subnet_outside(case: Case) -> Iterator[Finding]:
    """A subnet is a part of its network."""
    subnet = case.place("network.subnet.range")
    unreadable_vnet = any(
        field.startswith("network.vnet") and field not in case.places for field, _ in case.texts
    )
    if not subnet or not case.vnets or unreadable_vnet:
        return
    if not any(vnet.range.contains(subnet.range) for vnet in case.vnets):
        vnet = case.vnets[0]
        inside = first_free(case, vnet.range, max(subnet.range.prefix, min(vnet.range.prefix + 1, 29)))
        yield found(
            "BYO212",
            subnet.field,
            related=(vnet.field,),
            evidence={subnet.field: subnet.text, vnet.field: vnet.text},
            remedy=Remedy(variant="take", set={subnet.field: inside}) if inside else None,
            value=str(subnet.range),
            other=", ".join(str(place.range) for place in case.vnets),
        )


def first_free(case: Case, vnet: Range, prefix: int) -> str | None:
    """The first block of that size in the network that no subnet there has."""
    from byocni_tui.rules.resources import properties, subnet_ranges, vnet_of

    used = [
        item
        for subnet in properties(vnet_of(case)).get("subnets") or ()
        for text in subnet_ranges(subnet)
        if isinstance(item := parse(text), Range)
    ]
    size = 1 << (32 - prefix)
    place = vnet.first
    while place + size - 1 <= vnet.last:
        candidate = Range(place, place + size - 1, prefix)
        hit = next((item for item in used if item.overlaps(candidate)), None)
        if hit is None:
            return str(candidate)
        place = -(-(hit.last + 1) // size) * size
    return None


@rule("BYO214", "error", source=sources.PLATFORM_IP)
def unusable(case: Case) -> Iterator[Finding]:
    """Azure's own address for DHCP, DNS and health probes, and ranges that are no hosts' addresses."""
    for place in _judged(case):
        hit = next((block for block in UNUSABLE if place.range.overlaps(block)), None)
        platform = place.range.overlaps(PLATFORM_ADDRESS)
        if hit or platform:
            yield found(
                "BYO214",
                place.field,
                variant="platform" if platform and not hit else "message",
                evidence={place.field: place.text},
                remedy=move(case, place),
                what=place.label,
                value=str(place.range),
                other="168.63.129.16" if platform and not hit else str(hit),
            )
