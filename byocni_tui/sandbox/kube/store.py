"""Where a cluster's objects live: packed, versioned, in order.

Objects are plain dicts to everyone outside; inside they are MessagePack bytes (a pod as a dict takes ten times the
room). So every ``get`` and ``list`` gives a fresh copy that the caller may change, and nothing changes without
``update``. Times that the store writes are ``Stamp``s (virtual seconds).
"""

import base64
import copy
import random
import uuid
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from byocni_tui.sandbox.kube.kinds import Kind, Registry
from byocni_tui.sandbox.kube.names import words
from byocni_tui.sandbox.kube.packed import Change, Entry, Object, pack, unpack
from byocni_tui.sandbox.kube.stamp import Stamp
from byocni_tui.sandbox.kube.status import already_exists, conflict, gone, not_found

Subscriber = Callable[[str, str, Object], None]

HISTORY: Final = 20_000
HISTORY_BYTES: Final = 48 * 2**20
"""Of packed objects; large clusters forget sooner, as etcd does when it is compacted."""
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_TEMPLATED: Final = frozenset(
    words(
        "deployments.apps daemonsets.apps statefulsets.apps replicasets.apps jobs.batch cronjobs.batch services"
    )
)
_FOREGROUND: Final = "foregroundDeletion"
_ORPHAN: Final = "orphan"


Names = list[str]
Objects = list[Object]
Changes = list[Change]


class Store:
    """All objects of one cluster.

    ``group_resource`` is a resource as kubectl names it: ``pods``, ``deployments.apps``. Cluster-scoped objects have
    the namespace ``""``. Refusals are ``ApiError`` (already exists, not found, conflict).
    """

    def __init__(
        self, registry: Registry, now: Callable[[], float], rng: random.Random, history: int = HISTORY
    ) -> None:
        self.registry = registry
        self.version = 1
        self._now = now
        self._rng = rng
        self._objects: dict[str, dict[str, dict[str, Entry]]] = {}
        self._ordered: dict[tuple[str, str], list[str]] = {}
        self._subscribers: list[Subscriber] = []
        self._watchers: dict[str, list[Callable[[Change], None]]] = {}
        self._history: deque[Change] = deque()
        self._most = history
        self._remembered = 0
        self._forgotten = 0
        self.defaulter: Callable[[Kind, Object], None] | None = None
        """Fills in the defaults of new workloads and services, whoever creates them, so that a later write by a client
        changes only what it says."""
        self._pending: deque[tuple[str, str, Object]] = deque()
        self._dispatching = False

    # -- reading -------------------------------------------------------------------------------------------------------

    def get(self, group_resource: str, ns: str | None, name: str) -> Object | None:
        """A copy of the object, or None."""
        entry = self.entry(group_resource, ns, name)
        return entry.object() if entry else None

    def entry(self, group_resource: str, ns: str | None, name: str) -> Entry | None:
        """The stored form itself (not to be changed), or None."""
        return self._objects.get(group_resource, {}).get(ns or "", {}).get(name)

    def list(
        self,
        group_resource: str,
        ns: str | None = None,
        *,
        owner: str | None = None,
        node: str | None = None,
        labels: dict[str, str] | None = None,
    ) -> Objects:
        """Copies, ordered by namespace and name. ``owner``: uid of the controlling owner; ``node``: a pod's node name;
        ``labels``: all of them must be there."""
        found = []
        for entry in self.entries(group_resource, ns):
            if (owner is not None and entry.owner != owner) or (node is not None and entry.node != node):
                continue
            if labels:
                has = entry.labels()
                if any(has.get(key) != value for key, value in labels.items()):
                    continue
            found.append(entry.object())
        return found

    def entries(
        self, group_resource: str, ns: str | None = None, *, after: tuple[str, str] | None = None
    ) -> Iterator[Entry]:
        """The stored forms, ordered by namespace and name; ``after`` leaves out all up to (namespace, name)."""
        spaces = self._objects.get(group_resource, {})
        for space in sorted(spaces) if ns is None else [ns]:
            if after is not None and space < after[0]:
                continue
            names = spaces.get(space, {})
            ordered = self._ordered.get((group_resource, space))
            if ordered is None:
                ordered = self._ordered[(group_resource, space)] = sorted(names)
            start = bisect_right(ordered, after[1]) if after is not None and space == after[0] else 0
            for name in ordered[start:]:
                entry = names.get(name)
                if entry is not None:
                    yield entry

    def count(self, group_resource: str, ns: str | None = None) -> int:
        spaces = self._objects.get(group_resource, {})
        return sum(map(len, spaces.values())) if ns is None else len(spaces.get(ns, {}))

    def namespaces(self, group_resource: str) -> Names:
        """The namespaces that have held objects of a resource (``""`` for one of the whole cluster), in order."""
        return sorted(self._objects.get(group_resource, {}))

    def resources(self) -> Iterable[str]:
        """Every group_resource that holds objects."""
        return [name for name, spaces in self._objects.items() if any(spaces.values())]

    # -- writing -------------------------------------------------------------------------------------------------------

    def create(self, kind_info: Kind | str, obj: Object) -> Object:
        """Store a new object (``metadata.generateName`` is honoured) and return it as stored."""
        kind = self._kind(kind_info)
        obj = dict(obj)
        meta = obj["metadata"] = dict(obj.get("metadata") or {})
        ns = meta.get("namespace") or "" if kind.namespaced else ""
        if not kind.namespaced:
            meta.pop("namespace", None)
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + self.suffix()
        name = meta["name"]
        if self.entry(kind.group_resource, ns, name):
            raise already_exists(kind.resource, kind.group, name)
        obj["apiVersion"], obj["kind"] = kind.api_version, kind.kind
        meta["uid"] = self.uid()
        meta["creationTimestamp"] = Stamp(self._now())
        meta.pop("deletionTimestamp", None)
        meta.pop("deletionGracePeriodSeconds", None)
        if kind.counted:
            meta["generation"] = 1
        else:
            meta.pop("generation", None)
        if self.defaulter is not None and kind.storage in _TEMPLATED:
            obj = copy.deepcopy(obj)
            self.defaulter(kind, obj)
        return self._put("ADDED", kind, ns, name, obj, None)

    def update(self, kind_info: Kind | str, obj: Object, *, status: bool = False) -> Object:
        """Replace an object and return it as stored. A ``metadata.resourceVersion`` that is not the current one is a
        conflict; none means whatever is there. ``status``: a change of the status, which never counts a generation.
        Nothing happens when nothing differs. An object being deleted goes away with its last finalizer."""
        kind = self._kind(kind_info)
        obj = dict(obj)
        meta = obj["metadata"] = dict(obj["metadata"])
        ns, name = (meta.get("namespace") or "" if kind.namespaced else ""), meta["name"]
        entry = self.entry(kind.group_resource, ns, name)
        if entry is None:
            raise not_found(kind.resource, kind.group, name)
        version = meta.get("resourceVersion")
        if version and version != str(entry.version):
            raise conflict(kind.resource, kind.group, name)
        old_meta = entry.metadata()
        if meta.get("uid") and meta["uid"] != old_meta["uid"]:
            why = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {old_meta['uid']}"
            raise conflict(kind.resource, kind.group, name, why)
        obj["apiVersion"], obj["kind"] = kind.api_version, kind.kind
        for key in (
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
        ):
            if key in old_meta:
                meta[key] = old_meta[key]
            else:
                meta.pop(key, None)
        meta["resourceVersion"] = old_meta["resourceVersion"]
        raw = pack(obj)
        if len(raw) == len(
            entry.raw
        ):  # otherwise it differs; what has the same length may be the same in other order
            old = entry.object()
            if obj == old:
                return old
        if kind.counted and not status and _desired(obj) != _desired(entry.object()):
            meta["generation"] = old_meta.get("generation", 0) + 1
        if self._leaves(kind, obj):
            return self._remove(kind, entry, obj)
        return self._put("MODIFIED", kind, ns, name, obj, entry)

    def delete(
        self,
        kind_info: Kind | str,
        ns: str | None,
        name: str,
        *,
        propagation: str | None = None,
        grace: int | None = None,
    ) -> Object:
        """Delete an object; returns it as it is now (with ``deletionTimestamp`` when it lives on).

        ``propagation``: Background (default), Foreground or Orphan; the latter two set the finalizers that the garbage
        collector takes off again. ``grace`` in seconds is for pods (default: the pod's own 30): a pod bound to a node
        waits for its kubelet, which deletes it with grace 0.
        """
        kind = self._kind(kind_info)
        entry = self.entry(kind.group_resource, ns if kind.namespaced else "", name)
        if entry is None:
            raise not_found(kind.resource, kind.group, name)
        obj = entry.object()
        meta = obj["metadata"]
        finalizers = [f for f in meta.get("finalizers") or [] if f not in (_FOREGROUND, _ORPHAN)]
        if propagation == "Foreground":
            finalizers.append(_FOREGROUND)
        elif propagation == "Orphan":
            finalizers.append(_ORPHAN)
        elif propagation is None:
            finalizers = list(meta.get("finalizers") or [])
        seconds = self._grace(kind, obj, grace)
        if finalizers:
            meta["finalizers"] = finalizers
        else:
            meta.pop("finalizers", None)
        waits = bool(finalizers) or (bool(obj.get("spec", {}).get("finalizers")) and kind.kind == "Namespace")
        if not waits and seconds == 0:
            if kind.storage == "pods" and "deletionTimestamp" not in meta:
                meta["deletionTimestamp"] = Stamp(self._now())
                meta["deletionGracePeriodSeconds"] = 0
            return self._remove(kind, entry, obj)
        before = (meta.get("deletionTimestamp"), meta.get("deletionGracePeriodSeconds"))
        if before[0] is None or seconds < (before[1] or 0):
            meta["deletionTimestamp"] = Stamp(self._now() + seconds)
            meta["deletionGracePeriodSeconds"] = seconds
            if kind.counted:
                meta["generation"] = meta.get("generation", 0) + (before[0] is None)
        if kind.kind in ("Namespace", "CustomResourceDefinition"):
            meta.pop("deletionGracePeriodSeconds", None)
        if kind.kind == "Namespace":
            obj["status"] = {**obj.get("status", {}), "phase": "Terminating"}
        if pack(obj) == entry.raw:
            return obj
        return self._put("MODIFIED", kind, entry.ns, name, obj, entry)

    def subscribe(self, fn: Subscriber) -> None:
        """Call ``fn(event_type, group_resource, obj)`` after each change, in order, before the outermost write returns.
        ``event_type`` is ADDED, MODIFIED or DELETED; ``obj`` is shared among subscribers: read it, don't change it."""
        self._subscribers.append(fn)

    # -- watching ------------------------------------------------------------------------------------------------------

    def watch(self, group_resource: str, fn: Callable[[Change], None]) -> Callable[[], None]:
        """Call ``fn`` with every change of a resource from now on; returns what ends it. Changes of other resources
        cost a watch nothing."""
        watchers = self._watchers.setdefault(group_resource, [])
        watchers.append(fn)
        return lambda: watchers.remove(fn)

    def since(self, version: int, group_resource: str) -> Changes:
        """Changes of a resource after ``version``. Raises 410 when the history no longer reaches back that far."""
        if version < self._forgotten:
            raise gone(version, self._forgotten)
        found = []
        for change in reversed(self._history):
            if change.version <= version:
                break
            if change.group_resource == group_resource:
                found.append(change)
        found.reverse()
        return found

    @property
    def oldest(self) -> int:
        """The oldest version that a watch can go on from."""
        return self._forgotten

    def forget(self) -> None:
        """Drop the history (compaction): watches from before now get 410."""
        self._history.clear()
        self._remembered = 0
        self._forgotten = self.version

    # -- names ---------------------------------------------------------------------------------------------------------

    def uid(self) -> str:
        """A new uid out of the cluster's seed."""
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def suffix(self, length: int = 5) -> str:
        """Random letters as Kubernetes appends them to generated names."""
        return "".join(self._rng.choice(_ALPHABET) for _ in range(length))

    # -- state ---------------------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """Everything as plain JSON, objects packed and in Base64; the watch history is not kept."""
        objects = {
            resource: [
                [e.ns, e.name, e.version, e.owner, e.node, base64.b64encode(e.raw).decode()]
                for e in self.entries(resource)
            ]
            for resource in self.resources()
        }
        rng = self._rng.getstate()
        return {"version": self.version, "rng": [rng[0], list(rng[1]), rng[2]], "objects": objects}

    def load(self, state: dict[str, Any]) -> None:
        """Take over a ``dump``; subscribers are not told. Kinds of CRDs must be registered before."""
        self.version = self._forgotten = state["version"]
        kind, numbers, gauss = state["rng"]
        self._rng.setstate((kind, tuple(numbers), gauss))
        self._history.clear()
        self._remembered = 0
        self._objects.clear()
        self._ordered.clear()
        for resource, entries in state["objects"].items():
            spaces = self._objects.setdefault(resource, {})
            for ns, name, version, owner, node, raw in entries:
                spaces.setdefault(ns, {})[name] = Entry(ns, name, base64.b64decode(raw), version, owner, node)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _kind(self, kind_info: Kind | str) -> Kind:
        return self.registry.stored(kind_info if isinstance(kind_info, str) else kind_info.storage)

    def _put(self, event: str, kind: Kind, ns: str, name: str, obj: Object, old: Entry | None) -> Object:
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        entry = _entry(kind.group_resource, ns, obj, self.version)
        ordered = self._ordered.get((kind.group_resource, ns)) if old is None else None
        if ordered is not None:
            insort(ordered, name)
        self._objects.setdefault(kind.group_resource, {}).setdefault(ns, {})[name] = entry
        self._tell(Change(self.version, event, kind.group_resource, entry, old.raw if old else None))
        return obj

    def _remove(self, kind: Kind, entry: Entry, obj: Object) -> Object:
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        del self._objects[kind.group_resource][entry.ns][entry.name]
        ordered = self._ordered.get((kind.group_resource, entry.ns))
        if ordered is not None:
            del ordered[bisect_left(ordered, entry.name)]
        last = _entry(kind.group_resource, entry.ns, obj, self.version)
        self._tell(Change(self.version, "DELETED", kind.group_resource, last, entry.raw))
        return last.object()

    def _tell(self, change: Change) -> None:
        """Record a change and pass it on. A subscriber's own writes wait their turn, so that all see one order."""
        self._history.append(change)
        self._remembered += len(change.after)
        while len(self._history) > self._most or self._remembered > HISTORY_BYTES:
            old = self._history.popleft()
            self._forgotten = old.version
            self._remembered -= len(old.after)
        for watcher in tuple(self._watchers.get(change.group_resource, ())):
            watcher(change)
        self._pending.append((change.type, change.group_resource, unpack(change.after)))
        if self._dispatching:
            return
        self._dispatching = True
        try:
            while self._pending:
                event = self._pending.popleft()
                for subscriber in tuple(self._subscribers):
                    subscriber(*event)
        finally:
            self._dispatching = False
            self._pending.clear()

    def _leaves(self, kind: Kind, obj: Object) -> bool:
        meta = obj["metadata"]
        if "deletionTimestamp" not in meta or meta.get("finalizers"):
            return False
        if kind.kind == "Namespace":
            return not obj.get("spec", {}).get("finalizers")
        return not meta.get("deletionGracePeriodSeconds")

    def _grace(self, kind: Kind, obj: Object, grace: int | None) -> int:
        if kind.group_resource != "pods":
            return 0
        spec, phase = obj.get("spec", {}), obj.get("status", {}).get("phase")
        if not spec.get("nodeName") or phase in ("Succeeded", "Failed"):
            return 0
        return int(spec.get("terminationGracePeriodSeconds", 30)) if grace is None else grace


def saved(state: dict[str, Any], resource: str) -> Iterator[Object]:
    """The objects of a resource in a ``dump``."""
    for entry in state["objects"].get(resource, ()):
        yield unpack(base64.b64decode(entry[-1]))


def _desired(obj: Object) -> Object:
    """What a generation counts: everything but metadata and status."""
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}


def _entry(resource: str, ns: str, obj: Object, version: int) -> Entry:
    meta = obj["metadata"]
    owner = next((o["uid"] for o in meta.get("ownerReferences") or () if o.get("controller")), "")
    node = (obj.get("spec") or {}).get("nodeName") or "" if resource == "pods" else ""
    return Entry(ns, meta["name"], pack(obj), version, owner, node)
