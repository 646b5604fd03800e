"""What a person would type: for a step of a solution, or to begin with the plan of a lesson."""

import json
from typing import Any

from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan
from byocni_tui.sandbox.scenario import Step


def shown(step: Step) -> str:
    """What a person would type for a step; empty for one that only waits."""
    if step.apply is not None:
        sets = "".join(f" --set {path}={json.dumps(value)}" for path, value in step.apply.set.items())
        plan = f"byocni-tui plan answers.yaml{sets}\n" if sets else ""
        return f"{plan}byocni-tui apply answers.yaml --simulate"
    if step.helm is not None:
        release = step.helm
        if release.chart is None:
            return f"helm uninstall {release.release} -n {release.namespace}"
        sets = "".join(f" --set {path}={value}" for path, value in _flat(release.values))
        wait = f" --wait --timeout {release.wait}" if release.wait else ""
        head = f"helm upgrade {release.release} {release.chart} --install --reset-then-reuse-values"
        return f"{head} -n {release.namespace}{sets}{wait}"
    return step.az or step.kubectl or ""


def beginning(plan: Plan, tr: Translator) -> list[str]:
    """The az commands that make the plan's cluster, as lines for a shell; none where it uses one that exists."""
    from byocni_tui.export.preview import commands

    if not plan.cluster.create:
        return []
    found: list[str] = []
    for command in commands(plan, tr):
        if command.startswith("az aks get-credentials"):
            break
        if not command.startswith("az account set"):
            found += command.splitlines()
    return found


def _flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Values as ``--set`` writes them."""
    found: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value:
            found += _flat(value, f"{name}.")
        elif isinstance(value, list) and all(not isinstance(one, dict | list) for one in value):
            found.append((name, "'{" + ",".join(map(str, value)) + "}'"))
        elif isinstance(value, dict | list):
            found.append((name, f"'{json.dumps(value)}'"))
        else:
            found.append((name, json.dumps(value) if isinstance(value, bool) else str(value)))
    return found
