"""``docs/fidelity.md``: what the sandbox answers, from which source, and where it knowingly differs."""

import json
from typing import Any

import yaml

from byocni_tui.sandbox.arm.handlers import _OWN
from byocni_tui.sandbox.arm.kind import FOLDER, Kind, kinds
from byocni_tui.sandbox.kube.kinds import recorded_discovery
from tools.pages.markdown import begin, end, heads, table, text

FIXTURES = FOLDER.parent
BEHAVIOURS = FIXTURES / "behaviours"
SOURCES = (
    "arm", "behaviours", "behaviours/aks", "charts", "clouds", "kubernetes-1.36", "scenarios",
)  # fmt: skip
"""Folders of fixtures; each has its origin in the texts, and a test holds that none is left out."""
DEVIATIONS = (
    "no_azure_recording", "retry_after", "clock", "identity", "api_versions", "own_texts", "aks_stand_ins", "charts",
    "network_model", "shell", "images", "spdy", "webhooks", "windows", "preview", "prices",
)  # fmt: skip


def _write(kind: Kind, lang: str) -> str:
    if kind.style == "network":
        return text(lang, "fidelity.long").format(seconds=f"{kind.seconds:g}")
    return text(lang, "fidelity.own" if kind.style == "own" else "fidelity.sync")


def _types(lang: str) -> list[list[str]]:
    known = {kind.type: kind for kind in kinds().values()}
    known |= {name: Kind(type=name, style="own") for name in _OWN if name not in known}
    served: dict[str, Any] = {}
    for namespace, types in json.loads((FOLDER / "providers.json").read_text(encoding="utf-8")).items():
        served |= {f"{namespace}/{name}".lower(): versions for name, versions in types.items()}
    rows = []
    for name in sorted(known, key=str.lower):
        kind = known[name]
        versions = served.get(name.lower()) or ()
        span = (
            f"{len(versions)} ({versions[-1]} … {versions[0]})"
            if versions
            else text(lang, "fidelity.as_parent")
        )
        checks = [*kind.required, *kind.references]
        rows.append([f"`{name}`", _write(kind, lang), span, ", ".join(f"`{one}`" for one in checks)])
    return rows


def _kinds() -> list[list[str]]:
    rows = []
    for group in recorded_discovery():
        name = group.get("metadata", {}).get("name") or "core"
        for version in group["versions"]:
            found = [one["responseKind"]["kind"] for one in version["resources"]]
            rows.append([f"`{name}/{version['version']}`", ", ".join(found)])
    return rows


def _behaviours(lang: str) -> list[list[str]]:
    rows = []
    for path in sorted(BEHAVIOURS.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        tunnel = data.get("tunnel") or {}
        port = tunnel.get("port")
        shown = port.get("default", "") if isinstance(port, dict) else port or ""
        policy = text(lang, "fidelity.yes" if data.get("policy") else "fidelity.no")
        steps = str(len(data.get("operator") or ()))
        rows.append(
            [f"`{data.get('id', path.stem)}`", f"{tunnel.get('protocol', '')} {shown}".strip(), policy, steps]
        )
    return rows


def _sources(lang: str) -> list[list[str]]:
    return [
        [f"`fixtures/{name}`", text(lang, f"origin.{name.replace('/', '-').replace('.', '-')}")]
        for name in SOURCES
    ]


def page(lang: str) -> str:
    """The whole page."""
    lines = begin(lang, "fidelity")
    lines += [f"## {text(lang, 'fidelity.sources')}", ""]
    lines += table(heads(lang, "folder origin"), _sources(lang))
    lines += [f"## {text(lang, 'fidelity.arm')}", "", text(lang, "fidelity.arm_text"), ""]
    lines += table(heads(lang, "type write versions checks"), _types(lang))
    lines += [f"## {text(lang, 'fidelity.kube')}", "", text(lang, "fidelity.kube_text"), ""]
    lines += table(heads(lang, "version_group kinds"), _kinds())
    lines += [f"## {text(lang, 'fidelity.plugins')}", "", text(lang, "fidelity.plugins_text"), ""]
    lines += table(heads(lang, "plugin tunnel policy operator"), _behaviours(lang))
    lines += [f"## {text(lang, 'fidelity.deviations')}", "", text(lang, "fidelity.deviations_text"), ""]
    lines += table(
        heads(lang, "where how"),
        ([text(lang, f"deviation.{name}.where"), text(lang, f"deviation.{name}.how")] for name in DEVIATIONS),
    )
    return end(lines)
