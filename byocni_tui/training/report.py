"""A trainer's overview of a class from the learners' result files: a table, CSV for a spreadsheet, a page of HTML.

Whatever stands in a result file is somebody else's text: it is escaped for where it goes.
"""

import csv
import html
import io
from datetime import UTC, datetime
from typing import Any, Final

from byocni_tui.locale import Translator
from byocni_tui.training import words
from byocni_tui.training.result import judged

COLUMNS: Final = (
    "learner",
    "scenario",
    "solved",
    "points",
    "time",
    "hints",
    "wrong",
    "late",
    "seal",
    "started",
)


def rows(results: list[dict[str, Any]], tr: Translator, key: str | None = None) -> list[dict[str, Any]]:
    """One row a result, by scenario and points."""
    found = []
    for result in results:
        seal = judged(result, key)
        found.append(
            {
                "learner": result["learner"] or tr("training.report.nameless"),
                "scenario": result["scenario"],
                "solved": result["solved"],
                "points": result["score"]["points"],
                "time": words.duration(result["seconds"]),
                "hints": len(result["hints"]),
                "wrong": len(result["wrong"]),
                "late": result["score"]["late"],
                "seal": seal if seal in ("whole", "public", "key") else f"changed: {seal}",
                "started": datetime.fromtimestamp(max(0.0, min(result["started"], 4e9)), UTC).strftime(
                    "%Y-%m-%d %H:%M"
                ),
            }
        )
    return sorted(found, key=lambda row: (row["scenario"], -row["points"], row["learner"]))


def summary(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By scenario: how many tried it, how many solved it, mean points, hints and wrong turns."""
    by: dict[str, list[dict[str, Any]]] = {}
    for row in table:
        by.setdefault(row["scenario"], []).append(row)
    return [
        {
            "scenario": scenario,
            "learners": len(some),
            "solved": sum(row["solved"] for row in some),
            "points": round(sum(row["points"] for row in some) / len(some), 1),
            "hints": round(sum(row["hints"] for row in some) / len(some), 1),
            "wrong": round(sum(row["wrong"] for row in some) / len(some), 1),
        }
        for scenario, some in sorted(by.items())
    ]


def as_csv(table: list[dict[str, Any]]) -> str:
    """For a spreadsheet: what it would take for a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in table:
        writer.writerow([_harmless(row[name]) for name in COLUMNS])
    return out.getvalue()


def _harmless(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value


def as_html(results: list[dict[str, Any]], tr: Translator, key: str | None = None) -> str:
    """One page without a script and without anything from elsewhere."""
    table = rows(results, tr, key)
    names = {name: tr(f"training.report.columns.{name}") for name in (*COLUMNS, "learners")}
    parts = [
        f"<h1>{html.escape(tr('training.report.title'))}</h1>",
        f"<p>{html.escape(tr('training.report.simulation'))}</p>",
        _table(summary(table), ("scenario", "learners", "solved", "points", "hints", "wrong"), names, tr),
        f"<h2>{html.escape(tr('training.report.learners'))}</h2>",
        _table(table, COLUMNS, names, tr),
    ]
    by_name = sorted(results, key=lambda one: (one["learner"], one["scenario"]))
    parts += [_details(result, tr) for result in by_name]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if tr.lang == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{html.escape(tr('training.report.title'))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{body}\n</body>\n</html>\n"
    )


_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1b1b;"
    "background:#fff}table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{border:1px solid #767676;"
    "padding:.3rem .6rem;text-align:left}th{background:#eee}.no{background:#fde7e9}details{margin:.5rem 0}"
    "@media(prefers-color-scheme:dark){body{background:#1b1b1b;color:#eee}th{background:#333}.no{background:#5c1f24}}"
)


def _table(
    some: list[dict[str, Any]], columns: tuple[str, ...], names: dict[str, str], tr: Translator
) -> str:
    head = "".join(f"<th scope=col>{html.escape(names[name])}</th>" for name in columns)
    lines = [f"<table><thead><tr>{head}</tr></thead><tbody>"]
    for row in some:
        bad = row.get("solved") is False or str(row.get("seal", "")).startswith("changed")
        cells = "".join(f"<td>{html.escape(_shown(row[name], tr))}</td>" for name in columns)
        lines.append(f'<tr class="{"no" if bad else "yes"}">{cells}</tr>')
    return "\n".join([*lines, "</tbody></table>"])


def _shown(value: Any, tr: Translator) -> str:
    if isinstance(value, bool):
        return tr("training.report.yes") if value else tr("training.report.no")
    if value in ("whole", "public", "key"):
        return tr(f"training.report.seal.{value}")
    return str(value)


def _details(result: dict[str, Any], tr: Translator) -> str:
    from byocni_tui.training.replay import timeline

    head = f"{result['learner'] or tr('training.report.nameless')}: {result['scenario']}"
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in timeline(result, tr))
    return f"<details><summary>{html.escape(head)}</summary><ol>{lines}</ol></details>"
