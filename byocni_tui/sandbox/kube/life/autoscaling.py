"""HorizontalPodAutoscaler: looks at what metrics-server says each quarter of a minute, and scales within its bounds."""

import math
from typing import Any

from byocni_tui.sandbox.kube.life.doors import Doors
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.objects import Obj, deleting, key_of, pod_ready, quantity, requests
from byocni_tui.sandbox.kube.status import ApiError

RESOURCE = "horizontalpodautoscalers.autoscaling"
_PERIOD = 15.0
_TOLERANCE = 0.1
_CPU = "cpu resource utilization (percentage of request)"
_NO_METRICS = (
    "failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource "
    "metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)"
)
_SOURCE = "horizontal-pod-autoscaler"
_TARGETS = {
    "Deployment": "deployments.apps",
    "StatefulSet": "statefulsets.apps",
    "ReplicaSet": "replicasets.apps",
}


class HorizontalAutoscalers:
    """Resource metrics of pods; other kinds of metrics are not in the sandbox and leave ``ScalingActive`` false."""

    name = "hpa"

    def __init__(self, life: Life, pods: Pods, doors: Doors) -> None:
        self._life = life
        self._pods = pods
        self._doors = doors
        life.add(self)
        life.watch(RESOURCE, self._seen)

    def _seen(self, event: str, hpa: Obj) -> None:
        if event == "ADDED":
            self._life.enqueue(self.name, *key_of(hpa))

    def reconcile(self, namespace: str, name: str) -> None:
        """One look, and the next in a quarter of a minute."""
        life = self._life
        hpa = life.get(RESOURCE, namespace, name)
        if hpa is None or deleting(hpa):
            return
        life.enqueue_later(_PERIOD, self.name, namespace, name, awaited=False)
        spec, ref = hpa["spec"], hpa["spec"]["scaleTargetRef"]
        resource = _TARGETS.get(ref["kind"], "")
        target = life.get(resource, namespace, ref["name"]) if resource else None
        if target is None:
            kind = f"{ref['kind']}.{str(ref.get('apiVersion', '')).partition('/')[0]}"
            why = f'the HPA controller was unable to get the target\'s current scale: {kind} "{ref["name"]}" not found'
            self._write(
                hpa,
                {**(hpa.get("status") or {})},
                [self._says(hpa, "AbleToScale", "False", "FailedGetScale", why)],
            )
            return
        now = int(target["spec"].get("replicas", 1))
        least, most = int(spec.get("minReplicas", 1)), int(spec["maxReplicas"])
        able = self._says(
            hpa, "AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size"
        )
        seen, wanted, problem = self._metrics(spec, namespace, target, now)
        status: Obj = {
            "currentReplicas": now,
            "desiredReplicas": now,
            "observedGeneration": hpa["metadata"].get("generation", 1),
        }
        if hpa.get("status", {}).get("lastScaleTime"):
            status["lastScaleTime"] = hpa["status"]["lastScaleTime"]
        if problem:
            active = self._says(hpa, "ScalingActive", "False", "FailedGetResourceMetric", problem)
            life.recorder.event(
                hpa,
                "HorizontalPodAutoscaler",
                "FailedGetResourceMetric",
                problem,
                source=_SOURCE,
                warning=True,
            )
            wanted = min(max(now, least), most)
        else:
            status["currentMetrics"] = seen
            text = f"the HPA was able to successfully calculate a replica count from {_CPU}"
            active = self._says(hpa, "ScalingActive", "True", "ValidMetricFound", text)
        bounded = min(max(wanted, least), most)
        limited = self._says(hpa, "ScalingLimited", *_limits(wanted, least, most))
        if bounded != now:
            status["desiredReplicas"], status["lastScaleTime"] = bounded, life.stamp()
            target["spec"]["replicas"] = bounded
            life.update(resource, target)
            reason = f"{_CPU} {'above' if bounded > now else 'below'} target"
            if now < least or problem:
                reason = "Current number of replicas below Spec.MinReplicas"
            text = f"New size: {bounded}; reason: {reason}"
            life.recorder.event(hpa, "HorizontalPodAutoscaler", "SuccessfulRescale", text, source=_SOURCE)
            able = self._says(
                hpa,
                "AbleToScale",
                "True",
                "SucceededRescale",
                f"the HPA controller was able to update the target scale to {bounded}",
            )
        self._write(hpa, status, [able, active, limited])

    def _metrics(self, spec: Obj, namespace: str, target: Obj, now: int) -> tuple[list[Obj], int, str]:
        """The current metrics, the replicas they ask for, or why there are none."""
        keys = self._pods.selected(namespace, target["spec"].get("selector"))
        pods = [p for key in keys if (p := self._life.get("pods", *key)) and pod_ready(p) and not deleting(p)]
        try:
            usage = {m["metadata"]["name"]: m for m in self._doors.metrics("pods", namespace)}
        except ApiError:
            return (
                [],
                now,
                _NO_METRICS,
            )
        seen: list[Obj] = []
        wanted = 0
        for metric in spec.get("metrics") or ():
            rule = metric.get("resource") or {}
            share = (rule.get("target") or {}).get("averageUtilization")
            if metric.get("type") != "Resource" or share is None:
                return [], now, f"metrics of type {metric.get('type')} are not in the sandbox"
            what = rule["name"]
            asked = [requests(p["spec"]).get(what, 0.0) for p in pods]
            if not pods or not all(asked):
                return (
                    [],
                    now,
                    f"failed to get {what} utilization: missing request for {what} in container of Pod",
                )
            used = [_used(usage.get(p["metadata"]["name"]), what) for p in pods]
            percent = int(100 * sum(used) / sum(asked))
            ratio = percent / int(share)
            want = now if abs(ratio - 1) <= _TOLERANCE else max(1, math.ceil(len(pods) * ratio))
            wanted = max(wanted, want)
            average = sum(used) / len(pods)
            text = f"{int(average * 1000)}m" if what == "cpu" else f"{int(average)}"
            current = {"averageUtilization": percent, "averageValue": text}
            seen.append({"type": "Resource", "resource": {"name": what, "current": current}})
        return seen, wanted or now, ""

    def _says(self, hpa: Obj, kind: str, value: str, reason: str, message: str) -> Obj:
        """A condition; its time stays while its value does."""
        old = next((c for c in (hpa.get("status") or {}).get("conditions") or () if c["type"] == kind), None)
        since: Any = (
            old["lastTransitionTime"] if old is not None and old["status"] == value else self._life.stamp()
        )
        return {
            "type": kind,
            "status": value,
            "lastTransitionTime": since,
            "reason": reason,
            "message": message,
        }

    def _write(self, hpa: Obj, status: Obj, conditions: list[Obj]) -> None:
        status = {"currentMetrics": None, "desiredReplicas": 0, **status, "conditions": conditions}
        if hpa.get("status") != status:
            self._life.update_status(RESOURCE, {**hpa, "status": status})


def _limits(wanted: int, least: int, most: int) -> tuple[str, str, str]:
    if wanted > most:
        return "True", "TooManyReplicas", "the desired replica count is more than the maximum replica count"
    if wanted < least:
        return "True", "TooFewReplicas", "the desired replica count is less than the minimum replica count"
    return "False", "DesiredWithinRange", "the desired count is within the acceptable range"


def _used(metrics: Obj | None, what: str) -> float:
    return sum(quantity(c["usage"].get(what, "0")) for c in (metrics or {}).get("containers") or ())
