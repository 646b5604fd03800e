"""The tongues that a plan can be put into: name, file name, and who renders it (imported when asked for)."""

import importlib
from typing import Final

from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan

TONGUES: Final = {
    "az": "create.sh",
    "bicep": "main.bicep",
    "arm": "azuredeploy.json",
    "terraform": "main.tf",
    "values": "values.yaml",
    "answers": "answers.yaml",
}


def render(tongue: str, plan: Plan, tr: Translator) -> str:
    """The whole file. Never fails for what stands in a plan: judging it is the rules' work."""
    text: str = importlib.import_module(f"byocni_tui.export.{tongue}").render(plan, tr)
    return text
