"""How many replicas a HorizontalPodAutoscaler's metrics ask for, as the real controller's replica calculator counts:
pods that are not ready or have no sample are left out, or damp the result."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from byocni_tui.sandbox.kube.life.objects import Obj, deleting, name_of, pod_ready, quantity

_NONE_YET = "did not receive metrics for targeted pods (pods might be unready)"
_NO_CUSTOM = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered"
_TOLERANCE = 0.1


class UnmeasuredError(Exception):
    """A metric that gave nothing: the reason of its event and condition, what the event says, and what the whole look
    is refused with (the real controller words the two differently)."""

    def __init__(self, reason: str, text: str, prefix: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text
        self.whole = f"{prefix}: {text}"


class Measured(NamedTuple):
    """The replicas that one metric asks for, its name in sentences, and its part of ``status.currentMetrics``."""

    want: int
    name: str
    status: Obj


class Sample(NamedTuple):
    """The pods of the target and what metrics-server knows of each (by pod name), or why it gives nothing."""

    pods: list[Obj]
    usage: dict[str, Obj]
    problem: str = ""


def measure(metric: Obj, sample: Sample, current: int, spec: Obj, namespace: str) -> Measured:
    """One entry of ``spec.metrics``. Raises UnmeasuredError."""
    kind = metric["type"]
    match kind:
        case "Resource":
            return _resource(metric["resource"], "", sample, current, spec)
        case "ContainerResource":
            return _resource(
                metric["containerResource"], metric["containerResource"]["container"], sample, current, spec
            )
        case "Pods":
            name = metric["pods"]["metric"]["name"]
            raise UnmeasuredError(
                "FailedGetPodsMetric",
                f"unable to get metric {name}: {_NO_CUSTOM}",
                "failed to get pods metric value",
            )
        case "Object":
            about, name = metric["object"]["describedObject"], metric["object"]["metric"]["name"]
            text = f"unable to get metric {name}: {about['kind']} on {namespace} {about['name']}/{_NO_CUSTOM}"
            raise UnmeasuredError("FailedGetObjectMetric", text, "failed to get object metric value")
        case _:
            name = metric["external"]["metric"]["name"]
            text = (
                f"unable to get external metric {namespace}/{name}/nil: unable to fetch metrics from external metrics "
                f"API: the server could not find the requested resource (get {name}.external.metrics.k8s.io)"
            )
            raise UnmeasuredError(
                "FailedGetExternalMetric", text, f"failed to get {name} external metric value"
            )


def _resource(rule: Obj, container: str, sample: Sample, current: int, spec: Obj) -> Measured:
    what, target = rule["name"], rule["target"]
    percent = target.get("averageUtilization")
    reason = "FailedGetContainerResourceMetric" if container else "FailedGetResourceMetric"
    prefix = f"failed to get {what} {'container ' if container else ''}resource metric value"

    def refuse(why: str) -> UnmeasuredError:
        return UnmeasuredError(
            reason, f"failed to get {what} {'utilization' if percent is not None else 'usage'}: {why}", prefix
        )

    if sample.problem:
        raise refuse(f"unable to get metrics for resource {what}: {sample.problem}")
    if not sample.pods:
        raise refuse("no pods returned by selector while calculating replica count")
    used, unready, missing = _grouped(sample, what, container)
    if not used:
        raise refuse(_NONE_YET)
    asked: dict[str, float] = {}
    for pod in sample.pods if percent is not None else ():
        asked[name_of(pod)] = _asked(pod, what, container, refuse)

    def ratio(values: dict[str, float]) -> float:
        if percent is None:
            return sum(values.values()) / len(values) / quantity(target.get("averageValue", "0"))
        return int(100 * sum(values.values()) / (sum(asked[n] for n in values) or 1)) / int(percent)

    def full(name: str) -> float:
        """What a pod without a sample is taken to use before a scale-down."""
        if percent is None:
            return quantity(target.get("averageValue", "0"))
        return asked[name] * max(100, int(percent)) / 100

    want = _replicas(used, unready, missing, ratio, full, current, spec)
    average = sum(used.values()) / len(used)
    now: dict[str, Any] = {"averageValue": f"{int(average * 1000)}m" if what == "cpu" else f"{int(average)}"}
    if percent is not None:
        share = int(100 * sum(used.values()) / (sum(asked[n] for n in used) or 1))
        now = {"averageUtilization": share, **now}
    part: Obj = {"name": what, "current": now}
    kind = f"{what} {'container ' if container else ''}resource"
    words = f"{kind} utilization (percentage of request)" if percent is not None else kind
    if container:
        return Measured(
            want, words, {"type": "ContainerResource", "containerResource": {**part, "container": container}}
        )
    return Measured(want, words, {"type": "Resource", "resource": part})


def _grouped(sample: Sample, what: str, container: str) -> tuple[dict[str, float], set[str], set[str]]:
    """What the ready pods use, the pods that are not ready, and those without a sample."""
    used: dict[str, float] = {}
    unready: set[str] = set()
    missing: set[str] = set()
    for pod in sample.pods:
        name = name_of(pod)
        phase = (pod.get("status") or {}).get("phase")
        if deleting(pod) or phase == "Failed":
            continue
        metrics = sample.usage.get(name)
        if phase == "Pending" or (what == "cpu" and not pod_ready(pod)):
            unready.add(name)
        elif metrics is None:
            missing.add(name)
        else:
            parts = [c for c in metrics.get("containers") or () if container in ("", c["name"])]
            used[name] = sum(quantity(c["usage"].get(what, "0")) for c in parts)
    return used, unready, missing


def _asked(pod: Obj, what: str, container: str, refuse: Callable[[str], UnmeasuredError]) -> float:
    total = 0.0
    for one in pod["spec"]["containers"]:
        if container not in ("", one["name"]):
            continue
        request = ((one.get("resources") or {}).get("requests") or {}).get(what)
        if request is None:
            raise refuse(f"missing request for {what} in container {one['name']} of Pod {name_of(pod)}")
        total += quantity(request)
    return total


def _replicas(
    used: dict[str, float],
    unready: set[str],
    missing: set[str],
    ratio: Callable[[dict[str, float]], float],
    full: Callable[[str], float],
    current: int,
    spec: Obj,
) -> int:
    first = ratio(used)
    damps = bool(unready) and first > 1
    if not damps and not missing:
        return current if _tolerated(first, spec) else math.ceil(first * len(used))
    values = dict(used)
    for name in missing:
        values[name] = full(name) if first < 1 else 0.0
    if damps:
        values |= dict.fromkeys(unready, 0.0)
    second = ratio(values)
    if _tolerated(second, spec) or (first < 1) != (second < 1):
        return current
    size = math.ceil(second * len(values))
    return current if (second < 1 and size > current) or (second > 1 and size < current) else size


def _tolerated(ratio: float, spec: Obj) -> bool:
    behavior = spec.get("behavior") or {}
    up = quantity((behavior.get("scaleUp") or {}).get("tolerance", _TOLERANCE))
    down = quantity((behavior.get("scaleDown") or {}).get("tolerance", _TOLERANCE))
    return 1 - down <= ratio <= 1 + up
