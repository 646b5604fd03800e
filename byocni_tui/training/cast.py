"""What a demo leaves behind: screens as SVG pictures, and an asciinema cast (version 2) of all of them.

A frame is what the application drew, as lines of styled segments; nothing in it depends on the machine's time.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.cells import cell_len
from rich.segment import Segment

_FONTS: Final = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)
_BAR: Final = "\x1b[30;47m"
_PLAIN: Final = "\x1b[0m"


class Frame(msgspec.Struct, frozen=True):
    """``hold`` is how long a person looks at it, in seconds; ``name`` is set where a picture is kept."""

    lines: tuple[str, ...]
    caption: str
    hold: float
    svg: str = ""
    name: str = ""


def lines_of(strips: Iterable[Iterable[Segment]]) -> tuple[str, ...]:
    """What the compositor drew, as terminal text."""
    return tuple("".join(_escaped(segment) for segment in strip) for strip in strips)


def _escaped(segment: Segment) -> str:
    if segment.control:
        return ""
    if segment.style is None:
        return segment.text
    from rich.color import ColorSystem

    return segment.style.render(segment.text, color_system=ColorSystem.TRUECOLOR)


def bar(caption: str, width: int) -> str:
    """The caption's line below the screen."""
    text = f" SIMULATION  {caption}"
    while cell_len(text) > width - 1:
        text = text[:-2] + "…"
    return f"{_BAR}{text}{' ' * (width - cell_len(text))}{_PLAIN}"


def updates(frames: Iterable[Frame], width: int) -> Iterable[tuple[str, float]]:
    """(what is written to the terminal, seconds until the next): only the lines that changed."""
    before: list[str] = []
    for frame in frames:
        now = [*frame.lines, bar(frame.caption, width)]
        parts = [] if before else ["\x1b[?25l\x1b[2J"]
        for row, line in enumerate(now, 1):
            if row > len(before) or before[row - 1] != line:
                parts.append(f"\x1b[{row};1H{line}{_PLAIN}")
        before = now
        yield "".join(parts), frame.hold
    yield f"\x1b[{len(before) + 1};1H\x1b[?25h\r\n", 0.0


def cast(frames: list[Frame], *, title: str, size: tuple[int, int]) -> str:
    """An asciinema cast, version 2."""
    header: dict[str, Any] = {
        "version": 2, "width": size[0], "height": size[1] + 1, "timestamp": 1767225600, "title": f"SIMULATION: {title}",
        "env": {"TERM": "xterm-256color"},
    }  # fmt: skip
    out = [json.dumps(header, ensure_ascii=False)]
    at = 0.0
    for data, hold in updates(frames, size[0]):
        out.append(json.dumps([round(at, 3), "o", data], ensure_ascii=False))
        at += hold
    return "\n".join(out) + "\n"


def pictures(frames: list[Frame]) -> dict[str, str]:
    """File name -> SVG, of the frames that have a name; numbered in their order."""
    named = [frame for frame in frames if frame.name]
    return {f"{number:02d}-{frame.name}.svg": frame.svg for number, frame in enumerate(named, 1)}


def without_fonts(svg: str) -> str:
    """A picture that loads nothing from elsewhere: the viewer's own monospaced font will do."""
    return _FONTS.sub("", svg)


def save(path: Path, frames: list[Frame], *, title: str, size: tuple[int, int]) -> list[Path]:
    """A cast where the path ends in .cast, else pictures into the folder; what was written. Raises ``OSError``."""
    from byocni_tui.files import write_atomically

    if path.suffix == ".cast":
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, cast(frames, title=title, size=size))
        return [path]
    path.mkdir(parents=True, exist_ok=True)
    written = []
    for name, svg in pictures(frames).items():
        write_atomically(path / name, svg)
        written.append(path / name)
    return written
