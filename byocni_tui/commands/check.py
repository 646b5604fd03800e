"""``check``: the rules against an answers file, with facts from a file, from Azure or from a simulation."""

import argparse
from typing import TYPE_CHECKING

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_FAILED
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from byocni_tui.plan.facts import Facts
    from byocni_tui.plan.finding import Finding
    from byocni_tui.plan.model import Plan
    from byocni_tui.rules import Report


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Options of ``check``."""
    parser.add_argument("file", metavar="FILE", help=tr("cli.check.file"))
    parser.add_argument("--facts", metavar="FILE", help=tr("cli.check.facts"))
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--live", action="store_true", help=tr("cli.check.live"))
    where.add_argument("--simulate", action="store_true", help=tr("cli.check.simulate"))
    parser.add_argument("--scenario", metavar="ID", default="article", help=tr("cli.check.scenario"))
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help=tr("cli.check.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the findings; exit status 1 where something stands in the way."""
    from byocni_tui.plan import reader
    from byocni_tui.rules import check
    from byocni_tui.rules.render import report_to_dict

    plan = reader.load_file(args.file)
    facts = _facts(args, plan, console)
    report = check(plan, facts)
    if console.json_output:
        console.json(report_to_dict(report, args.file, console.tr))
    else:
        _show(report, console)
    return EXIT_FAILED if report.blocking else EXIT_DONE


def _facts(args: argparse.Namespace, plan: "Plan", console: Console) -> "Facts | None":
    from byocni_tui.plan import facts as facts_file
    from byocni_tui.plan.files import read_text

    given = facts_file.load(read_text(args.facts), args.facts) if args.facts else None
    if not (args.live or args.simulate):
        return given
    import asyncio

    collected = asyncio.run(_collect(args, plan, console))
    return facts_file.merge(given, collected) if given else collected


async def _collect(args: argparse.Namespace, plan: "Plan", console: Console) -> "Facts":
    """Ask Azure, or the sandbox, for what the rules need."""
    from byocni_tui.context import Context

    if args.simulate:
        context = Context.simulated(plan, scenario=args.scenario, tr=console.tr)
        # The sandbox starts in a thread of its own, and a journal belongs to the thread that opened it.
        context.open_journal()
    else:
        context = Context.live(plan, tr=console.tr)
    try:
        facts: Facts = await context.collect()
        return facts
    finally:
        await context.close()


def _show(report: "Report", console: Console) -> None:
    tr = console.tr
    for finding in report.findings:
        _show_one(finding, console)
    counts = {"errors": report.errors, "warnings": report.warnings, "infos": report.infos}
    console.out(tr("cli.check.summary" if report.findings else "cli.check.clean", **counts))
    if report.not_run:
        console.out(tr("cli.check.not_run", codes=", ".join(entry.code for entry in report.not_run)))


def _show_one(finding: "Finding", console: Console) -> None:
    from byocni_tui.plan.writer import wrap
    from byocni_tui.rules.render import message, remedy_text, shown

    tr = console.tr
    mark = {"error": "✗", "warning": "!", "info": "·"}[finding.severity]
    state = tr("cli.check.accepted") if finding.accepted and finding.overridden is None else ""
    if finding.overridden is not None:
        state = tr("cli.check.overridden", reason=finding.overridden)
    console.out(f"{mark} {finding.code} {tr('cli.check.' + finding.severity)}  {finding.field}{state}")
    for line in wrap(message(finding, tr), 96):
        console.out(f"    {line}")
    if remedy := remedy_text(finding, tr):
        for number, line in enumerate(wrap(remedy, 94)):
            console.out(f"    {'→ ' if number == 0 else '  '}{line}")
        if finding.remedy and finding.remedy.set:
            for path, value in finding.remedy.set.items():
                console.out(f"      --set '{path}={shown(value)}'")
    console.out("")
