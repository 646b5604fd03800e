"""What this choice means, the rule behind it and its source: always in view, cut to the room there is."""

from textual.content import Content
from textual.widget import Widget

from byocni_tui.widgets.glyphs import Glyphs, fit, wrap


def heading(title: str, hint: str, width: int, marks: Glyphs) -> Content:
    """A rule with a title in it and a key's hint at its right end."""
    from rich.cells import cell_len

    tail = f" {hint} " if hint else ""
    rule = marks.line * max(0, width - cell_len(title) - 3 - cell_len(tail))
    return Content.assemble(
        (f"{marks.line} ", "$border-blurred"),
        (title, "bold"),
        (f" {rule}", "$border-blurred"),
        (tail, "$text-muted"),
    )


class Why(Widget):
    """``show`` a title and paragraphs; what doesn't fit ends in "more" (F1 shows all)."""

    DEFAULT_CSS = """
    Why { height: 1fr; }
    """

    def __init__(self, title: str, hint: str, marks: Glyphs) -> None:
        super().__init__()
        self._title, self._hint, self._marks = title, hint, marks
        self._about = ""
        self._text = ""

    def show(self, about: str, text: str) -> None:
        """``about`` names the field, ``text`` has paragraphs divided by newlines."""
        if (about, text) != (self._about, self._text):
            self._about, self._text = about, text
            self.refresh()

    def render(self) -> Content:
        width, height = self.size.width, self.size.height
        roomy = height > 8
        lines = wrap(self._text, width - 2)
        if roomy:
            lines = [
                line
                for line in "\n\n".join(self._text.split("\n")).split("\n")
                for line in wrap(line, width - 2)
            ]
        room = height - 1 - (2 if roomy and self._about else 0)
        if len(lines) > room > 0:
            lines = [
                *lines[: room - 1],
                fit(f"{lines[room - 1]} {self._marks.more}", width - 2, self._marks.more),
            ]
        colon = "：" if not self._title.isascii() else ": "
        title = self._title if roomy or not self._about else f"{self._title}{colon}{self._about}"
        parts = [heading(title, self._hint, width, self._marks)]
        if roomy and self._about:
            parts += [Content.styled(f" {self._about}", "bold $accent"), Content("")]
        parts += [Content.styled(f" {line}", "$text-muted") for line in lines[: max(room, 0)]]
        return Content("\n").join(parts)
