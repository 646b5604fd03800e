"""``plan``: writes an answers file with every default explained, or changes one that exists."""

import argparse
from pathlib import Path

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE
from byocni_tui.locale import Translator


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Options of ``plan``."""
    parser.add_argument("file", nargs="?", metavar="FILE", help=tr("cli.plan.file"))
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="path=value",
        dest="assignments",
        help=tr("cli.plan.set"),
    )
    parser.add_argument("--schema", action="store_true", help=tr("cli.plan.schema"))


def run(args: argparse.Namespace, console: Console) -> int:
    """The schema, a file to stdout, a new file, or an existing one changed in place."""
    if args.schema:
        from byocni_tui.plan.schema import schema

        console.json(schema(console.tr))
        return EXIT_DONE
    from byocni_tui import files
    from byocni_tui.plan import reader, writer
    from byocni_tui.plan.model import Plan

    path = Path(args.file) if args.file else None
    exists = path is not None and path.exists()
    text = files.read_text(path) if path is not None and exists else None
    plan = reader.load(text, str(path)) if text is not None else Plan()
    before = plan
    for assignment in args.assignments:
        plan = reader.set_value(plan, assignment)
    if path is None:
        console.out(writer.dump(plan, console.tr).rstrip("\n"))
    elif text is None:
        files.write_atomically(path, writer.dump(plan, console.tr))
        console.say(console.tr("cli.plan.written", file=str(path)))
    elif plan == before:
        console.say(console.tr("cli.plan.unchanged", file=str(path)))
    else:
        from byocni_tui.plan.rewriter import rewrite

        files.write_atomically(path, rewrite(text, plan, args.assignments, str(path)))
        console.say(console.tr("cli.plan.changed", file=str(path)))
    return EXIT_DONE
