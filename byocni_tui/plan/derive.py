"""Values that follow from a plan where it leaves them open: as the Azure CLI or the service would choose them."""

import re

from byocni_tui.plan.model import Plan


def node_resource_group(plan: Plan) -> str:
    """The name that AKS gives its own group; may be too long (BYO105 judges that)."""
    group, cluster = plan.resource_group.name or "", plan.cluster.name or ""
    return plan.cluster.node_resource_group or f"MC_{group}_{cluster}_{plan.region or ''}"


def dns_prefix(plan: Plan) -> str:
    """As ``az aks create`` derives it: ten characters of the cluster, sixteen of the group, six of the subscription."""
    if plan.cluster.dns_prefix:
        return plan.cluster.dns_prefix
    name = re.sub("[^A-Za-z0-9-]", "", plan.cluster.name or "")[:10]
    if not name[:1].isalpha():
        name = ("a" + name)[:10]
    group = re.sub("[^A-Za-z0-9-]", "", plan.resource_group.name or "")[:16]
    return f"{name}-{group}-{(plan.subscription or '')[:6]}"


def dns_service_ip(plan: Plan) -> str | None:
    """The tenth address of the service range, or the last usable one of a smaller range; None where the range can't
    be read."""
    if plan.network.dns_service_ip:
        return plan.network.dns_service_ip.strip()
    from netaddr import AddrFormatError, IPAddress, IPNetwork

    try:
        network = IPNetwork((plan.network.service_cidr or "").strip())
    except (AddrFormatError, ValueError):
        return None
    offset = min(10, max(network.size - 2, 0))
    return str(IPAddress(network.first + offset))


def zone_to_open(plan: Plan) -> str | None:
    """The private DNS zone of one's own in which the cluster's identity has to write before there is a cluster: the
    plan assigns the roles for it (on the zone, and on an own network, which the service links to it)."""
    zone = (plan.cluster.private_dns_zone or "").strip().rstrip("/")
    opens = plan.cluster.private and plan.identity.type == "user" and plan.identity.assign_role
    return zone if opens and "/privatednszones/" in zone.lower() else None
