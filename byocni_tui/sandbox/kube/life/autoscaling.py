"""HorizontalPodAutoscaler: looks at what metrics-server says each quarter of a minute, and scales within its bounds."""

from typing import Any

from byocni_tui.sandbox.kube.life.autoscaling_bounds import Memory, bounded
from byocni_tui.sandbox.kube.life.autoscaling_metrics import Measured, Sample, UnmeasuredError, measure
from byocni_tui.sandbox.kube.life.doors import Doors
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.objects import Obj, deleting, key_of
from byocni_tui.sandbox.kube.status import ApiError

RESOURCE = "horizontalpodautoscalers.autoscaling"
_PERIOD = 15.0
_UNAVAILABLE = (
    "unable to fetch metrics from resource metrics API: the server is currently unable to handle the request "
    "(get pods.metrics.k8s.io)"
)
_SOURCE = "horizontal-pod-autoscaler"
_TARGETS = {
    "Deployment": "deployments.apps",
    "StatefulSet": "statefulsets.apps",
    "ReplicaSet": "replicasets.apps",
}
_BELOW_LEAST = "Current number of replicas below Spec.MinReplicas"
_ABOVE_MOST = "Current number of replicas above Spec.MaxReplicas"


class HorizontalAutoscalers:
    """Metrics of pods as metrics-server gives them. Others (Pods, Object, External) need an adapter that no cluster of
    AKS' own has, and are refused in the controller's words."""

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
        elif event == "DELETED":
            self._life.state["hpa"].pop("/".join(key_of(hpa)), None)

    def reconcile(self, namespace: str, name: str) -> None:
        """One look, and the next in a quarter of a minute."""
        life = self._life
        hpa = life.get(RESOURCE, namespace, name)
        if hpa is None or deleting(hpa):
            return
        known = life.state["hpa"].setdefault(f"{namespace}/{name}", {})
        if known.get("next", 0.0) > life.now() + 1e-6:
            return  # a timer is on its way: only one for each
        known["next"] = life.now() + _PERIOD
        life.enqueue_later(_PERIOD, self.name, namespace, name, awaited=False)
        status = {k: v for k, v in (hpa.get("status") or {}).items() if k != "conditions"}
        look = _Look(life, hpa, status)
        self._look(look, hpa, namespace, known)
        look.write()

    def _look(self, look: "_Look", hpa: Obj, namespace: str, known: Obj) -> None:
        life, spec, ref = self._life, hpa["spec"], hpa["spec"]["scaleTargetRef"]
        resource = _TARGETS.get(ref["kind"], "")
        target = life.get(resource, namespace, ref["name"]) if resource else None
        if target is None:
            group = str(ref.get("apiVersion", "")).rpartition("/")[0]
            plural, _, end = resource.partition(".")
            missing = f'{plural}/scale.{end} "{ref["name"]}" not found'
            why = missing if resource else f'no matches for kind "{ref["kind"]}" in group "{group}"'
            look.tell("FailedGetScale", why, warning=True)
            text = f"the HPA controller was unable to get the target's current scale: {why}"
            look.say("AbleToScale", "False", "FailedGetScale", text)
            return
        text = "the HPA controller was able to get the target's current scale"
        look.say("AbleToScale", "True", "SucceededGetScale", text)
        now = int(target["spec"].get("replicas", 1))
        least, most = int(spec.get("minReplicas", 1)), int(spec["maxReplicas"])
        memory = _memory(known, now, life.now())
        known["past"] = list(memory)
        look.status |= {"currentReplicas": now, "observedGeneration": hpa["metadata"].get("generation", 1)}
        size, reason = now, ""
        if now == 0 and least:
            text = "scaling is disabled since the replica count of the target is zero"
            look.say("ScalingActive", "False", "ScalingDisabled", text)
        elif now > most:
            size, reason = most, _ABOVE_MOST
        elif now < least:
            size, reason = least, _BELOW_LEAST
        else:
            best = self._measured(look, spec, namespace, target, now)
            if best is None:
                return
            verdict = bounded(spec, now, best.want, memory, life.now())
            size = verdict.size
            reason = f"{best.name} above target" if best.want > now else "All metrics below target"
            look.say("AbleToScale", "True", *verdict.able)
            look.say("ScalingLimited", str(verdict.limited), *verdict.why)
        look.status["desiredReplicas"] = size
        if size != now:
            self._rescale(look, resource, target, size, reason)
            past = memory.added if size > now else memory.removed
            past.append((life.now(), abs(size - now)))

    def _rescale(self, look: "_Look", resource: str, target: Obj, size: int, reason: str) -> None:
        life = self._life
        target["spec"]["replicas"] = size
        life.update(resource, target)
        look.tell("SuccessfulRescale", f"New size: {size}; reason: {reason}")
        text = f"the HPA controller was able to update the target scale to {size}"
        look.say("AbleToScale", "True", "SucceededRescale", text)
        look.status["lastScaleTime"] = life.stamp()

    def _measured(self, look: "_Look", spec: Obj, namespace: str, target: Obj, now: int) -> Measured | None:
        """The metric that asks for most; None when so many give nothing that nothing may be done."""
        sample = self._sample(namespace, target)
        seen: list[Obj] = []
        best: Measured | None = None
        first: UnmeasuredError | None = None
        failed = 0
        metrics = spec.get("metrics") or []
        for metric in metrics:
            try:
                one = measure(metric, sample, now, spec, namespace)
            except UnmeasuredError as problem:
                look.tell(problem.reason, problem.text, warning=True)
                first, failed = first or problem, failed + 1
                continue
            seen.append(one.status)
            if best is None or one.want > best.want:
                best = one
        look.status["currentMetrics"] = seen or None
        if first is not None and (best is None or best.want < now):
            text = f"the HPA was unable to compute the replica count: {first.text}"
            look.say("ScalingActive", "False", first.reason, text)
            text = f"invalid metrics ({failed} invalid out of {len(metrics)}), first error is: {first.whole}"
            look.tell("FailedComputeMetricsReplicas", text, warning=True)
            return None
        if best is not None:
            text = f"the HPA was able to successfully calculate a replica count from {best.name}"
            look.say("ScalingActive", "True", "ValidMetricFound", text)
        return best

    def _sample(self, namespace: str, target: Obj) -> Sample:
        keys = self._pods.selected(namespace, target["spec"].get("selector"))
        pods = [p for key in keys if (p := self._life.get("pods", *key))]
        try:
            usage = {m["metadata"]["name"]: m for m in self._doors.metrics("pods", namespace)}
        except ApiError:
            return Sample(pods, {}, _UNAVAILABLE)
        if not any(p["metadata"]["name"] in usage for p in pods):
            return Sample(pods, {}, "no metrics returned from resource metrics API")
        return Sample(pods, usage)


class _Look:
    """What one look finds out about an autoscaler, until it is written down."""

    def __init__(self, life: Life, hpa: Obj, status: Obj) -> None:
        self._life = life
        self._hpa = hpa
        self._conditions: list[Obj] = list((hpa.get("status") or {}).get("conditions") or ())
        self.status = status

    def say(self, kind: str, value: str, reason: str, message: str) -> None:
        """Set a condition; its time stays while its value does."""
        old = next((c for c in self._conditions if c["type"] == kind), None)
        kept = old is not None and old["status"] == value
        since: Any = old["lastTransitionTime"] if kept and old is not None else self._life.stamp()
        new = {
            "type": kind,
            "status": value,
            "lastTransitionTime": since,
            "reason": reason,
            "message": message,
        }
        self._conditions = [new if c is old else c for c in self._conditions]
        if old is None:
            self._conditions.append(new)

    def tell(self, reason: str, text: str, *, warning: bool = False) -> None:
        """An event about it."""
        kind = "HorizontalPodAutoscaler"
        self._life.recorder.event(self._hpa, kind, reason, text, source=_SOURCE, warning=warning)

    def write(self) -> None:
        """Write the status if it differs."""
        status = {"currentMetrics": None, "desiredReplicas": 0, **self.status, "conditions": self._conditions}
        if self._hpa.get("status") != status:
            self._life.update_status(RESOURCE, {**self._hpa, "status": status})


def _memory(known: Obj, current: int, now: float) -> Memory:
    """What is remembered of an autoscaler; the first thing is the size at which it found its target."""
    parts = known.get("past") or [[[now, current]], [], []]
    recommended, added, removed = ([(float(at), int(n)) for at, n in part] for part in parts)
    return Memory(recommended, added, removed)
