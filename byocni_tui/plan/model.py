"""The answers file as frozen models: attribute names are the file's keys, defaults are the file's defaults.

Reading a file into these, with line and column in every complaint, is ``plan.reader``; what each field means is
``plan.fields``. A value that is out of range is still held here: judging it is the rules' work, not the reader's.
"""

from typing import Any

import msgspec


class ResourceGroup(msgspec.Struct, frozen=True, kw_only=True):
    """``resource_group``: where the cluster resource itself lives."""

    name: str | None = None
    create: bool = True
    tags: dict[str, str] = {}


class Autoscale(msgspec.Struct, frozen=True, kw_only=True):
    """``node_pools[i].autoscale``: node counts, both inclusive."""

    min: int = 1
    max: int = 3


class NodePool(msgspec.Struct, frozen=True, kw_only=True):
    """``node_pools[i]``; ``taints`` are ``key=value:Effect``, ``max_surge`` is ``N%`` or a whole number of nodes."""

    name: str = "nodepool1"
    mode: str = "system"
    os: str = "Linux"
    vm_size: str | None = None
    count: int = 3
    autoscale: Autoscale | None = None
    zones: tuple[str, ...] = ()
    max_pods: int = 110
    max_surge: str = "10%"
    taints: tuple[str, ...] = ()


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """``cluster``; ``create=False`` takes over one that exists."""

    name: str | None = None
    create: bool = True
    kubernetes_version: str | None = None
    tier: str = "free"
    dns_prefix: str | None = None
    node_resource_group: str | None = None
    ssh_key: str | None = None
    tags: dict[str, str] = {}
    addons: tuple[str, ...] = ()
    attach_acr: str | None = None
    private: bool = False
    private_dns_zone: str | None = None


class Vnet(msgspec.Struct, frozen=True, kw_only=True):
    """``network.vnet``: an ``id`` that exists, or a ``name`` and ``ranges`` to be made."""

    id: str | None = None
    name: str | None = None
    ranges: tuple[str, ...] = ("10.224.0.0/12",)


class Subnet(msgspec.Struct, frozen=True, kw_only=True):
    """``network.subnet``: one for all pools; with ``id`` its range comes from facts."""

    id: str | None = None
    name: str | None = None
    range: str | None = "10.224.0.0/16"


class KnownRange(msgspec.Struct, frozen=True, kw_only=True):
    """``network.known_ranges[i]``: a range that is in use somewhere the cluster can reach."""

    range: str
    what: str = ""


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """``network``; ranges are kept as typed, so that a message can quote them."""

    managed: bool = True
    vnet: Vnet = Vnet()
    subnet: Subnet = Subnet()
    service_cidr: str | None = "10.0.0.0/16"
    dns_service_ip: str | None = None
    pod_cidr: str | None = "10.244.0.0/16"
    outbound_type: str = "loadBalancer"
    policy: str | None = None
    plugin_mode: str | None = None
    dataplane: str | None = None
    known_ranges: tuple[KnownRange, ...] = ()


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """``identity``: the cluster's own; ``user`` with an ``id`` that exists or a ``name`` to be made."""

    type: str = "system"
    id: str | None = None
    name: str | None = None
    assign_role: bool = True


class Cni(msgspec.Struct, frozen=True, kw_only=True):
    """``cni``: the plugin and its options; ``values`` are merged over what the catalogue renders."""

    plugin: str = "cilium"
    version: str | None = None
    chart: str | None = None
    encapsulation: str = "vxlan"
    mtu: int | str = "auto"
    encryption: str = "none"
    kube_proxy: str = "keep"
    observability: bool = False
    registry: str | None = None
    pool: str | None = None
    node_mask: int | None = None
    values: dict[str, Any] = {}


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """``export``."""

    api_version: str | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answers file."""

    version: int = 1
    cloud: str = "AzureCloud"
    tenant: str | None = None
    subscription: str | None = None
    region: str | None = None
    resource_group: ResourceGroup = ResourceGroup()
    cluster: Cluster = Cluster()
    node_pools: tuple[NodePool, ...] = (NodePool(),)
    network: Network = Network()
    identity: Identity = Identity()
    cni: Cni = Cni()
    export: Export = Export()
    accept: tuple[str, ...] = ()
    override: dict[str, str] = {}
    acknowledge_support_boundary: bool = False
