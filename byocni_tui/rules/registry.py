"""How a rule is declared: one function that looks at a case and yields findings of its code."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from byocni_tui.plan.finding import Finding, Remedy, Severity
from byocni_tui.rules.case import Case

Check = Callable[[Case], Iterator[Finding]]
Applies = Callable[[Case], bool]
Relevant = Callable[[Case, str], bool]


class Rule(msgspec.Struct, frozen=True):
    """``severities`` are those that its findings can have, the usual one first. ``needs`` are the facts that it asks
    for; ``plan_only`` rules run without them and say more with them. ``applies`` tells whether the plan has anything
    that the rule could look at: where it hasn't, missing facts are no loss."""

    code: str
    severities: tuple[Severity, ...]
    source: str
    check: Check
    needs: tuple[str, ...] = ()
    plan_only: bool = True
    applies: Applies | None = None
    relevant: Relevant | None = None

    def lacks(self, case: Case) -> tuple[str, ...]:
        """The facts that it would need for this plan, and that were not collected."""
        if self.applies is not None and not self.applies(case):
            return ()
        missing = self._missing(case)
        if self.relevant is not None:
            missing = {need: key for need, key in missing.items() if self.relevant(case, need)}
        return tuple(key.rstrip(".") for key in missing.values())

    def runs(self, case: Case) -> bool:
        """Whether it can look at this plan with the facts that there are."""
        return self.plan_only or not self._missing(case)

    def _missing(self, case: Case) -> dict[str, str]:
        region = (case.plan.region or "").replace(" ", "").lower()
        keys = {need: need.format(region=region) for need in self.needs}
        return {need: key for need, key in keys.items() if not case.facts.has(key)}


RULES: Final[dict[str, Rule]] = {}


def rule(
    code: str,
    *severities: Severity,
    source: str,
    needs: tuple[str, ...] = (),
    plan_only: bool | None = None,
    applies: Applies | None = None,
    relevant: Relevant | None = None,
) -> Callable[[Check], Check]:
    """Register a rule. One that needs facts does not run without them unless ``plan_only`` says so."""

    def register(check: Check) -> Check:
        assert code not in RULES, code
        alone = not needs if plan_only is None else plan_only
        RULES[code] = Rule(code, severities, source, check, needs, alone, applies, relevant)
        return check

    return register


def found(
    code: str,
    field: str,
    *,
    severity: Severity | None = None,
    variant: str = "message",
    related: tuple[str, ...] = (),
    evidence: dict[str, Any] | None = None,
    remedy: Remedy | None = None,
    facts: bool = False,
    **values: Any,
) -> Finding:
    """A finding of a registered code, with that code's source and, unless said, its usual severity. ``values`` fill
    the texts. Every finding has a way out: where no values can be computed, it is the code's own text."""
    declared = RULES[code]
    return Finding(
        code=code,
        severity=severity or declared.severities[0],
        field=field,
        related=related,
        variant=variant,
        values=values,
        evidence=evidence,
        remedy=remedy or Remedy(),
        source=declared.source,
        facts=facts,
    )
