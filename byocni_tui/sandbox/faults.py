"""Faults as data: when something goes wrong, what goes wrong, and what makes it stop.

``when`` compares an occasion (a flat dictionary that a simulated part describes itself with, such as ``{"service":
"arm", "method": "PUT", "type": "microsoft.containerservice/managedclusters", "name": "c1", "body": {…}}``) key by key;
values are shell patterns, ``body`` is a table of dotted path -> pattern. ``nth`` and ``times`` count occasions.
``what`` belongs to the part that asks; ``until`` ends the fault after ``times`` effects or virtual ``seconds``.
"""

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from byocni_tui.sandbox.world import World


class Until(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What makes a fault go away; nothing given means never."""

    times: int | None = None
    seconds: float | None = None
    after: dict[str, Any] | None = None
    """An occasion (as in ``when``) that mends it."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``faults`` in a scenario. ``what.kind`` names the effect."""

    id: str
    when: dict[str, Any]
    what: dict[str, Any]
    nth: int = 1
    """The first matching occasion that is hit, counted from 1."""
    until: Until = Until()


class _Progress(msgspec.Struct):
    seen: int = 0
    hit: int = 0
    since: float | None = None
    over: bool = False


def matches(pattern: dict[str, Any], occasion: dict[str, Any]) -> bool:
    """Whether every key of ``pattern`` agrees with ``occasion``; letter case doesn't count."""
    for key, wanted in pattern.items():
        if key == "body":
            body = occasion.get("body")
            if not all(_agrees(value, _at(body, path)) for path, value in wanted.items()):
                return False
        elif not _agrees(wanted, occasion.get(key)):
            return False
    return True


def _agrees(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, list):
        return any(_agrees(one, value) for one in wanted)
    if value is None:
        return wanted is None
    if isinstance(value, list):
        return any(_agrees(wanted, one) for one in value)
    return fnmatchcase(str(value).lower(), str(wanted).lower())


def _at(node: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(node, list):
            node = node[int(name)] if name.isdecimal() and int(name) < len(node) else None
        elif isinstance(node, dict):
            node = next((v for k, v in node.items() if k.lower() == name.lower()), None)
        else:
            return None
    return node


class Faults:
    """The faults of a world, and how often each has struck."""

    def __init__(self, faults: tuple[Fault, ...], world: "World") -> None:
        self._world = world
        self._faults: dict[str, Fault] = {fault.id: fault for fault in faults}
        self._progress: dict[str, _Progress] = {fault.id: _Progress() for fault in faults}

    def add(self, fault: Fault) -> None:
        """Inject one now (a trainer's doing); the same id replaces."""
        self._faults[fault.id] = fault
        self._progress[fault.id] = _Progress()

    def remove(self, fault_id: str) -> bool:
        """Mend one by hand; false if there is none of that id."""
        self._progress.pop(fault_id, None)
        return self._faults.pop(fault_id, None) is not None

    def active(self, **occasion: Any) -> list[dict[str, Any]]:
        """The ``what`` of every fault that holds for this occasion, counting nothing (for effects that last)."""
        return [
            fault.what
            for fault in self._faults.values()
            if self._alive(fault) and matches(fault.when, occasion)
        ]

    def about(self, service: str, events: tuple[str, ...]) -> bool:
        """Whether any fault that is not over is about one of these events of a service."""
        return any(
            fault.when.get("service") == service
            and fault.when.get("event", "*") in (*events, "*")
            and self._alive(fault)
            for fault in self._faults.values()
        )

    def strike(self, **occasion: Any) -> dict[str, Any] | None:
        """The ``what`` of the first fault that hits this occasion, counting it; ``None`` when all is well."""
        struck = None
        for fault in self._faults.values():
            progress = self._progress[fault.id]
            if fault.until.after is not None and matches(fault.until.after, occasion):
                progress.over = True
            if struck is not None or not self._alive(fault) or not matches(fault.when, occasion):
                continue
            progress.seen += 1
            if progress.seen < fault.nth:
                continue
            progress.hit += 1
            if progress.since is None:
                progress.since = self._world.clock.now()
            struck = fault.what
        return struck

    def _alive(self, fault: Fault) -> bool:
        progress, until = self._progress[fault.id], fault.until
        if progress.over or (until.times is not None and progress.hit >= until.times):
            return False
        return (
            until.seconds is None
            or progress.since is None
            or self._world.clock.now() < progress.since + until.seconds
        )

    def dump(self) -> dict[str, Any]:
        """Progress and injected faults, as plain JSON."""
        builtins: dict[str, Any] = msgspec.to_builtins({"faults": self._faults, "progress": self._progress})
        return builtins

    def load(self, state: dict[str, Any]) -> None:
        """Take over what ``dump`` gave."""
        self._faults = msgspec.convert(state["faults"], dict[str, Fault])
        self._progress = msgspec.convert(state["progress"], dict[str, _Progress])
