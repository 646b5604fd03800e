"""A plan as the ids and bodies that Azure Resource Manager takes. Pure."""

import ipaddress
import re
import uuid
from pathlib import Path
from typing import Any, Final

from byocni_tui.errors import UserError
from byocni_tui.plan.derive import zone_to_open
from byocni_tui.plan.model import NodePool, Plan

NETWORK_CONTRIBUTOR: Final = "4d97b98b-1d4f-4787-a291-c67834d212e7"
PRIVATE_DNS_ZONE_CONTRIBUTOR: Final = "b12aa53e-6015-4669-85d0-8515ebb3ae7f"
ACR_PULL: Final = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
NAMESPACES: Final = (
    "Microsoft.ContainerService",
    "Microsoft.Network",
    "Microsoft.Compute",
    "Microsoft.ManagedIdentity",
)
"""What a cluster's resource group ends up holding."""

_ADDONS: Final = {
    "azure-keyvault-secrets-provider": "azureKeyvaultSecretsProvider",
    "azure-policy": "azurepolicy",
    "confcom": "ACCSGXDevicePlugin",
    "http_application_routing": "httpApplicationRouting",
    "monitoring": "omsagent",
    "open-service-mesh": "openServiceMesh",
}
"""az's names of add-ons and the service's (azure-cli ``acs/_consts.py``)."""


def group_id(plan: Plan) -> str:
    """The resource group's id."""
    return f"/subscriptions/{plan.subscription}/resourceGroups/{plan.resource_group.name}"


def cluster_id(plan: Plan) -> str:
    """The cluster's id."""
    return f"{group_id(plan)}/providers/Microsoft.ContainerService/managedClusters/{plan.cluster.name}"


def identity_id(plan: Plan) -> str | None:
    """The cluster identity's id, given or to be made; None for a system-assigned one."""
    if plan.identity.type != "user":
        return None
    made = f"{group_id(plan)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{plan.identity.name}"
    return plan.identity.id or made


def vnet_id(plan: Plan) -> str | None:
    """The own network's id; None where AKS makes it."""
    if plan.network.managed:
        return None
    if plan.network.subnet.id:
        return plan.network.subnet.id.rpartition("/subnets/")[0]
    made = f"{group_id(plan)}/providers/Microsoft.Network/virtualNetworks/{plan.network.vnet.name}"
    return plan.network.vnet.id or made


def subnet_id(plan: Plan) -> str | None:
    """The own subnet's id; None where AKS makes it."""
    if plan.network.managed:
        return None
    return plan.network.subnet.id or f"{vnet_id(plan)}/subnets/{plan.network.subnet.name}"


def dns_service_ip(plan: Plan) -> str | None:
    """The given one, else the tenth address of the service range, or the last usable one of a smaller range."""
    if plan.network.dns_service_ip or not plan.network.service_cidr:
        return plan.network.dns_service_ip
    network = ipaddress.ip_network(plan.network.service_cidr.strip(), strict=False)
    return str(network[min(10, network.num_addresses - 2)])


def dns_prefix(plan: Plan) -> str:
    """As Azure CLI derives it (``acs/managed_cluster_decorator.py``)."""
    if plan.cluster.dns_prefix:
        return plan.cluster.dns_prefix
    name = re.sub("[^A-Za-z0-9-]", "", plan.cluster.name or "")[:10]
    if not name[:1].isalpha():
        name = f"a{name}"[:10]
    group = re.sub("[^A-Za-z0-9-]", "", plan.resource_group.name or "")[:16]
    return f"{name}-{group}-{(plan.subscription or '')[:6]}"


def group_body(plan: Plan) -> dict[str, Any]:
    """PUT of the resource group."""
    return {
        "location": plan.region,
        **({"tags": plan.resource_group.tags} if plan.resource_group.tags else {}),
    }


def identity_body(plan: Plan) -> dict[str, Any]:
    """PUT of a user-assigned identity."""
    return {"location": plan.region}


def vnet_body(plan: Plan) -> dict[str, Any]:
    """PUT of the network, with its one subnet."""
    subnet = {"name": plan.network.subnet.name, "properties": subnet_body(plan)["properties"]}
    return {
        "location": plan.region,
        "properties": {
            "addressSpace": {"addressPrefixes": list(plan.network.vnet.ranges)},
            "subnets": [subnet],
        },
    }


def subnet_body(plan: Plan) -> dict[str, Any]:
    """PUT of a subnet in a network that exists."""
    return {"properties": {"addressPrefix": plan.network.subnet.range}}


def zone_roles(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Scope and role of what the cluster's identity needs for a private DNS zone of one's own."""
    zone, network = zone_to_open(plan), vnet_id(plan)
    if zone is None:
        return ()
    own = ((network, NETWORK_CONTRIBUTOR),) if network else ()
    return ((zone, PRIVATE_DNS_ZONE_CONTRIBUTOR), *own)


def role_id(scope: str, principal: str, role: str) -> str:
    """The id of a role assignment. Its name is derived from what it says, so that a repeated PUT names the same one."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{scope.lower()}|{principal}|{role}")
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"


def role_body(plan: Plan, principal: str, role: str) -> dict[str, Any]:
    """PUT of a role assignment; the principal's type is said so that a fresh identity need not be found first."""
    definition = (
        f"/subscriptions/{plan.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    )
    return {
        "properties": {
            "roleDefinitionId": definition,
            "principalId": principal,
            "principalType": "ServicePrincipal",
        }
    }


def _pool(plan: Plan, pool: NodePool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": pool.name,
        "mode": "System" if pool.mode.lower() == "system" else "User",
        "osType": pool.os,
        "type": "VirtualMachineScaleSets",
        "count": pool.count,
        "maxPods": pool.max_pods,
        "enableAutoScaling": pool.autoscale is not None,
        "upgradeSettings": {"maxSurge": pool.max_surge},
        "orchestratorVersion": plan.cluster.kubernetes_version or "",
    }
    optional = {
        "vmSize": pool.vm_size,
        "minCount": pool.autoscale.min if pool.autoscale else None,
        "maxCount": pool.autoscale.max if pool.autoscale else None,
        "availabilityZones": list(pool.zones) or None,
        "nodeTaints": list(pool.taints) or None,
        "vnetSubnetID": subnet_id(plan),
    }
    return body | {key: value for key, value in optional.items() if value is not None}


def _public_key(text: str) -> str:
    """``cluster.ssh_key``: the key itself, or the file that holds it."""
    if text.startswith(("ssh-", "ecdsa-")):
        return text.strip()
    path = Path(text).expanduser()
    try:
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("ssh_key_unreadable", path=str(path), detail=str(error)) from error
    if not key.startswith(("ssh-", "ecdsa-")):
        raise UserError("ssh_key_not_public", path=str(path))
    return key


def preview_version(plan: Plan) -> str | None:
    """The api-version that the cluster has to be sent with; None for the usual one. Leaving kube-proxy out is a
    preview, and the service refuses the field in any other version."""
    given = plan.export.api_version or ""
    return given if plan.cni.kube_proxy == "replace" and given.endswith("-preview") else None


def cluster_body(plan: Plan) -> dict[str, Any]:
    """PUT of the cluster, with network plugin ``none``."""
    ranges = {
        "podCidr": plan.network.pod_cidr,
        "serviceCidr": plan.network.service_cidr,
        "dnsServiceIP": dns_service_ip(plan),
    }
    network: dict[str, Any] = {
        "networkPlugin": "none",
        "loadBalancerSku": "standard",
        "outboundType": plan.network.outbound_type,
        **{key: value for key, value in ranges.items() if value},
    }
    if preview_version(plan) is not None:
        network["kubeProxyConfig"] = {"enabled": False}
    first = next((pool for pool in plan.node_pools if pool.mode.lower() == "system"), None)
    pools = sorted(plan.node_pools, key=lambda pool: pool is not first)
    properties: dict[str, Any] = {
        "dnsPrefix": dns_prefix(plan),
        "kubernetesVersion": plan.cluster.kubernetes_version or "",
        "enableRBAC": True,
        "disableLocalAccounts": False,
        "agentPoolProfiles": [_pool(plan, pool) for pool in pools],
        "networkProfile": network,
    }
    if plan.cluster.node_resource_group:
        properties["nodeResourceGroup"] = plan.cluster.node_resource_group
    if plan.cluster.ssh_key:
        keys = {"publicKeys": [{"keyData": _public_key(plan.cluster.ssh_key)}]}
        properties["linuxProfile"] = {"adminUsername": "azureuser", "ssh": keys}
    if plan.cluster.addons:
        properties["addonProfiles"] = {
            _ADDONS.get(name, name): {"enabled": True} for name in plan.cluster.addons
        }
    if plan.cluster.private:
        properties["apiServerAccessProfile"] = {"enablePrivateCluster": True}
        if plan.cluster.private_dns_zone:
            properties["apiServerAccessProfile"]["privateDNSZone"] = plan.cluster.private_dns_zone
    if plan.cluster.tier == "premium":
        properties["supportPlan"] = "AKSLongTermSupport"
    own = identity_id(plan)
    identity = (
        {"type": "UserAssigned", "userAssignedIdentities": {own: {}}} if own else {"type": "SystemAssigned"}
    )
    return {
        "location": plan.region,
        "properties": properties,
        "identity": identity,
        "sku": {"name": "Base", "tier": plan.cluster.tier.capitalize()},
        **({"tags": plan.cluster.tags} if plan.cluster.tags else {}),
    }
