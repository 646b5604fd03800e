"""``check``: the rules against an answers file, with facts from a file, from Azure or from a simulation."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_SIGN_IN, EXIT_USAGE, UserError
from byocni_tui.locale import Translator

if TYPE_CHECKING:
    from byocni_tui.context import Context
    from byocni_tui.deploy.event import Event
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
    parser.add_argument("--sandbox", metavar="URL", help=tr("cli.apply.sandbox"))
    parser.add_argument("--scenario", metavar="ID", help=tr("cli.check.scenario"))
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help=tr("cli.check.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the findings; exit status 1 where something stands in the way."""
    from byocni_tui.files import load_plan, read_text
    from byocni_tui.plan import facts as facts_file
    from byocni_tui.rules import check

    plan = load_plan(args.file)
    facts = facts_file.load(read_text(args.facts), args.facts) if args.facts else None
    unread: dict[str, str] | None = None
    if args.live or args.simulate:
        collected, unread = _ask(args, plan, console)
        facts = facts_file.merge(facts, collected) if facts else collected
    elif args.scenario or args.sandbox:
        raise UserError("check_scenario", exit_code=EXIT_USAGE)
    return tell(check(plan, facts), unread, args.file, console)


def tell(report: "Report", unread: "Mapping[str, str] | None", where: str, console: Console) -> int:
    """Print a report; returns the exit status."""
    from byocni_tui.rules.render import report_to_dict

    if console.json_output:
        console.json(report_to_dict(report, where, console.tr, unread))
    else:
        _show(report, unread, console)
        _next(report, where, console)
    return EXIT_FAILED if report.blocking else EXIT_DONE


def _ask(args: argparse.Namespace, plan: "Plan", console: Console) -> "tuple[Facts, dict[str, str]]":
    """What Azure or the sandbox answers, and why the rest could not be read."""
    import asyncio

    from byocni_tui.connections import fitting_scenario
    from byocni_tui.context import Context

    if args.live:
        context = Context.live(plan, tr=console.tr)
    elif args.sandbox:
        context = Context.simulated(plan, sandbox=args.sandbox, tr=console.tr)
        console.say(context.notice)
    else:
        context = Context.simulated(plan, scenario=fitting_scenario(plan, args.scenario), tr=console.tr)
        console.say(context.notice)
    return asyncio.run(collect(context))


async def collect(context: "Context") -> "tuple[Facts, dict[str, str]]":
    """The pre-flight of a deployment, and what rules still lack after it. A service that can't be asked at all (nobody
    signed in, nothing reachable) ends the check."""
    from byocni_tui.preflight import more_facts, preflight

    unread: dict[str, str] = {}
    last: Event | None = None
    try:
        await context.start()  # a simulation that can't start is no answer of Azure's
        for part in (preflight, more_facts):
            async for event in part(context):
                last = event
                detail = event.detail or {}
                if detail.get("reason"):
                    unread[detail["check"]] = detail["reason"]
            if last is not None and last.status == "failed" and "findings" not in (last.detail or {}):
                raise _unanswered(last)
        assert context.facts is not None, "pre-flight fails where it reads nothing"
        return context.facts, unread
    finally:
        await context.close()


def _unanswered(event: "Event") -> UserError:
    detail = event.detail or {}
    code = int(detail.get("exit_code", EXIT_FAILED))
    # The first line of what the service said; credentials add a whole page about each way that they tried.
    words = str(detail.get("original") or "").strip().splitlines()
    return UserError(
        "check_sign_in" if code == EXIT_SIGN_IN else "check_unanswered",
        exit_code=code,
        message=event.message,
        remedy=detail.get("remedy") or "",
        detail=words[0] if words else None,
    )


def _show(report: "Report", unread: "Mapping[str, str] | None", console: Console) -> None:
    from byocni_tui.plan.writer import wrap
    from byocni_tui.rules.render import why_not_run

    tr = console.tr
    for finding in report.findings:
        _show_one(finding, console)
    counts = {"errors": report.errors, "warnings": report.warnings, "infos": report.infos}
    console.out(tr("cli.check.summary" if report.findings else "cli.check.clean", **counts))
    if unread is None:
        if report.not_run:
            console.out(tr("cli.check.not_asked", codes=", ".join(entry.code for entry in report.not_run)))
        return
    reasons: dict[str, list[str]] = {}
    for entry in report.not_run:
        reasons.setdefault(why_not_run(entry, tr, unread), []).append(entry.code)
    for reason, codes in reasons.items():
        lines = wrap(tr("cli.check.not_run", codes=", ".join(codes), reason=reason), 98)
        for number, line in enumerate(lines):
            console.out(line if number == 0 else f"  {line}")


def _next(report: "Report", file: str, console: Console) -> None:
    """What to type next: to take every value that was offered, or to go on."""
    from shlex import quote

    from byocni_tui.rules.render import shown

    offered: dict[str, str] = {}
    for finding in report.blocking:
        # That somebody has read something can't be a default.
        if finding.remedy and finding.code != "BYO001":
            for path, value in (finding.remedy.set or {}).items():
                offered.setdefault(path, shown(value))
    if offered:
        words = " ".join(f"--set {quote(f'{path}={value}')}" for path, value in offered.items())
        console.say(console.tr("cli.check.offers"))
        console.say(f"  byocni-tui plan {quote(file)} {words}")
    elif not report.blocking:
        console.say(console.tr("cli.check.next", file=quote(file)))


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
        for command in finding.remedy.commands if finding.remedy else ():
            console.out(f"      $ {command}")
    console.out("")
