"""The seed article, end to end, by an unmodified az, kubectl and helm in one shell under the sandbox."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DAEMONSET = Path(__file__).parent / "data" / "cni-daemonset.yaml"

CREATE = """
az group create -l chinanorth3 -n myResourceGroup
az aks create -l chinanorth3 -g myResourceGroup -n myAKSCluster --network-plugin none
az aks get-credentials -g myResourceGroup -n myAKSCluster
"""

LOOK = r"""
kubectl get nodes
kubectl get node -o custom-columns='NAME:.metadata.name,STATUS:.status.conditions[?(@.type=="Ready")].message'
"""

NOT_INITIALIZED = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)


def _shell(script: str, path: str, state: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell script under ``byocni-tui sandbox``; nothing of the user's own configuration is in reach."""
    home = state / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "byocni_tui",
                "sandbox",
                "--speed",
                "max",
                "--state",
                str(state / "sandbox"),
            ),
            *("--", "bash", "-euc", script),
        ],
        env={"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def article(
    clients_path: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The five commands, literally and in order; the sandbox's state is kept for what comes after."""
    state = tmp_path_factory.mktemp("article")
    return _shell(CREATE + "echo ====\n" + LOOK, clients_path, state), state


def test_the_five_commands_succeed(article: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = article
    assert done.returncode == 0, done.stderr
    assert 'Merged "myAKSCluster" as current context' in done.stderr


def test_nodes_print_as_in_the_article(article: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = article
    lines = done.stdout.split("====\n")[1].splitlines()
    assert lines[0].split() == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    nodes, message_table = lines[1:4], lines[4:]
    for number, line in enumerate(nodes):
        name, status, role, age, version = line.split()
        assert re.fullmatch(rf"aks-nodepool1-\d{{8}}-vmss00000{number}", name)
        assert (status, role) == ("NotReady", "agent")
        assert re.fullmatch(r"(\d+m)?(\d+s)?", age)
        assert re.fullmatch(r"v1\.\d+\.\d+", version)
    assert message_table[0].split() == ["NAME", "STATUS"]
    assert [line.split(maxsplit=1)[1] for line in message_table[1:]] == [NOT_INITIALIZED] * 3


def test_the_cluster_has_plugin_none(article: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = article
    assert '"networkPlugin": "none"' in done.stdout


READY = r"""
kubectl wait --for=condition=Ready node --all --timeout=120s
kubectl get nodes
"""


def test_a_daemonset_that_writes_a_cni_configuration_turns_the_nodes_ready(
    clients_path: str, tmp_path: Path
) -> None:
    done = _shell(f"{CREATE}\nkubectl apply -f {DAEMONSET}\n{READY}", clients_path, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^aks-nodepool1-\S+ +Ready +agent ", done.stdout, re.MULTILINE)) == 3


def test_helm_turns_the_nodes_ready_as_documented(clients_path: str, tmp_path: Path) -> None:
    install = (
        "helm install cilium cilium/cilium --namespace kube-system --set aksbyocni.enabled=true "
        "--set ipam.operator.clusterPoolIPv4PodCIDRList='{10.244.0.0/16}' --wait --timeout 300s"
    )
    done = _shell(f"{CREATE}\n{install}\nhelm list -A\n{READY}", clients_path, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^aks-nodepool1-\S+ +Ready +agent ", done.stdout, re.MULTILINE)) == 3
    assert re.search(r"^cilium\s+kube-system\s+1\s.*deployed\s+cilium-1\.", done.stdout, re.MULTILINE)
