"""The plan as a bash script for the Azure CLI, kubectl and Helm."""

from byocni_tui.cni.values import installs_nothing
from byocni_tui.export.header import header
from byocni_tui.export.shell import comment, quote
from byocni_tui.export.steps import steps
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan


def render(plan: Plan, tr: Translator | None = None) -> str:
    """``create.sh``: stops at the first failure; asks for values that the plan lacks through environment variables."""
    tr = tr or Translator()
    lines = ["#!/usr/bin/env bash"]
    lines += comment(header(plan, tr))
    lines += comment(tr("export.az.sign_in", cloud=quote(plan.cloud), tenant=_tenant(plan)))
    lines += ["set -euo pipefail", ""]
    todo = steps(plan)
    missing = {variable: field for step in todo for variable, field in step.missing.items()}
    if missing:
        lines += comment(tr("export.az.missing"))
        lines += [f': "${{{variable}:?{field}}}"' for variable, field in missing.items()]
        lines.append("")
    for step in todo:
        lines += comment(tr(f"export.why.{step.key}"))
        lines += [*step.commands, ""]
    if installs_nothing(plan):
        lines += [*comment(tr("export.why.manual")), ""]
    return "\n".join(lines).rstrip() + "\n"


def _tenant(plan: Plan) -> str:
    return f" --tenant {quote(plan.tenant)}" if plan.tenant else ""
