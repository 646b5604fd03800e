"""What AKS refuses about a cluster's addresses and its subnet, with its codes and texts (fixtures/arm/README.md)."""

import ipaddress
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm.errors import aks

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Call
    from byocni_tui.sandbox.arm.cloud import Arm

_RESERVED = tuple(
    ipaddress.IPv4Network(one) for one in ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
)


def check(
    arm: "Arm", call: "Call", resource_id: str, body: dict[str, Any], old: dict[str, Any] | None
) -> None:
    """Judge the completed body."""
    from byocni_tui.sandbox.arm.aks_checks import cidr

    network = body["properties"]["networkProfile"]
    service = cidr(network["serviceCidr"], "networkProfile.serviceCIDR")
    pods = cidr(network["podCidr"], "networkProfile.podCIDR") if network.get("podCidr") else None
    for found, target in ((service, "networkProfile.serviceCIDR"), (pods, "networkProfile.podCIDR")):
        for reserved in _RESERVED:
            if found is not None and found.overlaps(reserved):
                raise aks(
                    "NetworkProfileCIDROverlapReservedCIDR",
                    f"NetworkProfile CIDR {found} overlaps with reserved CIDR {reserved}",
                    target,
                )
    if service.prefixlen <= 12:
        raise aks(
            "ServiceCidrTooLarge",
            f"The specified service CIDR {service} is too large. It must be smaller than /12.",
            "networkProfile.serviceCIDR",
        )
    if pods is not None and pods.overlaps(service):
        raise aks(
            "PodCidrOverlapServiceCidr",
            f"The specified pod CIDR {pods} overlaps with the service CIDR {service}.",
            "networkProfile.podCIDR",
        )
    dns_service_ip(network["dnsServiceIP"], service)


def dns_service_ip(value: Any, service: ipaddress.IPv4Network) -> None:
    """Judge the DNS service address."""
    target = "networkProfile.dnsServiceIP"
    try:
        address = ipaddress.IPv4Address(str(value))
    except ValueError as error:
        raise aks("DnsServiceIpParseError", f"The DNS service IP {value} is invalid.", target) from error
    if address not in service:
        raise aks(
            "DnsServiceIpOutOfServiceCidr",
            f"The DNS service IP {value} is out of the range defined by service CIDR {service}.",
            target,
        )
    if address in (service.network_address, service.network_address + 1):
        raise aks(
            "DnsServiceIpConflicting",
            f"The DNS service IP {value} conflicts with the first addresses of service CIDR {service}.",
            target,
        )
    if address == service.broadcast_address:
        raise aks(
            "DnsBroadcastAddressConflicting",
            f"The DNS service IP {value} is the broadcast address of service CIDR {service}.",
            target,
        )
