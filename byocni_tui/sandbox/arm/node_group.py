"""The node resource group (``MC_…``) and what a cluster makes there."""

import uuid
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import aks_fill, authorization
from byocni_tui.sandbox.arm.errors import ArmError

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Record
    from byocni_tui.sandbox.arm.cloud import Arm


def group_id(record: "Record") -> str:
    """Id of a cluster's node resource group."""
    subscription = record["id"].split("/")[2]
    return f"/subscriptions/{subscription}/resourceGroups/{record['body']['properties']['nodeResourceGroup']}"


def make(arm: "Arm", record: "Record") -> None:
    """The group with identity, security group and, without an own subnet, network."""
    group, body = group_id(record), record["body"]
    location = body["location"]
    tags = {
        "aks-managed-cluster-name": record["name"],
        "aks-managed-cluster-rg": record["id"].split("/")[4],
    }
    arm.put(
        group,
        "Microsoft.Resources/resourceGroups",
        {
            "id": group,
            "name": group.rsplit("/", 1)[-1],
            "type": "Microsoft.Resources/resourceGroups",
            "location": location,
            "tags": tags,
            "managedBy": record["id"],
            "properties": {"provisioningState": "Succeeded"},
        },
    )
    guid = _guids(arm, record)
    _add(arm, record, "Microsoft.ManagedIdentity/userAssignedIdentities", f"{record['name']}-agentpool", {
        "tenantId": arm.data["tenant"]["id"], "principalId": guid("kubelet object"), "clientId": guid("kubelet client"),
    })  # fmt: skip


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
    properties = record["body"]["properties"]
    guid = _guids(arm, record)
    kubelet = f"Microsoft.ManagedIdentity/userAssignedIdentities/{record['name']}-agentpool"
    properties["identityProfile"] = {
        "kubeletidentity": {
            "resourceId": f"{group_id(record)}/providers/{kubelet}",
            "clientId": guid("kubelet client"),
            "objectId": guid("kubelet object"),
        }
    }
    balancer = properties["networkProfile"].get("loadBalancerProfile")
    if properties["networkProfile"]["outboundType"] == "loadBalancer" and balancer is not None:
        address = _add(
            arm, record, "Microsoft.Network/publicIPAddresses", guid("outbound"),
            {"provisioningState": "Succeeded", "publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4",
             "idleTimeoutInMinutes": 30, "ipAddress": _public_address(arm, record)},
            sku={"name": "Standard", "tier": "Regional"},
        )  # fmt: skip
        balancer["effectiveOutboundIPs"] = [{"id": address["id"]}]
    suffix = aks_fill.suffix(arm, record["id"])
    for pool in properties["agentPoolProfiles"]:
        _add(
            arm, record, "Microsoft.Compute/virtualMachineScaleSets", f"aks-{pool['name']}-{suffix}-vmss",
            {"provisioningState": "Succeeded", "singlePlacementGroup": False, "overprovision": False},
            sku={"name": pool["vmSize"], "tier": "Standard", "capacity": pool["count"]},
        )  # fmt: skip


def _public_address(arm: "Arm", record: "Record") -> str:
    rng = arm.world.rng(f"address/{record['id'].lower()}")
    return f"203.0.113.{rng.randrange(1, 255)}"


def remove(arm: "Arm", record: "Record") -> None:
    """The node resource group goes with its cluster."""
    arm.drop(group_id(record))
