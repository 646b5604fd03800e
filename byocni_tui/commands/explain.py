"""``explain``: what a code means, why it matters, and the way out."""

import argparse
from typing import Any

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_USAGE, UserError
from byocni_tui.locale import Translator


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Options of ``explain``."""
    parser.add_argument("code", nargs="?", metavar="CODE", help=tr("cli.explain.code"))
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help=tr("cli.explain.output")
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """One code, those that begin so, or all of them."""
    from byocni_tui.rules.render import codes, explanations

    tr = console.tr
    known = codes()
    wanted = args.code.strip().upper() if args.code else None
    if wanted and wanted.isdigit():
        wanted = f"BYO{wanted}"
    chosen = tuple(code for code in known if code.startswith(wanted or ""))
    if not chosen:
        import difflib

        near = difflib.get_close_matches(wanted or "", known, n=1, cutoff=0.75)
        key = "explain_unknown_near" if near else "explain_unknown"
        raise UserError(key, exit_code=EXIT_USAGE, code=args.code, near=near[0] if near else "")
    entries = explanations(tr, (wanted,) if wanted and wanted in known else chosen)
    if console.json_output:
        console.json(entries)
    elif wanted in known:
        _show(entries[0], console)
    else:
        for entry in entries:
            console.out(_headline(entry, tr))
    return EXIT_DONE


def _headline(entry: dict[str, Any], tr: Translator) -> str:
    severities = entry["severity"] or ("cause",)
    named = tr("rules.document.or").join(tr(f"rules.document.{name}") for name in severities)
    return f"{entry['code']}  {named}  {entry['title']}"


def _show(entry: dict[str, Any], console: Console) -> None:
    from byocni_tui.plan.writer import wrap

    tr = console.tr
    console.out(_headline(entry, tr))
    for heading in ("why", "fix"):
        console.out("")
        console.out(tr(f"cli.explain.{heading}"))
        for line in wrap(entry[heading], 96):
            console.out(f"  {line}")
    console.out("")
    if entry["needs"]:
        console.out(tr("cli.explain.needs", needs=", ".join(entry["needs"])))
    console.out(tr("cli.explain.source", source=entry["source"]))
