"""The az script as it was exported, run by bash with the real az, kubectl and helm against the sandbox."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from export_plans import plan

from byocni_tui.export import arm, az
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


def in_sandbox(script: str, clients_path: str, folder: Path) -> str:
    """What bash prints while it runs ``script`` in the environment of a fresh sandbox."""
    path = folder / "script.sh"
    path.write_text(script, encoding="utf-8")
    words = [
        sys.executable,
        "-m",
        "byocni_tui",
        "sandbox",
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
        timeout=300,
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


@pytest.mark.clients
def test_the_arm_template_is_deployed_by_az(clients_path: str, tmp_path: Path) -> None:
    (tmp_path / "azuredeploy.json").write_text(arm.render(ARTICLE), encoding="utf-8")
    steps = """
        set -euo pipefail
        az group create --location chinanorth3 --name rg --output none
        az deployment group validate --resource-group rg --template-file azuredeploy.json --output none
        az deployment group create --resource-group rg --template-file azuredeploy.json --output none
        az aks show --resource-group rg --name aks --query networkProfile --output json
    """
    profile = json.loads(in_sandbox(steps, clients_path, tmp_path))
    assert (profile["networkPlugin"], profile["podCidr"]) == ("none", "10.244.0.0/16")
