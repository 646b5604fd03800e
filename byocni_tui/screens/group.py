"""Resource group: a new one or one that exists."""

from typing import ClassVar

from byocni_tui.screens.panel import StepPanel


class GroupPanel(StepPanel):
    """Name, and whether it is made."""

    step: ClassVar[str] = "group"
