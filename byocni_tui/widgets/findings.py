"""All findings in one list: worst first, one chosen with the arrows and shown with what would mend it."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.widget import Widget

from byocni_tui.plan.finding import Finding
from byocni_tui.widgets.glyphs import Glyphs, wrap


class FindingLine(msgspec.Struct, frozen=True, kw_only=True):
    """``where`` is the field's label, ``field`` its path, ``offer`` the remedy with its key."""

    code: str
    severity: str
    where: str
    field: str
    text: str
    offer: str = ""
    finding: Finding | None = None


class FindingList(Widget, can_focus=True):
    """Enter (or a click) posts ``Picked``."""

    DEFAULT_CSS = """
    FindingList { height: auto; min-height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("enter", "pick", show=False),
    ]

    class Picked(Message):
        """Go to the field of this finding."""

        def __init__(self, field: str) -> None:
            super().__init__()
            self.field = field

    def __init__(self, clear: str, marks: Glyphs) -> None:
        super().__init__()
        self._clear, self._marks = clear, marks
        self._lines: tuple[FindingLine, ...] = ()
        self._at = 0
        self._rows: list[int] = []

    @property
    def current(self) -> FindingLine | None:
        """The one under the cursor."""
        return self._lines[self._at] if self._at < len(self._lines) else None

    def show(self, lines: Sequence[FindingLine]) -> None:
        """Draw these, worst first."""
        rank = ("error", "warning", "info")
        ordered = tuple(sorted(lines, key=lambda line: rank.index(line.severity)))
        if ordered != self._lines:
            self._lines = ordered
            self._at = min(self._at, max(0, len(ordered) - 1))
            self.refresh(layout=True)

    def _draw(self, width: int) -> list[Content]:
        if not self._lines:
            first, *rest = wrap(self._clear, max(20, width - 4))
            clear = [Content.assemble((f" {self._marks.ok} ", "$text-success"), (first, "$foreground"))]
            return clear + [Content.styled(f"   {line}", "$foreground") for line in rest]
        drawn: list[Content] = []
        self._rows = []
        for index, line in enumerate(self._lines):
            here = index == self._at and self.has_focus
            glyph = {"error": self._marks.bad, "warning": self._marks.warn, "info": "i"}[line.severity]
            style = {"error": "$text-error", "warning": "$text-warning", "info": "$text-muted"}[line.severity]
            block = [
                Content.assemble(
                    (self._marks.here if here else " ", "bold $accent"), (f"{glyph} ", style),
                    (f"{line.code} ", style), (line.where, "bold $accent" if here else "bold"),
                )
            ]  # fmt: skip
            block += [
                Content.styled(f"   {text}", "$foreground") for text in wrap(line.text, max(20, width - 4))
            ]
            if line.offer:
                block += [
                    Content.styled(f"   {text}", "$accent") for text in wrap(line.offer, max(20, width - 4))
                ]
            self._rows += [index] * len(block)
            drawn += block
        return drawn

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 as Textual calls it
        return len(self._draw(width))

    def render(self) -> Content:
        return Content("\n").join(self._draw(self.size.width))

    def action_move(self, by: int) -> None:
        """Another one."""
        self._at = max(0, min(len(self._lines) - 1, self._at + by))
        self.refresh()
        if self._at in self._rows and isinstance(self.parent, Widget):
            top = self._rows.index(self._at)
            region = Region(0, self.virtual_region.y + top, self.size.width, self._rows.count(self._at))
            self.parent.scroll_to_region(region, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 Textual's own
        """An empty list leaves Enter to whoever holds it."""
        return action != "pick" or self.current is not None

    def action_pick(self) -> None:
        """Go there."""
        if self.current:
            self.post_message(self.Picked(self.current.field))

    def on_click(self, event: events.Click) -> None:
        if event.y < len(self._rows):
            self._at = self._rows[event.y]
            self.refresh()
            self.action_pick()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()
