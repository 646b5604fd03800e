"""``docs/catalogue.md`` in both languages, from the data files. Run as a module with a folder, it writes both."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from byocni_tui.cni import show
from byocni_tui.cni.catalogue import default_version, plugins
from byocni_tui.cni.model import Plugin
from byocni_tui.locale import Translator

FILES: Final = {"en": "catalogue.md", "zh": "catalogue.zh-CN.md"}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ") or " "


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(_cell(cell) for cell in head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return [*lines, ""]


def _offered(item: Plugin, tr: Translator) -> list[str]:
    colon = tr("cni.colon").rstrip()
    lines = [f"## {item.name} (`{item.id}`)", "", item.summary.get(tr.lang), ""]
    facts = [
        ("docs", f"<{item.docs}>" if item.docs else ""),
        ("aks_docs", f"<{item.aks_docs}>" if item.aks_docs else ""),
        ("licence", item.licence),
        ("steward", item.steward),
        ("cni_config", f"`{item.cni_config}`" if item.cni_config else ""),
    ]
    if item.chart:
        facts.append(("chart", f"`{item.chart.name}`, <{item.chart.repository}>"))
        facts.append(("oci", f"`{item.chart.oci}`" if item.chart.oci else ""))
        facts.append(("namespace", f"`{item.chart.namespace}`"))
    shown = [f"- {tr(f'cni.fact.{key}')}{tr('cni.colon')}{text}" for key, text in facts if text]
    lines += [*shown, ""] if shown else []
    if item.versions:
        head = (tr("cni.head.version"), tr("cni.docs.tested"), tr("cni.docs.remarks"))
        lines += _table(head, (show.version_row(item, version, tr) for version in item.versions))
        lines += _table(
            (tr("cni.docs.option"), tr("cni.docs.values")),
            ((f"`cni.{name}`", text) for name, text in show.option_rows(item, tr)),
        )
    if item.ports:
        ports = (
            (
                port.label,
                port.purpose.get(tr.lang),
                tr("cni.required") if port.required else "",
            )
            for port in item.ports
        )
        lines += _table((tr("cni.docs.port"), tr("cni.docs.purpose"), ""), ports)
    if item.images:
        lines += [
            f"{tr('cni.section.images')}{colon}",
            "",
            *(f"- `{image.repository}`" for image in item.images),
            "",
        ]
    if notes := show.notes(item, tr):
        lines += [f"{tr('cni.section.notes')}{colon}", "", *(f"- {note}" for note in notes), ""]
    return lines


def markdown(tr: Translator) -> str:
    """The whole page in the language of ``tr``."""
    known = plugins()
    offered = tuple(item for item in known if item.offered)
    lines = [f"# {tr('cni.docs.title')}", "", tr("cni.docs.intro"), "", f"## {tr('cni.docs.compare')}", ""]
    compared = tuple(item for item in offered if item.capabilities)
    rows = [(tr("cni.head.version"), *(_default(item) for item in compared))]
    rows += [
        (
            tr(f"cni.capability.{key}"),
            *(show.capability_text(item.capabilities.get(key), tr) for item in compared),
        )
        for key in show.capability_keys(compared)
    ]
    lines += _table(("", *(item.name for item in compared)), rows)
    for item in offered:
        lines += _offered(item, tr)
    lines += [f"## {tr('cni.docs.refused')}", ""]
    refused = (
        (f"{item.name} (`{item.id}`)", item.refused.code, item.refused.reason.get(tr.lang))
        for item in known
        if item.refused
    )
    lines += _table((tr("cni.docs.plugin"), tr("cni.docs.code"), tr("cni.docs.reason")), refused)
    lines += [f"## {tr('cni.docs.json')}", "", tr("cni.docs.json_intro"), ""]
    fields = ", ".join(f"`{key}`" for key in show.to_dict(offered[0], tr))
    lines += [fields, "", *_export(tr)]
    return "\n".join(lines).rstrip() + "\n"


def _export(tr: Translator) -> list[str]:
    return [f"## {tr('cni.docs.new')}", "", tr("cni.docs.new_text"), ""] + [
        f"- `{field.name}`" for field in msgspec.structs.fields(Plugin)
    ]


def _default(item: Plugin) -> str:
    found = default_version(item)
    return found.version if found else "-"


def main(folder: Path) -> None:
    """Write both pages into ``folder``."""
    for lang, name in FILES.items():
        (folder / name).write_text(markdown(Translator(lang)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
