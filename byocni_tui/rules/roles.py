"""Azure's own roles that matter for making a cluster, the narrowest first. Ids are the same in all clouds; facts that
hold a role's definition win over this table. Source: the built-in roles' reference of Azure RBAC."""

from typing import Any, Final

import msgspec


class BuiltIn(msgspec.Struct, frozen=True):
    """One role; ``permissions`` as in ARM's role definitions."""

    guid: str
    name: str
    permissions: tuple[dict[str, Any], ...]


def _role(guid: str, name: str, *actions: str, lacks: tuple[str, ...] = ()) -> BuiltIn:
    permission = {
        "actions": list(actions),
        "notActions": list(lacks),
        "dataActions": [],
        "notDataActions": [],
    }
    return BuiltIn(guid, name, (permission,))


_COMMON: Final = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
)

BUILT_IN: Final = (
    _role(
        "7f951dda-4ed3-4680-a7ca-43fe172d538d", "AcrPull", "Microsoft.ContainerRegistry/registries/pull/read"
    ),
    _role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
        "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
        *_COMMON,
        "Microsoft.Support/*",
    ),
    _role(
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        "Managed Identity Contributor",
        "Microsoft.ManagedIdentity/userAssignedIdentities/read",
        "Microsoft.ManagedIdentity/userAssignedIdentities/write",
        "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
        *_COMMON,
        "Microsoft.Support/*",
    ),
    _role(
        "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
        "Private DNS Zone Contributor",
        "Microsoft.Network/privateDnsZones/*",
        "Microsoft.Network/privateDnsOperationResults/*",
        "Microsoft.Network/privateDnsOperationStatuses/*",
        "Microsoft.Network/virtualNetworks/read",
        "Microsoft.Network/virtualNetworks/join/action",
        *_COMMON,
        "Microsoft.Support/*",
    ),
    _role(
        "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8",
        "Azure Kubernetes Service Contributor Role",
        "Microsoft.ContainerService/locations/*",
        "Microsoft.ContainerService/managedClusters/*",
        "Microsoft.ContainerService/managedclustersnapshots/*",
        "Microsoft.ContainerService/snapshots/*",
        "Microsoft.ContainerService/deploymentSafeguards/*",
        *_COMMON,
    ),
    _role(
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "Network Contributor",
        "Microsoft.Network/*",
        "Microsoft.ResourceHealth/availabilityStatuses/read",
        *_COMMON,
        "Microsoft.Support/*",
    ),
    _role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "*/read"),
    _role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.Authorization/roleAssignments/delete",
        "*/read",
        "Microsoft.Support/*",
    ),
    _role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        "*/read",
        "Microsoft.Authorization/*",
        "Microsoft.Support/*",
    ),
    _role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        "*",
        lacks=(
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
            "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
            "Microsoft.Subscription/cancel/action",
            "Microsoft.Subscription/enable/action",
        ),
    ),
    _role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", "*"),
)


def by_guid(guid: str) -> BuiltIn | None:
    """The role of that id (lower case), if it is one of these."""
    return next((role for role in BUILT_IN if role.guid == guid), None)
