# ruff: noqa: E501  one entry a line is what makes the table readable
"""Every code: a plan that raises it and a nearest neighbour that does not; values of a remedy make it vanish.

Facts are written by hand in the shape of ARM's answers (learn.microsoft.com/rest/api, versions as in the pinned SDKs).
"""

import re
from typing import Any, NamedTuple

import msgspec
import pytest

from byocni_tui.locale import Translator
from byocni_tui.plan import path
from byocni_tui.plan.facts import Facts
from byocni_tui.plan.model import Plan
from byocni_tui.rules import RULES, check
from byocni_tui.rules.render import message, remedy_text

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
SCOPE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/net/providers"
VNET = f"{SCOPE}/Microsoft.Network/virtualNetworks/hub"
SUBNET = f"{VNET}/subnets/nodes"
IDENTITY = f"{SCOPE}/Microsoft.ManagedIdentity/userAssignedIdentities/me"


def changed(plan: Plan, changes: dict[str, Any]) -> Plan:
    for where, value in changes.items():
        plan = path.replace(plan, where, value)
    return plan


GOOD = changed(
    Plan(),
    {
        "subscription": SUBSCRIPTION,
        "region": "westeurope",
        "resource_group.name": "rg",
        "cluster.name": "aks",
        "acknowledge_support_boundary": True,
    },
)
OWN = changed(
    GOOD,
    {"network.managed": False, "network.subnet.id": SUBNET, "identity.type": "user", "identity.id": IDENTITY},
)
MADE = {
    "network.managed": False,
    "network.vnet.name": "net",
    "network.subnet.name": "nodes",
    "identity.type": "user",
    "identity.name": "me-identity",
}
EXISTING = {"cluster.create": False, "resource_group.create": False}


def vnet(**subnet: Any) -> dict[str, Any]:
    properties = {"addressPrefix": "10.224.0.0/16", **subnet}
    return {
        "id": VNET,
        "name": "hub",
        "location": "westeurope",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.224.0.0/12"]},
            "subnets": [{"id": SUBNET, "name": "nodes", "properties": properties}],
            "virtualNetworkPeerings": [],
        },
    }


def peered(prefix: str) -> dict[str, Any]:
    item = vnet()
    item["properties"]["virtualNetworkPeerings"] = [
        {
            "name": "to-spoke",
            "properties": {
                "remoteVirtualNetwork": {"id": VNET.replace("hub", "spoke")},
                "remoteAddressSpace": {"addressPrefixes": [prefix]},
            },
        }
    ]
    return item


def cluster(
    name: str, group: str = "rg", plugin: str = "none", subnet: str | None = None, **profile: Any
) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{group}/providers/Microsoft.ContainerService/managedClusters/{name}",
        "name": name,
        "properties": {
            "networkProfile": {"networkPlugin": plugin, **profile},
            "agentPoolProfiles": [{"name": "a", "vnetSubnetID": subnet}],
        },
    }


def group(name: str, location: str = "westeurope", state: str = "Succeeded") -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}",
        "name": name,
        "location": location,
        "properties": {"provisioningState": state},
    }


def provider(namespace: str, state: str = "Registered", *places: str) -> dict[str, Any]:
    kinds = [{"resourceType": "managedClusters", "locations": list(places)}] if places else []
    return {"namespace": namespace, "registrationState": state, "resourceTypes": kinds}


def sku(name: str = "Standard_D4s_v5", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "resourceType": "virtualMachines",
        "family": "standardDSv5Family",
        "locationInfo": [{"location": "westeurope", "zones": ["1", "2"]}],
        "capabilities": [{"name": "vCPUs", "value": "4"}, {"name": "MemoryGB", "value": "16"}],
        "restrictions": [],
        **more,
    }


def usage(name: str, limit: int, used: int = 0) -> dict[str, Any]:
    return {"name": {"value": name, "localizedValue": name}, "limit": limit, "currentValue": used}


def versions(*minors: str, plans: tuple[str, ...] = ("KubernetesOfficial",)) -> dict[str, Any]:
    values = tuple(
        {"version": minor, "patchVersions": {f"{minor}.2": {}}, "capabilities": {"supportPlan": list(plans)}}
        for minor in minors
    )
    return {"kubernetes_versions": {"westeurope": values}}


class Entry(NamedTuple):
    code: str
    raises: dict[str, Any]
    silent: dict[str, Any] = {}  # noqa: RUF012
    field: str | None = None
    facts: dict[str, Any] = {}  # noqa: RUF012
    quiet_facts: dict[str, Any] | None = None
    base: Plan = GOOD


D = "node_pools[0]."
SIZE = {f"{D}vm_size": "Standard_D4s_v5"}
TABLE = (
    Entry("BYO001", {"acknowledge_support_boundary": False}, field="acknowledge_support_boundary"),
    Entry("BYO002", {"subscription": None}, field="subscription"),
    Entry("BYO002", {"network.service_cidr": None}, field="network.service_cidr"),
    Entry("BYO002", {f"{D}name": ""}, field=f"{D}name"),
    Entry("BYO003", {"subscription": "abc"}, {"subscription": SUBSCRIPTION.upper()}, "subscription"),
    Entry("BYO003", {"tenant": "contoso.com"}, {"tenant": SUBSCRIPTION}, "tenant"),
    Entry("BYO003", {"region": "chinanorth3"}, {"region": "newregion9"}, "region"),
    Entry("BYO003", {"cloud": "AzureUSGovernment"}, {"cloud": "AzureUSGovernment", "region": "usgovvirginia"}),
    Entry("BYO004", {"cni.mtu": 575}, {"cni.mtu": 576}, "cni.mtu"),
    Entry("BYO004", {"cni.mtu": "big"}, {"cni.mtu": "auto"}, "cni.mtu"),
    Entry("BYO004", {"cni.node_mask": 31}, {"cni.node_mask": 25}, "cni.node_mask"),
    Entry("BYO004", {"network.outbound_type": "loadbalancer"}, {"network.outbound_type": "managedNATGateway"}),
    Entry("BYO004", {"cluster.kubernetes_version": "latest"}, {"cluster.kubernetes_version": "v1.35"}),
    Entry("BYO004", {"cluster.kubernetes_version": "1" * 5000}, {"cluster.kubernetes_version": "1.35.6"}),
    Entry("BYO004", {"accept": ["BYO999"]}, {"accept": ["BYO709"]}, "accept[0]"),
    Entry("BYO004", {"override": {"BYO31": "x"}}, {"override": {"BYO313": "x"}}, "override.BYO31"),
    Entry("BYO005", {"network.vnet.ranges": ["10.0.0.0/8"]}, field="network.vnet.ranges"),
    Entry("BYO005", {"network.managed": False}, MADE, "network.subnet.id"),
    Entry("BYO005", {"identity.type": "user"}, {"identity.type": "user", "identity.name": "abc"}, "identity.id"),
    Entry("BYO005", {"identity.name": "abc"}, field="identity.name"),
    Entry("BYO005", {"cluster.create": False}, EXISTING, "resource_group.create"),
    Entry("BYO005", {"network.vnet.id": VNET.replace("hub", "other")}, {"network.vnet.id": VNET}, base=OWN),
    Entry("BYO005", {"cluster.node_resource_group": "RG"}, {"cluster.node_resource_group": "rg2"}),
    Entry("BYO006", {"cluster.attach_acr": "myregistry"}, {"cluster.attach_acr": f"{SCOPE}/Microsoft.ContainerRegistry/registries/r"}),
    Entry("BYO006", {"network.subnet.id": VNET}, field="network.subnet.id", base=OWN),
    Entry("BYO101", {"resource_group.name": "a."}, {"resource_group.name": "我的(组)_.-9"}, "resource_group.name"),
    Entry("BYO101", {"resource_group.name": "a" * 91}, {"resource_group.name": "a"}),
    Entry("BYO102", {"cluster.name": "-a"}, {"cluster.name": "a_b-c"}, "cluster.name"),
    Entry("BYO102", {"cluster.name": "a" * 64}, {"cluster.name": "a" * 40}),
    Entry("BYO103", {f"{D}name": "Pool1"}, {f"{D}name": "pool1"}, f"{D}name"),
    Entry("BYO103", {"node_pools[1].name": "nodepool1"}, {"node_pools[1].name": "nodepool2"}, "node_pools[1].name"),
    Entry("BYO104", {"cluster.dns_prefix": "a."}, {"cluster.dns_prefix": "a" * 54}, "cluster.dns_prefix"),
    Entry("BYO105", {"resource_group.name": "g" * 70}, {"resource_group.name": "g" * 62}, "cluster.node_resource_group"),
    Entry(
        "BYO106", {}, {"cluster.name": "aks2"}, "cluster.name", {"managed_clusters": (cluster("AKS", plugin="azure"),)}
    ),
    Entry("BYO106", {}, EXISTING, "cluster.name", {"managed_clusters": (cluster("aks"),), "resource_groups": (group("rg"),)}),
    Entry("BYO107", {"cluster.tags": {"a<b": "x"}}, {"cluster.tags": {"a.b": "x"}}),
    Entry("BYO107", {"cluster.tags": {"a": "x" * 257}}, {"cluster.tags": {"a": "x" * 256}}, "cluster.tags.a"),
    Entry("BYO107", {"cluster.tags": {str(n): "" for n in range(51)}}, {"cluster.tags": {str(n): "" for n in range(50)}}),
    Entry("BYO108", {"cluster.name": "my-Windows-aks"}, {"cluster.name": "my-azure-aks"}, "cluster.name"),
    Entry("BYO108", {"cluster.name": "login1"}, {"cluster.name": "mylogin"}, "cluster.name"),
    Entry("BYO108", {"cluster.tags": {"Microsoft.x": "1"}}, {"cluster.tags": {"x.microsoft": "1"}}),
    Entry("BYO109", MADE | {"network.vnet.name": "n"}, MADE, "network.vnet.name"),
    Entry("BYO110", {"resource_group.create": False}, {}, "resource_group.name", {"resource_groups": ()}),
    Entry("BYO110", {}, {"region": "northeurope"}, None, {"resource_groups": (group("rg", "North Europe"),)}),
    Entry("BYO110", {}, {"cluster.name": "b"}, None, {"resource_groups": (group("MC_rg_aks_westeurope"),)}),
    Entry("BYO111", EXISTING, {}, "cluster.name", {"managed_clusters": ()}),
    Entry("BYO201", {"network.pod_cidr": "10.244.0.0"}, {"network.pod_cidr": " 10.244.0.0/16 "}, "network.pod_cidr"),
    Entry("BYO201", {"network.pod_cidr": "010.244.0.0/16"}),
    Entry("BYO201", {"network.pod_cidr": "fd00::/48"}),
    Entry("BYO201", {"network.known_ranges": [{"range": "x"}]}, {"network.known_ranges": [{"range": "10.50.0.0/16"}]}),
    Entry("BYO202", {"network.pod_cidr": "10.244.3.0/16"}, {}, "network.pod_cidr"),
    Entry("BYO203", {"network.pod_cidr": "172.16.0.0/12"}, {"network.pod_cidr": "172.16.0.0/13"}, "network.pod_cidr"),
    Entry("BYO203", {"network.service_cidr": "192.0.2.0/25"}, {"network.service_cidr": "192.168.2.0/25"}),
    Entry("BYO204", {"network.pod_cidr": "10.0.128.0/17"}, {"network.pod_cidr": "10.1.0.0/16"}, "network.pod_cidr"),
    Entry("BYO204", {"network.service_cidr": "10.239.0.0/16"}, {"network.service_cidr": "10.240.0.0/16"}),
    Entry("BYO204", {"network.pod_cidr": "10.225.0.0/16"}, {}, facts={"virtual_networks": (vnet(),)}, base=OWN),
    Entry("BYO205", {"network.service_cidr": "10.0.0.0/12"}, {"network.service_cidr": "10.0.0.0/13"}),
    Entry("BYO206", {"network.dns_service_ip": "10.1.0.10"}, {"network.dns_service_ip": "10.0.0.10"}),
    Entry("BYO206", {"network.dns_service_ip": "dns"}, {"network.dns_service_ip": None}),
    Entry("BYO207", {"network.dns_service_ip": "10.0.0.1"}, {"network.dns_service_ip": "10.0.0.2"}),
    Entry("BYO207", {"network.dns_service_ip": "10.0.255.255"}, {"network.dns_service_ip": "10.0.255.254"}),
    Entry("BYO208", {"network.pod_cidr": None, "cni.pool": "10.244.0.0/16"}, {}, "network.pod_cidr"),
    Entry("BYO209", {f"{D}count": 300}, {f"{D}count": 200}, "network.pod_cidr"),
    Entry("BYO209", {"cni.plugin": "calico", "network.pod_cidr": "10.244.0.0/24"}, {"cni.plugin": "calico", "network.pod_cidr": "10.244.0.0/23"}),
    Entry("BYO210", {"network.known_ranges": [{"range": "10.244.9.0/24", "what": "office"}]}, {"network.known_ranges": [{"range": "10.245.0.0/24"}]}),
    Entry("BYO210", {}, {}, "network.pod_cidr", {"virtual_networks": (peered("10.244.0.0/20"),)}, {"virtual_networks": (peered("10.50.0.0/16"),)}, OWN),
    Entry("BYO210", {}, {}, "network.service_cidr", {"virtual_networks": (vnet(),), "managed_clusters": (cluster("b", subnet=f"{VNET}/subnets/other", serviceCidr="10.0.0.0/16"),)}, {"virtual_networks": (vnet(),), "managed_clusters": (cluster("b", subnet=f"{VNET}x/subnets/other", serviceCidr="10.0.0.0/16"),)}, OWN),
    Entry("BYO211", {"network.pod_cidr": "11.0.0.0/16"}, {"network.pod_cidr": "100.64.0.0/16"}),
    Entry("BYO212", MADE | {"network.subnet.range": "10.0.128.0/17", "network.service_cidr": "10.2.0.0/16"}, MADE, "network.subnet.range"),
    Entry("BYO213", {"cni.pool": "10.245.0.0/16"}, {"cni.pool": "10.244.0.0/16"}, "cni.pool"),
    Entry("BYO213", {"cni.pool": "10.244.0.0/17"}, {}, "cni.pool"),
    Entry("BYO214", {"network.pod_cidr": "168.63.0.0/16"}, {"network.pod_cidr": "10.63.0.0/16"}),
    Entry("BYO214", {"network.service_cidr": "240.0.0.0/16"}, {}),
    Entry("BYO215", {"network.service_cidr": "10.0.0.0/29"}, {"network.service_cidr": "10.0.0.0/28"}),
    Entry("BYO215", {"network.pod_cidr": "10.244.0.0/25"}, {}, "network.pod_cidr"),
    Entry("BYO301", {}, {}, "network.subnet.id", {"virtual_networks": (vnet(delegations=[{"properties": {"serviceName": "Microsoft.Web/serverFarms"}}]),)}, {"virtual_networks": (vnet(delegations=[{"properties": {"serviceName": "Microsoft.ContainerService/managedClusters"}}]),)}, OWN),
    Entry("BYO302", MADE | {"network.subnet.range": "10.224.0.0/29", f"{D}count": 5}, MADE | {"network.subnet.range": "10.224.0.0/28", f"{D}count": 5}, "network.subnet.range"),
    Entry("BYO302", {}, {}, "network.subnet.id", {"virtual_networks": (vnet(addressPrefix="10.224.0.0/28", ipConfigurations=[{"id": str(n)} for n in range(9)]),)}, {"virtual_networks": (vnet(addressPrefix="10.224.0.0/28", ipConfigurations=[{"id": str(n)} for n in range(7)]),)}, OWN),
    Entry("BYO303", {"region": "northeurope"}, {}, "network.subnet.id", {"virtual_networks": (vnet(),)}, base=OWN),
    Entry("BYO304", {"network.subnet.id": SUBNET + "x"}, {}, "network.subnet.id", {"virtual_networks": (vnet(),)}, base=OWN),
    Entry("BYO305", {}, {}, "network.subnet.id", {"virtual_networks": (vnet(),), "managed_clusters": (cluster("b", subnet=SUBNET.upper()),)}, {"virtual_networks": (vnet(),), "managed_clusters": (cluster("b", subnet=SUBNET + "2"),)}, OWN),
    Entry("BYO306", {}, {}, "network.subnet.id", {"virtual_networks": (vnet(provisioningState="Updating"),)}, {"virtual_networks": (vnet(provisioningState="Succeeded"),)}, OWN),
    Entry("BYO307", MADE | {"network.subnet.name": "gatewaysubnet"}, MADE, "network.subnet.name"),
    Entry("BYO307", {"network.subnet.id": f"{VNET}/subnets/AzureBastionSubnet"}, {}, "network.subnet.id", base=OWN),
    Entry("BYO501", {"export.api_version": "2022-01-02"}, {"export.api_version": "2022-01-02-preview"}),
    Entry("BYO501", {"export.api_version": "new"}, {"export.api_version": "2022-06-01"}),
    Entry("BYO502", {}, {}, None, {"azure_cli": {"version": "2.38.2"}}, {"azure_cli": {"version": "2.39.0"}}),
    Entry("BYO503", {}, {}, "subscription", {"providers": (provider("Microsoft.Compute", "NotRegistered"),)}, {"providers": (provider("microsoft.compute"),)}),
    Entry("BYO504", {"cluster.kubernetes_version": "1.30.1"}, {"cluster.kubernetes_version": "1.35.2"}, None, versions("1.34", "1.35")),
    Entry("BYO504", {"cluster.kubernetes_version": "1.35"}, {"cluster.kubernetes_version": "1.35", "cluster.tier": "premium"}, None, versions("1.35", plans=("AKSLongTermSupport",))),
    Entry("BYO505", {f"{D}vm_size": "Standard_D4_v5"}, SIZE, f"{D}vm_size", {"skus": {"westeurope": (sku(),)}}),
    Entry("BYO505", SIZE | {f"{D}zones": ["1", "3"]}, SIZE | {f"{D}zones": ["1", "2"]}, f"{D}zones", {"skus": {"westeurope": (sku(),)}}),
    Entry("BYO505", SIZE, {}, f"{D}vm_size", {"skus": {"westeurope": (sku(restrictions=[{"type": "Location", "reasonCode": "NotAvailableForSubscription"}]),)}}),
    Entry("BYO506", SIZE, SIZE | {f"{D}count": 2}, "node_pools", {"skus": {"westeurope": (sku(),)}, "usages": {"compute": {"westeurope": (usage("cores", 12),)}}}),
    Entry("BYO506", {}, {"network.outbound_type": "managedNATGateway"}, None, {"usages": {"network": {"westeurope": (usage("PublicIPAddresses", 3, 3),)}}}),
    Entry("BYO506", {}, {f"{D}count": 2}, "node_pools", {"usages": {"compute": {"westeurope": (usage("cores", 7),)}}}),
    Entry("BYO507", {}, {}, None, {"validation": ({"code": "RequestDisallowedByPolicy", "message": "no"},)}, {"validation": ({"code": "Other", "message": "no"},)}),
    Entry("BYO507", {}, {}, None, {"locks": {f"/subscriptions/{SUBSCRIPTION}": ({"name": "l", "properties": {"level": "ReadOnly"}},)}}, {"locks": {f"/subscriptions/{SUBSCRIPTION}": ({"name": "l", "properties": {"level": "CanNotDelete"}},)}}),
    Entry("BYO507", {}, {}, None, {"validation": ({"code": "RequestDisallowedByPolicy", "message": "Resource 'a' was disallowed by policy. Policy identifiers: '[{\"policyAssignment\":{\"name\":\"tags\",\"id\":\"x\"},\"policyDefinition\":{\"name\":\"need-tag\",\"id\":\"y\"}}]'."},)}, {"validation": ()}),
    Entry("BYO508", {"region": "westus9"}, {}, "region", {"providers": (provider("Microsoft.ContainerService", "Registered", "West Europe"),)}),
    Entry("BYO509", {}, {}, "cluster.name", {"validation": ({"code": "InvalidParameter", "message": "no"},)}, {"validation": ({"code": "RequestDisallowedByPolicy", "message": "no"},)}),
    Entry("BYO601", {f"{D}os": "Windows"}, {}, f"{D}os"),
    Entry("BYO602", {"network.policy": "calico"}, {"network.policy": "none"}, "network.policy"),
    Entry("BYO603", {"cluster.addons": ["virtual-node"]}, {"cluster.addons": ["azure-policy"]}, "cluster.addons[0]"),
    Entry("BYO603", {"cluster.addons": ["magic"]}),
    Entry("BYO604", {f"{D}taints": ["a=b:NoSchedule"]}, {f"{D}taints": ["a=b:PreferNoSchedule"]}, f"{D}taints[0]"),
    Entry("BYO604", {f"{D}taints": ["nonsense"]}, {f"{D}taints": ["CriticalAddonsOnly=true:NoSchedule"]}),
    Entry("BYO604", {f"{D}taints": ["node.cilium.io/agent-not-ready=true:NoExecute"]}),
    Entry("BYO605", {f"{D}count": 0}, {f"{D}count": 2}, f"{D}count"),
    Entry("BYO605", {f"{D}mode": "user"}, {}, "node_pools"),
    Entry("BYO605", {f"{D}autoscale": {"min": 5, "max": 4}}, {f"{D}autoscale": {"min": 3, "max": 4}}),
    Entry("BYO605", {f"{D}autoscale": {"min": 4, "max": 5}}, {f"{D}autoscale": {"min": 2, "max": 5}}, f"{D}count"),
    Entry("BYO606", {f"{D}max_pods": 9}, {f"{D}max_pods": 10}, f"{D}max_pods"),
    Entry("BYO606", {f"{D}max_pods": 14, f"{D}count": 2}, {f"{D}max_pods": 15, f"{D}count": 2}),
    Entry("BYO607", {f"{D}count": 1}, {f"{D}count": 2}, f"{D}count"),
    Entry("BYO607", {f"{D}vm_size": "Standard_B4ms"}, {f"{D}vm_size": "Standard_D4s_v5"}),
    Entry("BYO607", {f"{D}count": 11}, {f"{D}count": 11, "cluster.tier": "standard"}, "cluster.tier"),
    Entry("BYO608", {f"{D}zones": ["4"]}, {f"{D}zones": ["3"]}, f"{D}zones"),
    Entry("BYO608", {f"{D}zones": ["1", "1"]}),
    Entry("BYO608", {f"{D}max_surge": "many"}, {f"{D}max_surge": "33%"}, f"{D}max_surge"),
    Entry("BYO609", EXISTING, EXISTING, None, {"managed_clusters": (cluster("aks", plugin="azure"),)}, {"managed_clusters": (cluster("aks", plugin="None"),)}),
    Entry("BYO610", {"cluster.private": True}, {}, "cluster.private"),
    Entry("BYO611", {"cluster.ssh_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nx"}, {"cluster.ssh_key": "ssh-ed25519 AAAAC3Nz me@host"}, "cluster.ssh_key"),
    Entry("BYO611", {"cluster.ssh_key": "ssh-rsa"}, {"cluster.ssh_key": "/home/me/key.pub"}, "cluster.ssh_key"),
    Entry("BYO611", {"cluster.ssh_key": "~/.ssh/id_rsa"}, {"cluster.ssh_key": "~/.ssh/id_rsa.pub"}, "cluster.ssh_key"),
    Entry("BYO701", {"cni.encapsulation": "ipip"}, {"cni.encapsulation": "geneve"}, "cni.encapsulation"),
    Entry("BYO701", {"cni.values": {"routingMode": "native"}}, {"cni.values": {"routingMode": "tunnel"}}),
    Entry("BYO702", {"network.pod_cidr": None}, {}, "cni.pool"),
    Entry("BYO702", {"cni.pool": "10.0.0.0/14"}, {"cni.pool": "10.4.0.0/14"}, "cni.pool"),
    Entry("BYO703", {"cni.plugin": "calico", "cni.values": {"installation": {"cni": {"type": "AzureVNET"}}}}, {"cni.plugin": "calico"}),
    Entry("BYO703", {"cni.plugin": "calico", "cni.values": {"installation": {"calicoNetwork": {"bgp": "Enabled"}}}}),
    Entry("BYO704", {f"{D}count": 1, "cni.values": {"operator": {"replicas": 2}}}, {f"{D}count": 2, "cni.values": {"operator": {"replicas": 2}}}),
    Entry("BYO705", {f"{D}taints": ["CriticalAddonsOnly=true:NoSchedule"], "cni.values": {"operator": {"tolerations": []}}}, {f"{D}taints": ["CriticalAddonsOnly=true:NoSchedule"]}),
    Entry("BYO706", {"cni.values": {"kubeProxyReplacement": True}}, {"cni.values": {"kubeProxyReplacement": True, "k8sServiceHost": "h"}}),
    Entry("BYO706", {"cni.kube_proxy": "replace", "cni.values": {"kubeProxyReplacement": False}}, {"cni.kube_proxy": "replace"}),
    Entry("BYO707", {"cluster.kubernetes_version": "1.37"}, {"cluster.kubernetes_version": "1.36"}, "cni.version"),
    Entry("BYO707", {"cluster.kubernetes_version": "1.35", "cni.version": "1.18.14"}, {"cluster.kubernetes_version": "1.33", "cni.version": "1.18.14"}, "cni.version"),
    Entry("BYO708", {"cni.encryption": "wireguard"}, {"cni.encryption": "wireguard", "cni.mtu": 1340}, "cni.mtu"),
    Entry("BYO709", {"cloud": "AzureChinaCloud", "region": "chinanorth3"}, {"cloud": "AzureChinaCloud", "region": "chinanorth3", "cni.registry": "r.azurecr.cn"}, "cni.registry"),
    Entry("BYO710", {"cni.plugin": "flannel"}, {"cni.plugin": "antrea"}, "cni.plugin"),
    Entry("BYO711", {f"{D}max_pods": 125, "cni.node_mask": 25}, {f"{D}max_pods": 124, "cni.node_mask": 25}, f"{D}max_pods"),
    Entry("BYO712", {"cni.plugin": "weave"}, {}, "cni.plugin"),
    Entry("BYO712", {"cni.plugin": "antrea"}, {"cni.plugin": "calico"}, "cni.plugin"),
    Entry("BYO712", {"cni.plugin": "calico", "cluster.kubernetes_version": "1.33"}, {"cni.plugin": "calico", "cluster.kubernetes_version": "1.34"}, "cni.version"),
    Entry("BYO712", {"cni.plugin": "calico", "cni.version": "3.31.7"}, {"cni.plugin": "calico", "cni.version": "3.32.2"}, "cni.version"),
    Entry("BYO713", {"cni.kube_proxy": "replace"}, {}, "cni.kube_proxy"),
    Entry("BYO714", {"cni.plugin": "calico", "cni.encapsulation": "geneve"}, {"cni.encapsulation": "geneve"}),
    Entry("BYO714", {"cni.plugin": "calico", "cni.encryption": "ipsec", "cni.mtu": 1340}, {"cni.encryption": "ipsec"}),
    Entry("BYO715", {"cni.plugin": "celium"}, {"cni.plugin": "cilium"}, "cni.plugin"),
    Entry("BYO715", {"cni.version": "1.19.0"}, {"cni.version": "v1.19.9"}, "cni.version"),
    Entry("BYO716", {"cni.plugin": "manual"}, {}, "cni.plugin"),
    Entry("BYO717", {"cni.plugin": "multus"}, {"cni.plugin": "cilium"}, "cni.plugin"),
    Entry("BYO719", {"cni.values": {"ipam": {"mode": "kubernetes"}}}, {"cni.values": {"ipam": {"mode": "multi-pool"}}}, "cni.values.ipam.mode"),
    Entry("BYO719", {"cni.plugin": "antrea", "cni.values": {"nodeIPAM": {"enable": False}}}, {"cni.plugin": "antrea"}, "cni.values.nodeIPAM.enable"),
    Entry("BYO718", {"cni.mtu": 9000}, {"cni.mtu": 1500}, "cni.mtu"),
    Entry("BYO718", {"cni.plugin": "calico", "cni.mtu": 1500}, {"cni.plugin": "calico", "cni.mtu": 1450}, "cni.mtu"),
    Entry("BYO707", {"cni.plugin": "calico", "cluster.kubernetes_version": "1.29"}, {"cni.plugin": "calico", "cluster.kubernetes_version": "1.34"}, "cni.version"),
    Entry("BYO707", {"cluster.kubernetes_version": "1.29"}, {"cluster.kubernetes_version": "1.30"}, "cni.version"),
)  # fmt: skip
ELSEWHERE = {f"BYO{n}" for n in (311, 312, 313, 321, 322, 323, 401, 402, 403, 404)}
"""Security groups, routes and permissions have tables of their own."""
IDS = [f"{entry.code}-{number}" for number, entry in enumerate(TABLE)]


def codes(plan: Plan, facts: dict[str, Any]) -> list[str]:
    return [finding.code for finding in check(plan, Facts(**facts)).findings]


def test_the_good_plan_is_good() -> None:
    assert codes(GOOD, {}) == []
    assert codes(OWN, {"virtual_networks": (vnet(),)}) == []


def test_every_code_is_in_the_table() -> None:
    assert {entry.code for entry in TABLE} | ELSEWHERE == set(RULES)


@pytest.mark.parametrize("entry", TABLE, ids=IDS)
def test_raised(entry: Entry) -> None:
    findings = check(changed(entry.base, entry.raises), Facts(**entry.facts)).findings
    mine = [finding for finding in findings if finding.code == entry.code]
    assert mine, [finding.code for finding in findings]
    assert entry.field is None or mine[0].field == entry.field
    assert mine[0].severity in RULES[entry.code].severities
    path.get(changed(entry.base, entry.raises), mine[0].field)


@pytest.mark.parametrize("entry", TABLE, ids=IDS)
def test_neighbour_is_silent(entry: Entry) -> None:
    facts = entry.facts if entry.quiet_facts is None else entry.quiet_facts
    if not entry.silent and entry.quiet_facts is None:
        facts = {} if not entry.raises else facts
    assert entry.code not in codes(changed(entry.base, entry.silent), facts)


@pytest.mark.parametrize("entry", TABLE, ids=IDS)
def test_values_of_the_remedy_make_it_vanish(entry: Entry) -> None:
    plan, facts = changed(entry.base, entry.raises), Facts(**entry.facts)
    before = check(plan, facts).findings
    for finding in before:
        if finding.code == entry.code and finding.remedy and finding.remedy.set:
            after = check(changed(plan, finding.remedy.set), facts).findings
            assert (finding.code, finding.field) not in {(item.code, item.field) for item in after}
            new = {item.code for item in after if item.severity != "info"} - {item.code for item in before}
            if "cloud" in finding.remedy.set:
                # Another cloud has warnings of its own.
                new -= {"BYO709"}
            assert not new, (finding.remedy.set, new)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("entry", TABLE, ids=IDS)
def test_texts_are_there_and_filled(entry: Entry, lang: str) -> None:
    tr = Translator(lang)
    for finding in check(changed(entry.base, entry.raises), Facts(**entry.facts)).findings:
        for text in (message(finding, tr), remedy_text(finding, tr) or ""):
            assert not text.startswith("rules."), text
            assert not re.search(r"\{[a-z_]+\}", text), text


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("code", sorted(RULES))
def test_every_code_is_explained(code: str, lang: str) -> None:
    tr = Translator(lang)
    for key in ("title", "why", "fix"):
        assert tr.has(f"rules.{code}.{key}"), key
    assert RULES[code].source.startswith("https://")


def test_findings_are_plain_data() -> None:
    for entry in TABLE:
        for finding in check(changed(entry.base, entry.raises), Facts(**entry.facts)).findings:
            msgspec.json.encode([finding.evidence, finding.remedy and finding.remedy.set])


def test_a_cluster_that_exists_is_judged_by_its_own_ranges() -> None:
    taken_over = changed(GOOD, EXISTING)
    facts = {
        "managed_clusters": (cluster("aks", podCidr="10.225.0.0/16", serviceCidr="10.0.0.0/16"),),
        "resource_groups": (group("rg"),),
    }
    assert codes(taken_over, facts) == []
    apart = changed(taken_over, {"cni.pool": "10.244.0.0/16"})
    assert codes(apart, {}) == []
    assert codes(apart, facts) == ["BYO213"]
