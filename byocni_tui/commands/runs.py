"""``byocni-tui runs``: the journal of what was done on this machine."""

import argparse
import asyncio
from typing import TYPE_CHECKING, Any

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_USAGE, UserError
from byocni_tui.locale import Translator
from byocni_tui.plan.model import CLOUDS, Cni

if TYPE_CHECKING:
    from byocni_tui.deploy.journal import Journal

ACTIONS = ("list", "show", "resume", "adopt", "forget")


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Arguments of ``runs``."""
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help=tr("cli.runs.action"))
    parser.add_argument("run", nargs="?", metavar="RUN", help=tr("cli.runs.run"))
    parser.add_argument("--cloud", choices=CLOUDS, default="AzureCloud", help=tr("cli.runs.cloud"))
    parser.add_argument("--cni", metavar="PLUGIN", default=Cni().plugin, help=tr("cli.runs.cni"))
    parser.add_argument("--accept", metavar="CODES", default="", help=tr("cli.apply.accept"))
    parser.add_argument("--sandbox", metavar="URL", help=tr("cli.runs.sandbox"))
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help=tr("cli.runs.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """List, show, go on, or forget."""
    from byocni_tui.deploy.journal import Journal

    if args.action == "list":
        return _list(console)
    if not args.run:
        raise UserError("runs_run", exit_code=EXIT_USAGE, action=args.action)
    if args.action == "resume":
        from byocni_tui.commands.apply import accepting, carry_out
        from byocni_tui.context import Context

        context = Context.resume(args.run, tr=console.tr)
        context.plan = accepting(context, args.accept)
        return carry_out(context, console)
    if args.action == "adopt":
        return asyncio.run(_adopt(args, console))
    if args.action == "forget":
        _forget(args.run)
        console.say(console.tr("deploy.runs.forgotten", run=args.run))
        return EXIT_DONE
    return _show(Journal(args.run), console)


async def _adopt(args: argparse.Namespace, console: Console) -> int:
    """A new run that goes on with a cluster that somebody else began. Nothing is made; its ranges are read."""
    from byocni_tui.context import Context
    from byocni_tui.deploy import adoption
    from byocni_tui.deploy.failure import describe, exit_code
    from byocni_tui.providers.errors import ProviderError

    codes = tuple(code.strip() for code in args.accept.split(",") if code.strip())
    first = adoption.begin(args.run, args.cloud, args.cni, codes)
    tr = console.tr
    context = (
        Context.simulated(first, sandbox=args.sandbox, tr=tr) if args.sandbox else Context.live(first, tr=tr)
    )
    try:
        run = await context.adopt()
    except ProviderError as error:
        message, detail = describe(error, tr)
        console.say(message)
        console.say(f"  {detail['original']}")
        console.say(f"  {detail['remedy']}")
        return exit_code(error)
    finally:
        await context.close()
    if console.json_output:
        console.json({"id": run})
    else:
        console.out(tr("deploy.runs.adopted", run=run, name=first.cluster.name))
    return EXIT_DONE


def _forget(run: str) -> None:
    """Also a run whose journal is damaged; the sandbox of a simulated one ends."""
    from byocni_tui.connections import end_sandbox
    from byocni_tui.deploy.journal import Journal, discard, runs_folder

    end_sandbox(runs_folder() / run)
    try:
        Journal(run).forget()
    except UserError as error:
        if error.key != "journal_broken":
            raise
        discard(run)


def summary(journal: "Journal") -> dict[str, Any]:
    """One run in a line."""
    plan, last = journal.plan, None
    for event in journal.events():
        last = event
    settings = journal.get("settings") or {}
    return {
        "id": journal.run,
        "mode": settings.get("mode"),
        "cluster": plan.cluster.name,
        "resource_group": plan.resource_group.name,
        "subscription": plan.subscription,
        "step": last.step if last else None,
        "status": last.status if last else None,
        "state": journal.state(),
        "time": last.time if last else None,
    }


def _list(console: Console) -> int:
    from byocni_tui.deploy.journal import Journal, run_ids

    found: list[dict[str, Any]] = []
    for name in run_ids():
        try:
            journal = Journal(name)
            if journal.get("plan") is not None:
                found.append(summary(journal))
            journal.close()
        except UserError as error:
            # A journal that can't be read is named, and the others are shown all the same.
            console.show_error(error)
    if console.json_output:
        console.json(found)
        return EXIT_DONE
    if not found:
        console.out(console.tr("deploy.runs.none"))
    for item in found:
        state = console.tr(f"deploy.state.{item['state']}")
        console.out(
            f"{item['id']}  {item['mode'] or '-':<9}  {_padded(state, 16)}  {item['step'] or '-':<15}"
            f"  {item['resource_group'] or '-'}/{item['cluster'] or '-'}"
        )
    return EXIT_DONE


def _padded(text: str, width: int) -> str:
    """With spaces to a width in columns: a Chinese character takes two."""
    from unicodedata import east_asian_width

    return text + " " * (width - sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text))


def _show(journal: "Journal", console: Console) -> int:
    from byocni_tui.commands.lines import Lines

    if console.json_output:
        resources = [{"id": item.id, "kind": item.kind, "state": item.state} for item in journal.resources()]
        console.json({**summary(journal), "resources": resources, "events": list(journal.events())})
        return EXIT_DONE
    lines = Lines(console)
    for event in journal.events():
        lines.show(event)
    lines.flush()
    for item in journal.resources():
        console.out(f"{console.tr(f'deploy.resource.{item.state}')}: {item.id}")
    console.out(console.tr("deploy.runs.folder", path=str(journal.folder)))
    return EXIT_DONE
