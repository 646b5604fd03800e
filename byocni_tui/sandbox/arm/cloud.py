"""The Azure of a world: what exists in it, and the way of every request from the door to its handler.

Everything is plain JSON in ``resources``, keyed by lower-case id without the leading slash: ``{"id", "type", "name",
"body", …}`` where ``body`` is what a GET shows (less what ``Handler.show`` adds).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.arm import checks, gates, ids
from byocni_tui.sandbox.arm.call import Answer, Call, Record, copied
from byocni_tui.sandbox.arm.errors import ArmError, not_in_sandbox
from byocni_tui.sandbox.arm.kind import api_versions
from byocni_tui.sandbox.arm.operations import Operations

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.handler import Handler
    from byocni_tui.sandbox.world import World


WAITED: Final = "arm.waited"
"""A timer at whose moment something begins to count (a role): time runs there fast, and who waits looks again."""


_SHAPED = ("validate", "whatIf")
"""Actions that take the body of the resource."""


class Arm:
    """One cloud. ``data`` is its fixture (``fixtures/clouds``), never changed."""

    def __init__(self, world: "World", data: dict[str, Any]) -> None:
        from byocni_tui.sandbox.arm import handlers  # handlers know this module

        self.world = world
        self.data = data
        self.resources: dict[str, Record] = {}
        self._by_type: dict[str, dict[str, Record]] = {}
        self.registrations: dict[str, str] = {}
        self.operations = Operations(world)
        self._order = 0
        world.clock.on(WAITED, lambda _data: self.operations.wake())
        self._handlers: dict[str, Handler] = handlers.build(self)
        world.parts["arm"] = self

    # -- what exists -------------------------------------------------------------------------------------------------

    def get(self, resource_id: str) -> Record | None:
        """The resource of an id, in any case."""
        return self.resources.get(ids.key(resource_id))

    def put(self, resource_id: str, kind: str, body: dict[str, Any]) -> Record:
        """Make or replace a resource."""
        old = self.get(resource_id)
        self._order += 1
        record: Record = {
            "id": old["id"] if old else resource_id,
            "type": kind,
            "name": old["name"] if old else ids.last(resource_id),
            "body": body,
            "version": self._order,
            "order": old["order"] if old else self._order,
            "created": old["created"] if old else self.world.clock.now(),
            "meta": old["meta"] if old else {},
        }
        key = ids.key(resource_id)
        self.resources[key] = record
        self._by_type.setdefault(kind.lower(), {})[key] = record
        self.world.changed = True
        return record

    def touch(self, record: Record) -> None:
        """A resource's body was changed in place."""
        self._order += 1
        record["version"] = self._order
        self.world.changed = True

    def drop(self, resource_id: str) -> None:
        """Take a resource away, and everything below it."""
        key = ids.key(resource_id)
        below = key + "/"
        for name in [name for name in self.resources if name == key or name.startswith(below)]:
            record = self.resources.pop(name)
            del self._by_type[record["type"].lower()][name]
        self.world.changed = True

    @contextmanager
    def whole(self, resource_id: str) -> Iterator[None]:
        """A write of several resources below an id is done as a whole: a refusal leaves them as they were."""
        key = ids.key(resource_id)
        below = key + "/"
        before = {
            name: copied(record)
            for name, record in self.resources.items()
            if name == key or name.startswith(below)
        }
        try:
            yield
        except ArmError:
            self.drop(resource_id)
            for name, record in before.items():
                self.resources[name] = record
                self._by_type.setdefault(record["type"].lower(), {})[name] = record
            raise

    def of_type(self, kind: str, under: str = "") -> list[Record]:
        """Resources of a type below a scope, in the order they were made."""
        records = self._by_type.get(kind.lower(), {})
        start = ids.key(under) + "/"
        if start == "/":
            found = list(records.values())
        else:
            found = [record for key, record in records.items() if key.startswith(start)]
        return sorted(found, key=lambda record: int(record["order"]))

    def subscription(self, subscription_id: str) -> dict[str, Any]:
        """The cloud's entry of a subscription. Raises 404 ``SubscriptionNotFound``."""
        for entry in self.data["subscriptions"]:
            if entry["id"].lower() == subscription_id.lower():
                found: dict[str, Any] = entry
                return found
        raise ArmError(
            404, "SubscriptionNotFound", f"The subscription '{subscription_id}' could not be found."
        )

    def region(self, name: str) -> dict[str, Any] | None:
        """A region by name or display name."""
        wanted = name.replace(" ", "").lower()
        regions: list[dict[str, Any]] = self.data["regions"]
        return next((r for r in regions if r["name"] == wanted), None)

    def seconds(self, step: str, default: float) -> float:
        """How long a named step takes here: the scenario's word, else the cloud's, else ``default``."""
        durations = {**self.data.get("durations", {}), **self.world.scenario.durations}
        return float(durations.get(step, default))

    def registration(self, namespace: str) -> str:
        """``Registered``, ``NotRegistered`` … of a provider."""
        known = self.registrations.get(namespace.lower())
        if known is not None:
            return known
        registered = {name.lower() for name in self.data["registered"]}
        return "Registered" if namespace.lower() in registered else "NotRegistered"

    # -- the way of a request ----------------------------------------------------------------------------------------

    def handle(self, call: Call) -> Answer:
        """Answer one request. Raises ``ArmError`` for a refusal."""
        from byocni_tui.sandbox.arm.subscriptions import Providers  # as above

        path = call.path
        if not call.api_version:
            raise ArmError(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        verb = path.type.rpartition("/")[2].lower()
        if call.method == "POST" and not path.names and verb in ("register", "unregister"):
            providers = self.handler("Microsoft.Resources/providers")
            assert isinstance(providers, Providers)
            return providers.register(call, path.namespace, verb)
        handler = self.handler(path.type)
        if path.subscription is not None:
            self.subscription(path.subscription)
        if handler is None:
            raise self._unknown_type(call)
        self._check_version(call)
        if call.method in ("PUT", "PATCH") or (call.method == "POST" and path.action in _SHAPED):
            checks.shaped(handler.kind, call.body)
        gates.check(self, call)
        return handler.handle(call)

    def handler(self, kind: str) -> "Handler | None":
        """Who answers for a type."""
        return self._handlers.get(kind.lower())

    def _unknown_type(self, call: Call) -> ArmError:
        namespace, _, rest = call.path.type.partition("/")
        known = {name.partition("/")[0] for name in api_versions()}
        if namespace.lower() not in known:
            return ArmError(
                404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid."
            )
        if call.path.type.lower() in api_versions():
            return not_in_sandbox(f"{call.method} {call.path.type}")
        return ArmError(
            404,
            "InvalidResourceType",
            f"The resource type '{rest}' could not be found in the namespace '{namespace}' for api version "
            f"'{call.api_version}'. The supported api-versions are '{','.join(self.versions(namespace))}'.",
        )

    def versions(self, namespace: str) -> list[str]:
        """Every api-version of a provider, newest first."""
        start = namespace.lower() + "/"
        return sorted(
            {v for name, vs in api_versions().items() if name.startswith(start) for v in vs}, reverse=True
        )

    def _check_version(self, call: Call) -> None:
        accepted = api_versions().get(call.path.type.lower())
        if accepted is None or call.api_version in accepted:
            return
        namespace, _, rest = call.path.type.partition("/")
        if namespace.lower() == "microsoft.resources":
            raise ArmError(
                400,
                "InvalidApiVersionParameter",
                f"The api-version '{call.api_version}' is invalid. The supported versions are '{','.join(accepted)}'.",
            )
        location = call.body.get("location") if isinstance(call.body, dict) else None
        regions = ", ".join(region["name"] for region in self.data["regions"])
        raise ArmError(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '{location or 'global'}' and API version "
            f"'{call.api_version}' for type '{rest}'. The supported api-versions are '{', '.join(accepted)}'. "
            f"The supported locations are '{regions}'.",
        )

    # -- state -------------------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "resources": self.resources,
            "registrations": self.registrations,
            "operations": self.operations.dump(),
            "order": self._order,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take over what ``dump`` gave; clusters are made again, empty, and loaded by the world."""
        self.resources = state["resources"]
        self._by_type = {}
        for key, record in self.resources.items():
            self._by_type.setdefault(record["type"].lower(), {})[key] = record
        self.registrations = state["registrations"]
        self.operations.load(state["operations"])
        self._order = state["order"]
        for handler in self._handlers.values():
            handler.revive()
