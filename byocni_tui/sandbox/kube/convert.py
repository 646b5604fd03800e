"""The few kinds that are served in two versions: Events, and HorizontalPodAutoscalers."""

from typing import Any

from byocni_tui.sandbox.kube.kinds import Kind

Object = dict[str, Any]


def outward(kind: Kind, obj: Object) -> Object:
    """A stored object as ``kind``'s version shows it."""
    if obj.get("apiVersion") == kind.api_version:
        return obj
    out = {**obj, "apiVersion": kind.api_version, "kind": kind.kind}
    if kind.group == "events.k8s.io":
        for old, new in _EVENT.items():
            if old in out:
                out[new] = out.pop(old)
    elif kind.api_version == "autoscaling/v1":
        spec = dict(out["spec"])
        for metric in spec.pop("metrics", None) or ():
            target = (metric.get("resource") or {}).get("target") or {}
            if (metric.get("resource") or {}).get("name") == "cpu" and "averageUtilization" in target:
                spec["targetCPUUtilizationPercentage"] = target["averageUtilization"]
        spec.pop("behavior", None)
        status = {
            k: v for k, v in (out.get("status") or {}).items() if k not in ("conditions", "currentMetrics")
        }
        for metric in (out.get("status") or {}).get("currentMetrics") or ():
            current = (metric.get("resource") or {}).get("current") or {}
            if "averageUtilization" in current:
                status["currentCPUUtilizationPercentage"] = current["averageUtilization"]
        out |= {"spec": spec, "status": status}
    return out


_EVENT = {
    "involvedObject": "regarding",
    "message": "note",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "source": "deprecatedSource",
    "reportingComponent": "reportingController",
}


def inward(kind: Kind, stored: Kind, obj: Object) -> Object:
    """What a client sent in ``kind``'s version as it is stored."""
    if kind.api_version == stored.api_version:
        return obj
    out = {**obj, "apiVersion": stored.api_version, "kind": stored.kind}
    if kind.group == "events.k8s.io":
        for old, new in _EVENT.items():
            if new in out:
                out[old] = out.pop(new)
    elif kind.api_version == "autoscaling/v1" and isinstance(out.get("spec"), dict):
        spec = dict(out["spec"])
        percent = spec.pop("targetCPUUtilizationPercentage", None)
        target = {"type": "Utilization", "averageUtilization": 80 if percent is None else percent}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
        out["spec"] = spec
    return out
