"""Who answers for which type, and what the steps of long operations do."""

from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import (
    aks,
    authorization,
    deployments,
    features,
    ids,
    locks,
    machines,
    misc,
    network,
    pool_views,
    pools,
    quota,
    routing,
    security,
    subscriptions,
)
from byocni_tui.sandbox.arm.handler import Handler
from byocni_tui.sandbox.arm.kind import Kind, kinds

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.cloud import Arm

_OWN: dict[str, type[Handler]] = {
    "Microsoft.Resources/tenants": subscriptions.Tenants,
    "Microsoft.Resources/subscriptions": subscriptions.Subscriptions,
    "Microsoft.Resources/locations": subscriptions.Locations,
    "Microsoft.Resources/resourceGroups": subscriptions.Groups,
    "Microsoft.Resources/resources": subscriptions.Resources,
    "Microsoft.Resources/providers": subscriptions.Providers,
    "Microsoft.Resources/operationresults": misc.OperationResults,
    "Microsoft.ContainerService/managedClusters": aks.ManagedClusters,
    "Microsoft.ContainerService/managedClusters/agentPools": pools.AgentPools,
    "Microsoft.ContainerService/managedClusters/agentPools/machines": pool_views.Machines,
    "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles": pool_views.PoolUpgrades,
    "Microsoft.ContainerService/managedClusters/upgradeProfiles": aks.UpgradeProfiles,
    "Microsoft.ContainerService/locations/kubernetesVersions": aks.KubernetesVersions,
    "Microsoft.ContainerService/features": features.Features,
    "Microsoft.Features/features": features.Features,
    "Microsoft.Authorization/roleAssignments": authorization.RoleAssignments,
    "Microsoft.Authorization/roleDefinitions": authorization.RoleDefinitions,
    "Microsoft.Authorization/permissions": authorization.Permissions,
    "Microsoft.ManagedIdentity/userAssignedIdentities": misc.Identities,
    "Microsoft.Authorization/locks": locks.Locks,
    "Microsoft.Authorization/policyAssignments": locks.Policies,
    "Microsoft.Authorization/denyAssignments": locks.Policies,
    "Microsoft.Network/virtualNetworks": network.VirtualNetworks,
    "Microsoft.Network/virtualNetworks/subnets": network.Subnets,
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings": network.Peerings,
    "Microsoft.Network/virtualNetworks/usages": network.SubnetUsages,
    "Microsoft.Network/virtualNetworks/CheckIPAddressAvailability": network.AddressCheck,
    "Microsoft.Network/networkSecurityGroups": security.SecurityGroups,
    "Microsoft.Network/networkSecurityGroups/securityRules": security.SecurityRules,
    "Microsoft.Network/routeTables": routing.RouteTables,
    "Microsoft.Network/routeTables/routes": routing.Routes,
    "Microsoft.Network/natGateways": routing.NatGateways,
    "Microsoft.Network/publicIPAddresses": routing.PublicAddresses,
    "Microsoft.Network/locations/usages": quota.NetworkUsages,
    "Microsoft.Compute/locations/usages": quota.ComputeUsages,
    "Microsoft.Compute/skus": quota.Skus,
    "Microsoft.Compute/virtualMachines": misc.Nothing,
    "Microsoft.Compute/disks": misc.Nothing,
    "Microsoft.Network/networkInterfaces": misc.Nothing,
    "Microsoft.Network/privateEndpoints": misc.Nothing,
    "Microsoft.Network/publicIPPrefixes": misc.Nothing,
    "Microsoft.Compute/virtualMachineScaleSets": machines.ScaleSets,
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines": machines.Instances,
    "Microsoft.Compute/virtualMachineScaleSets/instanceView": machines.SetView,
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/instanceView": machines.InstanceView,
    "Microsoft.Resources/tagNames": locks.TagNames,
    "Microsoft.Resources/tags": locks.Tags,
    "Microsoft.Resources/deployments": deployments.Deployments,
    "Microsoft.Resources/deployments/operationStatuses": deployments.DeploymentStatus,
    "Microsoft.Resources/deployments/operations": deployments.DeploymentOperations,
}


def build(arm: "Arm") -> dict[str, Handler]:
    """All handlers by lower-case type; also names the operations' functions."""
    table: dict[str, Handler] = {}
    for name, kind in kinds().items():
        table[name] = Handler(arm, kind)
    for name, handler in _OWN.items():
        table[name.lower()] = handler(
            arm, kinds().get(name.lower()) or Kind(type=name, style="own", located=False)
        )
    for namespace in ("Microsoft.ContainerService", "Microsoft.Network", "Microsoft.Compute"):
        for last in ("operations", "operationresults"):
            kind = Kind(type=f"{namespace}/locations/{last}", style="own")
            table[kind.type.lower()] = misc.ProviderOperations(arm, kind)

    def deleted(data: dict[str, Any]) -> None:
        record = arm.get(data["id"])
        if record is not None:
            arm.drop(record["id"])
            table[record["type"].lower()].after_delete(record)

    def group_deleted(data: dict[str, Any]) -> None:
        start = ids.key(data["id"]) + "/"
        for key in [key for key in arm.resources if key.startswith(start)]:
            record = arm.resources.get(key)
            if record is not None:
                arm.drop(record["id"])
                table[record["type"].lower()].after_delete(record)
        arm.drop(data["id"])

    def registered(data: dict[str, Any]) -> None:
        arm.registrations[data["namespace"]] = "Registered"

    arm.operations.does("resource.settled", lambda _: None)
    arm.operations.does("resource.deleted", deleted)
    arm.operations.does("group.deleted", group_deleted)
    arm.operations.does("provider.registered", registered)
    return table
