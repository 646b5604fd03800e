"""``completion``: prints a shell's completion script."""

import argparse
import importlib
from typing import Final

from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE
from byocni_tui.locale import Translator

SHELLS: Final = ("bash", "zsh", "fish")


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Arguments of ``completion {bash,zsh,fish}``."""
    parser.add_argument("shell", choices=SHELLS, help=tr("cli.completion.shell"))


def run(args: argparse.Namespace, console: Console) -> int:
    """The script on stdout, its texts in the language that was asked for."""
    from byocni_tui.completion.words import commands

    text: str = importlib.import_module(f"byocni_tui.completion.{args.shell}").script(commands(console.tr))
    console.out(text.removesuffix("\n"))
    return EXIT_DONE
