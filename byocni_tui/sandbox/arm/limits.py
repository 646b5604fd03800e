"""Request limits: token buckets as ARM and AKS keep them, told in headers; they refuse only where a fault asks for it.

ARM, by principal: reads 250 and 25 more a second, writes and deletes 200 and 10 more; the subscription as a whole 15
times as many. AKS: PUT of a cluster or pool 20 and one a minute, GET 60 and one a second, lists 60 and one a second.
Sources: Microsoft's pages "Understand how Azure Resource Manager throttles requests" and "Quotas, virtual machine size
restrictions, and region availability in AKS".
"""

from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.arm.errors import ArmError, aks

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Call
    from byocni_tui.sandbox.world import World

_ARM: Final = {"read": (250.0, 25.0), "write": (200.0, 10.0), "delete": (200.0, 10.0)}
_GLOBAL: Final = 15
_AKS: Final = {"PUT": (20.0, 1 / 60), "GET": (60.0, 1.0), "LIST": (60.0, 1.0)}


class Limits:
    """The buckets of one world. Time is virtual: what is refused comes back as its clock goes on."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def headers(self, method: str, principal: str) -> dict[str, str]:
        """Count a request, and say what is left."""
        verb = {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(method, "write")
        size, refill = _ARM[verb]
        left = self._take(f"global-{verb}", "", size * _GLOBAL, refill * _GLOBAL)
        found = {f"x-ms-ratelimit-remaining-subscription-global-{verb}s": str(int(left))}
        own = self._take(verb, principal, size, refill)
        if verb != "read":
            found[f"x-ms-ratelimit-remaining-subscription-{verb}s"] = str(int(own))
        return found

    def judge(self, call: "Call") -> None:
        """Raise 429 where a fault of kind ``limits`` holds and a bucket is empty. ``what`` may set ``arm`` or ``aks``
        to false, to leave that one out."""
        active = self._world.faults.active(service="arm", event="limits")
        strict = [what for what in active if what.get("kind") == "limits"]
        if not strict:
            return
        what: dict[str, Any] = strict[0]
        verb = {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(call.method, "write")
        principal = call.caller.object_id
        if what.get("arm", True) and self._left(verb, principal, *_ARM[verb]) < 1:
            wait = self._wait(1 / _ARM[verb][1])
            text = (
                f"Number of '{verb}' requests for subscription '{call.path.subscription}' actor '{principal}' "
                f"exceeded. Please try again after '{wait}' seconds."
            )
            raise ArmError(429, "SubscriptionRequestsThrottled", text, headers={"Retry-After": wait})
        kind = call.path.type.lower()
        if what.get("aks", True) and kind.startswith("microsoft.containerservice/managedclusters"):
            name = call.method if call.path.item else "LIST"
            if name not in _AKS:
                return
            size, refill = _AKS[name]
            if self._take(f"aks-{name}", principal, size, refill) < 0:
                what_for = "AgentPool" if kind.endswith("agentpools") else "ManagedCluster"
                raise throttled(self._wait(1 / refill), f"{name.capitalize()}{what_for}Handler.{name}", call)

    def _wait(self, seconds: float) -> str:
        return f"{max(0.001, self._world.clock.real_seconds(seconds)):.3f}"

    def _left(self, name: str, who: str, size: float, refill: float) -> float:
        at, left = self._buckets.get((name, who), (self._world.clock.now(), size))
        return min(size, left + max(0.0, self._world.clock.now() - at) * refill)

    def _take(self, name: str, who: str, size: float, refill: float) -> float:
        """What is left after one more; below 0 there was none (and none is taken)."""
        left = self._left(name, who, size, refill) - 1
        if left >= 0 or not name.startswith("aks-"):
            self._buckets[(name, who)] = (self._world.clock.now(), max(0.0, left))
        return left if name.startswith("aks-") else max(0.0, left)


def throttled(retry_after: str, what: str, call: "Call | None" = None) -> ArmError:
    """429 of AKS."""
    whose = f" for SubID='{call.path.subscription}'" if call is not None and call.path.subscription else ""
    error = aks(
        "Throttled",
        f"The {what} request limit has been exceeded{whose}, please retry again in {retry_after} seconds. For more "
        "information, please visit aka.ms/aks/throttling",
        status=429,
    )
    error.headers["Retry-After"] = retry_after
    return error
