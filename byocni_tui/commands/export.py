"""``byocni-tui export``: the plan as something that others run."""

import argparse
from pathlib import Path

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, UserError
from byocni_tui.export.tongues import TONGUES, render
from byocni_tui.locale import Translator


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Arguments of ``export FILE --to … [-d DIR] [--force]``."""
    parser.add_argument("file", metavar="FILE", help=tr("cli.export.file"))
    parser.add_argument("--to", choices=tuple(TONGUES), help=tr("cli.export.to"))
    parser.add_argument("-d", "--directory", metavar="DIR", type=Path, help=tr("cli.export.directory"))
    parser.add_argument("--force", action="store_true", help=tr("cli.export.force"))


def run(args: argparse.Namespace, console: Console) -> int:
    """One file to stdout, or into a folder; all of them into a folder where ``--to`` is not said."""
    from byocni_tui.files import load_plan, write_atomically
    from byocni_tui.rules import check

    if args.to is None and args.directory is None:
        raise UserError("export_target", exit_code=EXIT_USAGE, known=", ".join(TONGUES))
    plan = load_plan(args.file)
    errors = [finding for finding in check(plan).findings if finding.severity == "error"]
    if errors and not args.force:
        codes = ", ".join(dict.fromkeys(finding.code for finding in errors))
        raise UserError("export_findings", where=args.file, count=len(errors), codes=codes)
    if args.directory is None:
        console.out(render(args.to, plan, console.tr).removesuffix("\n"))
        return EXIT_DONE
    try:
        args.directory.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise UserError(
            "file_not_writable", exit_code=EXIT_FAILED, where=str(args.directory), detail=str(error)
        ) from None
    for tongue in [args.to] if args.to else TONGUES:
        path = args.directory / TONGUES[tongue]
        if path.exists() and path.samefile(args.file):
            # It may have comments that nobody else knows.
            console.say(console.tr("cli.export.same", file=str(path)))
            continue
        write_atomically(path, render(tongue, plan, console.tr))
        if tongue == "az":
            path.chmod(path.stat().st_mode | 0o111)
        console.say(str(path))
    return EXIT_DONE
