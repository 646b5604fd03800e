"""What can stand at each place of the command line: read from the very parsers that will read it.

Everything but the journal's runs is known when the script is printed, so completing starts no program.
"""

import argparse
import sys
from typing import Final, Literal

import msgspec

from byocni_tui.cli import COMMANDS, build_parser
from byocni_tui.locale import Translator

Kind = Literal["none", "words", "list", "file", "directory", "assignment", "run", "program", "command"]
"""``words``: one of some; ``list``: some with commas between them; ``assignment``: a field's path, ``=``, its value;
``program``: a command of this computer and its words; ``command``: one of ours."""

_METAVARS: Final[dict[str, Kind]] = {
    "FILE": "file",
    "DIR": "directory",
    "RUN": "run",
    "path=value": "assignment",
    "CODES": "list",
    "CODES|all": "list",
}
"""What a placeholder stands for; those that are not here are free text, or have words of their own (``_named``)."""


def home(first: str) -> str:
    """Where the journal's runs are, below ``$HOME`` and as a shell writes it; ``first`` is how this shell says what
    stands in ``XDG_STATE_HOME``, or where that is not set."""
    return (
        "$HOME/Library/Application Support/byocni-tui" if sys.platform == "darwin" else f"{first}/byocni-tui"
    )


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What can stand at one place. With ``files`` a file can stand there as well as one of the words."""

    kind: Kind = "none"
    words: tuple[str, ...] = ()
    files: bool = False


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """An option; ``value`` is None where it is a switch."""

    flags: tuple[str, ...]
    help: str
    value: Place | None
    repeats: bool = False


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A command. The last of ``positionals`` repeats where ``repeats`` says so; ``rest`` is what follows ``--``."""

    name: str
    help: str
    options: tuple[Option, ...]
    positionals: tuple[Place, ...]
    repeats: bool = False
    rest: Place | None = None


class Lists:
    """The words that several places share, gathered once."""

    def __init__(self) -> None:
        from byocni_tui.cni.catalogue import plugins
        from byocni_tui.rules.registry import RULES
        from byocni_tui.rules.render import codes
        from byocni_tui.sandbox.scenario import names
        from byocni_tui.screens.themes import SHORT

        self.scenarios = tuple(names())
        self.codes = codes()
        self.warnings = tuple(code for code in sorted(RULES) if "warning" in RULES[code].severities)
        self.plugins = tuple(item.id for item in plugins())
        self.themes = tuple(SHORT)


def paths() -> dict[str, tuple[str, ...]]:
    """Every path that ``--set`` takes, with the values that its field can have where they can be told. Of a list the
    first item stands for all."""
    from byocni_tui.cni.catalogue import plugins
    from byocni_tui.plan.fields import FIELDS

    found: dict[str, tuple[str, ...]] = {}
    for field in FIELDS:
        values = ("true", "false") if field.kind == "switch" else field.choices
        found[field.path.replace("[]", "[0]")] = values
    found["cni.plugin"] = tuple(item.id for item in plugins() if item.offered)
    return found


def commands(tr: Translator) -> tuple[Command, ...]:
    """All commands; the wizard, which has no name to type, is the first."""
    lists = Lists()
    return tuple(_command(name, tr, lists) for name in COMMANDS)


def _command(name: str, tr: Translator, lists: Lists) -> Command:
    parser = build_parser(name, tr)
    options: list[Option] = []
    places: list[Place] = []
    repeats, rest = False, None
    for action in parser._actions:
        if action.option_strings:
            options.append(
                Option(
                    flags=tuple(action.option_strings),
                    help=" ".join((action.help or "").split()),
                    value=None if action.nargs == 0 else _place(name, action, lists),
                    repeats=isinstance(action, argparse._AppendAction),
                )
            )
            continue
        if "--" in str(action.metavar):
            rest = Place(kind="program" if name == "sandbox" else "command")
        if action.nargs != argparse.REMAINDER:
            places.append(_place(name, action, lists))
            repeats = action.nargs in ("*", "+")
    return Command(
        name=name,
        help=tr(f"cli.{name}.help"),
        options=tuple(options),
        positionals=tuple(places),
        repeats=repeats,
        rest=rest,
    )


def _place(command: str, action: argparse.Action, lists: Lists) -> Place:
    metavar = str(action.metavar or "")
    if action.choices:
        return Place(kind="words", words=tuple(str(choice) for choice in action.choices))
    if words := _named(command, action.dest, metavar, lists):
        return Place(
            kind="words", words=words, files="--scenario" in action.option_strings or "|FILE" in metavar
        )
    kind = _METAVARS.get(metavar, "none")
    return Place(kind=kind, words=("all", *lists.warnings) if kind == "list" else ())


def _named(command: str, dest: str, metavar: str, lists: Lists) -> tuple[str, ...]:
    if dest == "scenario" or (command == "scenarios" and metavar.startswith("ID")):
        return lists.scenarios
    if command == "cni" or dest == "cni":
        return lists.plugins
    known = {
        "CODE": lists.codes,
        "N|max": ("1", "60", "max"),
        "N|all": ("all",),
        "HOST:PORT": ("mcr.microsoft.com:443",),
    }
    if dest == "theme":
        return lists.themes
    if command == "sandbox" and dest == "words":
        return ("stop", "fault")
    return known.get(metavar, ())
