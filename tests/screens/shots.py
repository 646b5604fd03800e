"""Reading a screen as text, and comparing it with what is kept beside the tests."""

import os
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from textual.widgets import Input, Static

WAITED = ("facts", "preflight", "doctor", "build", "clean")
"""Work whose end a picture waits for; a run, and what watches nodes, go on."""
STILL = 6
KEPT = Path(__file__).parent.parent / "snapshots" / "screens"


def rows(app: Any) -> list[str]:
    """The lines of what is on screen, blanks at their ends cut."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def text(app: Any) -> str:
    """The whole screen."""
    return "\n".join(rows(app)) + "\n"


async def quiet(pilot: Any, *, wait: bool = True) -> None:
    """Until nothing is under way (unless not ``wait``), all panels are made, and the screen has stood still for a few
    looks."""
    app = pilot.app
    before, looks = "", 0
    while looks < STILL:
        await pilot.pause()
        busy = [worker for worker in app.workers if worker.group in WAITED]
        if wait:
            await app.workers.wait_for_complete(busy)
        screen = app.wizard_screen
        whole = len(screen.panels) == len(app.session.order) and getattr(screen, "_drawing", None) is None
        now = text(app)
        looks = looks + 1 if whole and now == before else 0
        before = now


def agrees(app: Any, name: str) -> None:
    """The screen is as kept in ``tests/snapshots/screens/<name>.txt``; BYOCNI_UPDATE_SNAPSHOTS=1 keeps it anew."""
    path = KEPT / f"{name}.txt"
    seen = text(app)
    if os.environ.get("BYOCNI_UPDATE_SNAPSHOTS") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(seen, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: run once with BYOCNI_UPDATE_SNAPSHOTS=1 and look at it"
    assert seen == path.read_text(encoding="utf-8")


def fits(app: Any, width: int, height: int) -> None:
    """No line is wider than the screen, nothing scrolls sideways, nothing lies on its neighbour or is cut at a side."""
    lines = rows(app)
    assert len(lines) <= height
    assert max(cell_len(line) for line in lines) <= width
    sideways = [
        widget
        for widget in app.screen.walk_children()
        if widget.show_horizontal_scrollbar and widget.display and not isinstance(widget, Input)
    ]
    assert not sideways
    assert not overlaps(app.screen)
    assert not cut(app.screen)


def overlaps(screen: Any) -> list[str]:
    """Neighbours of one layer that share a cell of the screen."""
    places = screen._compositor.full_map
    found = []
    for parent in (screen, *screen.walk_children()):
        shown = [c for c in parent.children if c in places and c.display and c.layer == "default"]
        spots = [(child, places[child].region.intersection(places[child].clip)) for child in shown]
        found += [
            f"{one!r} {here} and {other!r} {there}"
            for index, (one, here) in enumerate(spots)
            for other, there in spots[index + 1 :]
            if here.intersection(there).area
        ]
    return found


def cut(screen: Any) -> list[str]:
    """Widgets that reach beyond what holds them at the left or right, and one-line texts wider than their place."""
    found = []
    for widget, place in screen._compositor.full_map.items():
        seen = place.region.intersection(place.clip)
        if seen.area and seen.width < place.region.width:
            found.append(f"{widget!r} {place.region} in {place.clip}")
        if seen.area and type(widget) is Static:
            text = widget.visual.plain if hasattr(widget.visual, "plain") else ""
            wide = [line for line in text.splitlines() if cell_len(line.rstrip()) > widget.content_size.width]
            if wide and widget.size.height <= text.count("\n") + 1:
                found.append(f"{widget!r}: {wide[0]!r} in {widget.content_size.width} columns")
    return found
