"""How far a HorizontalPodAutoscaler may go at once: stabilization windows, rates and bounds, as the real controller's
``normalizeDesiredReplicas`` and its sibling for ``spec.behavior`` work them out. Pure functions over plain numbers."""

import math
from typing import Any, NamedTuple

Obj = dict[str, Any]
Past = list[tuple[float, int]]
"""When (virtual epoch seconds) and how many."""

DOWN_WINDOW = 300.0
"""Seconds within which the highest recommendation wins before a scale-down (the controller manager's default)."""
_LONGEST = 3600.0  # the longest window
_FASTEST = 1800.0  # the longest period that a policy may have
_MATCHES = ("ReadyForNewScale", "recommended size matches current size")
_STABLE_DOWN = (
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
)
_STABLE_UP = (
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
)
_WITHIN = ("DesiredWithinRange", "the desired count is within the acceptable range")
_TOO_MANY = ("TooManyReplicas", "the desired replica count is more than the maximum replica count")
_TOO_FEW = ("TooFewReplicas", "the desired replica count is less than the minimum replica count")
_UP_LIMIT = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
_DOWN_LIMIT = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")


class Bounded(NamedTuple):
    """The size to go to, and what the conditions say: reason and message of AbleToScale, and of ScalingLimited with
    whether it is."""

    size: int
    able: tuple[str, str]
    limited: bool
    why: tuple[str, str]


class Memory(NamedTuple):
    """What was recommended and done lately, oldest first."""

    recommended: Past
    added: Past
    removed: Past


def bounded(spec: Obj, current: int, wanted: int, memory: Memory, now: float) -> Bounded:
    """``wanted`` replicas after windows, rates and bounds; remembers ``wanted`` in ``memory.recommended``."""
    behavior = spec.get("behavior")
    least, most = int(spec.get("minReplicas", 1)), int(spec["maxReplicas"])
    if behavior is None:
        recent = [n for at, n in memory.recommended if at >= now - DOWN_WINDOW]
        stable = max([wanted, *recent])
        able = _MATCHES if stable == wanted else _STABLE_DOWN
        limits = (max(2 * current, 4), least)
        size, why = _within(stable, limits, least, most)
    else:
        up, down = behavior.get("scaleUp") or {}, behavior.get("scaleDown") or {}
        stable = _stabilized(up, down, current, wanted, memory.recommended, now)
        text = _STABLE_UP if wanted >= current else _STABLE_DOWN
        able = _MATCHES if stable == wanted else text
        size, why = stable, _WITHIN
        if stable > current:
            size, why = _within(stable, (max(current, _highest(up, current, memory, now)), 0), 0, most)
        elif stable < current:
            size, why = _within(
                stable, (stable, min(current, _lowest(down, current, memory, now))), least, stable
            )
    memory.recommended.append((now, wanted))
    _forget(memory, now)
    return Bounded(size, able, size != stable, why)


def down_window(spec: Obj) -> float:
    """Seconds that a lower recommendation has to last."""
    rules = (spec.get("behavior") or {}).get("scaleDown") or {}
    seconds = rules.get("stabilizationWindowSeconds")
    return DOWN_WINDOW if seconds is None else float(seconds)


def _forget(memory: Memory, now: float) -> None:
    for past, longest in zip(memory, (_LONGEST, _FASTEST, _FASTEST), strict=True):
        past[:] = [(at, n) for at, n in past if at >= now - longest]


def _stabilized(up: Obj, down: Obj, current: int, wanted: int, past: Past, now: float) -> int:
    up_seconds = float(up.get("stabilizationWindowSeconds") or 0)
    down_seconds = down_window({"behavior": {"scaleDown": down}})
    lowest = min([wanted, *(n for at, n in past if at > now - up_seconds)])
    highest = max([wanted, *(n for at, n in past if at > now - down_seconds)])
    return min(max(current, lowest), highest)


def _within(wanted: int, rates: tuple[int, int], least: int, most: int) -> tuple[int, tuple[str, str]]:
    """``rates``: how high and how low the rate of change lets it go."""
    highest, too_many = (rates[0], _UP_LIMIT) if most > rates[0] else (most, _TOO_MANY)
    lowest, too_few = (rates[1], _DOWN_LIMIT) if least < rates[1] else (least, _TOO_FEW)
    if wanted < lowest:
        return lowest, too_few
    if wanted > highest:
        return highest, too_many
    return wanted, _WITHIN


def _highest(rules: Obj, current: int, memory: Memory, now: float) -> int:
    """Up to how many the policies let it grow now."""
    select = rules.get("selectPolicy", "Max")
    if select == "Disabled":
        return current
    proposed = []
    for policy in rules.get("policies") or ():
        start = _start(policy, current, memory, now)
        value = int(policy["value"])
        proposed.append(start + value if policy["type"] == "Pods" else math.ceil(start * (1 + value / 100)))
    return (min if select == "Min" else max)(proposed, default=current)


def _lowest(rules: Obj, current: int, memory: Memory, now: float) -> int:
    """Down to how many the policies let it shrink now."""
    select = rules.get("selectPolicy", "Max")
    if select == "Disabled":
        return current
    proposed = []
    for policy in rules.get("policies") or ():
        start = _start(policy, current, memory, now)
        value = int(policy["value"])
        proposed.append(start - value if policy["type"] == "Pods" else int(start * (1 - value / 100)))
    return (max if select == "Min" else min)(proposed, default=current)


def _start(policy: Obj, current: int, memory: Memory, now: float) -> int:
    """How many there were when the policy's period began."""
    since = now - float(policy["periodSeconds"])
    added = sum(n for at, n in memory.added if at > since)
    removed = sum(n for at, n in memory.removed if at > since)
    return current - added + removed
