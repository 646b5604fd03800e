"""The runs of this machine: what each did, going on with one, removing what it made, forgetting it."""

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.errors import UserError
from byocni_tui.screens.dialogs import TypeName
from byocni_tui.screens.picker import Picker
from byocni_tui.screens.port import RunRecord
from byocni_tui.screens.tool import ToolScreen
from byocni_tui.widgets.glyphs import fit


class RunsScreen(ToolScreen):
    """The list above, what the run under the cursor said and made below."""

    tool: ClassVar[str] = "runs"
    keys: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("Enter", "resume", "resume"), ("^O", "destroy", "destroy"), ("^D", "forget", "forget"),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "destroy", show=False, priority=True),
        Binding("ctrl+d", "forget", show=False, priority=True),
        Binding("ctrl+r", "again", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
    ]
    DEFAULT_CSS = """
    RunsScreen Picker { max-height: 9; margin-bottom: 1; }
    RunsScreen .none { padding: 0 2; color: $text-muted; height: auto; }
    """

    def body(self) -> Iterable[Widget]:
        self._list = Picker()
        self._none = Static(self.session.tr("wizard.tool.runs.none"), classes="none", markup=False)
        self._runs: dict[str, RunRecord] = {}
        self._here: str | None = None
        self._busy = False
        yield self._none
        yield self._list
        with VerticalScroll(can_focus=False) as self._scroll:
            yield self._page

    def on_mount(self) -> None:
        self.action_again()
        self._list.focus()

    def action_again(self) -> None:
        """Read all journals anew."""
        found = self.wizard.history().all()
        self._runs = {note.run: note for note in found}
        self._list.show([(note.run, self._line(note)) for note in found], self._here)
        self._none.display = not found
        if not found:
            self._here = None
            self.write([])
            self.show_keys(())
        else:
            self._here = self._here if self._here in self._runs else found[0].run
            self._inspect()

    def _line(self, note: RunRecord) -> str:
        marks = {"done": self.marks.ok, "failed": self.marks.bad, "broken": self.marks.bad}
        name = self.session.tr(f"wizard.tool.runs.state_{note.status}") if note.status else ""
        if note.step != "run" and note.step:
            name = self.session.tr(f"wizard.run.{note.step}")
        where = f"{note.group}/{note.cluster}" if note.cluster else note.problem
        mode = self.session.tr(f"wizard.tool.runs.{note.mode}") if note.mode else ""
        return (
            f"{marks.get(note.status, self.marks.todo)} {note.run}  {fit(mode, 10, self.marks.more)}"
            f"{fit(name, 16, self.marks.more)} {where}"
        )

    def on_option_list_option_highlighted(self, event: Picker.OptionHighlighted) -> None:
        event.stop()
        if event.option.id and event.option.id != self._here:
            self._here = event.option.id
            self._scroll.scroll_home(animate=False)
            self._inspect()

    def _inspect(self) -> None:
        """What the run under the cursor said and made."""
        note, tr = self._runs.get(self._here or ""), self.session.tr
        if note is None or self._busy:
            return
        if note.problem:
            self.write([(note.problem, "$text-error")])
            return
        lines: list[tuple[str, str]] = []
        try:
            resources = self.wizard.history().resources(note.run)
            events = self.wizard.history().events(note.run)
        except UserError as error:
            self.write([(tr(f"errors.{error.key}", **error.values), "$text-error")])
            return
        if resources:
            lines.append((tr("wizard.tool.runs.resources"), "bold $text-muted"))
            lines += [
                (f"  {tr(f'wizard.tool.runs.{state}')}  {_short(what)}", "$foreground")
                for what, state in resources
            ]
            lines.append(("", ""))
        lines.append((tr("wizard.tool.runs.events"), "bold $text-muted"))
        for event in events:
            if event.status == "running" and event.progress not in (None, 0.0):
                continue
            mark = {"done": self.marks.ok, "failed": self.marks.bad, "running": self.marks.todo}.get(
                event.status, " "
            )
            style = (
                "$text-error"
                if event.status == "failed"
                else "$foreground"
                if event.status == "done"
                else "$text-muted"
            )
            lines.append((f"  {event.time[11:19]} {mark} {event.message or event.step}", style))
        self.write(lines)

    def on_picker_taken(self, event: Picker.Taken) -> None:
        event.stop()
        self.action_resume()

    def action_resume(self) -> None:
        """Leave this wizard (its answers are saved) and go on with that run."""
        note, tr = self._runs.get(self._here or ""), self.session.tr
        if note is None:
            return
        if self.session.run.active:
            self.notify(tr("wizard.tool.runs.busy"), severity="warning", markup=False)
        elif note.problem or (note.step == "run" and note.status == "done"):
            self.notify(tr("wizard.tool.runs.nothing_left"), severity="warning", markup=False)
        else:
            self.wizard.reopen(run=note.run)

    def action_destroy(self) -> None:
        """Remove what the run made, once its id was typed."""
        note, tr = self._runs.get(self._here or ""), self.session.tr
        if note is None or self._busy:
            return
        if not note.made:
            self.notify(tr("wizard.tool.runs.nothing"), severity="warning", markup=False)
            return
        text = tr("wizard.tool.runs.destroy_text", count=note.made, run=note.run)
        self.app.push_screen(TypeName(tr("wizard.keys.destroy"), text, note.run), self._destroy_confirmed)

    def _destroy_confirmed(self, confirmed: bool | None) -> None:
        if confirmed and self._here:
            self.run_worker(self._destroy(self._here), exit_on_error=False)

    async def _destroy(self, run: str) -> None:
        tr = self.session.tr
        self._busy = True
        lines: list[tuple[str, str]] = [(tr("wizard.tool.runs.destroying"), "bold $accent")]
        self.write(lines)
        try:
            async for what, outcome, reason in self.wizard.history().destroy(run):
                style = "$text-error" if outcome == "kept" else "$foreground"
                lines.append((tr(f"wizard.clean.{outcome}", what=_short(what), reason=reason), style))
                self.write(lines)
        except Exception as error:  # noqa: BLE001 told here; what was not removed stays in the journal
            lines.append((self.wizard.describe(error), "$text-error"))
            self.write(lines)
        self._busy = False
        self._refresh_line()

    def _refresh_line(self) -> None:
        found = self.wizard.history().all()
        self._runs = {note.run: note for note in found}
        self._list.show([(note.run, self._line(note)) for note in found], self._here)

    def action_forget(self) -> None:
        """Remove the run's folder, once its id was typed where something it made still stands."""
        note, tr = self._runs.get(self._here or ""), self.session.tr
        if note is None or self._busy:
            return
        if note.run == self.session.run.run:
            self.notify(tr("wizard.tool.runs.busy"), severity="warning", markup=False)
            return
        key = "forget_made" if note.made and note.mode == "live" else "forget_text"
        text = tr(f"wizard.tool.runs.{key}", count=note.made, run=note.run)
        self.app.push_screen(TypeName(tr("wizard.keys.forget"), text, note.run), self._forget_confirmed)

    def _forget_confirmed(self, confirmed: bool | None) -> None:
        if not confirmed or not self._here:
            return
        try:
            self.wizard.history().forget(self._here)
        except UserError as error:
            text = self.session.tr(f"errors.{error.key}", **error.values)
            self.notify(text, severity="error", timeout=8, markup=False)
            return
        self._here = None
        self.action_again()

    def action_page(self, direction: int) -> None:
        """Scroll the lower part."""
        if direction > 0:
            self._scroll.scroll_page_down(animate=False)
        else:
            self._scroll.scroll_page_up(animate=False)


def _short(resource_id: str) -> str:
    """The end of an ARM id: its type and name."""
    parts: list[Any] = resource_id.strip("/").split("/")
    return "/".join(parts[-2:])
