"""The last lines of what really ran; follows the end unless one has scrolled back."""

from collections import deque
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from byocni_tui.widgets.glyphs import wrap

KEPT = 5000


class LogTail(Widget, can_focus=True):
    """``write`` a line of (time, text); ``lines`` is the whole for copying."""

    DEFAULT_CSS = """
    LogTail { height: 1fr; min-height: 2; color: $text-muted; }
    LogTail:focus { color: $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "back(1)", show=False),
        Binding("down", "back(-1)", show=False),
        Binding("pageup", "back(10)", show=False),
        Binding("pagedown", "back(-10)", show=False),
        Binding("end", "follow", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._entries: deque[tuple[str, str, str]] = deque(maxlen=KEPT)
        self._back = 0

    @property
    def lines(self) -> list[str]:
        """All that is kept, oldest first."""
        return [f"{time} {text}" for time, text, _ in self._entries]

    def write(self, time: str, text: str, style: str = "") -> None:
        """A line at the end; ``style`` colours it."""
        self._entries.append((time, text, style))
        if self._back:
            self._back += 1
        self.refresh()

    def clear(self) -> None:
        """Begin anew."""
        self._entries.clear()
        self._back = 0
        self.refresh()

    def render(self) -> Content:
        width, height = self.size.width, self.size.height
        drawn: list[Content] = []
        entries = list(self._entries)
        end = len(entries) - self._back
        for time, text, style in reversed(entries[:end]):
            pieces = wrap(text, max(10, width - len(time) - 3))
            block = [
                Content.assemble(
                    (f" {time if i == 0 else ' ' * len(time)} ", "$text-disabled"), (piece, style)
                )
                for i, piece in enumerate(pieces)
            ]
            drawn = block + drawn
            if len(drawn) >= height:
                break
        return Content("\n").join(drawn[-height:])

    def action_back(self, lines: int) -> None:
        """Scroll towards the beginning (or the end, negative)."""
        self._back = max(0, min(len(self._entries) - 1, self._back + lines))
        self.refresh()

    def action_follow(self) -> None:
        """Back to the end."""
        self._back = 0
        self.refresh()

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        self.action_back(2)

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        self.action_back(-2)
