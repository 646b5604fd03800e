"""The steps of a run with their state, elapsed and typical time; in two columns where there is room sideways only."""

from collections.abc import Sequence

import msgspec
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from byocni_tui.widgets.glyphs import Glyphs, fit


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """``status`` is pending, running, done, failed or skipped; ``elapsed`` and ``typical`` are text."""

    name: str
    status: str
    elapsed: str = ""
    typical: str = ""


class StepList(Widget):
    """``show`` lines."""

    DEFAULT_CSS = """
    StepList { height: auto; }
    """

    def __init__(self, marks: Glyphs) -> None:
        super().__init__()
        self._marks = marks
        self._lines: tuple[StepLine, ...] = ()

    def show(self, lines: Sequence[StepLine]) -> None:
        """Draw these."""
        if tuple(lines) != self._lines:
            layout = len(lines) != len(self._lines)
            self._lines = tuple(lines)
            self.refresh(layout=layout)

    def _columns(self, width: int) -> int:
        """Two where the screen is too low for one."""
        return 1 if self.app.size.height >= 36 or width < 50 else 2

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 as Textual calls it
        columns = self._columns(width)
        return -(-len(self._lines) // columns)

    def render(self) -> Content:
        width = self.size.width
        columns = self._columns(width)
        rows = -(-len(self._lines) // columns)
        cell = width // columns
        lines = []
        for row in range(rows):
            parts: list[tuple[str, str]] = []
            for column in range(columns):
                index = row + column * rows
                if index < len(self._lines):
                    parts += self._cell(self._lines[index], cell)
            lines.append(Content.assemble(*parts))
        return Content("\n").join(lines)

    def _cell(self, line: StepLine, width: int) -> list[tuple[str, str]]:
        marks = {
            "done": (self._marks.ok, "$text-success", "$foreground"),
            "running": (self._marks.here, "bold $accent", "bold $foreground"),
            "failed": (self._marks.bad, "$text-error", "bold $text-error"),
            "skipped": (self._marks.skip, "$text-muted", "$text-muted"),
        }
        glyph, mark_style, name_style = marks.get(
            line.status, (self._marks.todo, "$text-muted", "$text-muted")
        )
        right = line.elapsed or line.typical
        name = fit(line.name, width - 5 - len(right), self._marks.more)
        style = "$text-muted" if not line.elapsed else "bold" if line.status == "running" else "$foreground"
        return [(f" {glyph} ", mark_style), (name, name_style), (right, style), ("  ", "")]
