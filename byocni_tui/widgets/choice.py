"""One value out of a few, on one line: all of them side by side where they fit, else one with arrows."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from byocni_tui.widgets.glyphs import Glyphs


class Choice(Widget, can_focus=True):
    """``options`` are (value, label). Left and right (or the mouse) change; the value is posted as ``Changed``."""

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; color: $text-muted; }
    Choice:focus { background: $boost; color: $text; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1)", show=False),
        Binding("right,l,space", "step(1)", show=False),
        Binding("home", "step(-99)", show=False),
        Binding("end", "step(99)", show=False),
    ]

    class Changed(Message):
        """Another option was taken."""

        def __init__(self, choice: "Choice", value: str) -> None:
            super().__init__()
            self.choice = choice
            self.value = value

        @property
        def control(self) -> "Choice":
            return self.choice

    def __init__(self, options: Sequence[tuple[str, str]], value: str, marks: Glyphs) -> None:
        super().__init__()
        self._options = list(options)
        self._marks = marks
        self._value = value

    @property
    def value(self) -> str:
        """The value taken, which may be none of the options (a file can hold anything)."""
        return self._value

    def set_value(self, value: str) -> None:
        """Show ``value`` without posting."""
        if value != self._value:
            self._value = value
            self.refresh()

    def set_options(self, options: Sequence[tuple[str, str]]) -> None:
        """Offer others; the value stays."""
        if list(options) != self._options:
            self._options = list(options)
            self.refresh()

    def _index(self) -> int:
        return next((i for i, (value, _) in enumerate(self._options) if value == self._value), -1)

    def _spans(self) -> list[tuple[int, int, int]]:
        """(from, to, option) in cells where all fit on the line, else nothing."""
        at, spans = 0, []
        for index, (_, label) in enumerate(self._options):
            width = cell_len(label) + 2
            spans.append((at, at + width, index))
            at += width + 2
        return spans if at - 2 <= self.size.width and self._index() >= 0 else []

    def render(self) -> Content:
        here = self._index()
        if self._spans():
            parts: list[Content | tuple[str, str]] = []
            for index, (_, label) in enumerate(self._options):
                taken = index == here
                mark = self._marks.on if taken else self._marks.off
                parts.append((f"{mark} {label}", "bold $foreground" if taken else ""))
                parts.append(("  ", ""))
            return Content.assemble(*parts[:-1])
        label = self._options[here][1] if here >= 0 else self._value
        count = f"  {here + 1}/{len(self._options)}" if here >= 0 else ""
        return Content.assemble(
            f"{self._marks.left} ", (label, "bold $foreground"), f" {self._marks.right}", count
        )

    def action_step(self, by: int) -> None:
        """Take the next option in a direction; stops at the ends."""
        if self._options:
            self._take(max(0, min(len(self._options) - 1, self._index() + by)))

    def on_click(self, event: events.Click) -> None:
        """Take the option under the mouse; the arrows step."""
        spans = self._spans()
        for start, end, index in spans:
            if start <= event.x < end:
                self._take(index)
        if not spans:
            self.action_step(-1 if event.x < 2 else 1)

    def _take(self, index: int) -> None:
        value = self._options[index][0]
        if value != self._value:
            self.set_value(value)
            self.post_message(self.Changed(self, value))
