"""``byocni-tui training``: take a lesson from the command line; for trainers, results in a table, or one retold."""

import argparse
import hashlib
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byocni_tui.commands.apply import speed
from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, UserError
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from byocni_tui.training.coach import Coach

_ACTS = (
    "start", "env", "status", "hint", "check", "skip", "finish", "reset", "stop", "report", "replay",
)  # fmt: skip


INTERMIXED = True
"""Options may stand between the files."""


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Options."""
    parser.add_argument("act", choices=_ACTS, help=tr("cli.training.act"))
    parser.add_argument("what", nargs="*", metavar="ID|FILE|TIME", help=tr("cli.training.what"))
    parser.add_argument("--learner", metavar="NAME", default="", help=tr("cli.training.learner"))
    parser.add_argument("--speed", metavar="N|max", type=speed, default=60.0, help=tr("cli.training.speed"))
    parser.add_argument("--seed", metavar="N", type=int, default=1, help=tr("cli.training.seed"))
    parser.add_argument("--run", metavar="RUN", help=tr("cli.training.run"))
    parser.add_argument("--sandbox", metavar="URL", help=tr("cli.training.sandbox"))
    parser.add_argument("--out", metavar="FILE", type=Path, help=tr("cli.training.out"))
    parser.add_argument("--html", metavar="FILE", type=Path, help=tr("cli.training.html"))
    parser.add_argument("--csv", metavar="FILE", type=Path, help=tr("cli.training.csv"))
    parser.add_argument("--key", metavar="WORD", help=tr("cli.training.key"))
    parser.add_argument("--step", action="store_true", help=tr("cli.training.step"))
    parser.add_argument(
        "-o", "--output", choices=["text", "json"], default="text", help=tr("cli.training.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """One of the acts."""
    acts: dict[str, Callable[[argparse.Namespace, Console], int]] = {
        "start": _start, "report": _report, "replay": _replay, "stop": _stop, "reset": _reset,
        "env": _env, "finish": _finish,
    }  # fmt: skip
    if args.act in acts:
        return acts[args.act](args, console)
    return _lesson(args, console)


def _coach(args: argparse.Namespace) -> "Coach":
    from byocni_tui.training import coach

    if args.sandbox:
        return coach.joined(args.sandbox)
    return coach.of_run(args.run) if args.run else coach.current()


def _one(args: argparse.Namespace) -> str:
    if len(args.what) != 1:
        raise UserError("training_what", exit_code=EXIT_USAGE, act=args.act)
    return str(args.what[0])


def _start(args: argparse.Namespace, console: Console) -> int:
    from byocni_tui.training import coach, words
    from byocni_tui.training.shown import beginning

    if args.sandbox:
        teacher = coach.join(args.sandbox, learner=args.learner)
    else:
        teacher = coach.start(_one(args), speed=args.speed, seed=args.seed, learner=args.learner)
    reading = teacher.reading()
    if console.json_output:
        console.json(reading)
        return EXIT_DONE
    console.out(console.tr("training.simulation"))
    _print(console, words.story(reading, console.tr))
    tr = console.tr
    lines = ["", tr("training.window"), '  eval "$(byocni-tui training env)"']
    if first := beginning(teacher.plan(), tr):
        lines += ["", tr("training.begin"), *(f"  {line}" for line in first)]
    lines += ["", tr("training.then")]
    lines += [
        tr("training.wizard"),
        f"  byocni-tui --sandbox {shlex.quote(args.sandbox or teacher.endpoints.join_url)}",
    ]
    _print(console, lines)
    return EXIT_DONE


def _print(console: Console, lines: list[str]) -> None:
    """Paragraphs broken at a terminal's width; commands (two blanks before them) stay as they are."""
    from byocni_tui.widgets.glyphs import wrap

    width = min(100, shutil.get_terminal_size().columns - 1) if sys.stdout.isatty() else 0
    for line in lines:
        for piece in wrap(line, width) if width > 20 and line[:2] != "  " else [line]:
            console.out(piece)


def _env(args: argparse.Namespace, console: Console) -> int:
    from byocni_tui.sandbox import launcher
    from byocni_tui.training import coach

    teacher = _coach(args)
    endpoints, folder = teacher.endpoints, Path(teacher.endpoints.ca_file).parent
    if teacher.url:
        # What the clients keep belongs to one world: another that is joined later gets a folder of its own.
        folder = coach.home() / "joined" / hashlib.sha256(teacher.url.encode()).hexdigest()[:12]
        endpoints = launcher.join(teacher.url, folder)
    for name, value in launcher.environment(endpoints, folder / "clients").items():
        console.out(f"export {name}={shlex.quote(value)}")
    return EXIT_DONE


def _lesson(args: argparse.Namespace, console: Console) -> int:
    """status, hint, check, skip."""
    from byocni_tui.training import words

    teacher = _coach(args)
    if args.act == "skip":
        reading = teacher.do("skip", seconds=seconds(_one(args)))
    else:
        reading = teacher.reading() if args.act == "status" else teacher.do(args.act)
    if console.json_output:
        console.json(reading)
    elif args.act == "hint" and reading["hints"]:
        console.out(words.hints(reading, console.tr)[-1])
        if not reading["hints_left"]:
            console.say(console.tr("training.no_hints"))
    else:
        _print(console, words.standing(reading, console.tr))
    return EXIT_FAILED if args.act == "check" and not reading["solved"] else EXIT_DONE


def seconds(text: str) -> float:
    """``90``, ``90s``, ``5m``, ``1h``. UserError for anything else."""
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number = text[:-1] if text[-1:] in units else text
    try:
        value = float(number) * units.get(text[-1:], 1.0)
    except ValueError:
        value = -1.0
    if not 0 < value <= 7200:
        raise UserError("training_time", exit_code=EXIT_USAGE, value=text)
    return value


def _finish(args: argparse.Namespace, console: Console) -> int:
    from byocni_tui.training import course, result, words

    teacher = _coach(args)
    if args.learner:
        console.say(console.tr("training.learner_late"))
    sealed = teacher.do("result")
    path = args.out or Path(result.default_name(sealed))
    result.write(sealed, path)
    reading = teacher.reading()
    if console.json_output:
        console.json({**reading, "file": str(path)})
        return EXIT_DONE
    _print(console, words.sheet(reading, console.tr))
    console.out(console.tr("training.written", file=str(path)))
    following = course.next_after(reading["scenario"])
    if following is not None and reading["solved"]:
        console.out(
            console.tr("training.next", id=following.id, title=getattr(following.title, console.tr.lang))
        )
    return EXIT_DONE


def _reset(args: argparse.Namespace, console: Console) -> int:
    from byocni_tui.training import coach

    if args.run or args.sandbox:
        raise UserError("training_reset", exit_code=EXIT_USAGE)
    reading = coach.reset().reading()
    console.out(console.tr("training.again", id=reading["scenario"]))
    return EXIT_DONE


def _stop(_args: argparse.Namespace, console: Console) -> int:
    from byocni_tui.sandbox import launcher
    from byocni_tui.training import coach

    try:
        teacher = coach.current()
    except UserError:
        coach.leave()  # also from a class that is no more
        raise
    if teacher.url:
        coach.leave()
        console.say(console.tr("training.left"))
        return EXIT_DONE
    launcher.stop(teacher.endpoints)
    console.say(console.tr("training.stopped"))
    return EXIT_DONE


def _results(args: argparse.Namespace) -> list[dict[str, Any]]:
    from byocni_tui.training import result

    if not args.what:
        raise UserError("training_files", exit_code=EXIT_USAGE, act=args.act)
    return [result.load(Path(name)) for name in args.what]


def _report(args: argparse.Namespace, console: Console) -> int:
    """A table, JSON, and files for a browser or a spreadsheet; 1 if a seal is broken."""
    from byocni_tui.training import report

    results = _results(args)
    table = report.rows(results, console.tr, args.key)
    if args.html is not None:
        _write(args.html, report.as_html(results, console.tr, args.key), console)
    if args.csv is not None:
        _write(args.csv, report.as_csv(table), console)
    if console.json_output:
        console.json({"results": table, "scenarios": report.summary(table)})
    elif args.html is None and args.csv is None:
        widths = {name: max(len(name), *(len(str(row[name])) for row in table)) for name in report.COLUMNS}
        console.out("  ".join(name.ljust(widths[name]) for name in report.COLUMNS).rstrip())
        for row in table:
            console.out("  ".join(_cell(row[name]).ljust(widths[name]) for name in report.COLUMNS).rstrip())
    broken = [row for row in table if row["seal"].startswith("changed")]
    for row in broken:
        console.say(
            console.tr(
                "training.broken_seal", learner=row["learner"], scenario=row["scenario"], where=row["seal"]
            )
        )
    if any(row["seal"] == "public" for row in table):
        console.say(console.tr("training.public_seal"))
    return EXIT_FAILED if broken else EXIT_DONE


def _cell(value: Any) -> str:
    text = "yes" if value is True else "no" if value is False else str(value)
    return "".join(char if char.isprintable() else "�" for char in text)


def _write(path: Path, text: str, console: Console) -> None:
    from byocni_tui.files import write_atomically

    try:
        write_atomically(path, text)
    except OSError as error:
        raise UserError("training_file", where=str(path), detail=str(error)) from error
    console.say(console.tr("training.written", file=str(path)))


def _replay(args: argparse.Namespace, console: Console) -> int:
    """Line by line; with --step on a terminal the next one comes with Enter."""
    from byocni_tui.training import replay, result, words

    results = _results(args)
    if len(results) > 1:
        raise UserError("training_what", exit_code=EXIT_USAGE, act="replay")
    found = results[0]
    if console.json_output:
        for step in replay.steps(found, console.tr):
            console.json(step, line=True)
        return EXIT_DONE
    seal = result.judged(found, args.key)
    console.out(
        console.tr("training.replay.head", learner=_cell(found["learner"]), scenario=found["scenario"],
                   time=words.duration(found["seconds"]))
    )  # fmt: skip
    if seal not in ("whole", "public", "key"):
        console.out(console.tr("training.replay.changed", where=seal))
    stepping = args.step and sys.stdin.isatty()
    for line in replay.timeline(found, console.tr):
        console.out(_cell(line))
        if stepping and not sys.stdin.readline():
            break
    return EXIT_DONE
