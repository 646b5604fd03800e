"""The words that templates are made of: resources, parameters and calls, before any tongue."""

from typing import Any, Final

import msgspec

NETWORK_API: Final = "2024-05-01"
IDENTITY_API: Final = "2023-01-31"
ROLE_API: Final = "2022-04-01"
DEPLOYMENT_API: Final = "2022-09-01"
ACR_PULL: Final = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
VNET: Final = "Microsoft.Network/virtualNetworks"
SUBNET: Final = "Microsoft.Network/virtualNetworks/subnets"
IDENTITY: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"
CLUSTER: Final = "Microsoft.ContainerService/managedClusters"
ROLE: Final = "Microsoft.Authorization/roleAssignments"
ADDONS: Final = {
    "azure-keyvault-secrets-provider": "azureKeyvaultSecretsProvider",
    "azure-policy": "azurepolicy",
    "confcom": "ACCSGXDevicePlugin",
    "http_application_routing": "httpApplicationRouting",
    "ingress-appgw": "ingressApplicationGateway",
    "monitoring": "omsagent",
    "open-service-mesh": "openServiceMesh",
    "virtual-node": "aciConnectorLinux",
}
"""az's names of add-ons and the service's (azure-cli ``acs/_consts.py``)."""


class Param(msgspec.Struct, frozen=True):
    """A value that the plan lacks; ``field`` says which."""

    name: str
    field: str


class Call(msgspec.Struct, frozen=True):
    """A template function and the properties taken from its result; arguments are texts, parameters or calls.
    ``bicep`` and ``terraform`` are the same value as those two would write it, where they have a shorter way."""

    name: str
    args: tuple[Any, ...] = ()
    path: tuple[str, ...] = ()
    bicep: str | None = None
    terraform: str | None = None


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """One resource. ``key`` names its comment (``export.why.<key>``); ``scope`` is what an extension resource belongs
    to; ``target`` (subscription, group) puts it elsewhere; ``name`` has one part a level of its type."""

    symbol: str
    key: str
    type: str
    api: str
    name: tuple[Any, ...]
    body: dict[Any, Any]
    depends: tuple[str, ...] = ()
    scope: Call | str | None = None
    scope_symbol: str | None = None
    target: tuple[str, str] | None = None


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a plan makes in Azure, in order, and the parameters that it needs."""

    resources: tuple[Resource, ...]
    params: tuple[Param, ...]
