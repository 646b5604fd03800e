"""Findings as sentences and as the JSON that scripts read."""

from collections.abc import Mapping
from typing import Any

from byocni_tui.cni.model import Text
from byocni_tui.locale import Translator
from byocni_tui.plan import fields
from byocni_tui.plan.finding import Finding, Label, Remedy
from byocni_tui.rules.registry import RULES
from byocni_tui.rules.report import NotRun, Report
from byocni_tui.rules.runtime import CAUSES


def message(finding: Finding, tr: Translator) -> str:
    """What is wrong, naming both sides."""
    return tr(f"rules.{finding.code}.{finding.variant}", **_values(finding, tr))


def remedy_text(finding: Finding, tr: Translator) -> str | None:
    """The way out in words, or None where the finding has none."""
    remedy = finding.remedy
    if remedy is None:
        return None
    values = _values(finding, tr)
    for path, value in (remedy.set or {}).items():
        values.setdefault("to", shown(value))
        values.setdefault("target", path)
    own = f"rules.{finding.code}.{remedy.variant}"
    return (
        tr(own if tr.has(own) else f"rules.remedies.{remedy.variant}", **values)
        if (tr.has(own) or tr.has(f"rules.remedies.{remedy.variant}"))
        else tr(f"rules.{finding.code}.fix", **values)
    )


def shown(value: Any) -> str:
    """A value as it would be typed."""
    from byocni_tui.plan.writer import scalar

    return value if isinstance(value, str) else scalar(value)


def label(path: str, tr: Translator) -> str:
    """The name of the field at a path, or of a term."""
    if tr.has(f"rules.terms.{path}"):
        return tr(f"rules.terms.{path}")
    declared = fields.field(path)
    key = f"{declared.text_key}.label" if declared else ""
    return tr(key) if declared and tr.has(key) else path


def _values(finding: Finding, tr: Translator) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in finding.values.items():
        if isinstance(value, Label):
            text = label(value.path, tr)
            # In the middle of a sentence; abbreviations keep their capitals.
            inside = name.startswith("other") and text[1:2].islower()
            out[name] = text[:1].lower() + text[1:] if inside else text
        elif isinstance(value, Text):
            out[name] = value.get(tr.lang)
        elif isinstance(value, (list, tuple)):
            out[name] = tr("rules.terms.comma").join(
                label(item.path, tr) if isinstance(item, Label) else str(item) for item in value
            )
        else:
            out[name] = value
    return out


def to_dict(finding: Finding, tr: Translator) -> dict[str, Any]:
    """The JSON shape of a finding; what was accepted or overridden says so."""
    text, remedy = remedy_text(finding, tr), finding.remedy
    out: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity,
        "field": finding.field,
        "related": list(finding.related),
        "message": message(finding, tr),
        "evidence": finding.evidence,
        "remedy": remedy and _remedy(remedy, text),
        "source": finding.source,
    }
    if finding.accepted:
        out["accepted"] = True
    if finding.overridden is not None:
        out["overridden"] = finding.overridden
    return out


def _remedy(remedy: Remedy, text: str | None) -> dict[str, Any]:
    return {"text": text, "set": remedy.set, "action": remedy.action, "commands": list(remedy.commands)}


def why_not_run(entry: NotRun, tr: Translator, unread: Mapping[str, str] | None = None) -> str:
    """Why a rule was silent, or saw only a part: what it lacks, and, for facts that were asked for, what ``unread``
    says about them."""
    lacking = dict.fromkeys(need.partition(".")[0] for need in entry.needs)
    told = [
        tr("rules.not_run.unread", what=what, reason=unread[what])
        for what in lacking
        if unread and what in unread
    ]
    if told:
        return tr("rules.terms.semicolon").join(told)
    return tr(f"rules.not_run.{entry.reason}", needs=tr("rules.terms.comma").join(lacking))


def not_run_to_dict(entry: NotRun, tr: Translator, unread: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON shape of a rule that was silent for want of facts."""
    return {"code": entry.code, "needs": list(entry.needs), "reason": why_not_run(entry, tr, unread)}


def report_to_dict(
    report: Report, where: str, tr: Translator, unread: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What ``check -o json`` prints. ``unread`` tells why facts that were asked for could not be read."""
    return {
        "plan": where,
        "findings": [to_dict(finding, tr) for finding in report.findings],
        "errors": report.errors,
        "warnings": report.warnings,
        "infos": report.infos,
        "not_run": [not_run_to_dict(entry, tr, unread) for entry in report.not_run],
    }


def codes() -> tuple[str, ...]:
    """All codes that can be explained, in order: the rules' and those of ``doctor``."""
    import byocni_tui.rules  # noqa: F401  registers them

    return tuple(sorted((*RULES, *CAUSES)))


def explanation(code: str, tr: Translator) -> dict[str, Any]:
    """What ``explain`` prints for a code. Causes that ``doctor`` finds have no severity."""
    rule = RULES.get(code)
    return {
        "code": code,
        "severity": list(rule.severities) if rule else [],
        "title": tr(f"rules.{code}.title"),
        "why": tr(f"rules.{code}.why"),
        "fix": tr(f"rules.{code}.fix"),
        "needs": [need.removesuffix(".{region}") for need in rule.needs] if rule else [],
        "source": rule.source if rule else CAUSES[code],
    }


def explanations(tr: Translator, wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    """What ``explain`` prints for some codes."""
    return [explanation(code, tr) for code in wanted]
