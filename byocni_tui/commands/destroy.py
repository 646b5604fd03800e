"""``byocni-tui destroy``: removes what a run made, and only that."""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_CTRL_C, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, UserError
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from byocni_tui.context import Context


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Arguments of ``destroy``."""
    parser.add_argument("run", metavar="RUN", help=tr("cli.destroy.run"))
    parser.add_argument("--yes", action="store_true", help=tr("cli.destroy.yes"))
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help=tr("cli.destroy.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Show the list, ask, remove."""
    from byocni_tui.context import Context
    from byocni_tui.deploy.undo import doomed

    context = Context.resume(args.run, tr=console.tr)
    journal = context.open_journal()
    journal.acquire()
    items = doomed(journal)
    if not items:
        console.say(console.tr("deploy.destroy.nothing"))
        if console.json_output:
            console.json([])
        journal.close()
        return EXIT_DONE
    for item in items:
        console.say(console.tr("deploy.destroy.will", id=item.id))
    if not args.yes:
        if not sys.stdin.isatty():
            raise UserError("destroy_yes", exit_code=EXIT_USAGE)
        console.say(console.tr("deploy.destroy.confirm", run=args.run))
        if sys.stdin.readline().strip() != args.run:
            raise UserError("not_confirmed", exit_code=EXIT_CTRL_C)
    return asyncio.run(_destroy(context, console))


async def _destroy(context: "Context", console: Console) -> int:
    from byocni_tui.deploy.undo import undo

    context.deployed = True
    kept = 0
    results = []
    try:
        work = context.work(await context.connections())
        async for removal in undo(work):
            kept += removal.outcome == "kept"
            results.append({"id": removal.resource.id, "outcome": removal.outcome, "reason": removal.reason})
            if not console.json_output:
                text = console.tr(
                    f"deploy.destroy.{removal.outcome}", id=removal.resource.id, reason=removal.reason
                )
                console.out(text)
        work.journal.put("destroyed", not kept)
    finally:
        await context.close()
    if console.json_output:
        console.json(results)
    return EXIT_FAILED if kept else EXIT_DONE
