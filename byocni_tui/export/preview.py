"""The commands that the wizard shows while a plan is being typed: valid shell at every moment."""

from byocni_tui.cni.values import installs_nothing
from byocni_tui.export.shell import comment, quote
from byocni_tui.export.steps import steps
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan


def commands(plan: Plan, tr: Translator | None = None) -> list[str]:
    """The equivalent ``az``, ``kubectl`` and ``helm`` commands in order, one text each (several lines where a command
    has many flags). A value that is missing is a shell variable, and a comment above the command names its field."""
    tr = tr or Translator()
    result: list[str] = []
    if plan.cloud != "AzureCloud":
        result.append(f"az cloud set --name {quote(plan.cloud)}")
    if plan.tenant:
        result.append(f"az login --tenant {quote(plan.tenant)}")
    for step in steps(plan):
        notes = [
            line
            for variable, field in step.missing.items()
            for line in comment(tr("export.missing", variable=variable, field=field))
        ]
        first, *rest = step.commands
        result.append("\n".join((*notes, first)))
        result.extend(rest)
    if installs_nothing(plan):
        result.append("\n".join(comment(tr("export.why.manual"))))
    return result
