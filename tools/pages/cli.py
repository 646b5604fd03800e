"""``docs/cli.md``: every command and option, from the parsers themselves."""

import argparse

from byocni_tui.cli import COMMANDS, build_parser
from byocni_tui.errors import EXIT_CTRL_C, EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_SIGN_IN, EXIT_USAGE
from byocni_tui.locale import Translator
from tools.pages.markdown import begin, end, heads, table, text

STATUS = {
    "done": EXIT_DONE,
    "failed": EXIT_FAILED,
    "usage": EXIT_USAGE,
    "sign_in": EXIT_SIGN_IN,
    "interrupted": EXIT_INTERRUPTED,
    "ctrl_c": EXIT_CTRL_C,
}
COMMON = ("--help", "--version", "--lang", "--no-color", "--plain", "--ascii", "--theme")


def value_name(action: argparse.Action) -> str:
    """What stands for the value: its metavar, or the choices; empty for a flag."""
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices is not None:
        return "{" + ",".join(str(choice) for choice in action.choices) + "}"
    return action.dest.upper()


def shape(action: argparse.Action) -> str:
    """``-o, --output {text,json}``, or a positional argument as it is typed."""
    value = value_name(action)
    if action.option_strings:
        return f"{', '.join(action.option_strings)} {value}".rstrip()
    if action.nargs == "?":
        return f"[{value}]"
    if action.nargs == "*":
        return f"[{value} …]"
    return f"{value} …" if action.nargs == "+" else value


def options(parser: argparse.ArgumentParser, *, common: bool) -> list[argparse.Action]:
    """The command's own arguments, or those that all commands share."""
    return [
        action
        for action in parser._actions
        if action.help is not argparse.SUPPRESS and bool(set(action.option_strings) & set(COMMON)) is common
    ]


def synopsis(parser: argparse.ArgumentParser) -> str:
    """One line: the command with all it takes."""
    words = [parser.prog]
    for action in options(parser, common=False):
        part = shape(action)
        words.append(f"[{part}]" if action.option_strings and not action.required else part)
    return " ".join(words)


def _rows(actions: list[argparse.Action]) -> list[list[str]]:
    return [[f"`{shape(action)}`", (action.help or "").replace("%%", "%")] for action in actions]


def page(lang: str) -> str:
    """The whole page."""
    tr = Translator(lang)
    lines = begin(lang, "cli")
    lines += [f"## {text(lang, 'cli.status')}", ""]
    lines += table(
        heads(lang, "status meaning"),
        ([f"`{number}`", text(lang, f"status.{name}")] for name, number in STATUS.items()),
    )
    lines += [f"## {tr('cli.common.title')}", ""]
    lines += table(heads(lang, "option meaning"), _rows(options(build_parser("wizard", tr), common=True)))
    for name in COMMANDS:
        parser = build_parser(name, tr)
        lines += [f"## {parser.prog}", "", parser.description or "", ""]
        lines += ["```text", synopsis(parser), "```", ""]
        if own := options(parser, common=False):
            lines += table(heads(lang, "option meaning"), _rows(own))
    return end(lines)
