"""Done: what exists now, how to reach it, how to undo it."""

from collections.abc import Iterable
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.run_state import span
from byocni_tui.widgets.glyphs import wrap


class DonePanel(StepPanel):
    """Words only."""

    step: ClassVar[str] = "done"

    def extra(self) -> Iterable[Widget]:
        self._text = Static("", markup=False)
        yield self._text

    def on_mount(self) -> None:
        self.refresh_state()

    def on_resize(self) -> None:
        # After this layout: a change of height in the middle of it would be lost.
        self.call_after_refresh(self.refresh_state)

    def refresh_state(self) -> None:
        session, tr, run = self.session, self.session.tr, self.session.run
        width = max(30, self.size.width - 4)
        if not run.done:
            self._text.update(Content.styled(f" {tr('wizard.done.not_yet')}", "$text-muted"))
            return
        plan = session.plan
        group = plan.resource_group.name
        ready = sum(1 for node in session.nodes if node.ready)
        took = span(sum(run.elapsed(name, 0.0) or 0.0 for name in run.steps))
        words = [
            (
                tr("wizard.done.exists", cluster=plan.cluster.name, group=group, plugin=plan.cni.plugin),
                "$foreground",
            ),
            (tr("wizard.done.nodes", ready=ready, total=len(session.nodes), took=took), "$foreground"),
            ("", ""),
            (tr("wizard.done.next"), "bold $text-muted"),
            *((f"  {line}", "$foreground") for line in session.next_commands()),
            *self._kubeconfig(),
            ("", ""),
            (tr("wizard.done.undo"), "bold $text-muted"),
            (f"  byocni-tui destroy {run.run}", "$foreground"),
        ]
        if session.lesson is not None and (debrief := session.lesson.debrief()):
            words += [("", ""), *((line, "$foreground") for line in debrief.split("\n"))]
        lines = [Content.styled(f" {piece}", style) for text, style in words for piece in wrap(text, width)]
        self._text.update(Content("\n").join(lines))

    def _kubeconfig(self) -> list[tuple[str, str]]:
        """Where it is, if the run told."""
        outcome = self.session.run.outcome
        path = (outcome.detail or {}).get("kubeconfig") if outcome else None
        if not path:
            return []
        return [
            ("", ""),
            (self.session.tr("wizard.done.kubeconfig"), "bold $text-muted"),
            (f"  {path}", "$foreground"),
        ]
