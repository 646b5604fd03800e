"""Start: live or simulated, and the support boundary, which has to be read."""

from collections.abc import Iterable
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.screens.panel import StepPanel


class StartPanel(StepPanel):
    """One field: the acknowledgement."""

    step: ClassVar[str] = "start"

    def extra(self) -> Iterable[Widget]:
        tr = self.session.tr
        mode = "simulated" if getattr(self.session.context, "mode", "") == "simulated" else "live"
        yield Static(
            Content.assemble(
                ("\n" + tr("wizard.start.boundary"), "$foreground"),
                ("\n\n" + tr(f"wizard.start.{mode}"), "$foreground"),
                ("\n" + tr("wizard.start.keys"), "$text-muted"),
            )
        )
