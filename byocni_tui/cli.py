"""The command line: picks the command, reads the options that all share, calls it, turns failure into an exit status.

Commands live in ``byocni_tui.commands``, one module each, imported only when asked for.
"""

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from byocni_tui import __version__
from byocni_tui.console import Console
from byocni_tui.errors import EXIT_CTRL_C, EXIT_USAGE, UserError
from byocni_tui.locale import LANGUAGES, Translator, preferred_language

COMMANDS: Final = (
    "wizard", "plan", "check", "explain", "export", "apply", "verify", "doctor", "cni", "runs", "destroy",
    "record", "replay", "sandbox", "scenarios", "training", "demo", "serve", "completion",
)  # fmt: skip
"""In the order of ``--help``. ``wizard`` is what runs without a command."""


class _Parser(argparse.ArgumentParser):
    """argparse, with exit status and wording of the contract."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def _language(argv: Sequence[str]) -> str:
    """The language has to be known before the parser exists: its help is translated."""
    for index, word in enumerate(argv):
        if word == "--":
            break
        value = (
            argv[index + 1] if word == "--lang" and index + 1 < len(argv) else word.removeprefix("--lang=")
        )
        if value != word and value in LANGUAGES:
            return value
    return preferred_language()


def _add_common(parser: argparse.ArgumentParser, tr: Translator) -> None:
    group = parser.add_argument_group(tr("cli.common.title"))
    group.add_argument("-h", "--help", action="help", help=tr("cli.common.help"))
    group.add_argument(
        "--version", action="version", version=f"byocni-tui {__version__}", help=tr("cli.common.version")
    )
    group.add_argument("--lang", choices=sorted(LANGUAGES), default=tr.lang, help=tr("cli.common.lang"))
    group.add_argument(
        "--no-color",
        action="store_true",
        default=bool(os.environ.get("NO_COLOR")),
        help=tr("cli.common.no_color"),
    )
    group.add_argument("--plain", action="store_true", help=tr("cli.common.plain"))
    group.add_argument("--ascii", action="store_true", help=tr("cli.common.ascii"))
    group.add_argument("--theme", metavar="NAME", help=tr("cli.common.theme"))


def _overview(tr: Translator) -> str:
    rows = [(name, tr(f"cli.{name}.help")) for name in COMMANDS if name != "wizard"]
    width = max(len(name) for name, _ in rows)
    return tr("cli.commands") + "\n" + "\n".join(f"  {name.ljust(width)}  {text}" for name, text in rows)


def build_parser(name: str, tr: Translator) -> argparse.ArgumentParser:
    """The parser of one command."""
    wizard = name == "wizard"
    parser = _Parser(
        prog="byocni-tui" if wizard else f"byocni-tui {name}",
        description=tr(f"cli.{name}.description"),
        epilog=_overview(tr) if wizard else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    importlib.import_module(f"byocni_tui.commands.{name}").configure(parser, tr)
    _add_common(parser, tr)
    return parser


def _parse(name: str, parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """The arguments of a command; one that takes a list of files (``INTERMIXED``) has its options between them, too."""
    if getattr(importlib.import_module(f"byocni_tui.commands.{name}"), "INTERMIXED", False):
        return parser.parse_intermixed_args(words)
    return parser.parse_args(words)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status of the contract."""
    words = list(sys.argv[1:] if argv is None else argv)
    tr = Translator(_language(words))
    name = "wizard"
    if words and not words[0].startswith("-"):
        if words[0] not in COMMANDS:
            return _unknown(words[0], tr)
        name = words.pop(0)
    try:
        args = _parse(name, build_parser(name, tr), words)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else EXIT_USAGE
    console = Console(tr, json_output=getattr(args, "output", "text") == "json", ascii_only=args.ascii)
    try:
        status: int = importlib.import_module(f"byocni_tui.commands.{name}").run(args, console)
    except UserError as error:
        console.show_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_CTRL_C
    except BrokenPipeError:
        # The reader went away (`| head`): as other tools do, say nothing; stdout is replaced so that nobody flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + getattr(signal, "SIGPIPE", 13)
    return status


def _unknown(word: str, tr: Translator) -> int:
    import difflib

    near = difflib.get_close_matches(word, COMMANDS, n=1)
    key = "cli.unknown_near" if near else "cli.unknown"
    print(tr(key, word=word, near=near[0] if near else ""), file=sys.stderr)  # noqa: T201 the console needs arguments
    return EXIT_USAGE
