"""What came out of a check."""

from functools import cached_property

import msgspec

from byocni_tui.plan.finding import Finding


class NotRun(msgspec.Struct, frozen=True):
    """A rule that was silent for want of facts. ``reason`` names a text: ``rules.not_run.<reason>``."""

    code: str
    needs: tuple[str, ...]
    reason: str = "facts"


class Report(msgspec.Struct, frozen=True, dict=True):
    """Findings, worst first, and the rules that could not look."""

    findings: tuple[Finding, ...] = ()
    not_run: tuple[NotRun, ...] = ()

    @property
    def errors(self) -> int:
        """How many errors; overridden ones count as warnings."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many warnings, accepted ones included."""
        return sum(finding.severity == "warning" for finding in self.findings)

    @property
    def infos(self) -> int:
        """How many that are only good to know."""
        return sum(finding.severity == "info" for finding in self.findings)

    @cached_property
    def blocking(self) -> tuple[Finding, ...]:
        """What stands in the way: errors, and warnings that nobody accepted."""
        return tuple(
            finding
            for finding in self.findings
            if finding.severity == "error" or (finding.severity == "warning" and not finding.accepted)
        )
