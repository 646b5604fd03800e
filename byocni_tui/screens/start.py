"""Start: live or simulated, a new cluster or one that exists, and the support boundary, which has to be read."""

from collections.abc import Iterable
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.screens.panel import StepPanel
from byocni_tui.widgets.glyphs import wrap


class StartPanel(StepPanel):
    """Two fields; Ctrl-O offers another scenario, or the real thing."""

    step: ClassVar[str] = "start"

    def options(self, path: str) -> tuple[tuple[str, str], ...]:
        if path == "cluster.create":
            tr = self.session.tr
            return (("yes", tr("wizard.start.new")), ("no", tr("wizard.start.exists")))
        return super().options(path)

    def extra(self) -> Iterable[Widget]:
        self._text = Static("", markup=False)
        yield self._text

    def on_resize(self) -> None:
        # After this layout: a change of height in the middle of it would be lost.
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        tr, width = self.session.tr, max(20, self.size.width - 2)
        mode = "simulated" if self.session.context.mode == "simulated" else "live"
        lines = [Content("")]
        lines += [Content.styled(line, "$foreground") for line in wrap(tr("wizard.start.boundary"), width)]
        lines.append(Content(""))
        lines += [Content.styled(line, "$foreground") for line in wrap(tr(f"wizard.start.{mode}"), width)]
        lines += [Content.styled(line, "$text-muted") for line in wrap(tr("wizard.start.keys"), width)]
        self._text.update(Content("\n").join(lines))

    def own_action(self) -> str:
        return "ways"
