"""The marks that carry meaning beside colour, in two sets: Unicode, and ASCII for terminals and fonts without them."""

import msgspec
from rich.cells import cell_len, set_cell_size


class Glyphs(msgspec.Struct, frozen=True, kw_only=True):
    """One cell each unless said otherwise (``ok`` is two cells in ASCII)."""

    ok: str = "✓"
    bad: str = "✗"
    warn: str = "!"
    here: str = "▸"
    todo: str = "·"
    busy: str = "◌"
    skip: str = "–"
    more: str = "…"
    on: str = "●"
    off: str = "○"
    left: str = "‹"
    right: str = "›"
    bar: str = "▌"
    full: str = "█"
    half: str = "▒"
    empty: str = "░"
    line: str = "─"
    to: str = "→"


UNICODE = Glyphs()
ASCII = Glyphs(
    ok="+", bad="x", warn="!", here=">", todo=".", busy="~", skip="-", more="~", on="*", off="o", left="<", right=">",
    bar="|", full="#", half="=", empty=".", line="-", to=">",
)  # fmt: skip


def glyphs(ascii_only: bool) -> Glyphs:
    """The set to draw with."""
    return ASCII if ascii_only else UNICODE


def fit(text: str, width: int, more: str = "…") -> str:
    """``text`` in exactly ``width`` cells: padded, or cut with ``more`` as its last mark."""
    if cell_len(text) <= width:
        return text + " " * (width - cell_len(text))
    if width <= cell_len(more):
        return set_cell_size(text, max(width, 0))
    return set_cell_size(text, width - cell_len(more)) + more


def fit_end(text: str, width: int, more: str = "…") -> str:
    """As ``fit``, but cut at the beginning: names of nodes differ at their end. For names of one-cell characters."""
    return fit(text if len(text) <= width else more + text[len(text) - width + len(more) :], width)


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells: broken at blanks, and between any two wide characters (Chinese has no blanks)
    except before punctuation that may not begin a line."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if line and cell_len(line) + cell_len(piece.rstrip()) > width:
                lines.append(line.rstrip())
                line = piece.lstrip()
            else:
                line += piece
            while cell_len(line.rstrip()) > width:
                head = set_cell_size(line, width).rstrip()
                lines.append(head)
                line = line[len(head) :]
        lines.append(line.rstrip())
    return lines


_NOT_FIRST = frozenset("，。、；：？！）》”’…％,.;:?!)%")


def _pieces(text: str) -> list[str]:
    """What may stand on a line of its own: words with the blank behind them, or single wide characters."""
    pieces: list[str] = []
    for char in text:
        previous = pieces[-1] if pieces else ""
        new = (
            not previous
            or (previous.endswith(" ") and char != " ")
            or (
                char not in _NOT_FIRST
                and char != " "
                and (cell_len(char) == 2 or cell_len(previous[-1]) == 2)
            )
        )
        if new:
            pieces.append(char)
        else:
            pieces[-1] += char
    return pieces
