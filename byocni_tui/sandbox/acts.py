"""The act log: what clients asked of a world, in order. Lessons are judged by it, and a learner's way retold from it.

Every request that changes something is an act of its own; so are a token refused and an operation that ends. Reads
(GET, list, watch, logs, polling) are noted too, but the same read by the same client between two changes is one act
with a ``count``. Discovery, OpenAPI documents and leases are left out. The shape of an act is in ``sandbox.control``.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from byocni_tui.sandbox.clock import VirtualClock

KEPT: Final = 10_000
"""Acts that a world remembers; the oldest go first."""

_BODY: Final = 16 * 1024
"""Bytes of a request's body, as JSON, that are kept with its act."""

_CLIENTS: Final = (
    ("byocni-tui", "wizard"),
    ("azurecli", "az"),
    ("kubectl", "kubectl"),
    ("helm", "helm"),
    ("azsdk-python", "sdk"),
    ("python", "sdk"),
    ("curl", "curl"),
    ("mozilla", "browser"),
)


class Act(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One act; see ``sandbox.control`` for what the fields hold."""

    n: int
    rev: int
    at: float
    last: float
    real: float
    plane: str
    client: str = ""
    agent: str = ""
    user: str = ""
    verb: str
    mutates: bool = False
    type: str = ""
    name: str = ""
    group: str = ""
    cluster: str = ""
    id: str = ""
    action: str = ""
    query: dict[str, str] = {}
    body: Any = None
    status: int = 0
    code: str = ""
    message: str = ""
    count: int = 1


class Acts:
    """The log of one world."""

    def __init__(self, clock: "VirtualClock") -> None:
        self._clock = clock
        self._acts: dict[int, Act] = {}
        self._reads: dict[tuple[object, ...], Act] = {}
        self._kept = 0
        self.rev = 0
        """Goes up with every act, and with every repetition of one."""
        self.dropped = 0
        """Acts that were forgotten because there were too many."""

    @property
    def told(self) -> int:
        """How many acts there have been."""
        return self.dropped + len(self._acts)

    def note(self, **fields: Any) -> Act:
        """Write one down (fields of ``Act`` but ``n``, ``rev`` and the times)."""
        self.rev += 1
        now = self._clock.now()
        if not fields.get("mutates"):
            key = tuple(
                fields.get(name, "")
                for name in ("plane", "agent", "user", "verb", "type", "id", "action", "status", "code")
            )
            seen = self._reads.get(key)
            if seen is not None:
                seen.count += 1
                seen.rev, seen.last = self.rev, now
                return seen
        else:
            self._reads.clear()
            key = ()
        body = fields.get("body")
        if body is not None and len(msgspec.json.encode(body)) > _BODY:
            fields["body"] = None
        agent = fields.get("agent", "")
        act = Act(
            n=self.told + 1,
            rev=self.rev,
            at=now,
            last=now,
            real=self._clock.shown_epoch(now),
            client=fields.pop("client", "") or client_of(agent),
            **fields,
        )
        self._acts[act.n] = act
        if key:
            self._reads[key] = act
        if len(self._acts) > KEPT:
            del self._acts[next(iter(self._acts))]
            self.dropped += 1
        return act

    def since(self, rev: int = 0) -> list[Act]:
        """Acts that are new, or were repeated, after a revision; in the order of their first time."""
        return [act for act in self._acts.values() if act.rev > rev]

    def __iter__(self) -> Iterator[Act]:
        return iter(list(self._acts.values()))

    def news(self) -> bytes:
        """JSON lines of the acts that are new, or were repeated, since the last time this was asked."""
        fresh, self._kept = self.since(self._kept), self.rev
        return b"".join(msgspec.json.encode(act) + b"\n" for act in fresh)

    def load(self, lines: bytes) -> None:
        """Take over what ``news`` gave, all of it; a later line of the same act replaces an earlier one."""
        acts = {act.n: act for act in (msgspec.json.decode(line, type=Act) for line in lines.splitlines())}
        self._acts = dict(list(acts.items())[-KEPT:])
        self.dropped = min(self._acts, default=1) - 1
        self.rev = self._kept = max((act.rev for act in self._acts.values()), default=0)
        self._reads.clear()


def client_of(agent: str) -> str:
    """Which program a User-Agent header speaks of: az, kubectl, helm, wizard, sdk, curl, browser, other."""
    low = agent.lower()
    return next((name for part, name in _CLIENTS if part in low), "other" if low else "")
