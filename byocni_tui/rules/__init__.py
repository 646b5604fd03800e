"""What can be wrong with a plan: pure functions of plan and facts. ``check`` runs them all."""

from typing import Final

import msgspec

from byocni_tui.plan.facts import Facts
from byocni_tui.plan.finding import Finding
from byocni_tui.plan.model import Plan
from byocni_tui.rules import (
    access,
    addresses,
    capacity,
    cluster,
    identity,
    names,
    outbound,
    plugin,
    plugin_values,
    plugin_version,
    pools,
    security,
    service,
    subnet,
    support,
    values,
)
from byocni_tui.rules.case import Case
from byocni_tui.rules.names import existing_cluster
from byocni_tui.rules.registry import RULES, Rule
from byocni_tui.rules.report import NotRun, Report
from byocni_tui.rules.resources import properties
from byocni_tui.rules.silence import silenced

__all__ = ["RULES", "TOPICS", "NotRun", "Report", "Rule", "check"]

TOPICS: Final = (
    support,
    values,
    names,
    addresses,
    pools,
    subnet,
    security,
    outbound,
    identity,
    service,
    capacity,
    cluster,
    access,
    plugin,
    plugin_values,
    plugin_version,
)
"""The modules that hold the rules; importing them registers their rules."""

_RANK: Final = {"error": 0, "warning": 1, "info": 2}


def check(plan: Plan, facts: Facts | None = None) -> Report:
    """Every rule against ``plan``, with ``facts`` as far as they were collected. Pure; a few milliseconds."""
    case = Case(_as_it_is(plan, facts), facts)
    findings: list[Finding] = []
    not_run: list[NotRun] = []
    for code in sorted(RULES):
        rule = RULES[code]
        lacking = rule.lacks(case)
        if lacking:
            not_run.append(NotRun(code, lacking, "partly" if rule.plan_only else "facts"))
        if rule.runs(case):
            findings.extend(rule.check(case))
    kept = [_settled(finding, plan) for finding in silenced(findings)]
    kept.sort(key=lambda finding: (_RANK[finding.severity], finding.code))
    return Report(tuple(kept), tuple(not_run))


def _as_it_is(plan: Plan, facts: Facts | None) -> Plan:
    """A cluster that exists has ranges of its own: those are judged, where the facts know them."""
    if plan.cluster.create or facts is None:
        return plan
    profile = properties(existing_cluster(Case(plan, facts))).get("networkProfile") or {}
    ranges = {"pod_cidr": profile.get("podCidr"), "service_cidr": profile.get("serviceCidr")}
    known = {name: text for name, text in ranges.items() if text}
    return msgspec.structs.replace(plan, network=msgspec.structs.replace(plan.network, **known))


def _settled(finding: Finding, plan: Plan) -> Finding:
    """What the user has said about it: a warning accepted, or an error that rests on facts overridden."""
    if finding.severity == "warning" and finding.code in plan.accept:
        return msgspec.structs.replace(finding, accepted=True)
    reason = plan.override.get(finding.code, "").strip()
    if finding.severity == "error" and finding.facts and reason:
        return msgspec.structs.replace(finding, severity="warning", accepted=True, overridden=reason)
    return finding
