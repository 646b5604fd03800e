"""What AKS adds to a managed cluster's body: defaults, resolved values, read-only properties.

Shape and values: azure-cli's recorded exchanges and printed clusters with plugin ``none`` (see fixtures/arm/README.md).
"""

import re
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.aks_versions import resolve
from byocni_tui.sandbox.arm.call import copied
from byocni_tui.sandbox.arm.checks import group_of

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.cloud import Arm

FIXED = ("vmSize", "osDiskSizeGB", "osDiskType", "vnetSubnetID", "osType", "maxPods", "type")
"""What can't be changed about a pool."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
READ_ONLY = (
    "provisioningState", "powerState", "fqdn", "azurePortalFQDN", "currentKubernetesVersion", "maxAgentPools",
    "resourceUID", "privateFQDN",
)  # fmt: skip


def node_group(body: dict[str, Any], resource_id: str) -> str:
    """The node resource group: as given, else ``MC_{group}_{cluster}_{region}``."""
    given = body["properties"].get("nodeResourceGroup")
    return str(given) if given else f"MC_{group_of(resource_id)}_{ids.last(resource_id)}_{body['location']}"


def suffix(arm: "Arm", resource_id: str) -> str:
    """The eight digits in the names of a cluster's scale sets."""
    return f"{arm.world.rng(f'vmss/{ids.key(resource_id)}').randrange(10**7, 10**8)}"


def pool_defaults(arm: "Arm", pool: dict[str, Any], version: str, plugin: str) -> dict[str, Any]:
    """A node pool's profile, completed. ``version``: the cluster's ``kubernetesVersion`` as asked for."""
    pool = {name: value for name, value in copied(pool).items() if value not in (None, "", [])}
    asked = str(pool.get("orchestratorVersion") or version)
    exact = resolve(asked)
    minor = int(exact.split(".")[1])
    newest = minor >= 35
    size = pool.get("vmSize") or arm.data["default_vm_size"]
    default_pods = 250 if plugin == "none" else 110
    return {
        "name": pool.get("name", ""),
        "count": pool.get("count", 1),
        "vmSize": size,
        "osDiskSizeGB": pool.get("osDiskSizeGB") or 128,
        "osDiskType": "Managed",
        "kubeletDiskType": "OS",
        "maxPods": default_pods,
        "type": "VirtualMachineScaleSets",
        "enableAutoScaling": False,
        "scaleDownMode": "Delete",
        "powerState": {"code": "Running"},
        "enableNodePublicIP": False,
        "mode": "User",
        "enableEncryptionAtHost": False,
        "enableUltraSSD": False,
        "osType": "Linux",
        "osSKU": "Ubuntu",
        "enableFIPS": False,
        "securityProfile": {"enableVTPM": False, "enableSecureBoot": False},
        **{
            name: value
            for name, value in pool.items()
            if name not in ("provisioningState", "nodeImageVersion")
        },
        "upgradeSettings": {"maxSurge": "10%", "maxUnavailable": "0", **pool.get("upgradeSettings", {})},
        "orchestratorVersion": asked,
        "currentOrchestratorVersion": exact,
        "nodeImageVersion": f"AKSUbuntu-{'2404' if newest else '2204'}gen2containerd-{arm.data['node_image']}",
    }


def network_profile(given: dict[str, Any]) -> dict[str, Any]:
    """The network profile, completed."""
    profile = {name: value for name, value in copied(given).items() if value not in (None, "")}
    plugin = str(profile.get("networkPlugin", "azure")).lower()
    profile["networkPlugin"] = plugin
    profile.setdefault("networkPolicy", "none")
    profile.setdefault("loadBalancerSku", "standard")
    profile["loadBalancerSku"] = str(profile["loadBalancerSku"]).lower()
    if plugin != "none":
        profile.setdefault("networkPluginMode", "overlay") if plugin == "azure" else None
        profile.setdefault("networkDataplane", "azure")
        profile.setdefault("podCidr", "10.244.0.0/16")
    profile.setdefault("serviceCidr", "10.0.0.0/16")
    profile.setdefault("dnsServiceIP", "10.0.0.10")
    profile.setdefault("outboundType", "loadBalancer")
    if profile["outboundType"] == "loadBalancer":
        balancer = profile.setdefault("loadBalancerProfile", {})
        if not any(name in balancer for name in ("managedOutboundIPs", "outboundIPs", "outboundIPPrefixes")):
            balancer["managedOutboundIPs"] = {"count": 1}
        balancer.setdefault("backendPoolType", "nodeIPConfiguration")
    if "podCidr" in profile:
        profile["podCidrs"] = [profile["podCidr"]]
    profile["serviceCidrs"] = [profile["serviceCidr"]]
    profile.setdefault("ipFamilies", ["IPv4"])
    return profile


def _kept(old: dict[str, Any] | None) -> dict[str, Any]:
    """What a pool keeps where an update doesn't speak of it."""
    return {name: old[name] for name in FIXED if name in old} if old else {}


def cluster(arm: "Arm", resource_id: str, body: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    """The body as AKS keeps it. ``old`` is the body of before for an update."""
    given = {
        name: value
        for name, value in body["properties"].items()
        if value not in (None, "") and name not in READ_ONLY
    }
    before = (old or {}).get("properties", {})
    name = ids.last(resource_id)
    rng = arm.world.rng(f"cluster/{ids.key(resource_id)}")
    version = str(
        given.get("kubernetesVersion") or before.get("kubernetesVersion") or resolve("", short=True)
    )
    prefix = str(given.get("dnsPrefix") or before.get("dnsPrefix") or given.get("fqdnSubdomain") or name)
    hashed = "".join(rng.choice(_LETTERS) for _ in range(8))
    region = body["location"]
    clean = re.sub(r"[^a-z0-9-]", "", prefix.lower())
    network = network_profile({**before.get("networkProfile", {}), **given.get("networkProfile", {})})
    known = {pool["name"]: pool for pool in before.get("agentPoolProfiles", [])}
    pools = [
        pool_defaults(arm, {**_kept(known.get(one.get("name"))), **one}, version, network["networkPlugin"])
        for one in given.get("agentPoolProfiles", [])
    ]
    properties = {
        **given,
        "kubernetesVersion": version,
        "currentKubernetesVersion": resolve(version),
        "dnsPrefix": prefix,
        "fqdn": before.get("fqdn") or f"{clean}-{hashed}.hcp.{region}.{arm.data['suffixes']['aks']}",
        "azurePortalFQDN": before.get("azurePortalFQDN")
        or f"{clean}-{hashed}.portal.hcp.{region}.{arm.data['suffixes']['aks']}",
        "agentPoolProfiles": pools,
        "servicePrincipalProfile": given.get("servicePrincipalProfile", {"clientId": "msi"}),
        "nodeResourceGroup": node_group(body, resource_id),
        "enableRBAC": given.get("enableRBAC", True),
        "supportPlan": given.get("supportPlan", "KubernetesOfficial"),
        "networkProfile": network,
        "maxAgentPools": 100,
        "autoUpgradeProfile": given.get("autoUpgradeProfile", {"nodeOSUpgradeChannel": "NodeImage"}),
        "disableLocalAccounts": given.get("disableLocalAccounts", False),
        "securityProfile": given.get("securityProfile", {}),
        "storageProfile": {
            "diskCSIDriver": {"enabled": True},
            "fileCSIDriver": {"enabled": True},
            "snapshotController": {"enabled": True},
            **given.get("storageProfile", {}),
        },
        "oidcIssuerProfile": given.get("oidcIssuerProfile", {"enabled": False}),
        "workloadAutoScalerProfile": given.get("workloadAutoScalerProfile", {}),
        "resourceUID": before.get("resourceUID") or f"{rng.getrandbits(96):024x}",
        "metricsProfile": given.get("metricsProfile", {"costAnalysis": {"enabled": False}}),
        "nodeProvisioningProfile": given.get(
            "nodeProvisioningProfile", {"mode": "Manual", "defaultNodePools": "Auto"}
        ),
        "bootstrapProfile": given.get("bootstrapProfile", {"artifactSource": "Direct"}),
        "powerState": before.get("powerState", {"code": "Running"}),
    }
    for kept in ("identityProfile",):
        if kept in before:
            properties.setdefault(kept, before[kept])
    sku = body.get("sku") or {}
    return {
        "location": region,
        **({"tags": body["tags"]} if body.get("tags") else {}),
        "kind": "Base",
        "properties": properties,
        "identity": identity(arm, resource_id, body.get("identity") or (old or {}).get("identity") or {}),
        "sku": {"name": sku.get("name", "Base"), "tier": sku.get("tier", "Free")},
    }


def identity(arm: "Arm", resource_id: str, given: dict[str, Any]) -> dict[str, Any]:
    """The cluster's identity with what Azure adds."""
    if str(given.get("type", "")).lower() == "userassigned":
        shown = {}
        for one in given.get("userAssignedIdentities") or {}:
            record = arm.get(one)
            found = record["body"]["properties"] if record else {}
            shown[one] = {name: found[name] for name in ("clientId", "principalId") if name in found}
        return {"type": "UserAssigned", "userAssignedIdentities": shown}
    rng = arm.world.rng(f"principal/{ids.key(resource_id)}")
    import uuid

    return {
        "type": "SystemAssigned",
        "principalId": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "tenantId": arm.data["tenant"]["id"],
    }


def principal(body: dict[str, Any]) -> str:
    """The object id that the cluster acts as."""
    found = body["identity"]
    if found["type"] == "UserAssigned":
        first: dict[str, Any] = next(iter(found["userAssignedIdentities"].values()), {})
        return str(first.get("principalId", ""))
    return str(found["principalId"])
