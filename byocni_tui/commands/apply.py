"""``byocni-tui apply``: carries an answers file out, without a screen."""

import argparse
import math
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_CTRL_C, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, UserError
from byocni_tui.locale import Translator
from byocni_tui.providers.credentials import METHODS

if TYPE_CHECKING:
    import asyncio

    from byocni_tui.context import Context
    from byocni_tui.deploy.event import Event
    from byocni_tui.plan.model import Plan

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def speed(text: str) -> float:
    """``--speed N|max``."""
    if text == "max":
        return math.inf
    value = float(text)
    if not 0 <= value <= 1_000_000:
        raise ValueError(text)
    return value


def add_mode(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """``--live`` or ``--simulate``, with what belongs to simulation."""
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--live", action="store_true", help=tr("cli.apply.live"))
    mode.add_argument("--simulate", action="store_true", help=tr("cli.apply.simulate"))
    parser.add_argument("--sandbox", metavar="URL", help=tr("cli.apply.sandbox"))
    parser.add_argument("--scenario", metavar="ID", help=tr("cli.apply.scenario"))
    parser.add_argument("--speed", metavar="N|max", type=speed, default=60.0, help=tr("cli.apply.speed"))
    parser.add_argument("--seed", metavar="N", type=int, default=1, help=tr("cli.apply.seed"))


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Arguments of ``apply``."""
    parser.add_argument("file", metavar="FILE", help=tr("cli.apply.file"))
    add_mode(parser, tr)
    parser.add_argument("--sign-in", choices=METHODS, default="default", help=tr("cli.apply.sign_in"))
    parser.add_argument("--yes", action="store_true", help=tr("cli.apply.yes"))
    parser.add_argument("--accept", metavar="CODES|all", default="", help=tr("cli.apply.accept"))
    parser.add_argument(
        "--merge-kubeconfig",
        metavar="FILE",
        nargs="?",
        const="",
        help=tr("cli.apply.merge_kubeconfig"),
    )
    parser.add_argument("--events", metavar="FILE", type=Path, help=tr("cli.apply.events"))
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help=tr("cli.apply.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Read, confirm, carry out."""
    from byocni_tui.context import Context
    from byocni_tui.files import load_plan

    if not (args.live or args.simulate) or (args.live and args.sandbox):
        raise UserError("apply_mode", exit_code=EXIT_USAGE)
    plan = load_plan(args.file)
    if args.live:
        _confirm(plan, args.yes, console)
        context = Context.live(plan, method=args.sign_in, tr=console.tr)
    elif args.sandbox:
        context = Context.simulated(plan, sandbox=args.sandbox, tr=console.tr)
    else:
        from byocni_tui.connections import fitting_scenario

        scenario = fitting_scenario(plan, args.scenario)
        context = Context.simulated(plan, scenario=scenario, speed=args.speed, seed=args.seed, tr=console.tr)
    context.plan = accepting(context, args.accept)
    return carry_out(context, console, events=args.events, kubeconfig=args.merge_kubeconfig)


def _confirm(plan: "Plan", yes: bool, console: Console) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError("apply_yes", exit_code=EXIT_USAGE)
    from byocni_tui.connections import live_cloud

    live_cloud(plan)  # what is refused is refused before anybody is asked
    console.say(console.tr("deploy.confirm", name=plan.cluster.name, subscription=plan.subscription))
    if sys.stdin.readline().strip() != plan.cluster.name:
        raise UserError("not_confirmed", exit_code=EXIT_CTRL_C)


def accepting(context: "Context", codes: str) -> "Plan":
    """The plan with these warnings accepted: codes with commas between them, or ``all``."""
    import msgspec

    if not codes:
        return context.plan
    if codes == "all":
        more = [finding.code for finding in context.findings().findings if finding.severity == "warning"]
    else:
        more = [code.strip() for code in codes.split(",") if code.strip()]
    return msgspec.structs.replace(context.plan, accept=tuple(dict.fromkeys((*context.plan.accept, *more))))


def carry_out(
    context: "Context", console: Console, *, events: Path | None = None, kubeconfig: str | None = None
) -> int:
    """Run a context's deployment to its end, printing; returns the exit status of the contract. ``kubeconfig``: where
    to add the cluster's ('' for where kubectl looks; None, the default, for nowhere)."""
    import asyncio

    with ExitStack() as stack:
        copy: IO[str] | None = None
        if events is not None:
            try:
                copy = stack.enter_context(events.open("a", encoding="utf-8"))
            except OSError as error:
                raise UserError("file_not_writable", where=str(events), detail=str(error)) from error
        status = asyncio.run(_carry_out(context, console, copy))
    if kubeconfig is not None and context.journal is not None:
        _merge(context.journal.folder / "kubeconfig", kubeconfig, console)
    return status


def _merge(ours: Path, into: str, console: Console) -> None:
    """Only on demand: the user's own kubeconfig is nobody else's to write."""
    from byocni_tui.deploy.kubeconfig import default_path, merge

    if not ours.exists():
        return
    where = Path(into).expanduser() if into else default_path()
    kept = merge(ours, where)
    console.say(console.tr("deploy.kubeconfig.merged", path=str(where)))
    if kept is not None:
        console.say(console.tr("deploy.kubeconfig.kept", path=str(kept)))


async def _carry_out(context: "Context", console: Console, copy: IO[str] | None) -> int:
    from byocni_tui.commands.lines import Lines

    lines = Lines(console)
    if context.notice:
        (console.say if console.json_output else console.out)(context.notice)
    import asyncio

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    last: Event | None = None
    stream = context.deploy()
    following: asyncio.Task[Event | None] | None = None
    try:
        while True:
            following = following or loop.create_task(anext(stream, None))
            interrupted = loop.create_task(stop.wait())
            await asyncio.wait(
                (following, interrupted), return_when=asyncio.FIRST_COMPLETED, timeout=lines.patience
            )
            interrupted.cancel()
            if stop.is_set():
                stop.clear()
                if await _leave(context, console, stop):
                    return _left(context, console)
                continue
            if not following.done():
                lines.flush()
                continue
            event, following = following.result(), None
            if event is None:
                break
            last = event
            _append(event, copy)
            lines.show(event)
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        await stream.aclose()
        await context.close()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
    return int((last.detail or {}).get("exit_code", EXIT_FAILED)) if last is not None else EXIT_FAILED


def _append(event: "Event", copy: IO[str] | None) -> None:
    import msgspec

    if copy is None:
        return
    try:
        copy.write(msgspec.json.encode(event).decode() + "\n")
        copy.flush()
    except OSError as error:
        raise UserError("file_not_writable", where=copy.name, detail=str(error)) from error


async def _leave(context: "Context", console: Console, stop: "asyncio.Event") -> bool:
    """Whether to stop looking. A person at a terminal is asked; without one, or asked twice, the run is left alone."""
    if (
        not (sys.stdin.isatty() and sys.stderr.isatty())
        or context.journal is None
        or not context.journal.resources()
    ):
        return True
    import asyncio

    loop = asyncio.get_running_loop()
    answered: asyncio.Future[str] = loop.create_future()

    def heard() -> None:
        if not answered.done():
            answered.set_result(sys.stdin.readline())

    console.say(console.tr("deploy.interrupt.ask"))
    loop.add_reader(sys.stdin, heard)
    again = loop.create_task(stop.wait())
    try:
        await asyncio.wait((answered, again), return_when=asyncio.FIRST_COMPLETED)
    finally:
        loop.remove_reader(sys.stdin)
        again.cancel()
    choice = answered.result().strip().lower()[:1] if answered.done() else ""
    if choice == "c":
        from byocni_tui.providers.errors import ProviderError

        try:
            await context.cancel()
            console.say(console.tr("deploy.interrupt.cancelling"))
        except ProviderError as error:
            console.say(console.tr("deploy.interrupt.refused", original=error.message))
    elif choice == "k":
        console.say(console.tr("deploy.interrupt.watching"))
    return choice not in ("c", "k")


def _left(context: "Context", console: Console) -> int:
    """Interrupted: whatever Azure was asked for goes on there."""
    if context.journal is None or not context.journal.resources():
        return EXIT_CTRL_C
    console.say(console.tr("deploy.run.left", run=context.journal.run))
    return EXIT_INTERRUPTED
