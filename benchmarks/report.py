"""``docs/benchmarks.md`` in both languages: the machine, and every figure beside its budget."""

import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.clients import client
from benchmarks.figure import Figure

NAMES = Path(__file__).with_name("names.zh.toml")
TEXTS = {
    "en": {
        "title": "Benchmarks",
        "made": "*This page is written by `make bench` on one machine; nothing here is a promise for another one.*",
        "intro": "Every figure stands beside what it is compared with, measured in the same run, as a ratio with its "
        "budget. Absolute times only inform. A line that misses its budget says so. The long runs of "
        "`make torture` and their times are on the page of [what has been proved](proof.md#torture).",
        "machine": "The machine",
        "head": "| | figure | measured | budget | behind it |",
        "missed": "**missed**",
        "unmeasured": "could not be measured",
    },
    "zh": {
        "title": "基准测试",
        "made": "*本页由 `make bench` 在一台机器上写成；对其他机器不构成任何承诺。*",
        "intro": "每个数字都与同一次运行中测得的比较对象并列，以比值和预算给出。"
        "绝对时间仅供参考。未达到预算的行会标明。"
        "`make torture` 的长时间运行及其用时见[哪些已得到证明](proof.zh-CN.md#严酷测试)。",
        "machine": "机器",
        "head": "| | 指标 | 测得 | 预算 | 依据 |",
        "missed": "**未达到**",
        "unmeasured": "无法测量",
    },
}


@dataclass(frozen=True)
class Result:
    """One suite: what it measured, why it stopped (empty: it did not), how long it took."""

    name: str
    figures: tuple[Figure, ...]
    problem: str
    seconds: float


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _said(name: str, *words: str) -> str:
    """A client's own word on its version; ``-`` where there is none."""
    found = client(name)
    if found is None:
        return "-"
    done = subprocess.run([found, *words], capture_output=True, text=True, check=False)
    return (done.stdout.strip().splitlines() or ["-"])[0]


def machine() -> dict[str, str]:
    """What it was measured on."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    load = os.getloadavg()[0]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{pages * size / 2**30:.0f} GiB",
        "load before": f"{load:.1f}",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Python": sys.version.split()[0],
        "Textual": version("textual"),
        "Azure CLI": _said("az", "version", "--query", '"azure-cli"', "-o", "tsv"),
        "kubectl": _said("kubectl", "version", "--client").removeprefix("Client Version: "),
        "helm": _said("helm", "version", "--short"),
    }


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


def page(lang: str, results: Sequence[Result], about: dict[str, str]) -> str:
    """The page in one language."""
    texts = TEXTS[lang]
    names: dict[str, dict[str, str]] = {}
    if lang == "zh" and NAMES.is_file():
        names = tomllib.loads(NAMES.read_text(encoding="utf-8"))
    figures, terms, suites = (names.get(key, {}) for key in ("figures", "terms", "suites"))
    lines = [
        f"# {texts['title']}",
        "",
        str(texts["made"]),
        "",
        str(texts["intro"]),
        "",
        f"## {texts['machine']}",
        "",
    ]
    lines += [
        "| | |",
        "|---|---|",
        *(f"| {terms.get(key, key)} | {_cell(value)} |" for key, value in about.items()),
        "",
    ]
    for result in results:
        lines += [
            f"## {suites.get(result.name, result.name)}",
            "",
            str(texts["head"]),
            "|---|---|---|---|---|",
        ]
        for one in result.figures:
            budget = "" if one.budget is None else f"{'≥' if one.at_least else '≤'} {one.budget:g} {one.unit}"
            mark = "" if one.budget is None else "✓" if one.met else str(texts["missed"])
            name = _cell(figures.get(one.what, one.what))
            lines.append(
                f"| {mark} | {name} | {_number(one.value)} {one.unit} | {budget} | {_cell(one.note)} |"
            )
        if result.problem:
            lines.append(f"| {texts['missed']} | {texts['unmeasured']} | | | `{_cell(result.problem)}` |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def write(folder: Path, results: Sequence[Result]) -> None:
    """Both pages."""
    about = machine()
    (folder / "benchmarks.md").write_text(page("en", results, about), encoding="utf-8")
    (folder / "benchmarks.zh-CN.md").write_text(page("zh", results, about), encoding="utf-8")
