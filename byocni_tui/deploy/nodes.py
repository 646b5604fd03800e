"""Where a node stands on its way to Ready, read off its object and the pods on it. Pure."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

Stage = Literal["vm", "kubelet", "cni-config", "cni-pod", "ready"]
"""The furthest point reached: the machine exists, its kubelet reports, the CNI's pod is on it (``cni-pod``: pulling,
starting), the CNI configuration is written (``cni-config``: the runtime no longer misses it), Ready."""

NOT_INITIALIZED: Final = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)
"""The message of the Ready condition of a node without a CNI configuration (containerd's words)."""

KNOWN_AGENTS: Final = (
    "cilium", "calico-node", "antrea-agent", "kube-flannel-ds", "kube-router", "kindnet", "weave-net", "canal",
    "kube-ovn-cni", "azure-cns",
)  # fmt: skip
"""Names of DaemonSets that bring a CNI."""


class NodeState(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the node board. ``message`` is the Ready condition's; ``created`` is RFC 3339."""

    name: str
    pool: str = ""
    ready: bool = False
    stage: Stage = "vm"
    message: str = ""
    version: str = ""
    zone: str = ""
    created: str = ""
    pod_problem: str = ""


def condition(obj: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The condition of that type, or an empty mapping."""
    for item in (obj.get("status") or {}).get("conditions") or ():
        if item.get("type") == kind:
            found: Mapping[str, Any] = item
            return found
    return {}


def pod_problem(pod: Mapping[str, Any]) -> str:
    """Why a pod doesn't run yet: the first waiting reason with its message, or ''."""
    status = pod.get("status") or {}
    for key in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(key) or ():
            waiting = (container.get("state") or {}).get("waiting") or {}
            reason = waiting.get("reason", "")
            if reason and reason not in ("PodInitializing", "ContainerCreating"):
                return f"{reason}: {waiting['message']}" if waiting.get("message") else str(reason)
    return ""


def node_state(node: Mapping[str, Any], cni_pod: Mapping[str, Any] | None = None) -> NodeState:
    """The state of one node; ``cni_pod`` is the pod of the CNI's DaemonSet on it, where there is one."""
    meta = node.get("metadata") or {}
    labels = meta.get("labels") or {}
    ready = condition(node, "Ready")
    message = str(ready.get("message", ""))
    stage: Stage = "vm"
    if ready.get("status") == "True":
        stage = "ready"
    elif ready and "NetworkPluginNotReady" not in message and "cni plugin not initialized" not in message:
        stage = "cni-config" if cni_pod is not None else "kubelet"
    elif ready:
        stage = "cni-pod" if cni_pod is not None else "kubelet"
    return NodeState(
        name=str(meta.get("name", "")),
        pool=str(labels.get("kubernetes.azure.com/agentpool") or labels.get("agentpool") or ""),
        ready=ready.get("status") == "True",
        stage=stage,
        message=message,
        version=str(((node.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion", "")),
        zone=str(labels.get("topology.kubernetes.io/zone", "")),
        created=str(meta.get("creationTimestamp", "")),
        pod_problem=pod_problem(cni_pod) if cni_pod is not None else "",
    )
