"""One field on one line: label, editor, mark; under it what is wrong, and what one key would do about it."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import msgspec
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from byocni_tui.widgets.choice import Choice
from byocni_tui.widgets.glyphs import Glyphs, fit, wrap

State = Literal["pristine", "ok", "info", "warning", "error"]
MAX_TEXT = 4096
"""Longer input than any field can hold is cut here, so that a stray paste can't make every key slow."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A line under a field: ``offer`` says what a key would do."""

    severity: Literal["error", "warning", "info"]
    text: str
    offer: str = ""


class FieldSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What the row has to know about its field; ``options`` (value, label) make it a choice."""

    path: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    placeholder: str = ""
    secret: bool = False


class FieldRow(Widget):
    """Posts ``Edited`` on each change and ``Left`` when the focus goes."""

    DEFAULT_CSS = """
    FieldRow { height: auto; width: 1fr; }
    FieldRow > Horizontal { height: 1; width: 1fr; }
    FieldRow .label { width: 25; color: $text-muted; padding-left: 1; }
    FieldRow .mark { width: 2; text-align: right; }
    FieldRow Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $surface; color: $foreground; }
    FieldRow Input:focus { background: $boost; border: none; }
    FieldRow Choice { padding: 0 1; }
    FieldRow .notes { height: auto; display: none; padding: 0 1 0 3; }
    FieldRow.-noted .notes { display: block; }
    FieldRow.-here .label { color: $accent; text-style: bold; }
    FieldRow.-error .mark { color: $error; }
    FieldRow.-warning .mark { color: $warning; }
    FieldRow.-ok .mark { color: $success; }
    FieldRow.-info .mark { color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    class Edited(Message):
        """The field holds another text."""

        def __init__(self, path: str, text: str) -> None:
            super().__init__()
            self.path = path
            self.text = text

    class Left(Message):
        """The focus went away from the field."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    class Entered(Message):
        """The focus came."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    class Submitted(Message):
        """Enter."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def __init__(self, spec: FieldSpec, text: str, marks: Glyphs) -> None:
        super().__init__()
        self.spec = spec
        self._marks = marks
        self._notes: tuple[Note, ...] = ()
        self._state: State = "pristine"
        self._mark = Static("", classes="mark", markup=False)
        self._lines = Static("", classes="notes", markup=False)
        self.editor: Input | Choice
        if spec.options:
            self.editor = Choice(spec.options, text, marks)
        else:
            self.editor = Input(
                text,
                placeholder=spec.placeholder,
                password=spec.secret,
                select_on_focus=False,
                max_length=MAX_TEXT,
            )
            self.editor.cursor_blink = False
        self._known = text

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(fit(self.spec.label, 23, self._marks.more), classes="label", markup=False)
            yield self.editor
            yield self._mark
        yield self._lines

    @property
    def text(self) -> str:
        """What the field holds as text."""
        return self.editor.value

    def set_text(self, text: str) -> None:
        """Show a value that came from elsewhere (a remedy, a file) without posting ``Edited``."""
        if text == self.editor.value:
            return
        self._known = text
        if isinstance(self.editor, Choice):
            self.editor.set_value(text)
        else:
            self.editor.value = text
            self.editor.cursor_position = len(text)

    def show(self, state: State, notes: Sequence[Note]) -> None:
        """Mark and messages."""
        if state != self._state:
            for name in ("ok", "info", "warning", "error"):
                self.set_class(name == state, f"-{name}")
            marks = {"ok": self._marks.ok, "warning": self._marks.warn, "error": self._marks.bad, "info": "i"}
            self._mark.update(marks.get(state, ""))
            self._state = state
        if tuple(notes) != self._notes:
            self._notes = tuple(notes)
            self.set_class(bool(notes), "-noted")
            self._draw_notes()

    def _draw_notes(self) -> None:
        width = max(20, self.size.width - 6)
        parts: list[Content] = []
        for note in self._notes:
            mark = {"error": self._marks.bad, "warning": self._marks.warn, "info": "i"}[note.severity]
            color = {"error": "$text-error", "warning": "$text-warning", "info": "$text-muted"}[note.severity]
            text = "\n".join(
                ("  " if i else f"{mark} ") + line for i, line in enumerate(wrap(note.text, width - 2))
            )
            parts.append(Content.styled(text, color))
            if note.offer:
                offer = "\n".join("  " + line for line in wrap(note.offer, width - 2))
                parts.append(Content.styled(offer, "$accent"))
        self._lines.update(Content("\n").join(parts))

    def on_resize(self, _event: events.Resize) -> None:
        if self._notes:
            # After this layout: a change of height in the middle of it would be lost.
            self.call_after_refresh(self._draw_notes)
        if isinstance(self.editor, Input) and not self.editor.has_focus:
            self.call_after_refresh(self._show_end)

    def _show_end(self) -> None:
        """Of a text that is wider than its field, the end: in a resource id it is what tells one from another."""
        if isinstance(self.editor, Input) and not self.editor.has_focus:
            self.editor.cursor_position = 0
            self.editor.cursor_position = len(self.editor.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value == self._known:
            return
        self._known = event.value
        self.post_message(self.Edited(self.spec.path, event.value))

    def on_choice_changed(self, event: Choice.Changed) -> None:
        event.stop()
        self._known = event.value
        self.post_message(self.Edited(self.spec.path, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(self.spec.path))

    def on_key(self, event: events.Key) -> None:
        """Enter on a choice goes on, as in a text field."""
        if event.key == "enter" and isinstance(self.editor, Choice):
            event.stop()
            self.post_message(self.Submitted(self.spec.path))

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self.add_class("-here")
        self.post_message(self.Entered(self.spec.path))

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        self.remove_class("-here")
        self.post_message(self.Left(self.spec.path))
