"""Node objects as AKS registers them."""

import random
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.kube.stamp import Stamp

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

Object = dict[str, Any]
NOT_READY: Final = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)


def parse_taint(text: str) -> dict[str, str]:
    """``key=value:Effect`` or ``key:Effect`` as an object."""
    head, _, effect = text.rpartition(":")
    key, _, value = head.partition("=")
    return {"key": key, "value": value, "effect": effect} if value else {"key": key, "effect": effect}


def node_object(
    cluster: "KubeCluster",
    name: str,
    *,
    pool: str,
    mode: str,
    vm_size: str,
    cpu: int,
    memory_gib: float,
    max_pods: int,
    zone: str | None,
    labels: dict[str, str],
    taints: list[dict[str, str]],
    ip: str,
) -> Object:
    """A Node as AKS registers it (labels of the public AKS documentation, status as in the recordings)."""
    now = Stamp(cluster.clock.now())
    group = (
        cluster.id.split("/resourceGroups/")[-1].split("/")[0] if "/resourceGroups/" in cluster.id else "rg"
    )
    own = {
        "agentpool": pool,
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/instance-type": vm_size,
        "beta.kubernetes.io/os": "linux",
        "failure-domain.beta.kubernetes.io/region": cluster.location,
        "failure-domain.beta.kubernetes.io/zone": zone or "0",
        "kubernetes.azure.com/agentpool": pool,
        "kubernetes.azure.com/cluster": f"MC_{group}_{cluster.name}_{cluster.location}",
        "kubernetes.azure.com/mode": mode.lower(),
        "kubernetes.azure.com/os-sku": "Ubuntu",
        "kubernetes.azure.com/role": "agent",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": vm_size,
        "topology.kubernetes.io/region": cluster.location,
        "topology.kubernetes.io/zone": zone or "0",
    }
    if cluster.node_role and cluster.node_role != "<none>":
        own["kubernetes.io/role"] = cluster.node_role
    memory = int(memory_gib * 1024 * 1024 * 0.955)
    reserved_memory = int(min(memory * 0.25, 2_000_000))
    capacity = {
        "cpu": str(cpu),
        "ephemeral-storage": "129886128Ki",
        "hugepages-1Gi": "0",
        "hugepages-2Mi": "0",
        "memory": f"{memory}Ki",
        "pods": str(max_pods),
    }
    allocatable = {
        **capacity,
        "cpu": f"{cpu * 1000 - (100 if cpu <= 2 else 140 if cpu <= 4 else 180)}m",
        "ephemeral-storage": "119703055367",
        "memory": f"{memory - reserved_memory}Ki",
    }
    machine = f"{random.Random(f'{cluster.id}/{name}').getrandbits(128):032x}"  # noqa: S311 an identifier
    return {
        "metadata": {
            "name": name,
            "labels": {**own, **labels},
            "annotations": {
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
        },
        "spec": {
            "providerID": f"azure://{cluster.id.rsplit('/providers/', 1)[0]}/virtualMachineScaleSets/{name}",
            "taints": [*taints, {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}],
        },
        "status": {
            "addresses": [{"type": "InternalIP", "address": ip}, {"type": "Hostname", "address": name}],
            "allocatable": allocatable,
            "capacity": capacity,
            "conditions": [
                _condition("MemoryPressure", "False", "KubeletHasSufficientMemory", now),
                _condition("DiskPressure", "False", "KubeletHasNoDiskPressure", now),
                _condition("PIDPressure", "False", "KubeletHasSufficientPID", now),
                _condition("Ready", "False", "KubeletNotReady", now, NOT_READY),
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": _dashed(machine[::-1]),
                "containerRuntimeVersion": "containerd://2.0.0-1",
                "kernelVersion": "6.8.0-1030-azure",
                "kubeProxyVersion": "",
                "kubeletVersion": f"v{cluster.version}",
                "machineID": machine,
                "operatingSystem": "linux",
                "osImage": "Ubuntu 24.04.3 LTS",
                "systemUUID": _dashed(machine),
            },
        },
    }


_TEXTS: Final = {
    "KubeletHasSufficientMemory": "kubelet has sufficient memory available",
    "KubeletHasNoDiskPressure": "kubelet has no disk pressure",
    "KubeletHasSufficientPID": "kubelet has sufficient PID available",
}


def _condition(type: str, status: str, reason: str, now: Stamp, message: str = "") -> Object:
    return {
        "type": type,
        "status": status,
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message or _TEXTS[reason],
    }


def _dashed(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
