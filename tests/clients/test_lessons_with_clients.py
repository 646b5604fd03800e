"""Lessons as a learner meets them: the real az and kubectl show what the lesson says, in the service's own words."""

import subprocess
import sys
from pathlib import Path

import pytest

CREATE = "az aks create -g rg-byocni -n aks-byocni --network-plugin none --no-ssh-key -o none"
SUBNET = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-network"
    "/providers/Microsoft.Network/virtualNetworks/vnet-nodes/subnets/nodes"
)
GROUP = "az group create -g rg-byocni -l westeurope -o none"
CREDENTIALS = "az aks get-credentials -g rg-byocni -n aks-byocni"

REFUSED = {
    "reserved-range": (
        f"{GROUP}; {CREATE} --pod-cidr 10.244.0.0/16 --service-cidr 172.30.0.0/16 --dns-service-ip 172.30.0.10",
        [
            "(NetworkProfileCIDROverlapReservedCIDR)",
            "172.30.0.0/16 overlaps with reserved CIDR 172.30.0.0/16",
        ],
    ),
    "quota-exceeded": (
        f"{GROUP}; {CREATE} --pod-cidr 10.244.0.0/16 --node-vm-size Standard_D4ds_v5",
        ["(ErrCode_InsufficientVCPUQuota)", "left regional vcpu quota 8, requested quota 12"],
    ),
    "policy-denies": (
        f"{GROUP}; {CREATE} --pod-cidr 10.244.0.0/16",
        ["(RequestDisallowedByPolicy)", "require-cost-center"],
    ),
    "delegated-subnet": (
        f"{GROUP}; {CREATE} --pod-cidr 10.244.0.0/16 --vnet-subnet-id {SUBNET} --skip-subnet-role-assignment --yes",
        ["(SubnetIsDelegated)", "cannot be used as it's a delegated subnet"],
    ),
    "join-missing": (
        f"{CREATE} --pod-cidr 10.244.0.0/16 --vnet-subnet-id {SUBNET} --skip-subnet-role-assignment --yes",
        ["(LinkedAuthorizationFailed)", "Microsoft.Network/virtualNetworks/subnets/join/action"],
    ),
    "group-locked": (
        f"az lock list -g rg-network -o table; {CREATE.replace('rg-byocni', 'rg-network')} --pod-cidr 10.244.0.0/16",
        ["audit in progress", "(ScopeLocked)"],
    ),
}
"""What az prints, by lesson."""

SEEN = {
    "registry-blocked": (
        (
            "kubectl get nodes; kubectl -n kube-system get pods -l k8s-app=cilium; "
            "kubectl -n kube-system describe pods -l k8s-app=cilium"
        ),
        ["NotReady", "ImagePull", "quay.io", "i/o timeout"],
    ),
    "two-replicas": (
        (
            "kubectl get nodes; kubectl -n kube-system get pods -l io.cilium/app=operator; "
            "kubectl -n kube-system describe pods -l io.cilium/app=operator"
        ),
        [" Ready ", "Pending", "FailedScheduling"],
    ),
    "operator-tainted-pool": (
        (
            "kubectl get nodes -o custom-columns=T:.spec.taints[*].key; kubectl get nodes; "
            "kubectl -n kube-system describe pods -l io.cilium/app=operator"
        ),
        ["CriticalAddonsOnly", "NotReady", "untolerated taint"],
    ),
    "calico-no-type": (
        (
            "kubectl get installation default -o jsonpath='{.spec.cni.type}'; kubectl get nodes; "
            "kubectl -n calico-system get ds calico-node"
        ),
        ["AzureVNET", "NotReady", "calico-node"],
    ),
    "leftovers": (
        "kubectl get nodes; kubectl get pods; kubectl describe pod web",
        [" Ready ", "ContainerCreating", "FailedCreatePodSandBox", "Is the agent running?"],
    ),
    "konnectivity": (
        "kubectl -n kube-system get pods; kubectl -n kube-system logs -l component=kube-proxy",
        ["Pending", "No agent available"],
    ),
    "agent-crash-loop": (
        (
            "kubectl get nodes; kubectl -n kube-system get pods -l k8s-app=cilium; "
            "kubectl -n kube-system describe pods -l k8s-app=cilium"
        ),
        ["NotReady", "CrashLoopBackOff", "10.0.0.1:443", "i/o timeout"],
    ),
    "half-nodes": (
        "kubectl get nodes; kubectl -n kube-system get events",
        ["NotReady", " Ready ", "502 Bad Gateway"],
    ),
    "autoscaled-node": (
        (
            "kubectl get nodes; kubectl -n kube-system get ds cilium "
            "-o jsonpath='desired {.status.desiredNumberScheduled} '; "
            "kubectl -n kube-system get ds cilium -o jsonpath='{.spec.template.spec.nodeSelector}'"
        ),
        ["NotReady", "desired 3", '"batch":"first"'],
    ),
    "mtu": (
        "kubectl get nodes; kubectl -n kube-system get cm cilium-config -o jsonpath='mtu {.data.mtu}'",
        [" Ready ", "mtu 1500"],
    ),
    "cilium-default-pool": (
        "kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide; kubectl get ciliumnodes -o yaml",
        ["10.0.", "10.0.0.0/24"],
    ),
}
"""What kubectl prints, by lesson."""


def under(scenario: str, script: str, path: str, home: Path) -> str:
    """All that a shell prints in a lesson's world; nothing of the user's own configuration is in reach."""
    done = subprocess.run(
        [sys.executable, "-m", "byocni_tui", "sandbox", "--scenario", scenario, "--speed", "max", "--", "bash", "-c",
         f"exec 2>&1; {script}; true"],
        env={"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}, capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("scenario", REFUSED)
def test_az_is_refused_as_the_lesson_says(scenario: str, clients_path: str, tmp_path: Path) -> None:
    script, words = REFUSED[scenario]
    printed = under(scenario, script, clients_path, tmp_path)
    assert [word for word in words if word not in printed] == [], printed


@pytest.mark.parametrize("scenario", SEEN)
def test_kubectl_shows_the_fault(scenario: str, clients_path: str, tmp_path: Path) -> None:
    script, words = SEEN[scenario]
    printed = under(scenario, f"{CREDENTIALS}; {script}", clients_path, tmp_path)
    assert [word for word in words if word not in printed] == [], printed
