"""One defect, one code: which finding makes which other one needless."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from byocni_tui.plan.finding import Finding
from byocni_tui.rules.ranges import of
from byocni_tui.rules.service import SAID_ELSEWHERE

Matches = Callable[[Finding, Finding], bool]


def _same_field(by: Finding, other: Finding) -> bool:
    return by.field == other.field


def _same_pair(by: Finding, other: Finding) -> bool:
    """The range that is in the way of both is the same defect: a peer inside the own network, say."""
    first, second = of(str(by.values.get("other", ""))), of(str(other.values.get("other", "")))
    return by.field == other.field and bool(first and second and first.overlaps(second))


def _everything_denied(by: Finding, other: Finding) -> bool:
    return by.values.get("all") is True and by.values.get("direction") == other.values.get("direction")


class Silence(NamedTuple):
    """A finding of ``by`` removes findings of ``code`` where ``when`` holds."""

    by: str
    code: str
    when: Matches


def _said_already(by: Finding, other: Finding) -> bool:
    return by.severity == "error" and SAID_ELSEWHERE.get(str(other.values.get("value"))) == by.code


TABLE: Final = (
    *(Silence(code, "BYO509", _said_already) for code in sorted(set(SAID_ELSEWHERE.values()))),
    Silence("BYO203", "BYO211", _same_field),
    Silence("BYO214", "BYO211", _same_field),
    Silence("BYO204", "BYO210", _same_pair),
    Silence("BYO215", "BYO209", _same_field),
    Silence("BYO206", "BYO207", _same_field),
    Silence("BYO311", "BYO312", _everything_denied),
    Silence("BYO701", "BYO714", _same_field),
)


def silenced(findings: Sequence[Finding]) -> list[Finding]:
    """``findings`` without those that another one makes needless."""
    kept = []
    for finding in findings:
        entries = [entry for entry in TABLE if entry.code == finding.code]
        if not any(by.code == entry.by and entry.when(by, finding) for entry in entries for by in findings):
            kept.append(finding)
    return kept
