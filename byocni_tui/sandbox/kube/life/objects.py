"""Small pure helpers over Kubernetes objects held as plain dictionaries."""

import math
import re
from collections.abc import Iterable
from typing import Any, Final, cast

import msgspec

Obj = dict[str, Any]

_ORDERED: Final = msgspec.json.Encoder(order="sorted", enc_hook=repr)

ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated name suffixes and of encoded hashes: no vowels, no look-alikes (apimachinery's rand)."""

_SUFFIXES: Final = {
    "": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip
_QUANTITY: Final = re.compile(r"^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkMGTPE]|[KMGTPE]i)?$")


def clone(obj: Obj) -> Obj:
    """A deep copy of an object (stamps are immutable and shared)."""
    return cast(Obj, _copy(obj))


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _copy(v) if isinstance(v, dict | list) else v for k, v in value.items()}
    if isinstance(value, list):
        return [_copy(v) if isinstance(v, dict | list) else v for v in value]
    return value


def meta(obj: Obj) -> Obj:
    """The metadata of an object."""
    return cast(Obj, obj["metadata"])


def key_of(obj: Obj) -> tuple[str, str]:
    """Namespace (empty if none) and name."""
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def name_of(obj: Obj) -> str:
    """The name of an object."""
    return str(obj["metadata"]["name"])


def deleting(obj: Obj) -> bool:
    """Whether somebody asked for its deletion."""
    return "deletionTimestamp" in obj["metadata"]


def safe_hash(value: Any, collisions: int = 0) -> str:
    """A short stable hash of plain JSON in the letters of pod-template-hash (FNV-1a over sorted keys)."""
    number = 2166136261
    for byte in _ORDERED.encode([value, collisions] if collisions else value):
        number = ((number ^ byte) * 16777619) & 0xFFFFFFFF
    return "".join(ALPHABET[ord(c) % len(ALPHABET)] for c in str(number))


def quantity(text: Any) -> float:
    """A resource quantity as a number (cpu in cores, memory in bytes); what can't be read counts 0."""
    match = _QUANTITY.match(str(text))
    return float(match[1]) * _SUFFIXES[match[2] or ""] if match else 0.0


def matches(selector: Obj | None, labels: dict[str, str]) -> bool:
    """Whether a LabelSelector selects; ``None`` selects nothing, an empty one everything."""
    if selector is None:
        return False
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(
        requirement(labels, e["key"], e["operator"], e.get("values") or [])
        for e in selector.get("matchExpressions") or []
    )


def requirement(labels: dict[str, str], key: str, operator: str, values: list[str]) -> bool:
    """One requirement of a label or node selector (Gt and Lt compare whole numbers)."""
    have = labels.get(key)
    match operator:
        case "In":
            return have is not None and have in values
        case "NotIn":
            return have is None or have not in values
        case "Exists":
            return have is not None
        case "DoesNotExist":
            return have is None
        case "Gt" | "Lt":
            if have is None or not have.lstrip("-").isdigit() or not values or not values[0].isdigit():
                return False
            return int(have) > int(values[0]) if operator == "Gt" else int(have) < int(values[0])
        case _:
            return False


def tolerates(tolerations: Iterable[Obj], taint: Obj) -> bool:
    """Whether one of the tolerations covers the taint."""
    for t in tolerations:
        if t.get("effect") and t["effect"] != taint["effect"]:
            continue
        if not t.get("key"):
            if t.get("operator") == "Exists":
                return True
            continue
        if t["key"] == taint["key"] and (
            t.get("operator") == "Exists" or (t.get("value") or "") == (taint.get("value") or "")
        ):
            return True
    return False


def controller_of(obj: Obj) -> Obj | None:
    """The owner reference that says controller."""
    for ref in obj["metadata"].get("ownerReferences") or ():
        if ref.get("controller"):
            return cast(Obj, ref)
    return None


def owner_reference(owner: Obj, api_version: str, kind: str) -> Obj:
    """A controlling owner reference."""
    m = owner["metadata"]
    return {
        "apiVersion": api_version, "kind": kind, "name": m["name"], "uid": m["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip


def condition(obj: Obj, kind: str) -> Obj | None:
    """A condition of ``status.conditions`` by its type."""
    for c in (obj.get("status") or {}).get("conditions") or ():
        if c["type"] == kind:
            return cast(Obj, c)
    return None


def condition_true(obj: Obj, kind: str) -> bool:
    """Whether a condition exists and says True."""
    c = condition(obj, kind)
    return c is not None and c["status"] == "True"


def pod_ready(pod: Obj) -> bool:
    """Whether a pod counts as ready."""
    return condition_true(pod, "Ready")


def pod_active(pod: Obj) -> bool:
    """Neither finished nor on its way out."""
    return pod.get("status", {}).get("phase") not in ("Succeeded", "Failed") and not deleting(pod)


def requests(spec: Obj) -> dict[str, float]:
    """What a pod asks the scheduler for: the sum of its containers, at least the largest init container."""
    total: dict[str, float] = {}
    for container in spec.get("containers") or ():
        for what, amount in ((container.get("resources") or {}).get("requests") or {}).items():
            total[what] = total.get(what, 0.0) + quantity(amount)
    for container in spec.get("initContainers") or ():
        sidecar = container.get("restartPolicy") == "Always"
        for what, amount in ((container.get("resources") or {}).get("requests") or {}).items():
            value = quantity(amount)
            total[what] = total.get(what, 0.0) + value if sidecar else max(total.get(what, 0.0), value)
    return total


def qos_class(spec: Obj) -> str:
    """BestEffort, Burstable or Guaranteed."""
    guaranteed, any_set = True, False
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        resources = container.get("resources") or {}
        limits, wants = resources.get("limits") or {}, resources.get("requests") or {}
        any_set = any_set or bool(limits or wants)
        for what in ("cpu", "memory"):
            if what not in limits or quantity(wants.get(what, limits[what])) != quantity(limits[what]):
                guaranteed = False
    return "BestEffort" if not any_set else "Guaranteed" if guaranteed else "Burstable"


def int_or_percent(value: Any, total: int, *, up: bool) -> int:
    """An IntOrString of a rollout: a percentage is rounded up (surge) or down (unavailable)."""
    if isinstance(value, str) and value.endswith("%"):
        share = total * int(value[:-1]) / 100
        return math.ceil(share) if up else math.floor(share)
    return int(value)


def pinned_to(spec: Obj) -> str | None:
    """The one node that a daemon pod's affinity names."""
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    ) or {}
    terms = affinity.get("nodeSelectorTerms") or []
    if len(terms) != 1 or len(terms[0].get("matchFields") or ()) != 1 or terms[0].get("matchExpressions"):
        return None
    field = terms[0]["matchFields"][0]
    return str(field["values"][0]) if field["key"] == "metadata.name" and len(field["values"]) == 1 else None


def template_pod(
    template: Obj, *, namespace: str, name: str, owner: Obj | None, labels: dict[str, str]
) -> Obj:
    """A pod of a template, as a controller sends it."""
    source = template.get("metadata") or {}
    metadata: Obj = {"name": name, "namespace": namespace}
    if name[-6:-5] == "-" and owner is not None:
        metadata["generateName"] = name[:-5]
    all_labels = {**(source.get("labels") or {}), **labels}
    if all_labels:
        metadata["labels"] = all_labels
    if source.get("annotations"):
        metadata["annotations"] = dict(source["annotations"])
    if source.get("finalizers"):
        metadata["finalizers"] = list(source["finalizers"])
    if owner is not None:
        metadata["ownerReferences"] = [owner]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": clone(template["spec"])}
