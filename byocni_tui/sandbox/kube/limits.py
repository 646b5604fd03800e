"""LimitRange: what it fills in and what it refuses, as the admission plugin LimitRanger does."""

from typing import Any, Final

from byocni_tui.sandbox.kube import human
from byocni_tui.sandbox.kube.kinds import Kind
from byocni_tui.sandbox.kube.status import forbidden
from byocni_tui.sandbox.kube.store import Store

Object = dict[str, Any]
_NOTE: Final = "kubernetes.io/limit-ranger"
_PARTS: Final = (("initContainers", "init container"), ("containers", "container"))


def default_range(obj: Object) -> None:
    """The defaults of a LimitRange itself: a maximum limits, a limit requests, in place."""
    for item in (obj.get("spec") or {}).get("limits") or ():
        if item.get("type") != "Container":
            continue
        for source, target in (("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")):
            for name, value in (item.get(source) or {}).items():
                item.setdefault(target, {}).setdefault(name, value)


def fill(store: Store, kind: Kind, obj: Object) -> None:
    """Give a new pod's containers what its namespace's ranges say by default, in place."""
    if kind.storage != "pods":
        return
    ns = obj["metadata"].get("namespace", "")
    if not store.count("limitranges", ns):
        return
    said = []
    for entry in store.list("limitranges", ns):
        for item in (entry.get("spec") or {}).get("limits") or ():
            if item.get("type") == "Container":
                for part, word in _PARTS:
                    for container in (obj.get("spec") or {}).get(part) or ():
                        said += _fill(container, item, word)
    if said:
        notes = obj["metadata"].setdefault("annotations", {})
        notes[_NOTE] = "LimitRanger plugin set: " + "; ".join(said)


def _fill(container: Object, item: Object, word: str) -> list[str]:
    said = []
    for part, source, name in (("requests", "defaultRequest", "request"), ("limits", "default", "limit")):
        given = (container.get("resources") or {}).get(part) or {}
        added = {k: v for k, v in (item.get(source) or {}).items() if k not in given}
        if added:
            container.setdefault("resources", {})[part] = {**given, **added}
            said.append(f"{', '.join(sorted(added))} {name} for {word} {container.get('name', '')}")
    return said


def admit(store: Store, kind: Kind, obj: Object) -> None:
    """Refuse with 403 a pod or claim outside of its namespace's ranges."""
    ns, found = obj["metadata"].get("namespace", ""), list[str]()
    if kind.storage not in ("pods", "persistentvolumeclaims") or not store.count("limitranges", ns):
        return
    spec = obj.get("spec") or {}
    for entry in store.list("limitranges", ns):
        for item in (entry.get("spec") or {}).get("limits") or ():
            type_ = item.get("type", "")
            if kind.storage == "persistentvolumeclaims":
                if type_ == "PersistentVolumeClaim":
                    found += _storage(item, (spec.get("resources") or {}).get("requests") or {})
            elif type_ == "Container":
                for part, _ in _PARTS:
                    for container in spec.get(part) or ():
                        found += _judged(item, container.get("resources") or {}, "Container")
            elif type_ == "Pod":
                found += _judged(item, _sums(spec), "Pod")
    if found:
        why = found[0] if len(found) == 1 else f"[{', '.join(found)}]"
        meta = obj["metadata"]
        raise forbidden(kind.resource, kind.group, meta.get("name") or meta.get("generateName", ""), why)


def _sums(spec: Object) -> Object:
    """Requests and limits of all containers together; missing ones make the sum missing."""
    out: Object = {"requests": {}, "limits": {}}
    containers = spec.get("containers") or []
    for part, totals in out.items():
        names = {n for c in containers for n in ((c.get("resources") or {}).get(part) or {})}
        for name in names:
            values = [((c.get("resources") or {}).get(part) or {}).get(name) for c in containers]
            if None not in values:
                totals[name] = human.quantity_text(sum(_value(v) for v in values), str(values[0]))
    return out


def _judged(item: Object, resources: Object, type_: str) -> list[str]:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    found = []
    for name, least in (item.get("min") or {}).items():
        head = f"minimum {name} usage per {type_} is {least}"
        if name not in requests:
            found.append(f"{head}.  No request is specified")
        elif _value(requests[name]) < _value(least):
            found.append(f"{head}, but request is {requests[name]}")
        if name in limits and _value(limits[name]) < _value(least):
            found.append(f"{head}, but limit is {limits[name]}")
    for name, most in (item.get("max") or {}).items():
        head = f"maximum {name} usage per {type_} is {most}"
        if name not in limits:
            found.append(f"{head}.  No limit is specified")
        elif _value(limits[name]) > _value(most):
            found.append(f"{head}, but limit is {limits[name]}")
        if name in requests and _value(requests[name]) > _value(most):
            found.append(f"{head}, but request is {requests[name]}")
    for name, ratio in (item.get("maxLimitRequestRatio") or {}).items():
        head = f"{name} max limit to request ratio per {type_} is {ratio}"
        if name not in requests or name not in limits:
            found.append(f"{head}, but no request is specified or request is 0")
        elif _value(limits[name]) > _value(ratio) * _value(requests[name]):
            real = _value(limits[name]) / (_value(requests[name]) or 1)
            found.append(f"{head}, but provided ratio is {real:f}")
    return found


def _storage(item: Object, requests: Object) -> list[str]:
    asked, found = requests.get("storage", "0"), []
    least, most = (item.get("min") or {}).get("storage"), (item.get("max") or {}).get("storage")
    if least is not None and _value(asked) < _value(least):
        found.append(f"minimum storage usage per PersistentVolumeClaim is {least}, but request is {asked}")
    if most is not None and _value(asked) > _value(most):
        found.append(f"maximum storage usage per PersistentVolumeClaim is {most}, but request is {asked}")
    return found


def _value(text: Any) -> float:
    return human.quantity(text) or 0.0
