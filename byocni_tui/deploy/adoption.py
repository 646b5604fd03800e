"""A plan for a cluster that somebody else began, read off Azure's own state. Pure."""

from typing import Any

from byocni_tui.errors import EXIT_USAGE, UserError
from byocni_tui.plan.model import (
    Autoscale,
    Cluster,
    Cni,
    Identity,
    Network,
    NodePool,
    Plan,
    ResourceGroup,
    Subnet,
)
from byocni_tui.providers.aks import target

Json = dict[str, Any]


def parts(cluster_id: str) -> tuple[str, str, str]:
    """Subscription, resource group and name. UserError for what isn't a cluster's id."""
    found = target(cluster_id)
    if found is None or not found.group or found.words[:1] != ("managedclusters",) or len(found.words) != 2:
        raise UserError("adopt_id", exit_code=EXIT_USAGE, id=cluster_id)
    return found.subscription, found.group, found.words[1]


def begin(cluster_id: str, cloud: str, plugin: str, accept: tuple[str, ...]) -> Plan:
    """The least that is needed to ask Azure for the cluster, and what the user says about the rest."""
    subscription, group, name = parts(cluster_id)
    return Plan(
        cloud=cloud,
        cni=Cni(plugin=plugin),
        accept=accept,
        subscription=subscription,
        resource_group=ResourceGroup(name=group, create=False),
        cluster=Cluster(name=name, create=False),
    )


def plan_of(cluster: Json, first: Plan) -> Plan:
    """The plan that takes it over: its ranges, pools and identity as they are; nothing of it is to be made."""
    properties: Json = cluster.get("properties") or {}
    network: Json = properties.get("networkProfile") or {}
    pools = tuple(_pool(item) for item in properties.get("agentPoolProfiles") or ())
    subnet = next(
        (i["vnetSubnetID"] for i in properties.get("agentPoolProfiles") or () if i.get("vnetSubnetID")), None
    )
    own = next(iter((cluster.get("identity") or {}).get("userAssignedIdentities") or {}), None)
    return Plan(
        cloud=first.cloud,
        subscription=first.subscription,
        region=cluster.get("location"),
        resource_group=first.resource_group,
        cluster=Cluster(
            name=first.cluster.name,
            create=False,
            kubernetes_version=properties.get("currentKubernetesVersion"),
        ),
        node_pools=pools or (NodePool(),),
        network=Network(
            managed=subnet is None,
            subnet=Subnet(id=subnet, range=None) if subnet else Subnet(),
            service_cidr=network.get("serviceCidr"),
            dns_service_ip=network.get("dnsServiceIP"),
            pod_cidr=network.get("podCidr") or Network().pod_cidr,
            outbound_type=network.get("outboundType") or "loadBalancer",
        ),
        identity=Identity(type="user", id=own) if own else Identity(),
        cni=first.cni,
        accept=first.accept,
        # A cluster with network plugin none is there: whoever made it has crossed the boundary of support already.
        acknowledge_support_boundary=network.get("networkPlugin") == "none",
    )


def _pool(item: Json) -> NodePool:
    scale = item.get("enableAutoScaling")
    return NodePool(
        name=str(item.get("name")),
        mode=str(item.get("mode") or "System").lower(),
        vm_size=item.get("vmSize"),
        count=int(item.get("count") or 0),
        autoscale=Autoscale(min=item.get("minCount") or 1, max=item.get("maxCount") or 1) if scale else None,
        zones=tuple(item.get("availabilityZones") or ()),
        max_pods=int(item.get("maxPods") or NodePool().max_pods),
        taints=tuple(item.get("nodeTaints") or ()),
    )
