"""The catalogue as rows and documents, for the command line and for ``docs/catalogue.md``."""

from typing import Any

import msgspec

from byocni_tui.cni.catalogue import default_version
from byocni_tui.cni.model import Capability, Plugin, Version
from byocni_tui.locale import Translator

MARKS = {"yes": "✓", "partly": "~", "no": "✗"}


def kubernetes_range(version: Version, tr: Translator) -> str:
    """``1.32 – 1.35``, ``≥ 1.23``, or that it is not known."""
    span = version.kubernetes
    if span is None:
        return tr("cni.unknown")
    return f"{span.min} – {span.max}" if span.max else f"≥ {span.min}"


def version_row(of: Plugin, version: Version, tr: Translator) -> tuple[str, str, str]:
    """Version, tested Kubernetes versions, remarks."""
    remarks = []
    if version is default_version(of):
        remarks.append(tr("cni.default"))
    elif version.default_for is not None:
        span = version.default_for
        until = span.max or tr("cni.newest")
        remarks.append(tr("cni.default_for", min=span.min, max=until))
    if version.eol:
        remarks.append(tr("cni.eol", date=version.eol))
    if not version.azure_tested:
        remarks.append(tr("cni.azure_untested"))
    if version.note:
        remarks.append(version.note.get(tr.lang))
    return version.version, kubernetes_range(version, tr), tr("cni.semicolon").join(remarks)


def capability_text(capability: Capability | None, tr: Translator) -> str:
    """A mark and the note; ``?`` where the catalogue does not say."""
    if capability is None:
        return "?"
    note = f" {capability.note.get(tr.lang)}" if capability.note else ""
    return f"{MARKS[capability.level]}{note}"


def capability_keys(plugins: tuple[Plugin, ...]) -> tuple[str, ...]:
    """Every capability that one of them names, in the order of first mention."""
    return tuple(dict.fromkeys(key for plugin in plugins for key in plugin.capabilities))


def option_rows(of: Plugin, tr: Translator) -> list[tuple[str, str]]:
    """The options of the plan's ``cni`` and what they may be with this plugin."""
    options = of.options
    rows = [
        ("encapsulation", ", ".join(options.encapsulation)),
        ("encryption", ", ".join(options.encryption)),
        ("kube_proxy", ", ".join(options.kube_proxy)),
    ]
    if options.node_mask:
        rows.append(("node_mask", f"{options.node_mask[0]}–{options.node_mask[1]} ({of.ipam.block})"))
    if options.mtu:
        rows.append(("mtu", f"auto, 576–{options.mtu_most or 9000}"))
    switches = ("observability", "registry") if options.mtu else ("mtu", "observability", "registry")
    return rows + [(name, tr("cni.yes" if getattr(options, name) else "cni.no")) for name in switches]


def to_dict(of: Plugin, tr: Translator) -> dict[str, Any]:
    """The JSON of ``cni``: ``id`` first, texts in the language of ``tr``."""
    data: dict[str, Any] = msgspec.to_builtins(of)
    data.pop("order")
    data.pop("values")
    plain = _texts(data, tr.lang)
    assert isinstance(plain, dict)
    version = default_version(of)
    return {
        "id": of.id,
        "name": of.name,
        "offered": of.offered,
        "default_version": version.version if version else None,
        **plain,
    }


def _texts(node: Any, lang: str) -> Any:
    if isinstance(node, dict):
        if set(node) == {"en", "zh"}:
            return node["zh" if lang == "zh" else "en"]
        return {key: _texts(value, lang) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [_texts(value, lang) for value in node]
    return node


def notes(of: Plugin, tr: Translator) -> list[str]:
    """What is good to know, and what stays after a removal."""
    lines = [note.get(tr.lang) for note in of.notes]
    if of.leaves_behind:
        lines.append(tr("cni.leaves", text=of.leaves_behind.get(tr.lang)))
    return lines
