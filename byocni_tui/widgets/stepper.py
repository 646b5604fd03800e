"""The steps: a line at the top, or a column at the left where there is room. A click jumps."""

from typing import Literal

import msgspec
from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from byocni_tui.widgets.glyphs import Glyphs, fit

StepState = Literal["here", "done", "problem", "todo"]


class StepMark(msgspec.Struct, frozen=True, kw_only=True):
    """One step as the stepper shows it; ``note`` is its answer in short (column only)."""

    id: str
    name: str
    state: StepState
    problems: int = 0
    note: str = ""


class Stepper(Widget):
    """``show`` what is to be drawn; posts ``Picked``."""

    DEFAULT_CSS = """
    Stepper { height: 1; color: $text-muted; padding: 0 1; }
    """

    class Picked(Message):
        """A step was clicked."""

        def __init__(self, step: str) -> None:
            super().__init__()
            self.step = step

    def __init__(self, marks: Glyphs, title: str) -> None:
        super().__init__()
        self._marks = marks
        self._title = title
        self._steps: tuple[StepMark, ...] = ()
        self._spans: list[tuple[int, int, str]] = []

    def show(self, steps: tuple[StepMark, ...]) -> None:
        """Draw these."""
        if steps != self._steps:
            self._steps = steps
            self.refresh()

    def _mark(self, step: StepMark) -> tuple[str, str]:
        marks = {
            "here": (self._marks.here, "bold $accent"),
            "done": (self._marks.ok, "$text-success"),
            "problem": (self._marks.bad, "$text-error"),
            "todo": (self._marks.todo, ""),
        }
        return marks[step.state]

    def render(self) -> Content:
        self._spans = []
        return self._column() if self.size.height > 2 else self._line()

    def _line(self) -> Content:
        named = [True] * len(self._steps)
        here = next((i for i, step in enumerate(self._steps) if step.state == "here"), 0)
        far = sorted(range(len(self._steps)), key=lambda i: -abs(i - here))

        def width() -> int:
            texts = (2 + cell_len(s.name) if n else 1 for s, n in zip(self._steps, named, strict=True))
            return sum(texts) + len(named) - 1

        while far and width() > self.size.width:
            named[far.pop(0)] = False
        at, parts = 0, []
        for step, with_name in zip(self._steps, named, strict=True):
            glyph, style = self._mark(step)
            text = f"{glyph} {step.name}" if with_name else glyph
            parts += [(text, style), (" ", "")]
            self._spans.append((at, at + cell_len(text), step.id))
            at += cell_len(text) + 1
        return Content.assemble(*parts[:-1])

    def _column(self) -> Content:
        width = self.size.width
        tight = self.size.height < 2 + sum(2 if step.note else 1 for step in self._steps)
        lines = [Content.styled(fit(self._title, width), "bold $text-muted"), Content("")]
        for index, step in enumerate(self._steps, 1):
            glyph, style = self._mark(step)
            count = f" {step.problems}" if step.problems and step.state in ("problem", "here") else ""
            name = fit(f"{index:>2} {step.name}", width - 2 - cell_len(count), self._marks.more)
            self._spans.append((len(lines), len(lines) + 1, step.id))
            lines.append(Content.assemble((f"{glyph} ", style), (name, style), (count, "$text-error")))
            if step.note and not tight:
                lines.append(Content.styled(fit(f"     {step.note}", width, self._marks.more), "dim"))
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        """Jump to the step under the mouse."""
        at = event.y if self.size.height > 2 else event.x - 1
        for start, end, step_id in self._spans:
            if start <= at < end:
                self.post_message(self.Picked(step_id))
