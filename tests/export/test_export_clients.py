"""The az script as it was exported, run by bash with the real az, kubectl and helm against the sandbox."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from export_plans import SUB, plan

from byocni_tui.export import arm, az, derive
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
    Vnet,
)

ARTICLE = plan(cloud="AzureChinaCloud", region="chinanorth3")
OWN_NETWORK = plan(
    cloud="AzureChinaCloud",
    region="chinanorth3",
    resource_group=ResourceGroup(name="rg-net", tags={"team": "net work", "a.b": "[x]"}),
    cluster=Cluster(name="net", tier="standard", dns_prefix="netx", node_resource_group="nodes-net"),
    node_pools=(
        NodePool(
            name="user1",
            mode="user",
            count=1,
            autoscale=Autoscale(min=1, max=3),
            max_pods=60,
            max_surge="33%",
            taints=("dedicated=batch:NoSchedule",),
        ),
        NodePool(name="system1", count=2, max_surge="2", taints=("CriticalAddonsOnly=true:NoSchedule",)),
    ),
    network=Network(
        managed=False,
        vnet=Vnet(name="vnet-1", ranges=("10.20.0.0/16",)),
        subnet=Subnet(name="nodes", range="10.20.4.0/22"),
        service_cidr="10.96.0.0/16",
        pod_cidr="10.128.0.0/14",
    ),
    identity=Identity(type="user", name="identity-1"),
    cni=Cni(plugin="calico", observability=True),
)
ANTREA = plan(cloud="AzureChinaCloud", region="chinanorth3", cni=Cni(plugin="antrea", encapsulation="geneve"))


@pytest.fixture
def clients_path() -> str:
    """A PATH on which the real clients come first."""
    cache = Path(os.environ.get("BYOCNI_CLIENTS") or Path.home() / ".cache" / "byocni-tui")
    folders = [cache / "az" / "bin", cache / "bin"]
    if not all((folder / name).exists() for folder, name in zip(folders, ("az", "helm"), strict=True)):
        pytest.fail("az and helm are not installed: run `make clients`", pytrace=False)
    return os.pathsep.join([*map(str, folders), os.environ["PATH"]])


def in_sandbox(script: str, clients_path: str, folder: Path, scenario: str = "article") -> str:
    """What bash prints while it runs ``script`` in the environment of a fresh sandbox."""
    path = folder / "script.sh"
    path.write_text(script, encoding="utf-8")
    words = [
        sys.executable,
        "-m",
        "byocni_tui",
        "sandbox",
        "--scenario",
        scenario,
        "--speed",
        "max",
        "--state",
        str(folder / "state"),
    ]
    done = subprocess.run(
        [*words, "--", "bash", str(path)],
        cwd=folder,
        env={**os.environ, "PATH": clients_path},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.clients
@pytest.mark.parametrize(
    ("of", "nodes"), [(ARTICLE, 3), (OWN_NETWORK, 3), (ANTREA, 3)], ids=["article", "own network", "antrea"]
)
def test_the_script_makes_a_cluster_whose_nodes_are_ready(
    of: Plan, nodes: int, clients_path: str, tmp_path: Path
) -> None:
    printed = in_sandbox(az.render(of), clients_path, tmp_path)
    last = printed.rsplit("NAME ", 1)[1].splitlines()[1:]
    assert [line.split()[1] for line in last] == ["Ready"] * nodes
    assert "cni plugin not initialized" in printed


LANDING_ZONE = f"/subscriptions/{SUB}/resourceGroups/shared/providers/Microsoft.Network/virtualNetworks/hub"
ZONE = (
    f"/subscriptions/{SUB}/resourceGroups/shared/providers/Microsoft.Network/privateDnsZones/aks.example.net"
)
BEFORE = """
set -euo pipefail
az group create -l westeurope -n shared -o none
az network private-dns zone create -g shared -n aks.example.net -o none
az network public-ip create -g shared -n ip --sku Standard -o none
az network nat gateway create -g shared -n gw --public-ip-addresses ip -o none
az network route-table create -g shared -n rt -o none
az network route-table route create -g shared --route-table-name rt -n d --address-prefix 0.0.0.0/0 \\
  --next-hop-type VirtualAppliance --next-hop-ip-address 10.30.0.4 -o none
az network vnet create -g shared -n hub --address-prefixes 10.30.0.0/16 -o none
add() { az network vnet subnet create -g shared --vnet-name hub -o none "$@"; }
add -n natted --address-prefixes 10.30.1.0/24 --nat-gateway gw
add -n routed --address-prefixes 10.30.2.0/24 --route-table rt
add -n plain --address-prefixes 10.30.16.0/22
az identity create -g shared -n found -o none
"""
"""A landing zone with a NAT gateway, a route table and an identity, which the plans below use."""
FOUND_IDENTITY = LANDING_ZONE.partition("/providers/")[0]
FOUND_IDENTITY += "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/found"
ME = Identity(type="user", name="me-id")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f user@example"
"""Well-formed, as az looks at it."""


def own(name: str, **network: Any) -> dict[str, Any]:
    return {
        "resource_group": ResourceGroup(name=f"g-{name}"),
        "cluster": Cluster(name=name),
        "identity": ME,
        "network": Network(managed=False, **network),
    }


BATCH = NodePool(name="batch", mode="user", count=1, taints=("a=b:NoSchedule",))
PLANS = {
    "system identity": plan(
        **{
            **own("sys", vnet=Vnet(name="vn"), subnet=Subnet(name="nodes", range="10.224.4.0/22")),
            "identity": Identity(),
        }
    ),
    "user-assigned identity, private, own DNS zone": plan(
        **{
            **own(
                "user",
                vnet=Vnet(name="vn", ranges=("10.20.0.0/16", "10.21.0.0/16")),
                subnet=Subnet(name="nodes", range="10.20.4.0/22"),
            ),
            "cluster": Cluster(name="user", private=True, private_dns_zone=ZONE),
        }
    ),
    "subnet made in a network that exists, in a group that exists": plan(
        **{
            **own("made", vnet=Vnet(id=LANDING_ZONE), subnet=Subnet(name="made", range="10.30.8.0/24")),
            "resource_group": ResourceGroup(name="shared", create=False),
        }
    ),
    "own NAT gateway": plan(
        **own(
            "unat", subnet=Subnet(id=f"{LANDING_ZONE}/subnets/natted"), outbound_type="userAssignedNATGateway"
        )
    ),
    "own routes": plan(
        **own("udr", subnet=Subnet(id=f"{LANDING_ZONE}/subnets/routed"), outbound_type="userDefinedRouting")
    ),
    "hostile names": plan(
        resource_group=ResourceGroup(
            name="我的(组)_.-9", tags={"a b": "$(touch pwned)", "'q'": '"x" `touch pwned`'}
        ),
        cluster=Cluster(
            name="a_b-c",
            tier="standard",
            tags={"k y": "it's ${HOME} \\ # [x]"},
            node_resource_group="nodes (1)_x",
        ),
        network=Network(outbound_type="managedNATGateway"),
        node_pools=(
            NodePool(count=2, max_pods=60),
            BATCH,
        ),
    ),
    "as in the article": plan(resource_group=ResourceGroup(name="article"), cluster=Cluster(name="article")),
    "subnet and identity that exist": plan(
        resource_group=ResourceGroup(name="g-found"),
        cluster=Cluster(name="found", kubernetes_version="1.35", dns_prefix="found-it", ssh_key=KEY),
        identity=Identity(type="user", id=FOUND_IDENTITY),
        network=Network(managed=False, subnet=Subnet(id=f"{LANDING_ZONE}/subnets/plain")),
        node_pools=(
            NodePool(name="zoned", count=3, zones=("1", "2", "3"), max_surge="33%"),
            NodePool(name="grows", mode="user", count=1, autoscale=Autoscale(min=1, max=3)),
        ),
    ),
    "hostile names in a network of one's own": plan(
        resource_group=ResourceGroup(name="网络(2)_.-", tags={"$(touch pwned)": "; touch pwned"}),
        cluster=Cluster(name="x_y-z", node_resource_group="结点 (2)".replace(" ", "_")),
        identity=Identity(type="user", name="i_d--1"),
        network=Network(
            managed=False,
            vnet=Vnet(name="v.n--1_", ranges=("10.40.0.0/16",)),
            subnet=Subnet(name="s.n--1_", range="10.40.4.0/22"),
        ),
    ),
}


def look(of: Plan) -> str:
    """Commands that print what is there, as four JSON documents."""
    group, name = shlex.quote(of.resource_group.name or ""), shlex.quote(of.cluster.name or "")
    own = of.cluster.private_dns_zone
    zone = f"az role assignment list --scope {own} -o json" if own else "echo '[]'"
    return f"""
        az group show -n {group} -o json
        az aks show -g {group} -n {name} -o json
        if [ -n "$(az aks show -g {group} -n {name} --query 'agentPoolProfiles[0].vnetSubnetId' -o tsv)" ]; then
            az role assignment list --scope \\
                "$(az aks show -g {group} -n {name} --query 'agentPoolProfiles[0].vnetSubnetId' -o tsv)" -o json
        else
            echo '[]'
        fi
        {zone}
    """


def documents(text: str) -> list[Any]:
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        found.append(value)
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return found


def judge(
    of: Plan,
    group: dict[str, Any],
    cluster: dict[str, Any],
    roles: list[dict[str, Any]],
    zone: list[dict[str, Any]],
) -> None:
    """That what is there is what the plan says."""
    assert (group["tags"] or {}) == of.resource_group.tags
    assert (cluster["tags"] or {}) == of.cluster.tags
    assert cluster["location"] == of.region
    assert cluster["sku"]["tier"].lower() == of.cluster.tier
    assert cluster["provisioningState"] == "Succeeded"
    if of.cluster.node_resource_group:
        assert cluster["nodeResourceGroup"] == of.cluster.node_resource_group
    assert [item["roleDefinitionName"] for item in zone] == [
        "Private DNS Zone Contributor"
    ] * of.cluster.private
    profile = cluster["networkProfile"]
    wanted = (
        "none",
        of.network.pod_cidr,
        of.network.service_cidr,
        derive.dns_service_ip(of),
        of.network.outbound_type,
    )
    keys = ("networkPlugin", "podCidr", "serviceCidr", "dnsServiceIp", "outboundType")
    assert tuple(profile[key] for key in keys) == wanted
    pools = {item["name"]: item for item in cluster["agentPoolProfiles"]}
    assert list(pools) == [pool.name for pool in of.node_pools]
    for pool in of.node_pools:
        there = pools[pool.name]
        assert (there["count"], there["maxPods"], there["mode"].lower()) == (
            pool.count,
            pool.max_pods,
            pool.mode,
        )
        assert tuple(there["nodeTaints"] or ()) == pool.taints
    subnet = pools[of.node_pools[0].name]["vnetSubnetId"]
    assert bool(subnet) is not of.network.managed
    if subnet:
        assert subnet.endswith(
            f"/subnets/{of.network.subnet.name}" if of.network.subnet.name else of.network.subnet.id
        )
        (identity,) = (cluster["identity"]["userAssignedIdentities"] or {"": cluster["identity"]}).values()
        assert identity["principalId"] in {item["principalId"] for item in roles}
        assert {item["roleDefinitionName"] for item in roles} == {"Network Contributor"}


def run_all(
    plans: Sequence[Plan],
    tongue: Callable[[Plan], str],
    how: str,
    clients_path: str,
    folder: Path,
    *,
    said: int = 0,
) -> list[list[Any]]:
    """Export every plan, carry each out in one sandbox, look at what is there, judge it; ``said`` documents that each
    carrying out prints come back."""
    script = BEFORE
    for number, of in enumerate(plans):
        file = folder / f"{number}.export"
        file.write_text(tongue(of), encoding="utf-8")
        group = f"az group create -l {of.region} -n {shlex.quote(of.resource_group.name or '')}"
        tags = " ".join(shlex.quote(f"{key}={value}") for key, value in of.resource_group.tags.items())
        make = f"{group} --tags {tags} -o none" if of.resource_group.create else ":"
        script += how.format(
            group=shlex.quote(of.resource_group.name or ""), make=make, file=shlex.quote(str(file))
        )
        script += look(of)
    text = in_sandbox(script, clients_path, folder, "public")
    found = documents(text.strip())
    each = said + 4
    for number, of in enumerate(plans):
        judge(of, *found[each * number + said : each * (number + 1)])
    assert not list(folder.rglob("pwned"))
    return [found[each * number : each * number + said] for number in range(len(plans))]


@pytest.mark.clients
def test_what_the_scripts_leave_is_what_the_plans_say(clients_path: str, tmp_path: Path) -> None:
    """As they are, by bash, one after the other: every outbound type, networks made and found, hostile names."""
    plans = [
        of for name, of in PLANS.items() if name != "as in the article"
    ]  # a test of its own runs that one
    run_all(plans, az.render, "bash {file} >&2\n", clients_path, tmp_path)


@pytest.mark.clients
def test_what_the_templates_leave_is_what_the_plans_say(clients_path: str, tmp_path: Path) -> None:
    """A template can't wait in the middle of a cluster to give its new identity a role, so that plan is left out; the
    file says so."""
    plans = [of for name, of in PLANS.items() if name != "system identity"]
    assert "BYO403" in arm.render(PLANS["system identity"])
    command = "az deployment group {} -g {{group}} --template-file {{file}} "
    how = "{make}\n" + command.format("validate") + "-o none\n"
    how += command.format("what-if") + "--no-pretty-print -o json\n" + command.format("create") + "-o none\n"
    for of, (preview,) in zip(
        plans, run_all(plans, arm.render, how, clients_path, tmp_path, said=1), strict=True
    ):
        made = {
            one["resourceId"].rsplit("/providers/", 1)[1]: one["changeType"] for one in preview["changes"]
        }
        assert made[f"Microsoft.ContainerService/managedClusters/{of.cluster.name}"] == "Create"
