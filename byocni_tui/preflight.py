"""Everything that can be known before anything is made: facts, rules on them, and ARM's own validation. Part of the
composition root: ``deploy`` knows no rule, and ``rules`` know no provider."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from byocni_tui.cni.values import chart_of
from byocni_tui.deploy.event import Event
from byocni_tui.deploy.failure import describe, exit_code
from byocni_tui.deploy.validate import possible, validate
from byocni_tui.errors import EXIT_FAILED, UserError
from byocni_tui.plan.facts import Facts, merge
from byocni_tui.providers.azure_facts import KEYS, FactCollector, wanted
from byocni_tui.providers.errors import ProviderError

if TYPE_CHECKING:
    from byocni_tui.context import Context


async def preflight(context: "Context") -> AsyncIterator[Event]:
    """One event as each check finishes; the last has status done or failed."""
    tr = context.tr
    try:
        collector = await context.collector()
        title = tr("deploy.step.preflight")
        yield context.event("preflight", "running", title, progress=0.0, detail={"begins": True})
        account = await collector.account()
        who = account["name"] or account["id"] or "?"
        message = tr("deploy.preflight.account", who=who, way=account["credential"])
        yield context.event("preflight", "running", message, detail={"account": account})
        async for event in _facts(context, collector):
            yield event
        if chart_of(context.plan) is not None and not (await context.connections()).can_install():
            yield context.event(
                "preflight", "running", tr("deploy.preflight.no_helm"), detail={"check": "helm"}
            )
        if possible(context.plan, collector.facts):
            yield await _validated(context, collector)
    except (ProviderError, UserError) as error:
        message, detail = describe(error, tr)
        detail["exit_code"] = exit_code(error)
        yield context.event("preflight", "failed", message, detail=detail)
        return
    yield _judged(context)


def stopped(context: "Context", failure: Event | None) -> str:
    """The last words of a run that ends here. Going on with the same answers helps only where the cause is in Azure."""
    tr, journal = context.tr, context.open_journal()
    findings = ((failure.detail if failure else None) or {}).get("findings") or ()
    if not findings:
        return tr("deploy.run.failed", step=tr("deploy.step.preflight"), run=journal.run)
    remedies = [finding["remedy"] or {} for finding in findings]
    in_azure = [bool(remedy.get("action")) and not remedy.get("set") for remedy in remedies]
    if all(in_azure):
        key = "azure"
    elif all(finding["severity"] == "warning" for finding in findings):
        key = "warnings"
    else:
        key = "both" if any(in_azure) else "plan"
    unmade = "" if journal.resources() else tr("deploy.run.unmade")
    codes = ",".join(dict.fromkeys(finding["code"] for finding in findings))
    return tr(f"deploy.run.stopped_{key}", unmade=unmade, run=journal.run, codes=codes)


async def more_facts(context: "Context") -> AsyncIterator[Event]:
    """After ``preflight``: what rules still lack, though a deployment would not wait for it. For those who only want
    to know."""
    lacking = {need.partition(".")[0] for entry in context.findings().not_run for need in entry.needs}
    collector = await context.collector()
    if "validation" in lacking and not possible(context.plan, collector.facts):
        yield _read(context, "validation", context.tr("deploy.preflight.no_group"), None)
    keys = [key for key in KEYS if key in lacking and key not in wanted(context.plan)]
    async for answer in collector.collect(context.plan, keys):
        context.facts = collector.facts
        yield _read(context, answer.key, answer.reason, None)


async def _facts(context: "Context", collector: FactCollector) -> AsyncIterator[Event]:
    """One event a fact. Raises where nothing at all can be reached: then nothing was checked."""
    keys = wanted(context.plan)
    unreachable: list[ProviderError] = []
    done = 0
    async for answer in collector.collect(context.plan, keys):
        context.facts = collector.facts
        done += 1
        if answer.error is not None and answer.error.code == "Unreachable":
            unreachable.append(answer.error)
        yield _read(context, answer.key, answer.reason, done / len(keys))
    context.facts = collector.facts
    if len(unreachable) == len(keys):
        raise unreachable[0]


def _read(context: "Context", what: str, reason: str | None, progress: float | None) -> Event:
    name = "collected" if reason is None else "not_collected"
    message = context.tr(f"deploy.preflight.{name}", what=what, reason=reason or "")
    return context.event(
        "preflight", "running", message, progress=progress, detail={"check": what, "reason": reason}
    )


async def _validated(context: "Context", collector: FactCollector) -> Event:
    """Let ARM judge the cluster; what it says becomes a fact."""
    reason = None
    try:
        found = await validate((await context.connections()).azure, context.plan)
        collector.facts = context.facts = merge(collector.facts, Facts(validation=found))
    except ProviderError as error:
        if error.code == "NotSignedIn" or error.status == 401:
            raise
        reason = f"{error.code}: {error.message}"
    return _read(context, "validation", reason, None)


def _judged(context: "Context") -> Event:
    """What the rules say with all facts."""
    from byocni_tui.rules import render

    tr, report = context.tr, context.findings()
    if report.blocking:
        codes = list(dict.fromkeys(finding.code for finding in report.blocking))
        key = "blocked_one" if len(report.blocking) == 1 else "blocked"
        message = tr(f"deploy.preflight.{key}", count=len(report.blocking), codes=", ".join(codes))
        findings = [render.to_dict(finding, tr) for finding in report.blocking]
        detail = {"codes": codes, "findings": findings, "exit_code": EXIT_FAILED}
        return context.event("preflight", "failed", message, detail=detail)
    message = tr("deploy.preflight.clean")
    if report.findings:
        message = tr("deploy.preflight.passed", warnings=report.warnings, infos=report.infos)
    return context.event("preflight", "done", message, progress=1.0)
