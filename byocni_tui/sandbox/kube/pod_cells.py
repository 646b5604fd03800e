"""The cells of a pod: the STATUS and RESTARTS words are the longest rule of all printers."""

from collections.abc import Callable
from typing import Any

Object = dict[str, Any]


def pod_cells(pod: Object, age: Callable[[Any], str]) -> list[Any]:
    """Name, ready, status, restarts, age, IP, node, nominated node, readiness gates."""
    spec, status, meta = pod.get("spec") or {}, pod.get("status") or {}, pod["metadata"]
    reason = status.get("reason") or status.get("phase") or ""
    if any(
        c["type"] == "PodScheduled" and c.get("reason") == "SchedulingGated"
        for c in status.get("conditions") or ()
    ):
        reason = "SchedulingGated"
    total = len(spec.get("containers") or ())
    restartable = {c["name"] for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"}
    total += len(restartable)
    reason, restarts, ready, last, initializing = _init(pod, restartable, reason)
    if not initializing or _condition(status, "Initialized"):
        init_ready = ready if not initializing else 0
        reason, restarts, ready, last = _main(pod, reason, init_ready, restarts if restartable else 0, last)
    if meta.get("deletionTimestamp") is not None:
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif status.get("phase") not in ("Failed", "Succeeded"):
            reason = "Terminating"
    text = str(restarts)
    if restarts and last is not None:
        text = f"{restarts} ({age(last)} ago)"
    gates = spec.get("readinessGates")
    gate_text = "<none>"
    if gates:
        done = sum(1 for g in gates if _condition(status, g["conditionType"]))
        gate_text = f"{done}/{len(gates)}"
    addresses = status.get("podIPs") or ()
    ip = addresses[0].get("ip") if addresses else status.get("podIP")
    return [
        meta["name"], f"{ready}/{total}", reason, text, age(meta.get("creationTimestamp")), ip or "<none>",
        spec.get("nodeName") or "<none>", status.get("nominatedNodeName") or "<none>", gate_text,
    ]  # fmt: skip


def _condition(status: Object, type: str) -> bool:
    return any(c["type"] == type and c["status"] == "True" for c in status.get("conditions") or ())


def _finished(container: Object) -> Any:
    return (container.get("lastState") or {}).get("terminated", {}).get("finishedAt")


def _later(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other) if type(one) is type(other) else one


def _init(pod: Object, restartable: set[str], reason: str) -> tuple[str, int, int, Any, bool]:
    """(reason, restarts, ready sidecars, last restart, still initializing)."""
    restarts = ready = 0
    last: Any = None
    count = len(pod["spec"].get("initContainers") or ())
    for at, container in enumerate((pod.get("status") or {}).get("initContainerStatuses") or ()):
        restarts += container.get("restartCount", 0)
        last = _later(last, _finished(container))
        state = container.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting")
        if ended is not None and ended.get("exitCode") == 0:
            continue
        if container["name"] in restartable and container.get("started"):
            ready += bool(container.get("ready"))
            continue
        if ended is not None:
            if ended.get("reason"):
                text = ended["reason"]
            else:
                text = (
                    f"Signal:{ended['signal']}"
                    if ended.get("signal")
                    else f"ExitCode:{ended.get('exitCode')}"
                )
            return f"Init:{text}", restarts, ready, last, True
        if waiting is not None and waiting.get("reason") not in (None, "", "PodInitializing"):
            return f"Init:{waiting['reason']}", restarts, ready, last, True
        return f"Init:{at}/{count}", restarts, ready, last, True
    return reason, restarts, ready, last, False


def _main(pod: Object, reason: str, ready: int, restarts: int, last: Any) -> tuple[str, int, int, Any]:
    status = pod.get("status") or {}
    running = False
    for container in reversed(status.get("containerStatuses") or ()):
        restarts += container.get("restartCount", 0)
        last = _later(last, _finished(container))
        state = container.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting")
        if waiting is not None and waiting.get("reason"):
            reason = waiting["reason"]
        elif ended is not None:
            if ended.get("reason"):
                reason = ended["reason"]
            else:
                reason = (
                    f"Signal:{ended['signal']}"
                    if ended.get("signal")
                    else f"ExitCode:{ended.get('exitCode')}"
                )
        elif container.get("ready") and state.get("running") is not None:
            running = True
            ready += 1
    if reason == "Completed" and running:
        reason = "Running" if _condition(status, "Ready") else "NotReady"
    return reason, restarts, ready, last
