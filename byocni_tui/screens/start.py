"""Start: live or simulated, a new cluster or one that exists, and the support boundary, which has to be read."""

from collections.abc import Iterable
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.screens.panel import StepPanel


class StartPanel(StepPanel):
    """Two fields; Ctrl-O offers another scenario, or the real thing."""

    step: ClassVar[str] = "start"

    def options(self, path: str) -> tuple[tuple[str, str], ...]:
        if path == "cluster.create":
            tr = self.session.tr
            return (("yes", tr("wizard.start.new")), ("no", tr("wizard.start.exists")))
        return super().options(path)

    def extra(self) -> Iterable[Widget]:
        tr = self.session.tr
        mode = "simulated" if self.session.context.mode == "simulated" else "live"
        yield Static(
            Content.assemble(
                ("\n" + tr("wizard.start.boundary"), "$foreground"),
                ("\n\n" + tr(f"wizard.start.{mode}"), "$foreground"),
                ("\n" + tr("wizard.start.keys"), "$text-muted"),
            )
        )

    def own_action(self) -> str:
        return "ways"
