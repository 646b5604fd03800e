"""Codes of what only shows in a running cluster: ``doctor`` finds the causes, ``explain`` explains them here."""

from typing import Final

from byocni_tui.rules import sources

KUBERNETES: Final = "https://kubernetes.io/docs/"
_NETWORK: Final = KUBERNETES + "concepts/extend-kubernetes/compute-storage-net/network-plugins/"
_SCHEDULING: Final = KUBERNETES + "concepts/scheduling-eviction/"

CAUSES: Final[dict[str, str]] = {
    "BYO801": sources.BYO_CNI,
    "BYO802": sources.OUTBOUND_RULES,
    "BYO803": sources.CILIUM_KPR,
    "BYO804": KUBERNETES + "tasks/debug/debug-application/debug-pods/",
    "BYO805": _SCHEDULING + "taint-and-toleration/",
    "BYO806": _SCHEDULING + "assign-pod-node/",
    "BYO807": sources.CALICO,
    "BYO808": _NETWORK,
    "BYO809": _NETWORK,
    "BYO810": _SCHEDULING + "assign-pod-node/",
    "BYO811": KUBERNETES + "concepts/architecture/nodes/",
    "BYO812": _SCHEDULING + "kube-scheduler/",
    "BYO813": sources.AKS + "core-aks-concepts",
    "BYO814": sources.AUTO_REPAIR,
    "BYO815": sources.CALICO,
    "BYO816": KUBERNETES + "concepts/architecture/nodes/",
    "BYO817": sources.BYO_CNI,
}
"""Code -> source, in the order of ``doctor``."""
