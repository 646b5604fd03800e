"""``byocni-tui scenarios``: the lessons there are; one of them; check, prove or begin a file of one's own."""

import argparse
import asyncio
import math
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, UserError
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from byocni_tui.plan.model import Plan

INTERMIXED = True
"""Options may stand between the files."""


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Options."""
    parser.add_argument("act", nargs="?", default="list", choices=["list", "show", "check", "new", "schema"],
                        help=tr("cli.scenarios.act"))  # fmt: skip
    parser.add_argument("what", nargs="*", metavar="ID|FILE", help=tr("cli.scenarios.what"))
    parser.add_argument("--play", action="store_true", help=tr("cli.scenarios.play"))
    parser.add_argument("--solution", action="store_true", help=tr("cli.scenarios.solution"))
    parser.add_argument(
        "-o", "--output", choices=["text", "json"], default="text", help=tr("cli.scenarios.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """One of list, show, check, new, schema."""
    if args.act == "list":
        return _list(console)
    if args.act == "schema":
        from byocni_tui.sandbox import scenario

        console.json(scenario.schema())
        return EXIT_DONE
    if not args.what:
        raise UserError("scenario_missing", exit_code=EXIT_USAGE, act=args.act)
    if args.act == "check":
        return max(_check(name, console, play=args.play) for name in args.what)
    if len(args.what) > 1:
        raise UserError("scenario_one", exit_code=EXIT_USAGE, act=args.act)
    if args.act == "new":
        return _new(args.what[0], console)
    return _show(_load(args.what[0]), console, solution=args.solution)


def _load(name: str) -> Any:
    from byocni_tui.sandbox import scenario

    try:
        return scenario.load(name)
    except scenario.ScenarioError as error:
        raise UserError("scenario", exit_code=EXIT_USAGE, where=error.where, problem=error.problem) from error


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


def _list(console: Console) -> int:
    """In the order in which to take them: by level, and after what they build on."""
    from byocni_tui.training.course import in_order

    rows = [_row(one, console.tr.lang) for one in in_order()]
    if console.json_output:
        console.json(rows)
        return EXIT_DONE
    width = max(len(row["id"]) for row in rows)
    level = 0
    for row in rows:
        if row["level"] != level:
            level = row["level"]
            console.out(console.tr(f"training.level.{level}"))
        console.out(f"  {row['id'].ljust(width)}  {row['minutes']:>3}'  {row['title']}")
    return EXIT_DONE


def _show(one: Any, console: Console, *, solution: bool) -> int:
    lang = console.tr.lang
    row = _row(one, lang)
    row["notice"] = getattr(one.notice, lang) if one.notice else None
    row["look"], row["look_later"] = map(list, one.looks)
    row["goals"] = [getattr(goal.say, lang) for goal in one.solved if goal.say]
    row["hints"] = len(one.hints)
    row["faults"] = [fault.id for fault in one.faults]
    row["source"] = one.debrief.source if one.debrief else None
    if solution:
        from byocni_tui.training.shown import shown

        row["solution"] = [
            {"say": getattr(step.say, lang) if step.say else None, "run": shown(step)}
            for step in one.solution
        ]
    if console.json_output:
        console.json(row)
        return EXIT_DONE
    tr = console.tr
    console.out(f"{row['id']}: {row['title']}")
    console.out(row["lesson"])
    console.out(tr("cli.scenarios.about", cloud=row["cloud"], level=row["level"], minutes=row["minutes"]))
    if row["prerequisites"]:
        console.out(tr("training.after", names=", ".join(row["prerequisites"])))
    for title in ("look", "look_later", "goals"):
        lines = row[title]
        if lines:
            console.out(tr(f"training.{title}"))
            for line in lines:
                console.out(f"  {line}")
    for step in row.get("solution", ()):
        console.out(f"- {step['say'] or ''}".rstrip())
        for line in step["run"].splitlines():
            console.out(f"    {line}")
    if row["source"]:
        console.out(tr("training.source", source=row["source"]))
    if one.teaches:
        console.out(tr("training.start_with", id=row["id"]))
    return EXIT_DONE


def _check(name: str, console: Console, *, play: bool) -> int:
    """Each problem with its place; 1 if there are any, 2 if the file can't be read."""
    from byocni_tui.sandbox import scenario, scenario_check

    try:
        problems = scenario_check.check(name)
    except scenario.ScenarioError as error:
        raise UserError("scenario", exit_code=EXIT_USAGE, where=error.where, problem=error.problem) from error
    said = [f"{problem.where}: {problem.text}" for problem in problems]
    said += _plan_problem(name, console.tr)
    for line in said:
        console.out(line)
    if said:
        console.say(console.tr("cli.scenarios.bad", file=name, count=len(said)))
        return EXIT_FAILED
    if play:
        kept = os.environ.get("BYOCNI_STATE_HOME")
        try:
            failed = asyncio.run(_prove(name, console))
        finally:
            os.environ.pop("BYOCNI_STATE_HOME", None)
            if kept is not None:
                os.environ["BYOCNI_STATE_HOME"] = kept
        if failed:
            console.out(failed)
            return EXIT_FAILED
        console.out(console.tr("cli.scenarios.proven", file=name))
        return EXIT_DONE
    console.out(console.tr("cli.scenarios.good", file=name))
    return EXIT_DONE


def _plan_problem(name: str, tr: Translator) -> list[str]:
    """What the wizard would say of the plan to begin with, and of its changes; with the place in the file."""
    from byocni_tui.connections import scenario_plan
    from byocni_tui.plan.reader import load
    from byocni_tui.sandbox import scenario, scenario_reader

    path, one = scenario.find(name), scenario.load(name)
    text = scenario_reader.read(path)
    try:
        plan = scenario_plan(one)
    except UserError as error:
        found = error
    else:
        return [
            f"{scenario_reader.locate(text, str(path), f'`$.solution[{number}].apply.set`')}: {problem}"
            for number, step in enumerate(one.solution)
            for problem in (_changed(plan, step.apply.set) if step.apply else ())
        ]
    place = scenario_reader.locate(text, str(path), "`$.plan`")
    try:
        load(scenario_reader.part(text, "plan"), str(path))
    except UserError as error:
        if error.key == found.key:  # not that the version is missing, which a scenario needn't say
            found, place = error, str(error.values.get("place", place))
    return [tr(f"errors.{found.key}", **{**found.values, "place": place})]


def _changed(plan: "Plan", changes: dict[str, Any]) -> "Iterator[str]":
    """Changes of a plan that can't be made, in a line each."""
    from byocni_tui.plan.path import PathError, replace

    for field, value in changes.items():
        try:
            plan = replace(plan, field, value)
        except PathError as error:
            near = f"; did you mean '{error.near}'?" if error.near else ""
            yield f"there is no field '{field}'{near}"
        except (TypeError, ValueError) as error:
            yield f"{field}: {error}"


async def _prove(name: str, console: Console) -> str:
    """Not solved untouched, solved by its solution; what is wrong, or nothing. Runs in a folder of its own."""
    from byocni_tui.sandbox.server import Sandbox
    from byocni_tui.training.player import Player, PlayError

    tr = console.tr
    with tempfile.TemporaryDirectory(prefix="byocni-prove-") as folder:
        os.environ["BYOCNI_STATE_HOME"] = str(Path(folder, "runs"))
        try:
            async with Sandbox(name, speed=math.inf, state=Path(folder, "world")) as sandbox:
                if sandbox.world.lesson.reading()["solved"]:
                    return tr("cli.scenarios.solved_untouched", file=name)
                async with Player(sandbox.endpoints, sandbox.scenario, tr) as player:
                    async for step in player.play():
                        console.say(f"{step.number}. {step.shown.splitlines()[-1] if step.shown else '…'}")
                reading = sandbox.world.lesson.reading()
        except PlayError as error:
            return tr("cli.scenarios.not_playable", file=name, problem=str(error))
        except ValueError as error:
            return tr("cli.scenarios.no_world", file=name, problem=str(error))
    missing = [number for number, goal in enumerate(reading["goals"]) if not goal["met"]]
    if missing:
        return tr("cli.scenarios.not_solved", file=name, goals=", ".join(f"solved[{n}]" for n in missing))
    return ""


def _new(name: str, console: Console) -> int:
    """A file to begin with, that is a good scenario already. Never over a file that exists."""
    from byocni_tui.sandbox import scenario

    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    text = (scenario.FOLDER.parent / "scenario-template.yaml").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UserError("scenario_new", file=str(path), detail=str(error)) from error
    console.out(console.tr("cli.scenarios.made", file=str(path)))
    return EXIT_DONE
