"""What every step's panel has: a title and a word about it, its fields, and messages under them."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.plan.finding import Finding
from byocni_tui.screens.session import Session
from byocni_tui.widgets.field_row import FieldRow, FieldSpec, Note, State
from byocni_tui.widgets.glyphs import Glyphs


class StepPanel(VerticalScroll, can_focus=False):
    """A panel reads the session and shows it; it decides nothing. ``step`` is the step's id."""

    step: ClassVar[str]
    DEFAULT_CSS = """
    StepPanel { height: 1fr; width: 1fr; padding: 0 1; scrollbar-size-vertical: 1; overflow-x: hidden; }
    StepPanel > .title { height: auto; margin: 0 0 1 0; }
    StepPanel > .more { margin: 1 0 0 0; color: $text-muted; height: 1; }
    """

    def __init__(self, session: Session, marks: Glyphs) -> None:
        super().__init__(id=f"panel-{self.step}")
        self.session = session
        self.marks = marks
        self.rows: dict[str, FieldRow] = {}
        self.all_fields = False
        self._more = Static("", classes="more", markup=False)

    def compose(self) -> ComposeResult:
        tr = self.session.tr
        title = Content.assemble(
            (tr(f"wizard.steps.{self.step}.title"), "bold $foreground"),
            "\n",
            (self.session.lead(self.step), "$text-muted"),
        )
        yield Static(title, classes="title")
        for path in self.first_paths():
            yield from self.row_or_heading(path)
        if self.more_paths() and self.first_paths():
            yield self._more
            self._show_more_line()
        yield from self.extra()
        if self.more_paths() and not self.first_paths():
            yield self._more
            self._show_more_line()

    def first_paths(self) -> tuple[str, ...]:
        """The fields that are always in view."""
        return self.session.asked(self.step)

    def more_paths(self) -> tuple[str, ...]:
        """The fields that F7 unfolds."""
        first = self.first_paths()
        return tuple(path for path in self.session.fields_of(self.step) if path not in first)

    def extra(self) -> Iterable[Widget]:
        """What a panel shows besides fields."""
        return ()

    def row_or_heading(self, path: str) -> Iterable[Widget]:
        """The row of a field, and what stands above it."""
        yield self.row(path)

    def stale(self) -> bool:
        """Whether the plan has changed so that the panel has to be built anew."""
        return False

    def copy_text(self) -> str:
        """What Copy takes here; '' for the commands."""
        return ""

    def own_action(self) -> str:
        """What Ctrl-O does here: a key under ``wizard.own``; '' for nothing."""
        return ""

    def row(self, path: str) -> FieldRow:
        """The row of one field."""
        session = self.session
        spec = FieldSpec(
            path=path,
            label=session.label(path, short=True),
            options=self.options(path),
            placeholder=self.placeholder(path),
        )
        self.rows[path] = FieldRow(spec, session.text(path), self.marks)
        return self.rows[path]

    def options(self, path: str) -> tuple[tuple[str, str], ...]:
        """What a field chooses from."""
        return self.session.options(path)

    def placeholder(self, path: str) -> str:
        """What an empty field means."""
        key = f"wizard.placeholder.{path.replace('[0]', '')}"
        return self.session.tr(key) if self.session.tr.has(key) else ""

    async def unfold(self) -> None:
        """Show all fields, or only the first again."""
        more = self.more_paths()
        if not more:
            return
        self.all_fields = not self.all_fields
        if self.all_fields:
            await self.mount_all([self.row(path) for path in more if path not in self.rows], after=self._more)
        for path in more:
            if path in self.rows:
                self.rows[path].display = self.all_fields
        self._show_more_line()
        self.refresh_state()
        if self.all_fields:
            self.rows[more[0]].editor.focus()
        else:
            self.focus_first()

    def _show_more_line(self) -> None:
        key = "wizard.less" if self.all_fields else "wizard.more"
        self._more.update(f" F7  {self.session.tr(key, count=len(self.more_paths()))}")

    def refresh_state(self) -> None:
        """Bring texts, marks and messages in line with the session."""
        for path, row in self.rows.items():
            row.set_text(self.session.text(path))
            state, notes = self.notes(path)
            row.show(state, notes)

    def notes(self, path: str) -> tuple[State, list[Note]]:
        """The state and the messages of one field."""
        session = self.session
        if why := session.unread_text(path):
            if path in session.left:
                return "error", [Note(severity="error", text=why)]
            return "pristine", []
        found = session.at(path)
        told = [finding for finding in found if session.told_at(finding) == path]
        notes = [self._note(path, finding, first=finding is told[0]) for finding in told]
        if found:
            return found[0].severity, notes
        return ("ok" if path in session.left else "pristine"), []

    def _note(self, path: str, finding: Finding, *, first: bool) -> Note:
        session = self.session
        text = session.words.message(finding, session.tr)
        offers = []
        if finding.remedy and session.remedy_at(path) is finding:
            offers.append(f"F4  {session.words.remedy_text(finding, session.tr)}")
        elif finding.remedy and not finding.remedy.set and finding.remedy.action is None and first:
            offers.append(f"{self.marks.to} {session.words.remedy_text(finding, session.tr)}")
        if finding.severity == "warning" and session.acceptable_at(path) is finding:
            offers.append(f"F5  {session.tr('wizard.accept')}")
        return Note(severity=finding.severity, text=f"{text}  {finding.code}", offer="\n".join(offers))

    def entered(self) -> None:
        """The panel came into view."""

    def focus_first(self) -> None:
        """Put the focus where one begins."""
        for row in self.rows.values():
            if row.display:
                row.editor.focus()
                return
        self.screen.set_focus(None)

    def focus_row(self, path: str) -> bool:
        """Put the focus on a field's row; False where it isn't here."""
        row = self.rows.get(path)
        if row is None:
            return False
        row.display = True
        row.editor.focus()
        # Its messages belong to it; they may have come with this very key.
        self.call_after_refresh(self._show_whole, row)
        return True

    def _show_whole(self, row: FieldRow) -> None:
        self.call_after_refresh(row.scroll_visible, animate=False)
