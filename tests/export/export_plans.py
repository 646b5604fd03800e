"""Plans for the tests of every tongue: one of each kind, one with everything, and hostile ones."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from byocni_tui.plan.model import (
    Autoscale,
    Cluster,
    Cni,
    Export,
    Identity,
    Network,
    NodePool,
    Plan,
    ResourceGroup,
    Subnet,
    Vnet,
)

SUB = "00000000-0000-0000-0000-000000000000"
HUB = "11111111-1111-1111-1111-111111111111"
VNET_ID = f"/subscriptions/{HUB}/resourceGroups/hub-rg/providers/Microsoft.Network/virtualNetworks/hub"
SUBNET_ID = f"{VNET_ID}/subnets/aks"
IDENTITY_ID = (
    f"/subscriptions/{SUB}/resourceGroups/ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks"
)
ACR_ID = f"/subscriptions/{HUB}/resourceGroups/acr-rg/providers/Microsoft.ContainerRegistry/registries/acr"
ZONE = "privatelink.westeurope.azmk8s.io"
ZONE_ID = f"/subscriptions/{HUB}/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones/{ZONE}"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ5b2NuaQ user@example"


def plan(**fields: Any) -> Plan:
    """A plan with the names that every cluster needs."""
    return Plan(
        **{
            "subscription": SUB,
            "region": "westeurope",
            "resource_group": ResourceGroup(name="rg"),
            "cluster": Cluster(name="aks"),
            **fields,
        }
    )


EVERYTHING = plan(
    cloud="AzureChinaCloud",
    tenant="22222222-2222-2222-2222-222222222222",
    region="chinanorth3",
    resource_group=ResourceGroup(name="rg-1", tags={"team": "net work", "a.b": "[x]"}),
    cluster=Cluster(
        name="aks-1",
        kubernetes_version="1.35",
        tier="premium",
        dns_prefix="prefix",
        node_resource_group="nodes-1",
        ssh_key=KEY,
        tags={"env": "test=1"},
        addons=("monitoring", "azure-policy"),
        attach_acr=ACR_ID,
        private=True,
        private_dns_zone="system",
    ),
    node_pools=(
        NodePool(
            name="user1",
            mode="user",
            vm_size="Standard_D8s_v5",
            count=2,
            autoscale=Autoscale(min=1, max=9),
            zones=("2",),
            max_pods=60,
            max_surge="33%",
            taints=("dedicated=batch:NoSchedule", "x=y:NoExecute"),
        ),
        NodePool(
            name="system1",
            vm_size="Standard_D4s_v5",
            count=3,
            zones=("1", "2", "3"),
            max_surge="2",
            taints=("CriticalAddonsOnly=true:NoSchedule",),
        ),
    ),
    network=Network(
        managed=False,
        vnet=Vnet(name="vnet-1", ranges=("10.20.0.0/16", "10.21.0.0/16")),
        subnet=Subnet(name="nodes", range="10.20.4.0/22"),
        service_cidr="10.96.0.0/16",
        dns_service_ip="10.96.0.53",
        pod_cidr="10.128.0.0/14",
        outbound_type="userDefinedRouting",
    ),
    identity=Identity(type="user", name="identity-1"),
    cni=Cni(
        plugin="cilium",
        version="1.20.4",
        encapsulation="geneve",
        mtu=1400,
        encryption="ipsec",
        kube_proxy="replace",
        observability=True,
        registry="mirror.azurecr.cn/team",
        pool="10.128.0.0/15",
        node_mask=25,
        values={"debug": {"enabled": True}},
    ),
    export=Export(api_version="2026-02-02-preview"),
)

KINDS: dict[str, Plan] = {
    "empty": Plan(),
    "defaults": plan(),
    "everything": EVERYTHING,
    "existing group": plan(resource_group=ResourceGroup(name="rg", create=False)),
    "existing subnet": plan(
        network=Network(managed=False, subnet=Subnet(id=SUBNET_ID), outbound_type="userAssignedNATGateway"),
        identity=Identity(type="user", id=IDENTITY_ID),
    ),
    "subnet made in a network that exists": plan(
        network=Network(managed=False, vnet=Vnet(id=VNET_ID), subnet=Subnet(name="aks", range="10.1.0.0/24"))
    ),
    "unnamed subnet in a network that exists": plan(network=Network(managed=False, vnet=Vnet(id=VNET_ID))),
    "own network, system identity": plan(
        network=Network(managed=False, vnet=Vnet(name="v"), subnet=Subnet(name="s"))
    ),
    "own network, no role": plan(
        network=Network(managed=False, vnet=Vnet(name="v"), subnet=Subnet(name="s")),
        identity=Identity(type="user", name="me1", assign_role=False),
    ),
    "unnamed network and identity": plan(network=Network(managed=False), identity=Identity(type="user")),
    "own DNS zone": plan(
        cluster=Cluster(name="aks", private=True, private_dns_zone=ZONE_ID),
        identity=Identity(type="user", name="me1"),
    ),
    "own DNS zone and subnet": plan(
        cluster=Cluster(name="aks", private=True, private_dns_zone=ZONE_ID),
        network=Network(managed=False, subnet=Subnet(id=SUBNET_ID)),
        identity=Identity(type="user", id=IDENTITY_ID),
    ),
    "own DNS zone and network": plan(
        cluster=Cluster(name="aks", private=True, private_dns_zone=ZONE_ID),
        network=Network(managed=False, vnet=Vnet(name="v"), subnet=Subnet(name="s")),
        identity=Identity(type="user", name="me1"),
    ),
    "managed NAT gateway": plan(network=Network(outbound_type="managedNATGateway")),
    "calico": plan(cni=Cni(plugin="calico")),
    "calico 3.31": plan(cni=Cni(plugin="calico", version="3.31.7", registry="r.example")),
    "antrea without kube-proxy": plan(cni=Cni(plugin="antrea", kube_proxy="replace")),
    "manual": plan(cni=Cni(plugin="manual")),
    "refused": plan(cni=Cni(plugin="flannel", values={"a": 1})),
    "existing cluster": plan(cluster=Cluster(name="aks", create=False)),
    "no pools": plan(node_pools=()),
    "key in a file": plan(cluster=Cluster(name="aks", ssh_key="~/.ssh/id_ed25519.pub")),
    "no pod range": plan(network=Network(pod_cidr=None, service_cidr=None)),
    "unreadable ranges": plan(network=Network(pod_cidr="x", service_cidr="10.0.0.0/33")),
}

patient = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

NASTY = st.sampled_from(
    [
        "$(touch pwned)",
        "`touch pwned`",
        "'; touch pwned; '",
        '"; touch pwned; "',
        "a\ntouch pwned",
        "a\r\ntouch pwned",
        "VALUES",
        "\nVALUES\ntouch pwned\n",
        "#",
        "-x",
        "--debug",
        "${x}",
        "%{if true}",
        "''' ${x} '''",
        "\\",
        "\\'",
        "*/ // #",
        "[concat('a')]",
        "[[",
        "{0}",
        "!history",
        "~",
        "*",
        "a b\tc",
        "\u2028\u2029\x85\x0b",
        "\x1b]0;title\x07",
        "\u202e right to left",
        "集群 名称",
        "😀",
        "",
    ]
)
TEXT = NASTY | st.text(
    st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=12
)
MAYBE = st.none() | TEXT
TAGS = st.dictionaries(TEXT, TEXT, max_size=2)
VALUES = st.dictionaries(TEXT, TEXT | st.integers() | st.lists(TEXT, max_size=2), max_size=2)

HOSTILE = st.builds(
    Plan,
    cloud=st.sampled_from(["AzureCloud", "AzureChinaCloud", "AzureUSGovernment"]),
    tenant=MAYBE,
    subscription=MAYBE,
    region=MAYBE,
    resource_group=st.builds(ResourceGroup, name=MAYBE, create=st.booleans(), tags=TAGS),
    cluster=st.builds(
        Cluster,
        name=MAYBE,
        create=st.sampled_from([True, True, True, False]),
        kubernetes_version=MAYBE,
        tier=TEXT,
        dns_prefix=MAYBE,
        node_resource_group=MAYBE,
        ssh_key=MAYBE,
        tags=TAGS,
        addons=st.lists(TEXT, max_size=2).map(tuple),
        attach_acr=MAYBE,
        private=st.booleans(),
        private_dns_zone=MAYBE,
    ),
    node_pools=st.lists(
        st.builds(
            NodePool,
            name=TEXT,
            mode=st.sampled_from(["system", "user"]) | TEXT,
            os=TEXT,
            vm_size=MAYBE,
            count=st.integers(-1, 2000),
            autoscale=st.none() | st.builds(Autoscale),
            zones=st.lists(TEXT, max_size=2).map(tuple),
            taints=st.lists(TEXT, max_size=2).map(tuple),
            max_surge=TEXT,
        ),
        max_size=2,
    ).map(tuple),
    network=st.builds(
        Network,
        managed=st.booleans(),
        vnet=st.builds(Vnet, id=MAYBE, name=MAYBE, ranges=st.lists(TEXT, max_size=2).map(tuple)),
        subnet=st.builds(Subnet, id=MAYBE, name=MAYBE, range=MAYBE),
        service_cidr=MAYBE,
        dns_service_ip=MAYBE,
        pod_cidr=MAYBE,
        outbound_type=TEXT,
        policy=MAYBE,
        plugin_mode=MAYBE,
        dataplane=MAYBE,
    ),
    identity=st.builds(
        Identity, type=st.sampled_from(["system", "user"]), id=MAYBE, name=MAYBE, assign_role=st.booleans()
    ),
    cni=st.builds(
        Cni,
        plugin=st.sampled_from(["cilium", "calico", "antrea", "manual"]) | TEXT,
        version=MAYBE,
        chart=MAYBE,
        encapsulation=TEXT,
        mtu=st.integers() | TEXT,
        encryption=st.sampled_from(["none", "wireguard", "ipsec"]) | TEXT,
        kube_proxy=st.sampled_from(["keep", "replace"]),
        observability=st.booleans(),
        registry=MAYBE,
        pool=MAYBE,
        values=VALUES,
    ),
    export=st.builds(Export, api_version=st.sampled_from([None, "2026-02-02-preview"]) | TEXT),
)
