"""The plan's Helm values as a file, with the command that uses it."""

from typing import Final

from byocni_tui.cni import values as cni_values
from byocni_tui.cni.condition import holds
from byocni_tui.export import derive
from byocni_tui.export.header import header
from byocni_tui.export.shell import clean, comment
from byocni_tui.export.steps import helm_command, steps
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan

_BEFORE: Final = {"prepare", "repository", "crds", "api-server"}
"""The steps between the cluster and the plugin."""


def render(plan: Plan, tr: Translator | None = None) -> str:
    """``values.yaml``: deterministic, with the reasons of the catalogue as comments."""
    tr = tr or Translator()
    lines = comment(header(plan, tr))
    found = cni_values.plugin_of(plan)
    if found is None or cni_values.chart_of(plan) is None:
        lines += comment(tr("export.why.manual"))
        return "\n".join([*lines, clean(derive.to_yaml(plan.cni.values))])
    facts = cni_values.facts_of(plan)
    for rule in found.values:
        if rule.why and holds(rule.when, facts):
            lines += comment(f"- {rule.why.get(tr.lang)}")
    values, late = derive.helm_values(plan)
    lines.append("#")
    for step in steps(plan):
        if step.key in _BEFORE:
            lines += [line for command in step.commands for line in comment(command)]
    lines += comment(helm_command(plan, late, "values.yaml").text())
    return "\n".join(lines) + "\n" + clean(derive.to_yaml(values))
