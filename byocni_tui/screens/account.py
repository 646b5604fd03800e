"""Account: which cloud, tenant and subscription."""

from typing import ClassVar

from byocni_tui.screens.panel import StepPanel


class AccountPanel(StepPanel):
    """Three fields; who is signed in is asked in pre-flight, and by the deployment before it changes anything."""

    step: ClassVar[str] = "account"
