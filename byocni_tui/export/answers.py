"""The plan as the answers file that it came from, every key explained."""

from byocni_tui.locale import Translator
from byocni_tui.plan import writer
from byocni_tui.plan.model import Plan


def render(plan: Plan, tr: Translator | None = None) -> str:
    """``answers.yaml``."""
    return writer.dump(plan, tr or Translator())
