"""What stands at the top of every export."""

from byocni_tui.export.derive import wants_preview
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan


def header(plan: Plan, tr: Translator) -> str:
    """Lines without comment marks: what this is, the support boundary, and what could not be carried over."""
    lines = [tr("export.header.what"), tr("export.header.support")]
    if plan.cni.kube_proxy == "replace" and not wants_preview(plan):
        lines.append(tr("export.header.kube_proxy"))
    return "\n".join(lines)
