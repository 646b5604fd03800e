"""A row of names, one of them open: left and right (or a click) open another."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from byocni_tui.widgets.glyphs import Glyphs


class TabLine(Widget, can_focus=True):
    """``tabs`` are (id, name). Posts ``Opened``."""

    DEFAULT_CSS = """
    TabLine { height: 1; color: $text-muted; margin-bottom: 1; }
    TabLine:focus { background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
        Binding("home", "step(-99)", show=False),
        Binding("end", "step(99)", show=False),
    ]

    class Opened(Message):
        """Another tab is open."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, tabs: Sequence[tuple[str, str]], marks: Glyphs) -> None:
        super().__init__()
        self._tabs = list(tabs)
        self._marks = marks
        self._at = 0
        self._spans: list[tuple[int, int, int]] = []

    @property
    def current(self) -> str:
        """The id of the open one."""
        return self._tabs[self._at][0]

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        self._spans = []
        at = 0
        for index, (_, name) in enumerate(self._tabs):
            open_ = index == self._at
            text = f"{self._marks.here if open_ else ' '}{name}"
            parts += [(text, "bold $accent" if open_ else ""), (" ", "")]
            self._spans.append((at, at + cell_len(text), index))
            at += cell_len(text) + 1
        return Content.assemble(*parts)

    def action_step(self, by: int) -> None:
        """Open the next in a direction."""
        self._open(max(0, min(len(self._tabs) - 1, self._at + by)))

    def on_click(self, event: events.Click) -> None:
        """Open the one under the mouse."""
        for start, end, index in self._spans:
            if start <= event.x < end:
                self._open(index)

    def _open(self, index: int) -> None:
        if index != self._at:
            self._at = index
            self.refresh()
            self.post_message(self.Opened(self.current))
