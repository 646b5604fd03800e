"""The garbage collector: what belongs to something that is gone goes too; what is being deleted in the foreground waits
for what belongs to it."""

from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.objects import Obj, deleting

_FOREGROUND = "foregroundDeletion"
_ORPHAN = "orphan"


class Garbage:
    """Knows every owner reference. Keys are (owner's uid, "")."""

    name = "garbage"

    def __init__(self, life: Life) -> None:
        self._life = life
        self._dependents: dict[str, set[tuple[str, str, str]]] = {}
        self._owners: dict[tuple[str, str, str], list[str]] = {}
        self._held: dict[str, tuple[str, str, str]] = {}
        life.add(self)
        life.watch("*", self._changed)

    def clear(self) -> None:
        """Forget everything; it is told anew."""
        self._dependents.clear()
        self._owners.clear()
        self._held.clear()

    def _changed(self, event: str, obj: Obj) -> None:
        m = obj["metadata"]
        if obj["$resource"] == "events":
            return
        key = (obj["$resource"], m.get("namespace", ""), m["name"])
        for uid in self._owners.pop(key, ()):
            self._dependents.get(uid, set()).discard(key)
            if uid in self._held:
                self._life.enqueue(self.name, uid, "")
        uid = m["uid"]
        if event == "DELETED":
            self._held.pop(uid, None)
            if self._dependents.get(uid):
                self._life.enqueue(self.name, uid, "")
            return
        owners = [ref["uid"] for ref in m.get("ownerReferences") or ()]
        if owners:
            self._owners[key] = owners
            for owner in owners:
                self._dependents.setdefault(owner, set()).add(key)
        finalizers = m.get("finalizers") or ()
        if deleting(obj) and (_FOREGROUND in finalizers or _ORPHAN in finalizers):
            self._held[uid] = key
            self._life.enqueue(self.name, uid, "")

    def reconcile(self, uid: str, _name: str) -> None:
        """One owner that has gone or is going."""
        life = self._life
        owner_key = self._held.get(uid)
        owner = life.get(*owner_key) if owner_key else None
        dependents = sorted(self._dependents.get(uid, ()))
        orphan = owner is not None and _ORPHAN in (owner["metadata"].get("finalizers") or ())
        blocking = 0
        for resource, namespace, name in dependents:
            obj = life.get(resource, namespace, name)
            if obj is None:
                continue
            refs = obj["metadata"].get("ownerReferences") or []
            rest = [r for r in refs if r["uid"] != uid]
            if orphan or (owner is None and any(self._exists(r) for r in rest)):
                obj["metadata"]["ownerReferences"] = rest
                if not rest:
                    del obj["metadata"]["ownerReferences"]
                life.update(resource, obj)
                continue
            blocking += any(r["uid"] == uid and r.get("blockOwnerDeletion") for r in refs)
            if not deleting(obj):
                life.delete(
                    resource, namespace, name, propagation="Foreground" if owner is not None else None
                )
        if owner is not None and owner_key is not None and (orphan or not blocking):
            fresh = life.get(*owner_key)
            if fresh is not None:
                left = [
                    f for f in fresh["metadata"].get("finalizers") or () if f not in (_FOREGROUND, _ORPHAN)
                ]
                fresh["metadata"]["finalizers"] = left
                if not left:
                    del fresh["metadata"]["finalizers"]
                life.update(owner_key[0], fresh)

    def _exists(self, ref: Obj) -> bool:
        group, _, version = ref["apiVersion"].rpartition("/")
        kind = self._life.store.registry.kind(group, version, ref["kind"])
        if kind is None:
            return False
        return any(
            e.object()["metadata"]["uid"] == ref["uid"]
            for e in self._life.store.entries(kind.group_resource)
            if e.name == ref["name"]
        )
