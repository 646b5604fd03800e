"""The answers file as frozen models: attribute names are the file's keys, defaults are the file's defaults.

Reading a file into these, with line and column in every complaint, is ``plan.reader``; what each field means is
``plan.fields``. A value that is out of range is still held here: judging it is the rules' work, not the reader's.
"""

from typing import Annotated, Any, NamedTuple

import msgspec


class About(NamedTuple):
    """What a field's declaration says beside its type and default. ``az`` is the Azure CLI's option; ``choices`` are
    the values that exist; ``strict`` ones are refused by the reader (exit status 2), others are a finding."""

    az: str | None = None
    choices: tuple[str, ...] = ()
    strict: bool = False
    sensitive: bool = False


CLOUDS = ("AzureCloud", "AzureChinaCloud", "AzureUSGovernment")
OUTBOUND_TYPES = ("loadBalancer", "managedNATGateway", "userAssignedNATGateway", "userDefinedRouting")


class ResourceGroup(msgspec.Struct, frozen=True, kw_only=True):
    """``resource_group``: where the cluster resource itself lives."""

    name: Annotated[str | None, About(az="--resource-group")] = None
    create: bool = True
    tags: Annotated[dict[str, str], About(az="--tags")] = {}


class Autoscale(msgspec.Struct, frozen=True, kw_only=True):
    """``node_pools[i].autoscale``: node counts, both inclusive."""

    min: Annotated[int, About(az="--min-count")] = 1
    max: Annotated[int, About(az="--max-count")] = 3


class NodePool(msgspec.Struct, frozen=True, kw_only=True):
    """``node_pools[i]``; ``taints`` are ``key=value:Effect``, ``max_surge`` is ``N%`` or a whole number of nodes."""

    name: Annotated[str, About(az="--nodepool-name")] = "nodepool1"
    mode: Annotated[str, About(az="--mode", choices=("system", "user"), strict=True)] = "system"
    os: Annotated[str, About(az="--os-type", choices=("Linux", "Windows"))] = "Linux"
    vm_size: Annotated[str | None, About(az="--node-vm-size")] = None
    count: Annotated[int, About(az="--node-count")] = 3
    autoscale: Autoscale | None = None
    zones: Annotated[tuple[str, ...], About(az="--zones")] = ()
    max_pods: Annotated[int, About(az="--max-pods")] = 110
    max_surge: Annotated[str, About(az="--max-surge")] = "10%"
    taints: Annotated[tuple[str, ...], About(az="--node-taints")] = ()


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """``cluster``; ``create=False`` takes over one that exists."""

    name: Annotated[str | None, About(az="--name")] = None
    create: bool = True
    kubernetes_version: Annotated[str | None, About(az="--kubernetes-version")] = None
    tier: Annotated[str, About(az="--tier", choices=("free", "standard", "premium"), strict=True)] = "free"
    dns_prefix: Annotated[str | None, About(az="--dns-name-prefix")] = None
    node_resource_group: Annotated[str | None, About(az="--node-resource-group")] = None
    ssh_key: Annotated[str | None, About(az="--ssh-key-value")] = None
    tags: Annotated[dict[str, str], About(az="--tags")] = {}
    addons: Annotated[tuple[str, ...], About(az="--enable-addons")] = ()
    attach_acr: Annotated[str | None, About(az="--attach-acr")] = None
    private: Annotated[bool, About(az="--enable-private-cluster")] = False
    private_dns_zone: Annotated[str | None, About(az="--private-dns-zone")] = None


class Vnet(msgspec.Struct, frozen=True, kw_only=True):
    """``network.vnet``: an ``id`` that exists, or a ``name`` and ``ranges`` to be made."""

    id: str | None = None
    name: Annotated[str | None, About(az="--vnet-name")] = None
    ranges: Annotated[tuple[str, ...], About(az="--address-prefixes")] = ("10.224.0.0/12",)


class Subnet(msgspec.Struct, frozen=True, kw_only=True):
    """``network.subnet``: one for all pools; with ``id`` its range comes from facts."""

    id: Annotated[str | None, About(az="--vnet-subnet-id")] = None
    name: str | None = None
    range: Annotated[str | None, About(az="--address-prefixes")] = "10.224.0.0/16"


class KnownRange(msgspec.Struct, frozen=True, kw_only=True):
    """``network.known_ranges[i]``: a range that is in use somewhere the cluster can reach."""

    range: str
    what: str = ""


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """``network``; ranges are kept as typed, so that a message can quote them."""

    managed: bool = True
    vnet: Vnet = Vnet()
    subnet: Subnet = Subnet()
    service_cidr: Annotated[str | None, About(az="--service-cidr")] = "10.0.0.0/16"
    dns_service_ip: Annotated[str | None, About(az="--dns-service-ip")] = None
    pod_cidr: Annotated[str | None, About(az="--pod-cidr")] = "10.244.0.0/16"
    outbound_type: Annotated[str, About(az="--outbound-type", choices=OUTBOUND_TYPES)] = "loadBalancer"
    policy: Annotated[str | None, About(az="--network-policy")] = None
    plugin_mode: Annotated[str | None, About(az="--network-plugin-mode")] = None
    dataplane: Annotated[str | None, About(az="--network-dataplane")] = None
    known_ranges: tuple[KnownRange, ...] = ()


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """``identity``: the cluster's own; ``user`` with an ``id`` that exists or a ``name`` to be made."""

    type: Annotated[str, About(choices=("system", "user"), strict=True)] = "system"
    id: Annotated[str | None, About(az="--assign-identity")] = None
    name: str | None = None
    assign_role: bool = True


class Cni(msgspec.Struct, frozen=True, kw_only=True):
    """``cni``: the plugin and its options; ``values`` are merged over what the catalogue renders."""

    plugin: str = "cilium"
    version: str | None = None
    chart: str | None = None
    encapsulation: str = "vxlan"
    mtu: int | str = "auto"
    encryption: Annotated[str, About(choices=("none", "wireguard", "ipsec"))] = "none"
    kube_proxy: Annotated[str, About(choices=("keep", "replace"))] = "keep"
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
    cloud: Annotated[str, About(choices=CLOUDS, strict=True)] = "AzureCloud"
    tenant: Annotated[str | None, About(az="--tenant")] = None
    subscription: Annotated[str | None, About(az="--subscription")] = None
    region: Annotated[str | None, About(az="--location")] = None
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
