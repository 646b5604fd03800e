"""Long operations: begun by a write, carried by the clock, asked for by polling.

An operation is plain JSON in the state. Its steps are ``[seconds since the step before, status]``; with each step (and
at the end) a function found by name is called, so that a state folder can hold an operation that is under way.
"""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.errors import ArmError

if TYPE_CHECKING:
    from byocni_tui.sandbox.world import World

Doing = Callable[[dict[str, Any]], None]

TIMER = "arm.operation"
_REMEMBERED = 2000
"""Operations that can be asked for."""


class NotYet(Exception):  # noqa: N818 no error: the step asks to be tried again
    """A client has to act first: the step is tried again ``seconds`` later, at the pace of life."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Operations:
    """All operations of a world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.all: dict[str, dict[str, Any]] = {}
        self._doings: dict[str, Doing] = {}
        self._running: dict[str, str] = {}
        self._count = 0
        world.clock.on(TIMER, self._step)

    def guid(self, what: str) -> str:
        """A GUID that depends on the seed and on how many were asked for."""
        self._count += 1
        return str(uuid.UUID(int=self._world.rng(f"guid/{what}/{self._count}").getrandbits(128), version=4))

    def does(self, name: str, doing: Doing) -> None:
        """Name a function that steps may call with the operation's ``data``."""
        self._doings[name] = doing

    def begin(
        self,
        steps: list[tuple[float, str, str | None]],
        *,
        target: str,
        data: dict[str, Any] | None = None,
        after: int | None = None,
        verb: str = "",
    ) -> dict[str, Any]:
        """Begin one. A step is (virtual seconds after the one before, status from then on, function called then).

        The last step's status should be ``Succeeded``. ``target`` is the key of the resource; ``after`` the HTTP status
        of a ``Location`` poll at the end.
        """
        guid = self.guid("operation")
        operation: dict[str, Any] = {
            "name": guid,
            "status": "InProgress",
            "start": self._world.clock.now(),
            "end": None,
            "ends": self._world.clock.now() + sum(step[0] for step in steps),
            "steps": [list(step) for step in steps],
            "target": target,
            "data": data or {},
            "after": after or 200,
            "verb": verb,
            "error": None,
        }
        self._keep(operation)
        self._next(operation)
        self._world.changed = True
        return operation

    def open(self, *, target: str, data: dict[str, Any], verb: str) -> dict[str, Any]:
        """Begin one whose end somebody else decides (``close`` or ``fail``)."""
        operation: dict[str, Any] = {
            "name": self.guid("operation"),
            "status": "Running",
            "start": self._world.clock.now(),
            "end": None,
            "ends": self._world.clock.now() + 1.0,
            "steps": [],
            "target": target,
            "data": data,
            "after": 200,
            "verb": verb,
            "error": None,
        }
        self._keep(operation)
        self._world.changed = True
        return operation

    def close(self, operation: dict[str, Any]) -> None:
        """End it as Succeeded, now."""
        self._end(operation, "Succeeded")

    def find(self, guid: str) -> dict[str, Any] | None:
        """The operation, or None."""
        return self.all.get(guid)

    def running(self, target: str) -> dict[str, Any] | None:
        """The operation under way on a resource (by key)."""
        found = self._running.get(target)
        return None if found is None else self.all[found]

    def remaining(self, operation: dict[str, Any]) -> float:
        """Virtual seconds until its end, as far as is known now."""
        return max(0.0, float(operation["ends"]) - self._world.clock.now())

    def fail(self, operation: dict[str, Any], error: ArmError) -> None:
        """End it as Failed, now."""
        self._end(operation, "Failed", noted=False)
        operation["error"] = error.inner()
        self._noted(operation, error.code, error.message)

    def cancel(self, operation: dict[str, Any]) -> None:
        """End it as Canceled, now."""
        self._end(operation, "Canceled")

    def hang(self, operation: dict[str, Any], seconds: float) -> None:
        """Make its next step come so much later."""
        timer = operation.get("timer")
        if timer is not None and self._world.clock.cancel(timer):
            operation["steps"][0][0] += seconds
            operation["ends"] += seconds
            self._next(operation)

    def wake(self) -> None:
        """Something came that an operation may have waited for: those that try again later do so now."""
        for name in list(self._running.values()):
            operation = self.all[name]
            if operation.get("late") and self._world.clock.cancel(operation["timer"]):
                operation["timer"] = self._world.clock.schedule(0.0, TIMER, {"operation": name}, awaited=True)

    def _keep(self, operation: dict[str, Any]) -> None:
        """Remember one. Those that ended long ago are forgotten, as by the service."""
        self.all[operation["name"]] = operation
        self._running.setdefault(operation["target"], operation["name"])
        if len(self.all) > _REMEMBERED:
            ended = [name for name, one in self.all.items() if one["end"] is not None]
            for name in ended[: len(self.all) - _REMEMBERED // 2]:
                del self.all[name]

    def _end(self, operation: dict[str, Any], status: str, *, noted: bool = True) -> None:
        if operation.get("timer") is not None:
            self._world.clock.cancel(operation["timer"])
        if self._running.get(operation["target"]) == operation["name"]:
            del self._running[operation["target"]]
        operation.update(status=status, end=self._world.clock.now(), steps=[], timer=None)
        self._world.changed = True
        if noted:
            self._noted(operation)

    def _noted(self, operation: dict[str, Any], code: str = "", message: str = "") -> None:
        """An operation's end is an act of the service."""
        path = ids.split("/" + operation["target"].strip("/"))
        self._world.acts.note(
            plane="arm", client="azure", verb="end", mutates=True, action=operation["verb"] or "", type=path.type,
            name=path.name, group=path.group or "", id="/" + operation["target"].strip("/"),
            code=code or operation["status"], message=message,
        )  # fmt: skip

    def _next(self, operation: dict[str, Any]) -> None:
        delay = operation["steps"][0][0]
        operation["timer"] = self._world.clock.schedule(
            delay, TIMER, {"operation": operation["name"]}, awaited=True
        )

    def _step(self, data: dict[str, Any]) -> None:
        operation = self.all.get(data["operation"])
        if operation is None or not operation["steps"]:
            return
        delay, status, doing = operation["steps"].pop(0)
        operation["timer"] = None
        try:
            if doing is not None:
                self._doings[doing]({"operation": operation["name"], **operation["data"]})
        except ArmError as error:
            self.fail(operation, error)
            return
        except NotYet as later:
            operation["steps"].insert(0, [delay, status, doing])
            operation["ends"] += later.seconds
            data = {"operation": operation["name"]}
            operation["timer"] = self._world.clock.schedule(later.seconds, TIMER, data, awaited=False)
            operation["late"] = True
            return
        operation.pop("late", None)
        if operation["end"] is not None:
            return
        if not operation["steps"]:
            self._end(operation, status)
            return
        operation["status"] = status
        self._next(operation)

    def dump(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"all": self.all, "count": self._count}

    def load(self, state: dict[str, Any]) -> None:
        """Take over what ``dump`` gave; the timers are the clock's."""
        self.all = state["all"]
        self._running = {
            one["target"]: name for name, one in reversed(self.all.items()) if one["end"] is None
        }
        self._count = state["count"]
