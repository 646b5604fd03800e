"""``docs/byocni-tui.1``: the manual page, from the parsers."""

from byocni_tui import __version__
from byocni_tui.cli import COMMANDS, build_parser
from byocni_tui.locale import Translator
from tools.pages.cli import STATUS, options, shape, synopsis
from tools.pages.markdown import text


def escape(words: str) -> str:
    """Text that roff shows as it is."""
    shown = words.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(f"\\&{line}" if line[:1] in (".", "'") else line for line in shown.splitlines())


def page(lang: str = "en") -> str:
    """The whole page; ``man -l`` and groff read it."""
    tr = Translator(lang)
    lines = [f'.TH BYOCNI\\-TUI 1 "" "byocni\\-tui {__version__}" "{escape(text(lang, "man.manual"))}"']
    # Long lists of choices have no blank to stretch: no line is adjusted.
    lines.append(".ad l")
    lines += [f".SH {text(lang, 'man.name')}", f"byocni\\-tui \\- {escape(text(lang, 'man.summary'))}"]
    lines += [f".SH {text(lang, 'man.synopsis')}"]
    for name in COMMANDS:
        lines += [".PP", f".B {escape(synopsis(build_parser(name, tr)))}"]
    for name in COMMANDS:
        parser = build_parser(name, tr)
        lines += [f".SH {escape(parser.prog.upper())}", escape(parser.description or "")]
        for action in options(parser, common=False):
            lines += [".TP", f".B {escape(shape(action))}", escape((action.help or "").replace("%%", "%"))]
    lines += [f".SH {escape(tr('cli.common.title').upper())}"]
    for action in options(build_parser("wizard", tr), common=True):
        lines += [".TP", f".B {escape(shape(action))}", escape((action.help or "").replace("%%", "%"))]
    lines += [f".SH {text(lang, 'man.status')}"]
    for name, number in STATUS.items():
        lines += [".TP", f".B {number}", escape(text(lang, f"status.{name}"))]
    lines += [f".SH {text(lang, 'man.environment')}"]
    for name in (
        "BYOCNI_LANG",
        "BYOCNI_STATE_HOME",
        "BYOCNI_ALLOW_SANDBOX",
        "BYOCNI_CLOUD_METADATA",
        "NO_COLOR",
    ):
        lines += [".TP", f".B {escape(name)}", escape(text(lang, f"environment.{name}"))]
    return "\n".join(lines) + "\n"
