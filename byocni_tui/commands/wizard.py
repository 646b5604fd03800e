"""``byocni-tui`` without a subcommand: the wizard on a terminal, else the simulated run in plain lines."""

import argparse
import hashlib
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
    from byocni_tui.app import Reopen
    from byocni_tui.context import Context
    from byocni_tui.deploy.event import Event
    from byocni_tui.plan.model import Plan
    from byocni_tui.screens.preferences import Preferences
    from byocni_tui.screens.store import Store


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Options of the contract."""
    parser.add_argument("--simulate", action="store_true", help=tr("cli.wizard.simulate"))
    parser.add_argument("--scenario", metavar="ID", default="article", help=tr("cli.wizard.scenario"))
    parser.add_argument("--speed", metavar="N|max", type=speed, default=None, help=tr("cli.wizard.speed"))
    parser.add_argument("--sandbox", metavar="URL", help=tr("cli.wizard.sandbox"))
    parser.add_argument("--plan", dest="plan_file", metavar="FILE", type=Path, help=tr("cli.wizard.plan"))


def is_plain(args: argparse.Namespace) -> bool:
    """Whether lines are wanted: asked for, or a terminal that can't do more."""
    return bool(args.plain) or os.environ.get("TERM", "dumb") in ("", "dumb", "unknown")


def _in_browser() -> bool:
    """Whether ``serve`` has started this wizard: Textual then talks to a browser through the standard streams."""
    return os.environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")


def run(args: argparse.Namespace, console: Console) -> int:
    """Open the wizard; returns the exit status of the contract."""
    from byocni_tui.screens import preferences

    kept = preferences.load()
    if args.speed is None:
        args.speed = _kept_speed(kept)
    args.simulate = args.simulate or bool(args.sandbox)
    if not (_in_browser() or (sys.stdin.isatty() and sys.stdout.isatty())):
        return _unattended(args, console)
    if kept.lang and not _said("--lang") and "BYOCNI_LANG" not in os.environ:
        console.tr = Translator(kept.lang)
    if is_plain(args):
        import asyncio

        from byocni_tui.app import RuleWords
        from byocni_tui.screens.lines import Lines

        context, store, _ = _open(args, console)
        if _lesson_wanted(args):
            _teach(context, args)
        past = _past(store.load_memory().run, console.tr)
        console.ascii_only = args.ascii or _ascii_only(kept)
        lines = Lines(context, store, RuleWords(), console.out, input, past=past)
        return asyncio.run(lines.run())
    wanted: Reopen | None = None
    while True:
        outcome = _screens(args, console, wanted)
        if isinstance(outcome, int):
            return outcome
        wanted = outcome
        if not wanted.run:
            args.simulate, args.plan_file = not wanted.live, None
            args.scenario = wanted.scenario or args.scenario


def _screens(args: argparse.Namespace, console: Console, wanted: "Reopen | None") -> "int | Reopen":
    """The wizard once, full screen: its exit status, or what is to be opened next."""
    from byocni_tui.app import Reopen, make_app
    from byocni_tui.screens import preferences

    context, store, about = _open(args, console, run=wanted.run if wanted else "")
    if _lesson_wanted(args) or (args.simulate and wanted and wanted.scenario):
        _teach(context, args)
    left = store.load_memory()
    if not (_in_browser() or sys.stderr.isatty()):
        # Textual draws on the standard error stream; where that goes to a file, the terminal would stay empty.
        sys.__stderr__ = sys.__stdout__  # type: ignore[misc]
    kept = preferences.load()
    app = make_app(
        context, store, about=about, ascii_only=args.ascii or _ascii_only(kept), theme=args.theme,
        resumed=context.journal.run if context.journal is not None else "", past=_past(left.run, console.tr),
        scenario=Path(args.scenario).stem if args.simulate else "", preferences=kept,
    )  # fmt: skip
    status = app.run()
    console.tr = app.session.tr
    if isinstance(status, Reopen):
        return status
    if status == EXIT_INTERRUPTED:
        console.say(console.tr("deploy.run.left", run=app.session.run.run))
    return (app.return_code or 0) if status is None else int(status)


def _lesson_wanted(args: argparse.Namespace) -> bool:
    return bool(args.simulate and (args.sandbox or _said("--scenario")))


def _teach(context: "Context", args: argparse.Namespace) -> None:
    """A coach beside the wizard, where somebody chose a lesson (or a trainer's world)."""
    from byocni_tui import connections
    from byocni_tui.training.dock import WizardLesson

    scenario = None if args.sandbox else connections.scenario(args.scenario)
    if scenario is None or scenario.teaches:
        context.lesson = WizardLesson(context, scenario, url=args.sandbox or "")


def _ascii_only(kept: "Preferences") -> bool:
    """Asked for, or a locale in which other characters can't be written."""
    if kept.glyphs:
        return kept.glyphs == "ascii"
    encoding = (getattr(sys.__stdout__, "encoding", None) or "utf-8").lower().replace("-", "")
    return not encoding.startswith("utf")


def _said(option: str) -> bool:
    return any(word == option or word.startswith(f"{option}=") for word in sys.argv[1:])


def _kept_speed(kept: "Preferences") -> float:
    try:
        return speed(kept.speed or "60")
    except ValueError:
        return 60.0


def _open(args: argparse.Namespace, console: Console, run: str = "") -> "tuple[Context, Store, str]":
    """The context with the answers of last time (or of ``--plan``, or of a ``run`` to go on with), and where they are
    kept."""
    from byocni_tui.context import Context
    from byocni_tui.screens.store import Memory, Store

    if _in_browser() and not args.simulate:
        # A visitor of `serve` must never come near the subscriptions of whoever serves.
        raise UserError("browser_live", exit_code=EXIT_USAGE)
    tr = console.tr
    if run:
        context = Context.resume(run, tr=tr)
        store = Store(f"run-{run}")
        store.remember(Memory(step="deploy", run=run))
        return context, store, tr("wizard.about_run", run=run)
    name = f"simulated-{Path(args.scenario).stem}" if args.simulate else "live"
    if args.sandbox:
        # Answers belong to one world: another lesson begins with the plan of its own.
        name = f"joined-{hashlib.sha256(args.sandbox.encode()).hexdigest()[:12]}"
    store = Store(name, answers=args.plan_file)
    plan = store.load_plan()
    if plan is None and args.plan_file is not None:
        raise UserError("file_missing", exit_code=EXIT_USAGE, where=str(args.plan_file))
    left = store.load_memory()
    resumed = None
    if left.run and left.step == "deploy" and args.plan_file is None and not _ended_well(left.run, tr):
        resumed = _resume(left.run, tr) if _same_world(left.run, args.sandbox) else None
    if args.sandbox:
        context = resumed or Context.simulated(plan, sandbox=args.sandbox, tr=tr)
        about = tr("wizard.about_joined", url=args.sandbox)
    elif not args.simulate:
        return resumed or Context.live(plan, tr=tr), store, ""
    else:
        context = resumed or Context.simulated(plan, scenario=args.scenario, speed=args.speed, tr=tr)
        about = tr("wizard.about", scenario=Path(args.scenario).stem, speed=_shown(args.speed))
    if plan is None and resumed is None:
        context.plan = unread(context.plan)
    return context, store, about


def unread(plan: "Plan") -> "Plan":
    """A scenario's plan as a person begins with it: nothing is acknowledged or accepted until somebody has read it (a
    scenario does so only for the run that nobody watches)."""
    import msgspec

    return msgspec.structs.replace(plan, accept=(), acknowledge_support_boundary=False)


def _past(run: str, tr: Translator) -> "list[Event]":
    """What the run of last time said so far; nothing where it is gone."""
    from byocni_tui.history import History

    try:
        return History(tr).events(run) if run else []
    except UserError:
        return []


def _ended_well(run: str, tr: Translator) -> bool:
    past = _past(run, tr)
    return bool(past) and past[-1].step == "run" and past[-1].status == "done"


def _same_world(run: str, url: str | None) -> bool:
    """Whether a run that was left ran in the sandbox that is joined now (or nothing is joined)."""
    from byocni_tui.deploy.journal import runs_folder

    if not url:
        return True
    try:
        return (runs_folder() / run / "sandbox.url").read_text(encoding="utf-8").strip() == url
    except OSError:
        return False


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
    from byocni_tui.files import load_plan

    plan = load_plan(args.plan_file) if args.plan_file is not None else None
    if args.sandbox:
        return carry_out(Context.simulated(plan, sandbox=args.sandbox, tr=console.tr), console)
    context = Context.simulated(plan, scenario=args.scenario, speed=args.speed, tr=console.tr)
    context.notice = console.tr(
        "wizard.unattended", scenario=Path(args.scenario).stem, speed=_shown(args.speed)
    )
    if context.plan.accept:
        console.say(console.tr("wizard.accepting", codes=", ".join(context.plan.accept)))
    return carry_out(context, console)
