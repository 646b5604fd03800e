"""Makes the pictures and casts in docs/gallery from the program itself: ``python tools/gallery.py [FOLDER]``.

The same program makes the same bytes, so a test can tell when they are stale.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
GALLERY: Final = ROOT / "docs" / "gallery"

SHOWS: Final[tuple[tuple[str, str, tuple[int, int], tuple[str, ...]], ...]] = (
    (
        "article",
        "en",
        (100, 30),
        ("network", "cni", "preflight", "review", "nodes-not-ready", "deploy", "done"),
    ),
    ("article", "zh", (100, 30), ("cni", "nodes-not-ready", "deploy")),
    ("nsg-denies-overlay", "en", (100, 30), ("start", "solved")),
)
"""Scenario, language, size, and the pictures that are kept of it. Each is kept as a cast, too."""


async def show(scenario: str, lang: str, size: tuple[int, int], kept: tuple[str, ...]) -> dict[str, str]:
    """File name -> content of one performance."""
    from byocni_tui.sandbox.scenario import load
    from byocni_tui.training import cast
    from byocni_tui.training.demo import Demo

    frames = await Demo(scenario, lang=lang, size=size).play()
    stem = scenario if lang == "en" else f"{scenario}.{lang}"
    title = getattr(load(scenario).title, lang)
    made = {f"{stem}.cast": cast.cast(frames, title=title, size=size)}
    for frame in frames:
        name = f"{stem}-{frame.name}.svg"
        if frame.name in kept and name not in made:
            made[name] = frame.svg
    return made


def main() -> int:
    """Write them all; files that nobody makes any more are taken away."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else GALLERY
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("NO_COLOR", "TEXTUAL_THEME"):
        os.environ.pop(name, None)
    os.environ["COLORTERM"] = "truecolor"
    made: dict[str, str] = {}
    for one in SHOWS:
        made |= asyncio.run(show(*one))
    for old in [*folder.glob("*.svg"), *folder.glob("*.cast")]:
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    print(f"{len(made)} files in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
