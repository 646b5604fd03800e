"""``byocni-tui demo``: plays a lesson by itself in the real wizard, and records it."""

import argparse
import asyncio
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from byocni_tui.commands.apply import speed
from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_USAGE, UserError
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from byocni_tui.training.cast import Frame

_PACE = 60.0
"""The ``--speed`` at which captions are held as long as a person reads them."""


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Options of the contract, and the size of the screen."""
    parser.add_argument("--scenario", metavar="ID", default="article", help=tr("cli.demo.scenario"))
    parser.add_argument("--speed", metavar="N|max", type=speed, default=_PACE, help=tr("cli.demo.speed"))
    parser.add_argument("--record", metavar="FILE.cast|DIR", type=Path, action="append", default=[],
                        help=tr("cli.demo.record"))  # fmt: skip
    parser.add_argument("--size", metavar="COLSxROWS", default="100x30", help=tr("cli.demo.size"))


def run(args: argparse.Namespace, console: Console) -> int:
    """Play; on a terminal it is seen, with --record it is kept."""
    size = _size(args.size)
    for path in args.record:
        if path.suffix == ".cast":
            continue
        if path.exists() and not path.is_dir():
            raise UserError("demo_record", exit_code=EXIT_USAGE, where=str(path))
    from byocni_tui.connections import scenario

    found = scenario(args.scenario)
    if not found.solution:
        raise UserError("training_nothing", exit_code=EXIT_USAGE, scenario=found.id)
    frames = asyncio.run(_play(args, console, size))
    from byocni_tui.training import cast

    title = getattr(found.title, console.tr.lang)
    for path in args.record:
        try:
            for written in cast.save(path, frames, title=title, size=size):
                console.say(console.tr("training.written", file=str(written)))
        except OSError as error:
            raise UserError("training_file", where=str(path), detail=str(error)) from error
    return EXIT_DONE


def _size(text: str) -> tuple[int, int]:
    parts = re.fullmatch(r"(\d{2,3})x(\d{2})", text)
    size = (int(parts[1]), int(parts[2])) if parts else (0, 0)
    if not (80 <= size[0] <= 240 and 24 <= size[1] <= 80):
        raise UserError("demo_size", exit_code=EXIT_USAGE, value=text)
    return size


async def _play(args: argparse.Namespace, console: Console, size: tuple[int, int]) -> "list[Frame]":
    from byocni_tui.training import cast, demo
    from byocni_tui.training.player import PlayError

    stream = sys.stdout  # the application takes what is printed while it runs
    seen = stream.isatty() and not args.record and not args.plain
    frames: list[Frame] = []
    try:
        async for frame in demo.perform(args.scenario, lang=console.tr.lang, size=size):
            if seen:
                data, hold = next(iter(cast.updates([frame], size[0])))
                stream.write(data)
                stream.flush()
                if math.isfinite(args.speed) and args.speed > 0:
                    await asyncio.sleep(hold * _PACE / args.speed)
            elif not args.record and (not frames or frames[-1].caption != frame.caption):
                stream.write(f"{frame.caption}\n")
                stream.flush()
            frames.append(frame)
    except (PlayError, ValueError) as error:
        raise UserError("demo_failed", scenario=args.scenario, problem=str(error)) from error
    finally:
        if seen:
            stream.write(f"\x1b[{size[1] + 2};1H\x1b[?25h\n")
            stream.flush()
    return frames
