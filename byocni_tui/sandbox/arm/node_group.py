"""The node resource group (``MC_…``) and what a cluster makes there."""

import uuid
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import aks_fill, authorization, ids
from byocni_tui.sandbox.arm.call import copied
from byocni_tui.sandbox.arm.errors import ArmError

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm


_OUTBOUND = "aks-slb-managed-outbound-ip"
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"
MANAGED_VNET = "10.224.0.0/12"
MANAGED_SUBNET = "10.224.0.0/16"


def group_id(record: "Record") -> str:
    """Id of a cluster's node resource group."""
    subscription = record["id"].split("/")[2]
    return f"/subscriptions/{subscription}/resourceGroups/{record['body']['properties']['nodeResourceGroup']}"


def make(arm: "Arm", record: "Record") -> None:
    """The group with identity, security group and, without an own subnet, network."""
    group, body = group_id(record), record["body"]
    arm.put(
        group,
        "Microsoft.Resources/resourceGroups",
        {
            "id": group,
            "name": group.rsplit("/", 1)[-1],
            "type": "Microsoft.Resources/resourceGroups",
            "location": body["location"],
            "tags": {
                "aks-managed-cluster-name": record["name"],
                "aks-managed-cluster-rg": record["id"].split("/")[4],
            },
            "managedBy": record["id"],
            "properties": {"provisioningState": "Succeeded"},
        },
    )
    guid = _guids(arm, record)
    digits = aks_fill.suffix(arm, record["id"])
    if not body["properties"].get("identityProfile"):
        _add(arm, record, "Microsoft.ManagedIdentity/userAssignedIdentities", f"{record['name']}-agentpool", {
            "tenantId": arm.data["tenant"]["id"], "principalId": guid("kubelet object"),
            "clientId": guid("kubelet client"),
        })  # fmt: skip
        resource = (
            f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{record['name']}-agentpool"
        )
        body["properties"]["identityProfile"] = {
            "kubeletidentity": {
                "resourceId": resource,
                "clientId": guid("kubelet client"),
                "objectId": guid("kubelet object"),
            }
        }
    rules = _network(
        arm, record, "networkSecurityGroups", f"aks-agentpool-{digits}-nsg", {"securityRules": []}
    )
    if any(pool.get("vnetSubnetID") for pool in body["properties"]["agentPoolProfiles"]):
        return
    network = _network(arm, record, "virtualNetworks", f"aks-vnet-{digits}", {
        "addressSpace": {"addressPrefixes": [MANAGED_VNET]}, "enableDdosProtection": False, "subnets": [],
    })  # fmt: skip
    subnet_id = f"{network['id']}/subnets/aks-subnet"
    subnet = {
        "id": subnet_id,
        "name": "aks-subnet",
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "properties": {
            "provisioningState": "Succeeded",
            "addressPrefix": MANAGED_SUBNET,
            "networkSecurityGroup": {"id": rules["id"]},
            "delegations": [],
            "privateEndpointNetworkPolicies": "Disabled",
            "privateLinkServiceNetworkPolicies": "Enabled",
        },
    }
    arm.put(subnet_id, "Microsoft.Network/virtualNetworks/subnets", subnet)
    network["body"]["properties"]["subnets"] = [copied(subnet)]
    record["meta"]["subnet"] = subnet_id


def _network(
    arm: "Arm", record: "Record", kind: str, name: str, properties: dict[str, Any], **more: Any
) -> "Record":
    head = {"provisioningState": "Succeeded", "resourceGuid": _guids(arm, record)(f"{kind}/{name}")}
    return _add(arm, record, f"Microsoft.Network/{kind}", name, {**head, **properties}, **more)


def _guids(arm: "Arm", record: "Record") -> Any:
    return lambda what: str(
        uuid.UUID(int=arm.world.rng(f"{what}/{record['id'].lower()}").getrandbits(128), version=4)
    )


def _add(
    arm: "Arm", record: "Record", kind: str, name: str, properties: dict[str, Any], **more: Any
) -> "Record":
    """A resource in the node group."""
    resource_id = f"{group_id(record)}/providers/{kind}/{name}"
    head = {"id": resource_id, "name": name, "type": kind, "location": record["body"]["location"], "tags": {}}
    return arm.put(resource_id, kind, {**head, **more, "properties": properties})


_JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"


def _barred(arm: "Arm", record: "Record") -> list[str]:
    principal = aks_fill.principal(record["body"])
    subnets = [pool.get("vnetSubnetID") for pool in record["body"]["properties"]["agentPoolProfiles"]]
    return [one for one in subnets if one and not authorization.allowed(arm, principal, _JOIN, one)]


def identity_can_join(arm: "Arm", record: "Record") -> bool:
    """Whether the cluster's identity may join all its subnets."""
    return not _barred(arm, record)


def refuse_identity(record: "Record") -> None:
    """The create fails here, half-made: the identity may not join a subnet."""
    principal = aks_fill.principal(record["body"])
    subnets = (pool.get("vnetSubnetID") for pool in record["body"]["properties"]["agentPoolProfiles"])
    subnet = next(one for one in subnets if one)
    inner = (
        f"The client '{principal}' with object id '{principal}' does not have authorization to perform "
        f"action '{_JOIN}' over "
        f"scope '{subnet}' or the scope is invalid. If access was recently granted, please refresh your credentials."
    )
    _fail(record)
    raise ArmError(
        403,
        "ReconcileVNetFailed",
        "Reconcile VNet failed. Details: VNetReconciler retry failed: Category: ClientError; SubCode: "
        "LinkedAuthorizationFailed; Dependency: Microsoft.Network/virtualNetworks; OrginalError: "
        f'Code="LinkedAuthorizationFailed" Message="{inner}"; AKSTeam: Networking, Retriable: false.',
    )


def _fail(record: "Record") -> None:
    properties = record["body"]["properties"]
    properties["provisioningState"] = "Failed"
    for pool in properties["agentPoolProfiles"]:
        pool["provisioningState"] = "Failed"


def finish(arm: "Arm", record: "Record") -> None:
    """What is there once the cluster is: outbound address, load balancer, scale sets; and what it then shows."""
    _way_out(arm, record)
    scale_sets(arm, record)


def _way_out(arm: "Arm", record: "Record") -> None:
    """What the outbound type asks for: public addresses on a load balancer, or on a NAT gateway."""
    profile = record["body"]["properties"]["networkProfile"]
    guid = _guids(arm, record)
    if profile["outboundType"] == "loadBalancer" and profile.get("loadBalancerProfile") is not None:
        balancer = profile["loadBalancerProfile"]
        own = (balancer.get("outboundIPs") or {}).get("publicIPs")
        if own is None and "outboundIPPrefixes" not in balancer:
            count = int((balancer.get("managedOutboundIPs") or {}).get("count") or 1)
            own = [{"id": _address(arm, record, n)["id"]} for n in range(count)]
        balancer["effectiveOutboundIPs"] = own or (balancer.get("outboundIPPrefixes") or {}).get(
            "publicIPPrefixes", []
        )
        _balancer(arm, record, [one["id"] for one in balancer["effectiveOutboundIPs"]])
    elif profile["outboundType"].startswith("managedNATGateway"):
        gateway = profile.setdefault("natGatewayProfile", {})
        gateway.setdefault("idleTimeoutInMinutes", 4)
        count = int(gateway.setdefault("managedOutboundIPProfile", {"count": 1}).get("count") or 1)
        own = [{"id": _address(arm, record, n)["id"]} for n in range(count)]
        gateway["effectiveOutboundIPs"] = own
        made = _network(arm, record, "natGateways", f"aks-natgateway-{aks_fill.suffix(arm, record['id'])}", {
            "idleTimeoutInMinutes": gateway["idleTimeoutInMinutes"], "publicIpAddresses": own,
        }, sku={"name": "Standard"})  # fmt: skip
        subnet = arm.get(record["meta"].get("subnet", ""))
        if subnet is not None:
            subnet["body"]["properties"]["natGateway"] = {"id": made["id"]}
    known = {ids.key(_address_id(record, guid, n)) for n in range(_addresses(profile))}
    for one in arm.of_type("Microsoft.Network/publicIPAddresses", group_id(record)):
        if (
            one["body"]["tags"].get("aks-managed-type") == "aks-slb-managed-outbound-ip"
            and ids.key(one["id"]) not in known
        ):
            arm.drop(one["id"])


def _addresses(profile: dict[str, Any]) -> int:
    """How many public addresses AKS makes itself."""
    if profile["outboundType"] == "loadBalancer":
        balancer = profile.get("loadBalancerProfile") or {}
        if "outboundIPs" in balancer or "outboundIPPrefixes" in balancer:
            return 0
        return int((balancer.get("managedOutboundIPs") or {}).get("count") or 1)
    if profile["outboundType"].startswith("managedNATGateway"):
        return int((profile["natGatewayProfile"].get("managedOutboundIPProfile") or {}).get("count") or 1)
    return 0


def _address_id(record: "Record", guid: Any, number: int) -> str:
    name = guid(f"outbound{number}" if number else "outbound")
    return f"{group_id(record)}/providers/Microsoft.Network/publicIPAddresses/{name}"


def _address(arm: "Arm", record: "Record", number: int) -> "Record":
    """One public address for the way out, the same each time it is asked for."""
    found = arm.get(_address_id(record, _guids(arm, record), number))
    if found is not None:
        return found
    name = ids.last(_address_id(record, _guids(arm, record), number))
    return _network(
        arm, record, "publicIPAddresses", name,
        {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4", "idleTimeoutInMinutes": 30,
         "ipAddress": _public_address(arm, record, number), "ipTags": []},
        sku={"name": "Standard", "tier": "Regional"},
        tags={"aks-managed-cluster-name": record["name"], "aks-managed-cluster-rg": record["id"].split("/")[4],
              "aks-managed-type": _OUTBOUND},
    )  # fmt: skip


def _balancer(arm: "Arm", record: "Record", addresses: list[str]) -> None:
    """The load balancer ``kubernetes`` with its outbound rule."""
    balancer_id = f"{group_id(record)}/providers/Microsoft.Network/loadBalancers/kubernetes"
    rule = {"id": f"{balancer_id}/outboundRules/aksOutboundRule"}
    pool = {"id": f"{balancer_id}/backendAddressPools/aksOutboundBackendPool"}
    fronts = [
        {"id": f"{balancer_id}/frontendIPConfigurations/{ids.last(one)}", "name": ids.last(one),
         "properties": {"provisioningState": "Succeeded", "privateIPAllocationMethod": "Dynamic",
                        "publicIPAddress": {"id": one}, "outboundRules": [rule]}}
        for one in addresses
    ]  # fmt: skip
    _network(
        arm, record, "loadBalancers", "kubernetes",
        {
            "frontendIPConfigurations": fronts,
            "backendAddressPools": [
                {**pool, "name": "aksOutboundBackendPool",
                 "properties": {"provisioningState": "Succeeded", "outboundRules": [rule]}},
                {"id": f"{balancer_id}/backendAddressPools/kubernetes", "name": "kubernetes",
                 "properties": {"provisioningState": "Succeeded"}},
            ],
            "loadBalancingRules": [], "probes": [], "inboundNatRules": [], "inboundNatPools": [],
            "outboundRules": [
                {**rule, "name": "aksOutboundRule", "properties": {
                    "provisioningState": "Succeeded", "allocatedOutboundPorts": 0, "protocol": "All",
                    "enableTcpReset": True, "idleTimeoutInMinutes": 30, "backendAddressPool": pool,
                    "frontendIPConfigurations": [{"id": one["id"]} for one in fronts]}},
            ],
        },
        sku={"name": "Standard", "tier": "Regional"},
        tags={"aks-managed-cluster-name": record["name"], "aks-managed-cluster-rg": record["id"].split("/")[4]},
    )  # fmt: skip


def scale_sets(arm: "Arm", record: "Record") -> None:
    """One for each pool, as large as the machines that are there; those of pools that are gone go."""
    if arm.get(group_id(record)) is None:
        return
    digits = aks_fill.suffix(arm, record["id"])
    wanted = {}
    for pool in record["body"]["properties"]["agentPoolProfiles"]:
        name = f"aks-{pool['name']}-{digits}-vmss"
        wanted[name] = pool
        machines = len(record["meta"].get("pools", {}).get(pool["name"], {"nodes": []})["nodes"])
        _scale_set(arm, record, name, pool, machines)
    for one in arm.of_type(SCALE_SET, group_id(record)):
        if one["name"] not in wanted:
            arm.drop(one["id"])


def counted(arm: "Arm", record: "Record", pool: str, machines: int) -> None:
    """A pool's scale set has so many machines now."""
    name = f"aks-{pool}-{aks_fill.suffix(arm, record['id'])}-vmss"
    found = arm.get(f"{group_id(record)}/providers/{SCALE_SET}/{name}")
    if found is not None:
        found["body"]["sku"]["capacity"] = machines
        arm.touch(found)


def _scale_set(arm: "Arm", record: "Record", name: str, pool: dict[str, Any], machines: int) -> None:
    subnet = pool.get("vnetSubnetID") or record["meta"].get("subnet", "")
    address = {
        "name": "ipconfig1",
        "properties": {"primary": True, "subnet": {"id": subnet}, "privateIPAddressVersion": "IPv4"},
    }
    identities = f"{group_id(record)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    kubelet = f"{identities}/{record['name']}-agentpool"
    _add(
        arm, record, SCALE_SET, name,
        {
            "provisioningState": "Succeeded", "singlePlacementGroup": False, "overprovision": False,
            "orchestrationMode": "Uniform", "upgradePolicy": {"mode": "Manual"}, "platformFaultDomainCount": 1,
            "uniqueId": _guids(arm, record)(name),
            "virtualMachineProfile": {
                "osProfile": {"computerNamePrefix": name, "adminUsername": "azureuser"},
                "storageProfile": {"osDisk": {"osType": "Linux", "diskSizeGB": pool["osDiskSizeGB"],
                                              "createOption": "FromImage"}},
                "networkProfile": {"networkInterfaceConfigurations": [
                    {"name": name, "properties": {"primary": True, "enableIPForwarding": True,
                                                  "ipConfigurations": [address]}}]},
            },
        },
        sku={"name": pool["vmSize"], "tier": "Standard", "capacity": machines},
        tags={"aks-managed-poolName": pool["name"], "aks-managed-createOperationID": _guids(arm, record)("create"),
              "aks-managed-orchestrator": f"Kubernetes:{pool['currentOrchestratorVersion']}", "poolName": pool["name"]},
        identity={"type": "UserAssigned", "userAssignedIdentities": {kubelet: {}}},
        **({"zones": list(pool["availabilityZones"])} if pool.get("availabilityZones") else {}),
    )  # fmt: skip


def _public_address(arm: "Arm", record: "Record", number: int) -> str:
    rng = arm.world.rng(f"address/{record['id'].lower()}" + (f"/{number}" if number else ""))
    return f"203.0.113.{rng.randrange(1, 255)}"


def remove(arm: "Arm", record: "Record") -> None:
    """The node resource group goes with its cluster."""
    arm.drop(group_id(record))
