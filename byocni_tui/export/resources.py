"""The plan as Azure resources, before they are ARM JSON, Bicep or Terraform: the same for all three.

A template is deployed into the cluster's resource group. What lies elsewhere (a subnet, a registry) is reached through
a nested deployment there, because a template writes to one group only.
"""

from typing import Any

from byocni_tui.export import derive
from byocni_tui.export.pieces import (
    ACR_PULL,
    ADDONS,
    CLUSTER,
    IDENTITY,
    IDENTITY_API,
    NETWORK_API,
    ROLE,
    ROLE_API,
    SUBNET,
    VNET,
    Call,
    Param,
    Resource,
    Template,
)
from byocni_tui.plan import derive as plan_derive
from byocni_tui.plan.model import NodePool, Plan


class Builder:
    """Collects the resources and parameters of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._params: dict[str, Param] = {}
        self._resources: list[Resource] = []

    def need(self, value: str | None, name: str, field: str) -> str | Param:
        """The value, or the parameter that stands for it."""
        if value is not None and value != "":
            return value
        return self._params.setdefault(name, Param(name, field))

    def region(self) -> str | Param:
        return self.need(self.plan.region, "region", "region")

    def cluster_name(self) -> str | Param:
        return self.need(self.plan.cluster.name, "clusterName", "cluster.name")

    def cluster_id(self) -> Call:
        return Call(
            "resourceId",
            (CLUSTER, self.cluster_name()),
            bicep="cluster.id",
            terraform="azapi_resource.cluster.id",
        )

    def _vnet_name(self) -> str | Param:
        return self.need(self.plan.network.vnet.name, "vnetName", "network.vnet.name")

    def _subnet_name(self) -> str | Param:
        return self.need(self.plan.network.subnet.name, "subnetName", "network.subnet.name")

    def subnet_id(self) -> str | Call | None:
        """The own subnet, None where AKS makes it."""
        network = self.plan.network
        if network.managed:
            return None
        if network.subnet.id:
            return network.subnet.id
        if network.vnet.id:
            subnet = self._subnet_name()
            if isinstance(subnet, str):
                return f"{network.vnet.id.rstrip('/')}/subnets/{subnet}"
            return Call(
                "concat",
                (f"{network.vnet.id.rstrip('/')}/subnets/", subnet),
                terraform="azapi_resource.subnet.id",
            )
        return Call(
            "resourceId",
            (SUBNET, self._vnet_name(), self._subnet_name()),
            bicep="subnet.id",
            terraform="azurerm_subnet.this.id",
        )

    def identity_id(self) -> str | Call | None:
        """The user-assigned identity, None for a system-assigned one."""
        identity = self.plan.identity
        if identity.type != "user":
            return None
        if identity.id:
            return identity.id
        return Call(
            "resourceId",
            (IDENTITY, self.need(identity.name, "identityName", "identity.name")),
            bicep="identity.id",
            terraform="azurerm_user_assigned_identity.this.id",
        )

    def principal(self) -> Call:
        own = self.identity_id()
        if own is None:
            return Call(
                "reference",
                (self.cluster_id(), self.api(), "Full"),
                ("identity", "principalId"),
                bicep="cluster.identity.principalId",
                terraform="azapi_resource.cluster.identity[0].principal_id",
            )
        made = isinstance(own, Call)
        return Call(
            "reference",
            (own, IDENTITY_API),
            ("principalId",),
            bicep="identity.properties.principalId" if made else None,
            terraform="azurerm_user_assigned_identity.this.principal_id"
            if made
            else "data.azapi_resource.identity.output.properties.principalId",
        )

    def api(self) -> str:
        return self.plan.export.api_version or derive.API_VERSION

    def add(self, **fields: Any) -> None:
        self._resources.append(Resource(**fields))

    def network(self) -> None:
        network = self.plan.network
        if network.managed or network.subnet.id:
            return
        # az and the service take one prefix a subnet; the range as typed is judged by the rules.
        range_ = self.need(network.subnet.range, "subnetRange", "network.subnet.range")
        properties = {"addressPrefix": range_}
        if network.vnet.id:
            parts = derive.parts_of(network.vnet.id)
            self.add(
                symbol="subnet",
                key="subnet",
                type=SUBNET,
                api=NETWORK_API,
                name=(parts.get("virtualnetworks", ""), self._subnet_name()),
                body={"properties": properties},
                target=(parts.get("subscriptions", ""), parts.get("resourcegroups", "")),
            )
            return
        subnet = {"name": self._subnet_name(), "properties": properties}
        body = {
            "location": self.region(),
            "properties": {
                "addressSpace": {"addressPrefixes": list(network.vnet.ranges)},
                "subnets": [subnet],
            },
        }
        self.add(symbol="vnet", key="vnet", type=VNET, api=NETWORK_API, name=(self._vnet_name(),), body=body)

    def identity(self) -> None:
        own = self.identity_id()
        if isinstance(own, Call):
            self.add(
                symbol="identity",
                key="identity",
                type=IDENTITY,
                api=IDENTITY_API,
                name=(own.args[1],),
                body={"location": self.region()},
            )

    def role(self) -> None:
        """Network Contributor on the own subnet: before the cluster where the identity is user-assigned, else after."""
        subnet = self.subnet_id()
        if subnet is None or not self.plan.identity.assign_role:
            return
        who = self.identity_id() or self.cluster_id()
        depends = tuple(item.symbol for item in self._resources)
        name = (Call("guid", (subnet, who, derive.NETWORK_CONTRIBUTOR)),)
        target = None
        if isinstance(subnet, str) or self.plan.network.vnet.id:
            parts = derive.parts_of(self.plan.network.subnet.id or self.plan.network.vnet.id or "")
            target = (parts.get("subscriptions", ""), parts.get("resourcegroups", ""))
        body = self._role_body(
            derive.NETWORK_CONTRIBUTOR, self.principal(), target[0] if target is not None else None
        )
        self.add(
            symbol="subnetRole",
            key="role",
            type=ROLE,
            api=ROLE_API,
            name=name,
            body=body,
            depends=depends,
            scope=subnet,
            scope_symbol="subnet" if target is None else None,
            target=target,
        )

    def zone_roles(self) -> None:
        """What a private DNS zone of one's own asks for: to write in it, and to link it to an own network."""
        zone, who = plan_derive.zone_to_open(self.plan), self.identity_id()
        if zone is None or who is None:
            return
        depends = tuple(item.symbol for item in self._resources)
        self._elsewhere("zoneRole", zone, derive.PRIVATE_DNS_ZONE_CONTRIBUTOR, depends)
        network = self.vnet_id()
        if isinstance(network, str):
            self._elsewhere("networkRole", network, derive.NETWORK_CONTRIBUTOR, depends)
        elif network is not None:
            self.add(
                symbol="networkRole",
                key="zone",
                type=ROLE,
                api=ROLE_API,
                name=(Call("guid", (network, who, derive.NETWORK_CONTRIBUTOR)),),
                body=self._role_body(derive.NETWORK_CONTRIBUTOR, self.principal(), None),
                depends=depends,
                scope=network,
                scope_symbol="vnet",
            )

    def vnet_id(self) -> str | Call | None:
        """The own network, None where AKS makes it."""
        network = self.plan.network
        if network.managed:
            return None
        if network.subnet.id or network.vnet.id:
            return (network.vnet.id or network.subnet.id or "").rstrip("/").partition("/subnets/")[0]
        return Call(
            "resourceId",
            (VNET, self._vnet_name()),
            bicep="vnet.id",
            terraform="azurerm_virtual_network.this.id",
        )

    def _elsewhere(self, symbol: str, scope: str, role: str, depends: tuple[str, ...]) -> None:
        """A role of the cluster's identity on something that exists, wherever that is."""
        parts = derive.parts_of(scope)
        subscription = parts.get("subscriptions", "")
        self.add(
            symbol=symbol,
            key="zone",
            type=ROLE,
            api=ROLE_API,
            name=(Call("guid", (scope, self.identity_id(), role)),),
            body=self._role_body(role, self.principal(), subscription),
            depends=depends,
            scope=scope,
            target=(subscription, parts.get("resourcegroups", "")),
        )

    def kubelet(self) -> Call:
        """The identity that pulls images."""
        return Call(
            "reference",
            (self.cluster_id(), self.api()),
            ("identityProfile", "kubeletidentity", "objectId"),
            bicep="cluster.properties.identityProfile.kubeletidentity.objectId",
            terraform="azapi_resource.cluster.output.properties.identityProfile.kubeletidentity.objectId",
        )

    def acr(self) -> None:
        """AcrPull for the kubelet identity, which exists once the cluster does."""
        acr = self.plan.cluster.attach_acr
        if not acr:
            return
        parts = derive.parts_of(acr)
        self.add(
            symbol="registryRole",
            key="acr",
            type=ROLE,
            api=ROLE_API,
            name=(Call("guid", (acr, self.cluster_id(), ACR_PULL)),),
            body=self._role_body(ACR_PULL, self.kubelet(), parts.get("subscriptions")),
            depends=("cluster",),
            scope=acr,
            target=(parts.get("subscriptions", ""), parts.get("resourcegroups", "")),
        )

    @staticmethod
    def _role_body(role: str, principal: Call, subscription: str | None) -> dict[Any, Any]:
        where = (subscription,) if subscription else ()
        definition = Call("subscriptionResourceId", (*where, "Microsoft.Authorization/roleDefinitions", role))
        return {
            "properties": {
                "roleDefinitionId": definition,
                "principalId": principal,
                "principalType": "ServicePrincipal",
            }
        }

    def _pool(self, pool: NodePool) -> dict[str, Any]:
        autoscale = pool.autoscale
        body = {
            "name": self.need(pool.name, "nodePoolName", "node_pools[].name"),
            "mode": pool.mode.capitalize(),
            "osType": pool.os,
            "type": "VirtualMachineScaleSets",
            "vmSize": pool.vm_size,
            "count": pool.count,
            "enableAutoScaling": autoscale is not None,
            "minCount": autoscale.min if autoscale else None,
            "maxCount": autoscale.max if autoscale else None,
            "availabilityZones": list(pool.zones) or None,
            "maxPods": pool.max_pods,
            "nodeTaints": list(pool.taints) or None,
            "upgradeSettings": {"maxSurge": pool.max_surge},
            "orchestratorVersion": self.plan.cluster.kubernetes_version,
            "vnetSubnetID": self.subnet_id(),
        }
        return {key: value for key, value in body.items() if value is not None}

    def _network_profile(self) -> dict[str, Any]:
        network = self.plan.network
        profile = {
            "networkPlugin": "none",
            "networkPluginMode": network.plugin_mode,
            "networkPolicy": network.policy,
            "networkDataplane": network.dataplane,
            "podCidr": network.pod_cidr,
            "serviceCidr": network.service_cidr,
            "dnsServiceIP": derive.dns_service_ip(self.plan),
            "loadBalancerSku": "standard",
            "outboundType": network.outbound_type,
            "kubeProxyConfig": {"enabled": False} if derive.wants_preview(self.plan) else None,
        }
        return {key: value for key, value in profile.items() if value is not None}

    def cluster_body(self) -> dict[Any, Any]:
        """The body of the cluster, as ARM takes it."""
        plan, cluster = self.plan, self.plan.cluster
        private = {"enablePrivateCluster": True, "privateDNSZone": cluster.private_dns_zone}
        addons = {ADDONS.get(name, name): {"enabled": True} for name in cluster.addons}
        properties: dict[str, Any] = {
            "kubernetesVersion": cluster.kubernetes_version,
            "dnsPrefix": self.need(derive.dns_prefix(plan), "dnsPrefix", "cluster.dns_prefix"),
            "nodeResourceGroup": cluster.node_resource_group,
            "enableRBAC": True,
            "agentPoolProfiles": [self._pool(pool) for pool in derive.ordered_pools(plan)],
            "networkProfile": self._network_profile(),
            "linuxProfile": self._linux(),
            "addonProfiles": addons or None,
            "apiServerAccessProfile": {k: v for k, v in private.items() if v} if cluster.private else None,
            "supportPlan": "AKSLongTermSupport" if cluster.tier.lower() == "premium" else None,
        }
        own = self.identity_id()
        identity = {"type": "SystemAssigned"} if own is None else _user_assigned(own)
        return {
            "location": self.region(),
            **({"tags": dict(cluster.tags)} if cluster.tags else {}),
            "sku": {"name": "Base", "tier": cluster.tier.capitalize()},
            "identity": identity,
            "properties": {key: value for key, value in properties.items() if value is not None},
        }

    def _linux(self) -> dict[str, Any] | None:
        key = self.plan.cluster.ssh_key
        if not key:
            return None
        literal = key.strip() if key.lstrip().startswith(("ssh-", "ecdsa-")) else None
        data = self.need(literal, "sshPublicKey", "cluster.ssh_key")
        return {"adminUsername": "azureuser", "ssh": {"publicKeys": [{"keyData": data}]}}

    def cluster(self) -> None:
        self.add(
            symbol="cluster",
            key="cluster",
            type=CLUSTER,
            api=self.api(),
            name=(self.cluster_name(),),
            body=self.cluster_body(),
            depends=tuple(item.symbol for item in self._resources),
        )

    def template(self) -> Template:
        return Template(resources=tuple(self._resources), params=tuple(self._params.values()))


def _user_assigned(own: str | Call) -> dict[Any, Any]:
    return {"type": "UserAssigned", "userAssignedIdentities": {own: {}}}


def build(plan: Plan) -> Template:
    """All resources of a plan whose cluster is to be made; none where it exists already."""
    make = Builder(plan)
    if not plan.cluster.create:
        return make.template()
    make.network()
    make.identity()
    if plan.identity.type == "user":
        make.role()
        make.zone_roles()
    make.cluster()
    if plan.identity.type != "user":
        make.role()
    make.acr()
    return make.template()
