"""The kubelet's log of a node, told from what is known: events, waiting pods and the state of its network.

The wording is the kubelet's own (its public source); numbers of lines in it are those of 1.34.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from byocni_tui.sandbox.kube.life.objects import Obj, condition
from byocni_tui.sandbox.kube.stamp import Stamp, seconds

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.life.engine import Life

_PID: Final = 2431
_EVERY: Final = 5.0
"""Seconds between the kubelet's complaints about a network that is not ready."""
_REPEATED: Final = 12
_NOT_READY: Final = (
    '"Container runtime network not ready" networkReady="NetworkReady=false reason:NetworkPluginNotReady '
    'message:Network plugin returns error: cni plugin not initialized"'
)


def kubelet_log(life: "Life", node: str, *, ready: bool) -> list[str]:
    """The last lines, oldest first. ``ready``: a CNI configuration is on the node."""
    now = life.now()
    found: list[tuple[float, str, str]] = []
    for event in life.list("events"):
        source = event.get("source") or {}
        if source.get("component") == "kubelet" and source.get("host") == node:
            at = seconds(event.get("lastTimestamp"), now, life.clock.shown)
            line = _of_event(event)
            if at is not None and line:
                found.append((at, *line))
    obj = life.get("nodes", None, node)
    state = condition(obj, "Ready") if obj is not None else None
    if not ready:
        start = seconds(obj["metadata"]["creationTimestamp"], now, life.clock.shown) if obj else None
        times = [now - _EVERY * n for n in range(_REPEATED)]
        found += [(at, "E", f"kubelet.go:3129] {_NOT_READY}") for at in times if at >= (start or 0.0)]
    elif state is not None and state["status"] == "True" and isinstance(state["lastTransitionTime"], Stamp):
        text = 'kubelet_node_status.go:514] "Fast updating node status as it just became ready"'
        found.append((state["lastTransitionTime"].at, "I", text))
    found.sort(key=lambda entry: entry[0])
    return [_line(life, node, *entry) for entry in found]


def _of_event(event: Obj) -> tuple[str, str] | None:
    about = event["involvedObject"]
    text = str(event.get("message", ""))
    if about["kind"] == "Pod" and event.get("type") == "Warning":
        pod = f'pod="{about["namespace"]}/{about["name"]}" podUID="{about.get("uid", "")}"'
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        return "E", f'pod_workers.go:1324] "Error syncing pod, skipping" err="{quoted}" {pod}'
    if about["kind"] == "Node" and event["reason"] == "Starting":
        return "I", 'kubelet.go:2451] "Starting kubelet main sync loop"'
    return None


def _line(life: "Life", node: str, at: float, level: str, text: str) -> str:
    shown = datetime.fromisoformat(life.clock.shown(at).replace("Z", "+00:00"))
    fraction = f"{int(at * 1e6) % 1_000_000:06d}"
    head = f"{shown:%b %d %H:%M:%S} {node} kubelet[{_PID}]:"
    return f"{head} {level}{shown:%m%d %H:%M:%S}.{fraction} {_PID:7d} {text}"
