"""The plan as a Terraform file: azurerm, and azapi for what azurerm can't say.

azurerm wants a VM size (the service may choose it here), knows no taints on the first pool but one, and no way to
switch kube-proxy off; so the cluster itself is an ``azapi_resource`` with the same body as in the ARM template.
"""

from typing import Any, Final

from byocni_tui.cni.values import chart_of
from byocni_tui.export.hcl import Block, Ref, variable
from byocni_tui.export.header import header, late_role
from byocni_tui.export.pieces import CLUSTER, IDENTITY, IDENTITY_API, Call
from byocni_tui.export.resources import Builder
from byocni_tui.export.shell import clean
from byocni_tui.locale import Translator
from byocni_tui.plan.derive import zone_to_open
from byocni_tui.plan.model import Plan

ENVIRONMENTS: Final = {
    "AzureCloud": "public",
    "AzureChinaCloud": "china",
    "AzureUSGovernment": "usgovernment",
}
_AZURERM: Final = "~> 4.0"
_AZAPI: Final = "~> 2.0"


def render(plan: Plan, tr: Translator | None = None) -> str:
    """``main.tf``: deterministic, every block with the reason why it is there."""
    return _Writer(plan, tr or Translator()).text()


class _Writer:
    def __init__(self, plan: Plan, tr: Translator) -> None:
        self.plan = plan
        self.tr = tr
        self.make = Builder(plan)
        self.blocks: list[tuple[str | None, Block]] = []

    def add(self, key: str | None, block: Block) -> None:
        self.blocks.append((key, block))

    def text(self) -> str:
        self._providers()
        if self.plan.cluster.create:
            self._group()
            self._network()
            self._identity()
            user = self.plan.identity.type == "user"
            roles = [*self._roles(), *self._zone()] if user else []
            self._cluster(roles)
            if not user:
                self._roles()
            self._acr()
        lines = [*self._comment(header(self.plan, self.tr))]
        if late_role(self.plan):
            lines += self._comment(self.tr("export.header.late_role"))
        then = "export.header.then" if chart_of(self.plan) else "export.why.manual"
        lines += [*self._comment(self.tr(then if self.plan.cluster.create else "export.header.exists")), ""]
        for param in self.make.template().params:
            description = self.tr("export.param", field=param.field)
            lines += (
                Block("variable", variable(param.name))
                .set(type=Ref("string"), description=description)
                .lines()
            )
            lines.append("")
        for key, block in self.blocks:
            if key is not None:
                lines += self._comment(self.tr(f"export.why.{key}"))
            lines += [*block.lines(), ""]
        return "\n".join(lines).rstrip() + "\n"

    @staticmethod
    def _comment(text: str) -> list[str]:
        return [f"# {line}".rstrip() for line in clean(text).splitlines()]

    def _providers(self) -> None:
        versions = Block("required_providers").set(
            azapi={"source": "Azure/azapi", "version": _AZAPI},
            azurerm={"source": "hashicorp/azurerm", "version": _AZURERM},
        )
        self.add(None, Block("terraform").set(required_version=">= 1.5").block(versions))
        subscription = self.make.need(self.plan.subscription, "subscriptionId", "subscription")
        common = {
            "environment": ENVIRONMENTS.get(self.plan.cloud, "public"),
            "subscription_id": subscription,
            "tenant_id": self.plan.tenant,
        }
        self.add("account", Block("provider", "azurerm").set(**common).block(Block("features")))
        self.add(None, Block("provider", "azapi").set(**common))

    def _group(self) -> None:
        group = self.plan.resource_group
        name = self.make.need(group.name, "resourceGroupName", "resource_group.name")
        if group.create:
            block = Block("resource", "azurerm_resource_group", "this")
            block.set(name=name, location=self.make.region(), tags=dict(group.tags) or None)
            self.add("group", block)
        else:
            self.add("group-exists", Block("data", "azurerm_resource_group", "this").set(name=name))

    def _group_ref(self, attribute: str) -> Ref:
        data = "" if self.plan.resource_group.create else "data."
        return Ref(f"{data}azurerm_resource_group.this.{attribute}")

    def _network(self) -> None:
        network = self.plan.network
        if network.managed or network.subnet.id:
            return
        # The same resources as in the templates, so that parameters have the same names.
        self.make.network()
        made = self.make.template().resources[-1]
        if network.vnet.id:
            prefix = made.body["properties"]["addressPrefix"]
            block = Block("resource", "azapi_resource", "subnet")
            block.set(type=f"{made.type}@{made.api}", parent_id=network.vnet.id, name=made.name[1])
            self.add("subnet", block.set(body={"properties": {"addressPrefix": prefix}}))
            return
        subnet = made.body["properties"]["subnets"][0]
        vnet = Block("resource", "azurerm_virtual_network", "this")
        vnet.set(name=made.name[0], resource_group_name=self._group_ref("name"), location=self.make.region())
        self.add("vnet", vnet.set(address_space=list(network.vnet.ranges)))
        block = Block("resource", "azurerm_subnet", "this")
        block.set(name=subnet["name"], resource_group_name=self._group_ref("name"))
        block.set(virtual_network_name=Ref("azurerm_virtual_network.this.name"))
        self.add("subnet", block.set(address_prefixes=[subnet["properties"]["addressPrefix"]]))

    def _identity(self) -> None:
        own = self.make.identity_id()
        if isinstance(own, Call):
            block = Block("resource", "azurerm_user_assigned_identity", "this")
            block.set(
                name=own.args[1], resource_group_name=self._group_ref("name"), location=self.make.region()
            )
            self.add("identity", block)
        elif own is not None:
            block = Block("data", "azapi_resource", "identity").set(type=f"{IDENTITY}@{IDENTITY_API}")
            block.set(resource_id=own, response_export_values=["properties.principalId"])
            self.add("identity-exists", block)

    def _subnet(self) -> str | Ref | Call | None:
        subnet = self.make.subnet_id()
        if isinstance(subnet, str) and not self.plan.network.subnet.id:
            return Ref("azapi_resource.subnet.id")
        return subnet

    def _roles(self) -> list[Ref]:
        subnet = self._subnet()
        if subnet is None or not self.plan.identity.assign_role:
            return []
        self.add("role", self._role("subnet", subnet, "Network Contributor", self.make.principal()))
        return [Ref("azurerm_role_assignment.subnet")]

    def _zone(self) -> list[Ref]:
        """The roles for a private DNS zone of one's own."""
        zone = zone_to_open(self.plan)
        if zone is None:
            return []
        principal = self.make.principal()
        self.add("zone", self._role("zone", zone, "Private DNS Zone Contributor", principal))
        network = self.make.vnet_id()
        if network is None:
            return [Ref("azurerm_role_assignment.zone")]
        self.add("zone", self._role("network", network, "Network Contributor", principal))
        return [Ref("azurerm_role_assignment.zone"), Ref("azurerm_role_assignment.network")]

    @staticmethod
    def _role(label: str, scope: Any, role: str, principal: Call) -> Block:
        return Block("resource", "azurerm_role_assignment", label).set(
            scope=scope,
            role_definition_name=role,
            principal_id=principal,
            principal_type="ServicePrincipal",
        )

    def _cluster(self, roles: list[Ref]) -> None:
        body = _swap(self.make.cluster_body(), self.make.subnet_id(), self._subnet())
        own = self.make.identity_id()
        identity = Block("identity").set(type="SystemAssigned" if own is None else "UserAssigned")
        identity.set(identity_ids=None if own is None else [own])
        block = Block("resource", "azapi_resource", "cluster").set(
            type=f"{CLUSTER}@{self.make.api()}",
            name=self.make.cluster_name(),
            parent_id=self._group_ref("id"),
            location=self.make.region(),
            tags=dict(self.plan.cluster.tags) or None,
            body={"sku": body["sku"], "properties": body["properties"]},
            # The provider's own tables may be older than this API version; the service checks the body anyway.
            schema_validation_enabled=False,
            response_export_values=[
                "properties.identityProfile",
                "properties.fqdn",
                "properties.networkProfile",
            ],
            depends_on=list(roles) or None,
        )
        self.add("cluster", block.block(identity))

    def _acr(self) -> None:
        registry = self.plan.cluster.attach_acr
        if registry:
            self.add("acr", self._role("registry", registry, "AcrPull", self.make.kubelet()))


def _swap(node: Any, old: Any, new: Any) -> Any:
    """The body with Terraform's own reference to a subnet that it makes in a network that exists."""
    if old is None or old is new:
        return node
    if isinstance(node, dict):
        return {key: _swap(item, old, new) for key, item in node.items()}
    if isinstance(node, list):
        return [_swap(item, old, new) for item in node]
    return new if isinstance(node, type(old)) and node == old else node
