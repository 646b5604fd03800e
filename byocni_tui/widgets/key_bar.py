"""The keys that work here, as one line at the bottom; each can be clicked. Those that don't fit are left out from the
end, the first (Next) never."""

from collections.abc import Sequence

import msgspec
from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget


class KeyHint(msgspec.Struct, frozen=True, kw_only=True):
    """``key`` as shown, ``text`` what it does, ``action`` what a click runs; ``dim`` where it is blocked."""

    key: str
    text: str
    action: str
    dim: bool = False


class KeyBar(Widget):
    """Shows hints in the order of their weight."""

    DEFAULT_CSS = """
    KeyBar { height: 1; background: $panel; color: $text-muted; }
    """

    class Pressed(Message):
        """A hint was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self) -> None:
        super().__init__()
        self._hints: tuple[KeyHint, ...] = ()
        self._spans: list[tuple[int, int, str]] = []

    @property
    def shown(self) -> bool:
        """Whether anything was."""
        return bool(self._hints)

    def show(self, hints: Sequence[KeyHint]) -> None:
        """Draw these."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self.refresh()

    def render(self) -> Content:
        at = 1
        parts: list[tuple[str, str]] = [(" ", "")]
        self._spans = []
        for hint in self._hints:
            width = cell_len(hint.key) + 1 + cell_len(hint.text)
            if at + width > self.size.width - 1:
                continue
            parts += [
                (hint.key, "bold $text-warning" if hint.dim else "bold $accent"),
                (f" {hint.text}", "" if hint.dim else "$foreground"),
                ("  ", ""),
            ]
            self._spans.append((at, at + width, hint.action))
            at += width + 2
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """Run what stands under the mouse."""
        for start, end, action in self._spans:
            if start <= event.x < end:
                self.post_message(self.Pressed(action))
