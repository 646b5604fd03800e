"""What documentation leaves open about clusters without a CNI: looked at while a run goes on, and named where it
differs from what this program expects. The answers stand in the journal, so that one run tells them for a whole cloud.
"""

from typing import Any

from byocni_tui.deploy.nodes import condition
from byocni_tui.deploy.work import Work
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import Json


async def before_cni(work: Work, nodes: list[Json]) -> dict[str, Any]:
    """Whether nodes have a pod range of their own (expected: none), and whether konnectivity runs already (expected: it
    waits for the CNI). Says what differs; a cluster that doesn't let itself be read stops nobody."""
    ranges = sorted({str((node.get("spec") or {}).get("podCIDR") or "") for node in nodes} - {""})
    seen: dict[str, Any] = {"node_pod_cidr": ranges or None}
    if ranges:
        work.say(work.text("observed.pod_cidr", ranges=", ".join(ranges[:3])), None, {"observed": seen})
    try:
        query = {"labelSelector": "app=konnectivity-agent"}
        agents = await work.kube.items("/api/v1/namespaces/kube-system/pods", query)
    except ProviderError as error:
        seen["konnectivity_before_cni"] = f"{error.code}: {error.message}"
        return _kept(work, seen)
    running = [pod for pod in agents if condition(pod, "Ready").get("status") == "True"]
    seen["konnectivity_before_cni"] = bool(running)
    seen["konnectivity_host_network"] = any((pod.get("spec") or {}).get("hostNetwork") for pod in agents)
    if running:
        text = work.text("observed.konnectivity", count=len(running))
        work.say(text, None, {"observed": seen})
    return _kept(work, seen)


def _kept(work: Work, seen: dict[str, Any]) -> dict[str, Any]:
    work.journal.put("observed", {**(work.journal.get("observed") or {}), **seen})
    return seen
