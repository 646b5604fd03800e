"""The events inside a cluster that a scenario's fault can strike: what ``when`` may name besides ``service``, ``event``
and ``cluster``, and what ``what`` may say besides ``kind``. What each does is in fixtures/scenarios/README.md."""

from typing import Final, NamedTuple


class Event(NamedTuple):
    """``lasting`` events are looked at and not counted: ``nth`` and ``until.times`` mean nothing for them."""

    when: frozenset[str] = frozenset()
    what: frozenset[str] = frozenset()
    lasting: bool = False


def _event(when: str = "", what: str = "", *, lasting: bool = False) -> Event:
    return Event(frozenset(when.split()), frozenset(what.split()), lasting)


EVENTS: Final[dict[str, Event]] = {
    "auto-repair": _event(lasting=True),
    "autoscale": _event("", "pool seconds"),
    "cni-write": _event("node pod"),
    "dns": _event("name"),
    "egress": _event("host address port node"),
    "konnectivity": _event("node", "message"),
    "leftover": _event("node", "behaviour file subnet"),
    "mtu": _event("node"),
    "node-ready": _event("node", "retry"),
    "node-to-node": _event("source target protocol port"),
    "policy": _event("node"),
    "pull": _event("image registry node", "message"),
    "sandbox": _event("node pod", "message"),
    "start": _event("namespace pod container node image labels", "seconds code log message"),
}
COMMON_WHEN: Final = frozenset({"service", "event", "cluster"})
