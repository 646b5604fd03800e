"""``byocni-tui scenarios``: the lessons there are; one of them; check or begin a file of one's own."""

import argparse
from pathlib import Path
from typing import Any

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_USAGE, UserError
from byocni_tui.locale import Translator


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Options."""
    parser.add_argument("act", nargs="?", default="list", choices=["list", "show", "check", "new"],
                        help=tr("cli.scenarios.act"))  # fmt: skip
    parser.add_argument("what", nargs="?", metavar="ID|FILE", help=tr("cli.scenarios.what"))
    parser.add_argument(
        "-o", "--output", choices=["text", "json"], default="text", help=tr("cli.scenarios.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """One of list, show, check, new."""
    from byocni_tui.sandbox import scenario

    if args.act == "list":
        rows = [_row(scenario.load(name), console.tr.lang) for name in scenario.names()]
        if console.json_output:
            console.json(rows)
            return EXIT_DONE
        width = max(len(row["id"]) for row in rows)
        for row in rows:
            console.out(f"{row['id'].ljust(width)}  {row['title']}")
        return EXIT_DONE
    if not args.what:
        raise UserError("scenario_missing", exit_code=EXIT_USAGE, act=args.act)
    if args.act == "new":
        return _new(args.what, console)
    try:
        found = scenario.load(args.what)
    except scenario.ScenarioError as error:
        raise UserError("scenario", exit_code=EXIT_USAGE, where=error.where, problem=error.problem) from error
    if args.act == "check":
        console.out(console.tr("cli.scenarios.good", file=args.what))
        return EXIT_DONE
    return _show(found, console)


def _row(one: Any, lang: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": getattr(one.title, lang),
        "lesson": getattr(one.lesson, lang),
        "cloud": one.cloud,
        "level": one.level,
        "minutes": one.minutes,
        "prerequisites": list(one.prerequisites),
    }


def _show(one: Any, console: Console) -> int:
    row = _row(one, console.tr.lang)
    row["notice"] = getattr(one.notice, console.tr.lang) if one.notice else None
    row["faults"] = [fault.id for fault in one.faults]
    row["source"] = one.debrief.source if one.debrief else None
    if console.json_output:
        console.json(row)
        return EXIT_DONE
    console.out(f"{row['id']}: {row['title']}")
    console.out(row["lesson"])
    console.out(
        console.tr("cli.scenarios.about", cloud=row["cloud"], level=row["level"], minutes=row["minutes"])
    )
    for field in ("notice", "source"):
        if row[field]:
            console.out(row[field])
    return EXIT_DONE


def _new(name: str, console: Console) -> int:
    """A file to begin with: the public happy path under another name. Never over a file that exists."""
    from byocni_tui.sandbox import scenario

    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(scenario.find("public").read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError("scenario_new", file=str(path), detail=str(error)) from error
    console.out(console.tr("cli.scenarios.made", file=str(path)))
    return EXIT_DONE
