"""``docs/findings.md`` in both languages, from the texts of the findings. Run as a module with a folder, it writes
both."""

import sys
from pathlib import Path
from typing import Final

from byocni_tui.locale import Translator
from byocni_tui.rules.render import codes, explanations

FILES: Final = {"en": "findings.md", "zh": "findings.zh-CN.md"}


def page(tr: Translator) -> str:
    """The whole page in the translator's language."""
    lines = [f"# {tr('rules.document.title')}", "", tr("rules.document.intro"), ""]
    group = ""
    for entry in explanations(tr, codes()):
        code = entry["code"]
        if code[3] != group:
            group = code[3]
            lines += [f"## {tr(f'rules.document.group{group}')}", ""]
        named = [tr(f"rules.document.{name}") for name in entry["severity"] or ("cause",)]
        lines += [f"### {code} · {entry['title']}", "", f"*{tr('rules.document.or').join(named)}*", ""]
        lines += [f"**{tr('rules.document.why')}** {entry['why']}", ""]
        lines += [f"**{tr('rules.document.fix')}** {entry['fix']}", ""]
        if entry["needs"]:
            needs = ", ".join(f"`{need}`" for need in entry["needs"])
            lines += [f"**{tr('rules.document.needs')}** {needs}", ""]
        lines += [f"{tr('rules.document.source')}: <{entry['source']}>", ""]
    return "\n".join(lines).rstrip() + "\n"


def write(folder: Path) -> None:
    """Both pages into ``folder``."""
    for lang, name in FILES.items():
        (folder / name).write_text(page(Translator(lang)), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
