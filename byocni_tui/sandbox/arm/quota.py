"""Quotas and sizes: usages of compute and network, compute SKUs, and what is refused for lack of them."""

import re
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import checks
from byocni_tui.sandbox.arm.call import Answer, Call
from byocni_tui.sandbox.arm.errors import ArmError, aks
from byocni_tui.sandbox.arm.handler import Handler
from byocni_tui.sandbox.arm.skus import size_of, sizes

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.cloud import Arm

CLUSTER = "Microsoft.ContainerService/managedClusters"
_MORE = (
    "If you want to increase the quota, please follow this instruction: "
    "https://learn.microsoft.com/en-us/azure/quotas/view-quotas. Surge nodes would also consume vcpu quota, please "
    "consider use smaller maxSurge or use maxUnavailable to proceed upgrade without surge nodes, details: "
    "aka.ms/aks/maxUnavailable."
)


def limits(arm: "Arm") -> dict[str, Any]:
    """The cloud's quotas."""
    found: dict[str, Any] = arm.data["quotas"]
    return found


def cores_used(arm: "Arm", region: str, without: str = "") -> dict[str, int]:
    """vCPUs in use in a region: by family, and ``cores`` in total. ``without``: key of a cluster that doesn't count."""
    used: dict[str, int] = {"cores": int(limits(arm).get("used_cores", 0))}
    for record in arm.of_type(CLUSTER):
        if record["body"]["location"] != region or record["id"].strip("/").lower() == without:
            continue
        for pool in record["body"]["properties"]["agentPoolProfiles"]:
            _add(used, pool)
    return used


def _add(used: dict[str, int], pool: dict[str, Any]) -> None:
    size = size_of(pool["vmSize"])
    if pool.get("powerState", {}).get("code") != "Stopped":
        cores = size["vCPUs"] * pool["count"]
        used["cores"] += cores
        used[size["family"]] = used.get(size["family"], 0) + cores


def family_limit(arm: "Arm", family: str) -> int:
    """vCPUs of a family that may be used in a region."""
    return int(limits(arm).get("families", {}).get(family, limits(arm)["family"]))


def judge(arm: "Arm", resource_id: str, body: dict[str, Any]) -> None:
    """Raise where a cluster's pools would go beyond the quota of the region or a family."""
    region = body["location"]
    used = cores_used(arm, region, resource_id.strip("/").lower())
    wanted: dict[str, int] = {"cores": 0}
    for pool in body["properties"]["agentPoolProfiles"]:
        _add(wanted, pool)
    left = limits(arm)["cores"] - used["cores"]
    if wanted["cores"] > left:
        raise aks(
            "ErrCode_InsufficientVCPUQuota",
            f"Insufficient regional vcpu quota left for location {region}. left regional vcpu quota {max(0, left)}, "
            f"requested quota {wanted['cores']}. {_MORE}",
        )
    for family, cores in wanted.items():
        remaining = family_limit(arm, family) - used.get(family, 0)
        if family != "cores" and cores > remaining:
            raise aks(
                "ErrCode_InsufficientVCPUQuota",
                f"Insufficient vcpu quota requested {cores}, remaining {max(0, remaining)} for family "
                f"{family} for region "
                f"{region}. {_MORE}",
            )
    clusters = [one for one in arm.of_type(CLUSTER) if one["body"]["location"] == region]
    if arm.get(resource_id) is None and len(clusters) >= limits(arm)["clusters"]:
        raise aks(
            "ManagedClusterCountExceedsQuotaLimit",
            "Operation results in exceeding quota limits for managed clusters. Maximum allowed: "
            f"{limits(arm)['clusters']}, Current usage: {len(clusters)}, Additional requested: 1. Consider "
            "deleting unused "
            "clusters or requesting a quota increase. To request a quota increase, follow the instructions here: "
            "https://learn.microsoft.com/azure/quotas/quickstart-increase-quota-portal.",
        )


def addresses_used(arm: "Arm", region: str) -> int:
    """Public addresses in a region."""
    own = [
        one for one in arm.of_type("Microsoft.Network/publicIPAddresses") if one["body"]["location"] == region
    ]
    return len(own) + int(limits(arm).get("used_addresses", 0))


def public_address(arm: "Arm", region: str) -> None:
    """Raise where one more public address is too many."""
    limit = limits(arm)["standardIPs"]
    if addresses_used(arm, region) >= limit:
        raise ArmError(
            400,
            "PublicIPCountLimitReached",
            f"Cannot create more than {limit} public IP addresses for this subscription in this region.",
        )


class ComputeUsages(Handler):
    """``locations/L/usages`` of compute."""

    def handle(self, call: Call) -> Answer:
        region = _region(self.arm, call)
        used = cores_used(self.arm, region)
        rows: list[tuple[str, str, int, int]] = [
            ("availabilitySets", "Availability Sets", 0, 2500),
            ("cores", "Total Regional vCPUs", used["cores"], limits(self.arm)["cores"]),
            ("virtualMachines", "Virtual Machines", 0, 25000),
            ("virtualMachineScaleSets", "Virtual Machine Scale Sets", 0, 2500),
            ("lowPriorityCores", "Total Regional Low-priority vCPUs", 0, 3),
        ]
        for family in dict.fromkeys(one["family"] for one in sizes()):
            label = re.sub(r"^standard(.*)Family$", r"Standard \1 Family vCPUs", family)
            rows.append((family, label, used.get(family, 0), family_limit(self.arm, family)))
        return Answer(200, {"value": [
            {"limit": limit, "unit": "Count", "currentValue": current, "name": {"value": name, "localizedValue": label}}
            for name, label, current, limit in rows
        ]})  # fmt: skip


class NetworkUsages(Handler):
    """``locations/L/usages`` of network."""

    def handle(self, call: Call) -> Answer:
        region = _region(self.arm, call)

        def count(kind: str) -> int:
            found = self.arm.of_type(f"Microsoft.Network/{kind}")
            return len([one for one in found if one["body"].get("location") == region])

        quotas, addresses = limits(self.arm), addresses_used(self.arm, region)
        rows = [
            ("VirtualNetworks", "Virtual Networks", count("virtualNetworks"), quotas["virtualNetworks"]),
            ("NetworkSecurityGroups", "Network Security Groups", count("networkSecurityGroups"), 5000),
            ("RouteTables", "Route Tables", count("routeTables"), 200),
            ("NatGateways", "Nat Gateways", count("natGateways"), 1000),
            ("PublicIPAddresses", "Public IP Addresses", addresses, quotas["publicIPs"]),
            (
                "StandardSkuPublicIpAddresses",
                "Public IP Addresses - Standard",
                addresses,
                quotas["standardIPs"],
            ),
            ("StandardSkuLoadBalancers", "Load Balancers - Standard", count("loadBalancers"), 1000),
            ("SubnetsPerVirtualNetwork", "Subnets per Virtual Network", 0, 3000),
            ("PeeringsPerVirtualNetwork", "Peerings per Virtual Network", 0, 500),
        ]
        base = (
            f"/subscriptions/{call.path.subscription}/providers/Microsoft.Network/locations/{region}/usages"
        )
        return Answer(200, {"value": [
            {"id": f"{base}/{name}", "unit": "Count", "currentValue": current, "limit": limit, "isAdjustable": True,
             "name": {"value": name, "localizedValue": label}}
            for name, label, current, limit in rows
        ]})  # fmt: skip


class Skus(Handler):
    """``Microsoft.Compute/skus``: one entry a size and region."""

    def handle(self, call: Call) -> Answer:
        wanted = re.search(r"location eq '([^']*)'", call.query.get("$filter", ""))
        restricted = {name.lower() for name in self.arm.data.get("restricted_sizes", [])}
        values = []
        for region in self.arm.data["regions"]:
            if wanted and region["name"] != wanted[1].lower():
                continue
            values += [_sku(size, region, restricted=size["name"].lower() in restricted) for size in sizes()]
        return Answer(200, checks.page(call, values))


def _sku(size: dict[str, Any], region: dict[str, Any], *, restricted: bool) -> dict[str, Any]:
    zones = region.get("zones", [])
    restriction = {
        "type": "Location",
        "values": [region["name"]],
        "restrictionInfo": {"locations": [region["name"]]},
        "reasonCode": "NotAvailableForSubscription",
    }
    facts = {
        "MaxResourceVolumeMB": 150 * 1024,
        "OSVhdSizeMB": 1047552,
        "vCPUs": size["vCPUs"],
        "vCPUsAvailable": size["vCPUs"],
        "HyperVGenerations": "V1,V2",
        "MemoryGB": size["MemoryGB"],
        "CpuArchitectureType": "Arm64" if "pds" in size["name"] else "x64",
        "PremiumIO": True,
        "AcceleratedNetworkingEnabled": size["vCPUs"] > 1,
        "EphemeralOSDiskSupported": "ds_" in size["name"],
    }
    return {
        "resourceType": "virtualMachines",
        "name": size["name"],
        "tier": "Standard",
        "size": size["name"].removeprefix("Standard_"),
        "family": size["family"],
        "locations": [region["name"]],
        "locationInfo": [{"location": region["name"], "zones": zones, "zoneDetails": []}],
        "capabilities": [{"name": name, "value": str(value)} for name, value in facts.items()],
        "restrictions": [restriction] if restricted else [],
    }


def _region(arm: "Arm", call: Call) -> str:
    given = call.path.names[0] if call.path.names else ""
    region = arm.region(given)
    if region is None:
        raise ArmError(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '{given}' and API version "
            f"'{call.api_version}' for type "
            "'locations/usages'.",
        )
    name: str = region["name"]
    return name
