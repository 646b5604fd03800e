"""Doctor: why the nodes of a cluster that exists are not Ready. Reads, changes nothing."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input

from byocni_tui.screens.tool import ToolScreen
from byocni_tui.widgets.field_row import FieldRow, FieldSpec

SHOWN_NODES = 20


class DoctorScreen(ToolScreen):
    """Looks when it opens, and again with Ctrl-R; a kubeconfig may name another cluster than the plan's."""

    tool: ClassVar[str] = "doctor"
    keys: ClassVar[tuple[tuple[str, str, str], ...]] = (("^R", "again", "again"),)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "again", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
    ]

    def body(self) -> Iterable[Widget]:
        tr, plan = self.session.tr, self.session.plan
        known = f"{plan.resource_group.name}/{plan.cluster.name}" if plan.cluster.name else ""
        hint = (
            tr("wizard.tool.doctor.of_plan", cluster=known) if known else tr("wizard.tool.doctor.no_cluster")
        )
        spec = FieldSpec(path="kubeconfig", label=tr("wizard.tool.doctor.kubeconfig"), placeholder=hint)
        self._row = FieldRow(spec, "", self.marks)
        yield self._row
        with VerticalScroll(can_focus=False) as self._scroll:
            yield self._page

    def on_mount(self) -> None:
        self._row.editor.focus()
        if self.session.plan.cluster.name:
            self.action_again()

    def on_field_row_submitted(self, event: FieldRow.Submitted) -> None:
        event.stop()
        self.action_again()

    def on_field_row_edited(self, event: FieldRow.Edited) -> None:
        event.stop()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()

    def action_again(self) -> None:
        """Look (again)."""
        self.run_worker(self._look(), group="doctor", exclusive=True, exit_on_error=False)

    async def _look(self) -> None:
        tr, text = self.session.tr, self._row.text.strip()
        self.write([(tr("wizard.tool.doctor.looking"), "$text-muted")])
        path = _file(text)
        if path is not None and not path.is_file():
            self.write([(tr("wizard.tool.doctor.no_file", path=path), "$text-error")])
            return
        try:
            await self.wizard.reach()
            found = await self.session.context.diagnose(path)
        except Exception as error:  # noqa: BLE001 whatever a client raises is what the user wants to know
            self.write(
                [
                    (tr("wizard.tool.doctor.refused"), "bold $text-error"),
                    (self.wizard.describe(error), "$foreground"),
                ]
            )
            return
        self.write(self._report(found))

    def _report(self, found: dict[str, Any]) -> list[tuple[str, str]]:
        tr, nodes = self.session.tr, found["nodes"]
        ready = sum(1 for node in nodes if node["ready"])
        style = "bold $text-success" if nodes and ready == len(nodes) else "bold $text-warning"
        lines = [(tr("wizard.tool.doctor.nodes", ready=ready, total=len(nodes)), style)]
        for node in nodes[:SHOWN_NODES]:
            mark = self.marks.ok if node["ready"] else self.marks.bad
            state = tr("wizard.board.ready") if node["ready"] else tr("wizard.board.not_ready")
            lines.append((f" {mark} {node['name']}  {state}", "$foreground"))
            if node["message"] and not node["ready"]:
                lines.append((f"     {node['message']}", "$text-muted"))
        if len(nodes) > SHOWN_NODES:
            lines.append(
                (f"   {tr('wizard.board.more').format(count=len(nodes) - SHOWN_NODES)}", "$text-muted")
            )
        for cause in found["causes"]:
            lines += [("", ""), (f"{cause['code']}  {cause['object']}", "bold $text-error")]
            lines.append((f"  {cause['message']}", "$foreground"))
            if cause["evidence"]:
                lines.append((f"  {tr('wizard.tool.doctor.evidence')}: {cause['evidence']}", "$text-muted"))
            lines.append((f"  {self.marks.to} {cause['remedy']}", "$accent"))
        if not found["causes"]:
            key = "healthy" if nodes and ready == len(nodes) else "unexplained"
            lines += [("", ""), (tr(f"wizard.tool.doctor.{key}"), "$foreground")]
        for what in found["not_seen"]:
            lines.append((f"{tr('wizard.tool.doctor.not_seen')}: {what}", "$text-muted"))
        return lines

    def action_page(self, direction: int) -> None:
        """Scroll."""
        if direction > 0:
            self._scroll.scroll_page_down(animate=False)
        else:
            self._scroll.scroll_page_up(animate=False)


def _file(text: str) -> Path | None:
    """The path that was typed, its ``~`` resolved; None where nothing was."""
    return Path(text).expanduser() if text else None
