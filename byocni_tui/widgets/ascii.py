"""Only ASCII on the screen, whatever draws: marks of texts, frames and scroll bars are exchanged cell for cell at the
last moment. Letters of other scripts stay, since there is no ASCII for them."""

from typing import Final

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_TABLE: Final = str.maketrans(
    {
        "·": ".", "…": "~", "→": ">", "←": "<", "–": "-", "—": "-", "×": "x", "✓": "+", "✗": "x", "▸": ">", "●": "*",
        "○": "o", "◌": "~", "‹": "<", "›": ">", "▌": "|", "█": "#", "▒": "=", "░": ".", "─": "-", "│": "|", "≠": "#",
        "╭": "+", "╮": "+", "╰": "+", "╯": "+", "┌": "+", "┐": "+", "└": "+", "┘": "+", "├": "+", "┤": "+", "≥": ">",
        "‘": "'", "’": "'", "“": '"', "”": '"', "▔": "-", "▁": "_", "▂": "_", "▃": "=", "▄": "=", "▅": "=", "▆": "#",
        "▇": "#", "▊": "|", "▎": "|", "▏": "|", "▐": "|", "▉": "|", "▍": "|", "▋": "|", "━": "-", "┃": "|",
    }
)  # fmt: skip


class Ascii(LineFilter):
    """Of Textual's line filters: applied to every line that is drawn."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 as Textual calls it
        """The same cells, other characters."""
        return [
            segment
            if segment.text.isascii()
            else Segment(segment.text.translate(_TABLE), segment.style, segment.control)
            for segment in segments
        ]
