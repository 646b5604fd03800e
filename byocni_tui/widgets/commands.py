"""What will run: the equivalent commands, with the lines that the last key changed marked."""

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from byocni_tui.widgets.glyphs import Glyphs, fit
from byocni_tui.widgets.why import heading


class Commands(Widget):
    """Shows as many lines as fit, those around the last change first. A click asks for the whole text."""

    DEFAULT_CSS = """
    Commands { height: 1fr; }
    """

    class Opened(Message):
        """The whole text was asked for."""

    def __init__(self, title: str, hint: str, marks: Glyphs) -> None:
        super().__init__()
        self._title, self._hint, self._marks = title, hint, marks
        self._lines: list[str] = []
        self._changed: set[int] = set()
        self._look_for: tuple[str, ...] = ()

    def show(self, commands: Sequence[str], look_for: Sequence[str] = ()) -> None:
        """Show these; lines that were not there before are marked. Where not all fit, the first of ``look_for`` that is
        found (an option of az, the beginning of a command) is in view."""
        lines = [line for command in commands for line in command.split("\n")]
        if tuple(look_for) != self._look_for:
            self._look_for = tuple(look_for)
            self._changed = set()
            self.refresh()
        if lines == self._lines:
            return
        before = set(self._lines)
        self._changed = {i for i, line in enumerate(lines) if line not in before} if before else set()
        self._lines = lines
        self.refresh()

    def render(self) -> Content:
        width, room = self.size.width, self.size.height - 1
        first = max(0, min(self._wanted(room), len(self._lines) - room))
        parts = [heading(self._title, self._hint, width, self._marks)]
        for index, line in enumerate(self._lines[first : first + room], first):
            new = index in self._changed
            mark = (self._marks.bar, "$accent") if new else (" ", "")
            style = (
                "$text-disabled"
                if line.lstrip().startswith("#")
                else "bold $foreground"
                if new
                else "$text-muted"
            )
            parts.append(Content.assemble(mark, (fit(line, width - 1, self._marks.more), style)))
        return Content("\n").join(parts)

    def _wanted(self, room: int) -> int:
        """The first line to show: so that what changed, or what is looked for, stands in the middle."""
        if self._changed:
            return min(self._changed) - (room - 1) // 2
        for text in self._look_for:
            for index, line in enumerate(self._lines):
                if line.strip().startswith(text) and not line.lstrip().startswith("#"):
                    return index - (0 if line == line.lstrip() else (room - 1) // 2)
        return 0

    def on_click(self, _event: events.Click) -> None:
        """Open the whole."""
        self.post_message(self.Opened())
