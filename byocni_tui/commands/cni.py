"""``byocni-tui cni``: the catalogue of plugins."""

import argparse
import difflib
import unicodedata
from collections.abc import Iterable, Sequence

from byocni_tui.cni import show
from byocni_tui.cni.catalogue import catalogue, default_version, plugin, plugins
from byocni_tui.cni.model import Plugin
from byocni_tui.console import Console
from byocni_tui.errors import EXIT_DONE, EXIT_USAGE, UserError
from byocni_tui.locale import Translator


def configure(parser: argparse.ArgumentParser, tr: Translator) -> None:
    """Arguments: ``list`` (default), ``show ID``, ``compare ID ID…``."""
    parser.add_argument("action", nargs="?", choices=("list", "show", "compare"), default="list")
    parser.add_argument("ids", nargs="*", metavar="ID", help=tr("cli.cni.ids"))
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help=tr("cli.cni.output"))


def run(args: argparse.Namespace, console: Console) -> int:
    """Print what was asked for; an unknown id is wrong usage."""
    chosen = tuple(_named(name) for name in args.ids)
    wanted = {"list": 0, "show": 1, "compare": 2}[args.action]
    if len(chosen) < wanted or (wanted < 2 and len(chosen) > wanted):
        raise UserError("cni_ids", exit_code=EXIT_USAGE, action=args.action, known=_known())
    if args.action == "list":
        chosen = plugins()
    if console.json_output:
        found = [show.to_dict(item, console.tr) for item in chosen]
        console.json(found[0] if args.action == "show" else found)
        return EXIT_DONE
    {"list": _list, "show": _show, "compare": _compare}[args.action](chosen, console)
    return EXIT_DONE


def _known() -> str:
    return ", ".join(item.id for item in plugins())


def _named(name: str) -> Plugin:
    found = plugin(name)
    if found is not None:
        return found
    near = difflib.get_close_matches(name.lower(), catalogue().ids(), n=1)
    if near:
        raise UserError("cni_unknown_near", exit_code=EXIT_USAGE, name=name, near=near[0])
    raise UserError("cni_unknown", exit_code=EXIT_USAGE, name=name, known=_known())


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Columns as wide as their widest cell; a Chinese character is two columns wide."""
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _list(chosen: tuple[Plugin, ...], console: Console) -> None:
    tr = console.tr
    offered = [item for item in chosen if item.offered]
    rows = [(item.id, _default(item), item.summary.get(tr.lang)) for item in offered]
    for line in _table([(tr("cni.head.id"), tr("cni.head.version"), tr("cni.head.what")), *rows]):
        console.out(line)
    refused = [item for item in chosen if item.refused]
    if refused:
        console.out()
        console.out(tr("cni.refused"))
        for item in refused:
            reason = item.refused.reason.get(tr.lang) if item.refused else ""
            console.out(f"  {item.id}: {reason}")


def _default(item: Plugin) -> str:
    found = default_version(item)
    return found.version if found else "-"


def _show(chosen: tuple[Plugin, ...], console: Console) -> None:
    tr, item = console.tr, chosen[0]
    console.out(f"{item.name} ({item.id})")
    console.out(item.summary.get(tr.lang))
    if item.refused:
        console.out()
        console.out(tr("cni.not_offered", code=item.refused.code, reason=item.refused.reason.get(tr.lang)))
    facts = [
        ("licence", item.licence),
        ("steward", item.steward),
        ("docs", item.docs),
        ("aks_docs", item.aks_docs),
    ]
    if item.chart:
        chart = item.chart
        facts += [("chart", f"{chart.name} ({chart.repository})"), ("oci", chart.oci or "")]
        facts += [("namespace", chart.namespace), ("crds", chart.crds.name if chart.crds else "")]
    facts.append(("cni_config", item.cni_config or ""))
    _section(console, "facts", [(tr(f"cni.fact.{key}"), text) for key, text in facts if text])
    _section(console, "versions", [show.version_row(item, version, tr) for version in item.versions])
    if item.versions:
        _section(console, "options", show.option_rows(item, tr))
    ports = [
        (
            port.label,
            port.purpose.get(tr.lang),
            tr("cni.required") if port.required else "",
        )
        for port in item.ports
    ]
    _section(console, "ports", ports)
    _section(console, "images", [(f"{image.repository}",) for image in item.images])
    abilities = [
        (tr(f"cni.capability.{key}"), show.capability_text(value, tr))
        for key, value in item.capabilities.items()
    ]
    _section(console, "capabilities", abilities)
    _section(console, "notes", [(note,) for note in show.notes(item, tr)])


def _section(console: Console, key: str, rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    console.out()
    console.out(console.tr(f"cni.section.{key}"))
    for line in _table(rows):
        console.out(f"  {line}")


def _compare(chosen: tuple[Plugin, ...], console: Console) -> None:
    tr = console.tr
    rows: list[tuple[str, ...]] = [("", *(item.name for item in chosen))]
    rows.append((tr("cni.head.version"), *(_default(item) for item in chosen)))
    rows += [
        (f"cni.{name}", *(", ".join(getattr(item.options, name)) or "-" for item in chosen))
        for name in ("encapsulation", "encryption", "kube_proxy")
    ]
    for key in show.capability_keys(chosen):
        cells = (show.capability_text(item.capabilities.get(key), tr) for item in chosen)
        rows.append((tr(f"cni.capability.{key}"), *cells))
    rows.append((tr("cni.head.offered"), *(tr("cni.yes" if item.offered else "cni.no") for item in chosen)))
    for line in _table(rows):
        console.out(line)
