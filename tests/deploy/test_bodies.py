"""What is sent to Azure for a plan."""

from pathlib import Path

import msgspec
import pytest

from byocni_tui.deploy import bodies
from byocni_tui.errors import UserError
from byocni_tui.plan.model import (
    Autoscale,
    Cluster,
    Identity,
    Network,
    NodePool,
    Plan,
    ResourceGroup,
    Subnet,
    Vnet,
)

PLAN = Plan(
    subscription="11111111-1111-1111-1111-111111111111",
    region="chinanorth3",
    resource_group=ResourceGroup(name="myResourceGroup"),
    cluster=Cluster(name="myAKSCluster"),
)


def test_the_plain_cluster_asks_for_plugin_none_and_the_planned_ranges() -> None:
    body = bodies.cluster_body(PLAN)
    assert body["properties"]["networkProfile"] == {
        "networkPlugin": "none",
        "loadBalancerSku": "standard",
        "outboundType": "loadBalancer",
        "podCidr": "10.244.0.0/16",
        "serviceCidr": "10.0.0.0/16",
        "dnsServiceIP": "10.0.0.10",
    }
    assert body["properties"]["dnsPrefix"] == "myAKSClust-myResourceGroup-111111"
    assert body["identity"] == {"type": "SystemAssigned"}
    assert body["sku"] == {"name": "Base", "tier": "Free"}
    assert "linuxProfile" not in body["properties"]
    (pool,) = body["properties"]["agentPoolProfiles"]
    assert (pool["mode"], pool["count"], "vnetSubnetID" in pool) == ("System", 3, False)


def test_the_article_s_cluster_has_no_pod_range() -> None:
    plan = msgspec.structs.replace(PLAN, network=Network(pod_cidr=None))
    assert "podCidr" not in bodies.cluster_body(plan)["properties"]["networkProfile"]


@pytest.mark.parametrize(
    ("given", "service", "address"),
    [
        (None, "10.0.0.0/16", "10.0.0.10"),
        (None, "10.0.0.0/29", "10.0.0.6"),
        ("10.0.0.53", "10.0.0.0/16", "10.0.0.53"),
    ],
)
def test_the_dns_address(given: str | None, service: str, address: str) -> None:
    plan = msgspec.structs.replace(PLAN, network=Network(service_cidr=service, dns_service_ip=given))
    assert bodies.dns_service_ip(plan) == address


@pytest.mark.parametrize(
    ("name", "prefix"), [("9x_y", "a9xy-g-111111"), ("myAKSCluster", "myAKSClust-g-111111")]
)
def test_the_dns_prefix_is_derived_as_az_does(name: str, prefix: str) -> None:
    plan = msgspec.structs.replace(PLAN, cluster=Cluster(name=name), resource_group=ResourceGroup(name="g"))
    assert bodies.dns_prefix(plan) == prefix


def test_an_own_network_an_own_identity_and_several_pools() -> None:
    plan = msgspec.structs.replace(
        PLAN,
        network=Network(
            managed=False, vnet=Vnet(name="net"), subnet=Subnet(name="nodes", range="10.224.0.0/16")
        ),
        identity=Identity(type="user", name="me"),
        node_pools=(
            NodePool(name="work", mode="user", autoscale=Autoscale(min=1, max=5), taints=("a=b:NoSchedule",)),
            NodePool(name="sys", zones=("1", "2")),
        ),
    )
    subnet = f"{bodies.group_id(plan)}/providers/Microsoft.Network/virtualNetworks/net/subnets/nodes"
    identity = f"{bodies.group_id(plan)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me"
    body = bodies.cluster_body(plan)
    first, second = body["properties"]["agentPoolProfiles"]
    assert (first["name"], first["availabilityZones"], first["vnetSubnetID"]) == ("sys", ["1", "2"], subnet)
    assert (second["minCount"], second["maxCount"], second["nodeTaints"]) == (1, 5, ["a=b:NoSchedule"])
    assert body["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    assert (
        bodies.vnet_body(plan)["properties"]["subnets"][0]["properties"]["addressPrefix"] == "10.224.0.0/16"
    )


def test_a_role_assignment_has_the_same_name_each_time() -> None:
    assert bodies.role_id("/s", "p", "r") == bodies.role_id("/S", "p", "r").replace("/S/", "/s/", 1)
    assert bodies.role_id("/s", "p", "r") != bodies.role_id("/s", "q", "r")


def test_an_ssh_key_is_read_from_its_file_and_a_private_one_refused(tmp_path: Path) -> None:
    public, private = tmp_path / "id.pub", tmp_path / "id"
    public.write_text("ssh-ed25519 AAAA me\n")
    private.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n")
    body = bodies.cluster_body(msgspec.structs.replace(PLAN, cluster=Cluster(name="c", ssh_key=str(public))))
    assert body["properties"]["linuxProfile"]["ssh"]["publicKeys"] == [{"keyData": "ssh-ed25519 AAAA me"}]
    for path, key in ((private, "ssh_key_not_public"), (tmp_path / "none", "ssh_key_unreadable")):
        with pytest.raises(UserError) as caught:
            bodies.cluster_body(msgspec.structs.replace(PLAN, cluster=Cluster(name="c", ssh_key=str(path))))
        assert caught.value.key == key
        assert "secret" not in str(caught.value.values)
