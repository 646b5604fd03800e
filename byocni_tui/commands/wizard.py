"""``byocni-tui`` without a subcommand: the wizard on a terminal, else the simulated run in plain lines."""

import argparse
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from byocni_tui.commands.apply import speed
from byocni_tui.console import Console
from byocni_tui.errors import EXIT_INTERRUPTED, EXIT_USAGE, UserError
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from byocni_tui.context import Context
    from byocni_tui.screens.store import Store


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Options of the contract."""
    parser.add_argument("--simulate", action="store_true", help=tr("cli.wizard.simulate"))
    parser.add_argument("--scenario", metavar="ID", default="article", help=tr("cli.wizard.scenario"))
    parser.add_argument("--speed", metavar="N|max", type=speed, default=60.0, help=tr("cli.wizard.speed"))
    parser.add_argument("--plan", dest="plan_file", metavar="FILE", type=Path, help=tr("cli.wizard.plan"))


def is_plain(args: argparse.Namespace) -> bool:
    """Whether lines are wanted: asked for, or a terminal that can't do more."""
    return bool(args.plain) or os.environ.get("TERM", "dumb") in ("", "dumb", "unknown")


def run(args: argparse.Namespace, console: Console) -> int:
    """Open the wizard; returns the exit status of the contract."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _unattended(args, console)
    context, store, about = _open(args, console)
    if is_plain(args):
        import asyncio

        from byocni_tui.app import RuleWords
        from byocni_tui.screens.lines import Lines

        return asyncio.run(Lines(context, store, RuleWords(), console.out, input).run())
    from byocni_tui.app import make_app

    if not sys.stderr.isatty():
        # Textual draws on the standard error stream; where that goes to a file, the terminal would stay empty.
        sys.__stderr__ = sys.__stdout__  # type: ignore[misc]
    resumed = context.journal.run if context.journal is not None else ""
    app = make_app(context, store, about=about, ascii_only=args.ascii, theme=args.theme, resumed=resumed)
    status = app.run()
    if status == EXIT_INTERRUPTED:
        console.say(console.tr("deploy.run.left", run=app.session.run.run))
    return (app.return_code or 0) if status is None else status


def _open(args: argparse.Namespace, console: Console) -> "tuple[Context, Store, str]":
    """The context with the answers of last time (or of ``--plan``), and where they are kept."""
    from byocni_tui.context import Context
    from byocni_tui.screens.store import Store

    tr = console.tr
    name = f"simulated-{Path(args.scenario).stem}" if args.simulate else "live"
    store = Store(name, answers=args.plan_file)
    plan = store.load_plan()
    if plan is None and args.plan_file is not None:
        raise UserError("file_missing", exit_code=EXIT_USAGE, where=str(args.plan_file))
    left = store.load_memory()
    resumed = _resume(left.run, tr) if left.run and left.step == "deploy" and args.plan_file is None else None
    if not args.simulate:
        return resumed or Context.live(plan, tr=tr), store, ""
    about = tr("wizard.about", scenario=Path(args.scenario).stem, speed=_shown(args.speed))
    context = resumed or Context.simulated(plan, scenario=args.scenario, speed=args.speed, tr=tr)
    return context, store, about


def _resume(run: str, tr: Translator) -> "Context | None":
    """The run that was left in the middle; None where it has gone or somebody else goes on with it."""
    from byocni_tui.context import Context

    try:
        return Context.resume(run, tr=tr)
    except UserError:
        return None


def _shown(pace: float) -> str:
    return "max" if math.isinf(pace) else f"{pace:g}×"


def _unattended(args: argparse.Namespace, console: Console) -> int:
    """Without a terminal nobody can answer: the scenario's own plan is carried out, in simulation only."""
    if not args.simulate:
        raise UserError("wizard_no_terminal", exit_code=EXIT_USAGE)
    from byocni_tui.commands.apply import carry_out
    from byocni_tui.context import Context
    from byocni_tui.plan.reader import load_file

    plan = load_file(args.plan_file) if args.plan_file is not None else None
    context = Context.simulated(plan, scenario=args.scenario, speed=args.speed, tr=console.tr)
    context.notice = console.tr(
        "wizard.unattended", scenario=Path(args.scenario).stem, speed=_shown(args.speed)
    )
    if context.plan.accept:
        console.say(console.tr("wizard.accepting", codes=", ".join(context.plan.accept)))
    return carry_out(context, console)
