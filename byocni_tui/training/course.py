"""The lessons as a course: in which order to take them."""

from byocni_tui.sandbox import scenario
from byocni_tui.sandbox.scenario import Scenario


def in_order() -> list[Scenario]:
    """All that come along: by level; within one, after those that they build on, the shorter first."""
    waiting = [scenario.load(name) for name in scenario.names()]
    waiting.sort(key=lambda one: (one.level, one.id != "article", one.minutes, one.id))
    ordered: list[Scenario] = []
    taken: set[str] = set()
    while waiting:
        nxt = next((one for one in waiting if all(p in taken for p in one.prerequisites)), waiting[0])
        # A lesson of an earlier level is never put off because a later one comes before it in nothing.
        waiting.remove(nxt)
        ordered.append(nxt)
        taken.add(nxt.id)
    return sorted(ordered, key=lambda one: one.level)


def next_after(done: str) -> Scenario | None:
    """The lesson that comes after one."""
    ids = in_order()
    at = next((n for n, one in enumerate(ids) if one.id == done), None)
    return ids[at + 1] if at is not None and at + 1 < len(ids) else None
