"""Deploy: steps with elapsed and typical time, the node board, and the log of what really ran."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.port import NodeView
from byocni_tui.screens.run_state import SHOWN, TYPICAL, span
from byocni_tui.widgets.glyphs import wrap
from byocni_tui.widgets.log_tail import LogTail
from byocni_tui.widgets.node_board import BoardTexts, NodeBoard, NodeRow
from byocni_tui.widgets.step_list import StepLine, StepList

_COLUMNS = ("vm", "kubelet", "cni_pod", "cni_config", "state")


class DeployPanel(StepPanel):
    """Shows ``session.run``; the screen feeds it."""

    step: ClassVar[str] = "deploy"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", show=False),
        Binding("escape", "unfilter", show=False),
    ]
    DEFAULT_CSS = """
    DeployPanel #filter { height: 1; margin: 0 1; background: $surface; }
    DeployPanel { overflow-y: hidden; }
    DeployPanel .note { height: auto; padding: 0 1; margin-bottom: 1; }
    DeployPanel StepList { margin-bottom: 1; }
    DeployPanel NodeBoard { height: 1fr; }
    DeployPanel LogTail { height: 1fr; }
    """

    def compose(self) -> Iterable[Widget]:
        tr = self.session.tr
        self._headline = Static("", classes="note", markup=False)
        self._steps = StepList(self.marks)
        self._board = NodeBoard(
            BoardTexts(
                title=tr("wizard.board.title"), node=tr("wizard.board.node"),
                columns=tuple(tr(f"wizard.board.{name}") for name in _COLUMNS),
                ready=tr("wizard.board.ready"), not_ready=tr("wizard.board.not_ready"),
                none=tr("wizard.board.none"), more=tr("wizard.board.more"),
            ),
            self.marks,
        )  # fmt: skip
        self.log_tail = LogTail()
        self._logged = 0
        self._log_marks = {
            "done": self.marks.ok, "failed": self.marks.bad, "running": self.marks.todo, "skipped": self.marks.skip,
        }  # fmt: skip
        yield self._headline
        yield self._steps
        self._filter = Input(placeholder=tr("wizard.board.filter"), compact=True, max_length=60, id="filter")
        self._filter.display = False
        yield self._filter
        yield self._board
        yield self.log_tail

    def on_mount(self) -> None:
        self.refresh_state()

    def action_filter(self) -> None:
        """Show only some nodes; Escape shows all again."""
        self._filter.display = True
        self._filter.focus()

    def action_unfilter(self) -> None:
        """All nodes again."""
        self._filter.value = ""
        self._filter.display = False
        self.log_tail.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._board.narrow(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.log_tail.focus()

    def copy_text(self) -> str:
        return "\n".join([*self._board.text_lines(), *self.log_tail.lines]) + "\n"

    def focus_first(self) -> None:
        self.log_tail.focus()

    def on_resize(self, _event: events.Resize) -> None:
        # After this layout: a change of height in the middle of it would be lost.
        self.call_after_refresh(self.refresh_state)

    def _now(self) -> datetime:
        return self.session.now()

    def refresh_state(self) -> None:
        run, tr = self.session.run, self.session.tr
        if not self.is_mounted or self.session.step != "deploy":
            return
        now = self._now().timestamp()
        lines = []
        for name in SHOWN:
            state = run.steps[name]
            if name in ("identity", "network", "role", "providers") and state.status in (
                "pending",
                "skipped",
            ):
                continue
            elapsed = run.elapsed(name, now)
            low, high = TYPICAL.get(name, (0, 0))
            lines.append(
                StepLine(
                    name=tr(f"wizard.run.{name}"),
                    status=state.status,
                    elapsed=span(elapsed) if elapsed is not None else "",
                    typical=f"{span(low)}{self.marks.skip}{span(high)}"
                    if state.status == "pending" and high
                    else "",
                )
            )
        self._steps.show(lines)
        self._draw_note(now)
        self.show_nodes(self.session.nodes)
        if len(run.log) < self._logged:
            self._logged = 0
            self.log_tail.clear()
        for event in run.log[self._logged :]:
            style = {"failed": "$text-error", "done": "$foreground"}.get(event.status, "")
            text = event.message or f"{event.step}: {event.status}"
            mark = self._log_marks.get(event.status, " ")
            self.log_tail.write(event.time[11:19], f"{mark} {text}", style)
        self._logged = len(run.log)

    def show_nodes(self, nodes: Sequence[NodeView]) -> None:
        """Bring the board up to date."""
        now, active = self._now().timestamp(), self.session.run.active

        def since(node: NodeRow) -> str:
            at = self.session.since(node.name)
            return span(now - at) if at is not None and active else ""

        self._board.show(nodes, since, moving=active)

    def _draw_note(self, now: float) -> None:
        """One or two lines that say where it stands, in words."""
        run, tr = self.session.run, self.session.tr
        width = max(30, self.size.width - 4)
        idle = "wizard.deploy.stopped" if run.run else "wizard.deploy.idle"
        head, style, more = tr(idle), "$text-muted", ""
        if run.failed is not None:
            head, style = run.failed.message, "bold $text-error"
            original, remedy = run.detail("original"), run.detail("remedy")
            more = "\n".join(str(text) for text in (original, remedy) if text)
            keys = "cleaned" if run.cleaned else "cleaning" if run.cleaning else "failed_keys"
            more = f"{more}\n{tr(f'wizard.deploy.{keys}')}".strip()
        elif run.done:
            head, style = run.outcome.message if run.outcome else "", "bold $text-success"
            head = head or tr("wizard.deploy.done")
        elif run.active:
            current = next((n for n in SHOWN if run.steps[n].status == "running"), None)
            head = (
                run.steps[current].message
                if current and run.steps[current].message
                else tr("wizard.deploy.running")
            )
            style = "bold $foreground"
            left = run.repair_left(now)
            if run.cancelling:
                head, style = tr("wizard.deploy.cancelling"), "bold $text-warning"
            elif left is None and self.session.context.mode == "simulated" and run.run:
                more = tr("wizard.deploy.second", run=run.run)
            elif left is not None:
                key = "wizard.deploy.repair" if left > 0 else "wizard.deploy.repair_over"
                more = tr(key, left=span(left))
        elif run.outcome is not None:
            head, style = run.outcome.message or tr("wizard.deploy.stopped"), "bold $text-warning"
        text = [Content.styled(line, style) for line in wrap(head, width)]
        text += [Content.styled(line, "$text-muted") for line in (wrap(more, width) if more else [])]
        self._headline.update(Content("\n").join(text))
