"""Events as the kubelet, the controllers and the scheduler leave them: repeated ones are counted, not repeated."""

from hashlib import blake2b
from typing import TYPE_CHECKING

from byocni_tui.sandbox.kube.life.objects import Obj, clone, controller_of

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.life.engine import Life

_KEPT = 3600.0
"""Seconds an event lives without being seen again (the API server's default TTL)."""
_VERY_LARGE = 1000
"""Nodes from which on daemon pods leave no normal events: agents by the thousand would make a hundred thousand of them,
all alike."""
_SWEEP = 10.0
"""Seconds at least between two looks at which events are old."""


def _short(mark: str) -> str:
    """What tells one event from another, in a few letters."""
    return blake2b(mark.encode(), digest_size=9).hexdigest()


class Recorder:
    """Writes Events. Correlation as client-go does it: same object, reason, message and source add to one count."""

    def __init__(self, life: "Life") -> None:
        self._life = life
        life.on("events.expire", self._expire)

    def event(
        self,
        obj: Obj,
        kind: str,
        reason: str,
        message: str,
        *,
        source: str,
        warning: bool = False,
        host: str | None = None,
        field: str | None = None,
    ) -> None:
        """A core/v1 event of ``source`` about ``obj`` (an object with metadata; ``kind`` its kind)."""  # fmt: skip
        life = self._life
        m = obj["metadata"]
        if kind == "Pod" and not warning and self._routine(obj):
            return
        known = life.state["events"]
        mark = _short(f"{m.get('uid', m['name'])}/{source}/{reason}/{field or ''}/{message}")
        namespace = m.get("namespace") or "default"
        name = known.get(mark)
        if name is not None:
            old = life.get("events", namespace, name)
            if old is not None:
                new = clone(old)
                new["count"] = new.get("count", 1) + 1
                new["lastTimestamp"] = life.stamp()
                life.update("events", new)
                return
        new = self._new(obj, kind, reason, message, source, warning)
        new["source"] = {"component": source, **({"host": host} if host else {})}
        new["reportingInstance"] = host or ""
        new["firstTimestamp"] = new["lastTimestamp"] = life.stamp()
        new["count"] = 1
        new["eventTime"] = None
        if field:
            new["involvedObject"]["fieldPath"] = field
        self._write(new, mark)

    def scheduling(self, pod: Obj, reason: str, message: str, *, warning: bool, action: str = "") -> None:
        """An events.k8s.io event of the scheduler, which carries an eventTime and no count."""
        life = self._life
        if not warning and not action and self._routine(pod):
            return
        new = self._new(pod, "Pod", reason, message, "default-scheduler", warning)
        new["source"] = {}
        new["firstTimestamp"] = new["lastTimestamp"] = None
        new["eventTime"] = life.micro()
        new["action"] = action or ("Scheduling" if warning else "Binding")
        new["reportingInstance"] = "default-scheduler-0"
        self._write(new, _short(f"{pod['metadata']['uid']}/scheduler/{reason}/{life.now()}"))

    def _routine(self, pod: Obj) -> bool:
        """Whether a pod is one of very many that all do the same."""
        if self._life.store.count("nodes") < _VERY_LARGE:
            return False
        owner = controller_of(pod)
        return owner is not None and owner["kind"] == "DaemonSet"

    def _new(self, obj: Obj, kind: str, reason: str, message: str, source: str, warning: bool) -> Obj:
        life = self._life
        m = obj["metadata"]
        about: Obj = {"kind": kind, "name": m["name"], "uid": m.get("uid", m["name"])}
        if m.get("namespace"):
            about["namespace"] = m["namespace"]
        if kind == "Node":  # the kubelet names its node instead of the object's uid
            about["uid"] = m["name"] if source == "kubelet" else about["uid"]
        else:
            about["apiVersion"] = obj.get("apiVersion", "v1")
            about["resourceVersion"] = m.get("resourceVersion", "")
        serial = life.serial("event")
        return {
            "apiVersion": "v1", "kind": "Event",
            "metadata": {
                "name": f"{m['name']}.{0x18EA000000000000 + int(life.now() * 1e6) * 64 + serial:x}"[:250],
                "namespace": m.get("namespace") or "default",
            },
            "involvedObject": about, "reason": reason, "message": message,
            "type": "Warning" if warning else "Normal",
            "reportingComponent": source,
        }  # fmt: skip

    def _write(self, event: Obj, mark: str) -> None:
        life = self._life
        if life.create("events", event) is None:
            return  # the namespace is on its way out
        m = event["metadata"]
        life.state["events"][mark] = m["name"]
        self._expires(life.now() + _KEPT, m["namespace"], m["name"], mark)

    def _expires(self, due: float, namespace: str, name: str, mark: str) -> None:
        """Have an event looked at when it may be old; a timer for all of them, for in a large cluster they are many."""
        waiting = self._life.state["expiring"]
        if not waiting:
            self._life.after(due - self._life.now(), "events.expire", {}, awaited=False)
        waiting.append([due, namespace, name, mark])

    def _expire(self, _data: Obj) -> None:
        life = self._life
        now = life.now()
        waiting: list[tuple[float, str, str, str]] = life.state["expiring"]
        count = next((n for n, (due, *_) in enumerate(waiting) if due > now + 1e-6), len(waiting))
        old, life.state["expiring"] = waiting[:count], waiting[count:]
        for _due, namespace, name, mark in old:
            event = life.get("events", namespace, name)
            if event is not None:
                last = life.age_of(event.get("lastTimestamp") or event["metadata"]["creationTimestamp"])
                if last < _KEPT - 1:
                    life.state["expiring"].append([now + _KEPT - last, namespace, name, mark])
                    continue
                life.delete("events", namespace, name)
            life.state["events"].pop(mark, None)
        if life.state["expiring"]:
            first = max(_SWEEP, life.state["expiring"][0][0] - now)
            life.after(first, "events.expire", {}, awaited=False)
