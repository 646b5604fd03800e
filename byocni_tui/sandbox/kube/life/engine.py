"""The controllers' common ground: what happens to objects becomes keys in a queue, and keys become reconciles.

Level-triggered: a reconcile looks at what is, never at what happened, so nothing is lost when a state is loaded again.
What takes time is a timer of the virtual clock (a kind and plain data), what is chance comes from the world's seed.
"""

import random
from collections.abc import Callable
from typing import Any, Protocol

from byocni_tui.sandbox.clock import VirtualClock
from byocni_tui.sandbox.kube.admission import Admission
from byocni_tui.sandbox.kube.life.events import Recorder
from byocni_tui.sandbox.kube.life.objects import ALPHABET, Obj, clone, deleting
from byocni_tui.sandbox.kube.stamp import Stamp, seconds
from byocni_tui.sandbox.kube.status import ApiError

Key = tuple[str, str]
"""Namespace ("" if none) and name."""


class Controller(Protocol):
    """Something that brings what is nearer to what should be, one key at a time."""

    name: str

    def reconcile(self, namespace: str, name: str) -> None:
        """Look at the object of this key and do what is due."""
        ...


_PLAIN = frozenset({"events", "leases.coordination.k8s.io", "customresourcedefinitions.apiextensions.k8s.io"})
"""What is stored as it is: machine-made, many, or with a status from the start."""

Watcher = Callable[[str, Obj], None]
"""Called with ADDED, MODIFIED or DELETED and the object."""


class Life:
    """What moves in one cluster."""

    def __init__(self, cluster: Any) -> None:
        self.cluster = cluster
        self.store = cluster.store
        self.world = cluster.world
        self.clock: VirtualClock = cluster.world.clock
        self.id: str = cluster.id
        self.state: dict[str, Any] = _empty()
        self._watchers: dict[str, list[Watcher]] = {}
        self._queue: dict[tuple[str, str, str], None] = {}
        self._controllers: dict[str, Controller] = {}
        self._armed: int | None = None
        self._draining = False
        self._leaving: set[str] = set()
        self.on("reconcile", self._drain)
        self.on("again", self.again)
        self.admission = Admission(cluster)
        self.recorder = Recorder(self)
        self.store.subscribe(self._changed)

    # -- time and chance ---------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Virtual epoch seconds."""
        return self.clock.now()

    def stamp(self) -> Stamp:
        """Now, for a time field."""
        return Stamp(self.clock.now())

    def micro(self) -> Stamp:
        """Now, for a time field with microseconds."""
        return Stamp(self.clock.now(), micro=True)

    def age_of(self, value: Any) -> float:
        """Virtual seconds since a time field; 0 for what is no time."""
        now = self.now()
        at = seconds(value, now, self.clock.shown)
        return 0.0 if at is None else now - at

    def on(self, kind: str, handler: Callable[[Obj], None]) -> None:
        """Handle this cluster's timers of a kind."""
        self.clock.on(f"kube:{self.id}:{kind}", handler)

    def after(self, delay: float, kind: str, data: Obj, *, awaited: bool) -> int:
        """A timer of this cluster; ``awaited`` if somebody would be waiting for it."""
        return self.clock.schedule(delay, f"kube:{self.id}:{kind}", data, awaited=awaited)

    def fault(self, event: str, occasion: Obj) -> Obj | None:
        """What a scenario's fault does to this occasion (``service: kube``, ``event`` and its description)."""
        struck: Obj | None = self.world.faults.strike(
            service="kube", event=event, cluster=self.cluster.name, **occasion
        )
        return struck

    def faulty(self, event: str, occasion: Obj) -> Obj | None:
        """As ``fault`` for what lasts: looking counts nothing."""
        found: list[Obj] = self.world.faults.active(
            service="kube", event=event, cluster=self.cluster.name, **occasion
        )
        return found[0] if found else None

    def address_of(self, host: str) -> str:
        """A public address that a host name resolves to in this world (documentation range, the same each time)."""
        return f"203.0.113.{self.world.rng('dns/' + host).randrange(1, 255)}"

    def serial(self, what: str) -> int:
        """The next number of a series."""
        number = int(self.state["serials"].get(what, 0)) + 1
        self.state["serials"][what] = number
        return number

    def rng(self, entity: str) -> random.Random:
        """Chance for the next use of this entity: the seed and how often it was asked for decide."""
        generator: random.Random = self.world.rng(f"{self.id}/{entity}/{self.serial('rng/' + entity)}")
        return generator

    def suffix(self, base: str, length: int = 5) -> str:
        """A generated name's ending."""
        rng = self.rng("name/" + base)
        return "".join(rng.choice(ALPHABET) for _ in range(length))

    # -- the queue ---------------------------------------------------------------------------------------------------

    def add(self, controller: Controller) -> None:
        """Make a controller known by its name."""
        self._controllers[controller.name] = controller

    def watch(self, group_resource: str, watcher: Watcher) -> None:
        """Call ``watcher`` after each change of a resource."""
        self._watchers.setdefault(group_resource, []).append(watcher)

    def enqueue(self, controller: str, namespace: str, name: str) -> None:
        """Have a key reconciled soon; once, however often it is asked for."""
        self._queue[(controller, namespace, name)] = None
        if not self._draining and (self._armed is None or self.clock.due(self._armed) is None):
            self._armed = self.after(0.0, "reconcile", {}, awaited=True)

    def enqueue_later(
        self, delay: float, controller: str, namespace: str, name: str, *, awaited: bool
    ) -> None:
        """Have a key reconciled after some virtual seconds."""
        self.after(delay, "again", {"c": controller, "ns": namespace, "n": name}, awaited=awaited)

    def resync(self) -> None:
        """Look at everything anew, as after a restart of the controllers."""
        first = ("nodes", "pods")
        for group_resource in sorted(self.store.resources(), key=lambda r: (r not in first, r)):
            for entry in list(self.store.entries(group_resource)):  # never all of them unpacked at once
                self._tell("ADDED", group_resource, entry.object())

    def _changed(self, event: str, group_resource: str, obj: Obj) -> None:
        self.world.changed = True
        self._tell(event, group_resource, obj)

    def _tell(self, event: str, group_resource: str, obj: Obj) -> None:
        if group_resource == "namespaces":
            (self._leaving.add if deleting(obj) and event != "DELETED" else self._leaving.discard)(
                obj["metadata"]["name"]
            )
        for watcher in self._watchers.get(group_resource, ()):
            watcher(event, obj)
        for watcher in self._watchers.get("*", ()):
            watcher(event, {**obj, "$resource": group_resource})

    def again(self, data: Obj) -> None:
        """The timer behind ``enqueue_later``."""
        self.enqueue(data["c"], data["ns"], data["n"])

    def _drain(self, _data: Obj) -> None:
        self._armed = None
        self._draining = True
        try:
            while self._queue:
                controller, namespace, name = next(iter(self._queue))
                del self._queue[(controller, namespace, name)]
                self._controllers[controller].reconcile(namespace, name)
        finally:
            self._draining = False

    # -- the store ---------------------------------------------------------------------------------------------------

    def get(self, group_resource: str, namespace: str | None, name: str) -> Obj | None:
        """A copy of an object, or None."""
        obj: Obj | None = self.store.get(group_resource, namespace, name)
        return obj

    def list(self, group_resource: str, namespace: str | None = None) -> "list[Obj]":
        """Copies of the objects of a resource, of one namespace or all."""
        objs: list[Obj] = self.store.list(group_resource, namespace or None)
        return objs

    def create(self, group_resource: str, obj: Obj) -> Obj | None:
        """The new object; None if it exists, or its namespace is not there or going."""
        made, _why = self.try_create(group_resource, obj)
        return made

    def try_create(self, group_resource: str, obj: Obj) -> tuple[Obj | None, str]:
        """As ``create``, with what the API said when it refused."""
        try:
            if group_resource not in _PLAIN:
                kind = self.store.registry.stored(group_resource)
                obj = {"apiVersion": kind.api_version, "kind": kind.kind, **obj}
                self.admission.enter(kind, obj)
                self.admission.create(kind, obj)
            else:
                namespace = obj["metadata"].get("namespace")
                space = self.store.entry("namespaces", "", namespace) if namespace else None
                if namespace and (space is None or namespace in self._leaving):
                    return None, f'namespaces "{namespace}" not found'
            made: Obj = self.store.create(group_resource, obj)
        except ApiError as error:
            if error.code not in (403, 404, 409, 422, 500):
                raise
            return None, error.message
        return made, ""

    def update(self, group_resource: str, obj: Obj) -> Obj | None:
        """Write a changed object back; None if it has gone or changed meanwhile."""
        return self._update(group_resource, obj, status=False)

    def update_status(self, group_resource: str, obj: Obj) -> Obj | None:
        """As ``update``, for what never counts a generation."""
        return self._update(group_resource, obj, status=True)

    def _update(self, group_resource: str, obj: Obj, *, status: bool) -> Obj | None:
        try:
            new: Obj = self.store.update(group_resource, obj, status=status)
        except ApiError as error:
            if error.code in (404, 409):
                return None
            raise
        return new

    def delete(
        self,
        group_resource: str,
        namespace: str | None,
        name: str,
        *,
        propagation: str | None = None,
        grace: int | None = None,
    ) -> None:
        """Delete as a controller does; gone already is fine."""  # fmt: skip
        try:
            self.store.delete(group_resource, namespace or "", name, propagation=propagation, grace=grace)
        except ApiError as error:
            if error.code != 404:
                raise

    # -- state -------------------------------------------------------------------------------------------------------

    def dump(self) -> Obj:
        """What the store does not hold: counters, what runs in pods, the nodes' disks."""
        return clone(self.state)

    def drain(self) -> None:
        """Reconcile what waits. A state that is loaded has a queue and no timer for it: whoever has a timer of his own
        calls this."""
        if not self._draining:
            self._drain({})

    def load(self, state: Obj) -> None:
        """Go on from ``dump``; the store is loaded before."""
        self.state = {**_empty(), **clone(state)}
        self._queue.clear()
        self._draining = True  # the clock is loaded after this: a timer of now would be lost
        try:
            self.resync()
        finally:
            self._draining = False
        self._armed = None


def _empty() -> dict[str, Any]:
    return {
        "serials": {},
        "events": {},
        "expiring": [],
        "pods": {},
        "nodes": {},
        "addresses": {},
        "refused": {},
        "messages": {},
        "steps": {},
        "schedules": {},
        "lost": {},
        "autoscaler": {},
        "hpa": {},
    }
