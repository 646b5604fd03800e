"""The few things that stand over the wizard: a page to read, a list to choose from, a name to type."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

_FRAME = """
    width: 90%; max-width: 96; height: auto; max-height: 90%; background: $surface; padding: 1 2;
    border: round $accent; border-title-color: $foreground; border-title-style: bold;
"""


class Read(ModalScreen[None]):
    """A page; Escape or Enter closes it."""

    CSS = f"""
    Read {{ align: center middle; background: $background 60%; }}
    Read > VerticalScroll {{ {_FRAME} border-subtitle-color: $text-muted; }}
    Read Static {{ height: auto; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,f1,f3", "close", show=False),
        Binding("ctrl+q", "close", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str, hint: str) -> None:
        super().__init__()
        self._title, self._text, self._hint = title, text, hint

    def compose(self) -> ComposeResult:
        with VerticalScroll() as page:
            page.border_title = self._title
            page.border_subtitle = self._hint
            yield Static(self._text, markup=False)

    def action_close(self) -> None:
        """Away."""
        self.dismiss(None)


class Choose(ModalScreen[str | None]):
    """One of a few; Escape is None."""

    CSS = f"""
    Choose {{ align: center middle; background: $background 60%; }}
    Choose > Vertical {{ {_FRAME} width: 64; }}
    Choose OptionList {{ height: auto; max-height: 18; border: none; background: $surface; padding: 0; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+q,ctrl+c", "close", show=False, priority=True)
    ]

    def __init__(self, title: str, options: Sequence[tuple[str, str]], current: str) -> None:
        super().__init__()
        self._title, self._options, self._current = title, options, current

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            yield OptionList(*(Option(text, id=name) for name, text in self._options), markup=False)

    def on_mount(self) -> None:
        names = [name for name, _ in self._options]
        self.query_one(OptionList).highlighted = names.index(self._current) if self._current in names else 0

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_close(self) -> None:
        """None."""
        self.dismiss(None)


class TypeName(ModalScreen[bool]):
    """True once the name was typed exactly."""

    CSS = f"""
    TypeName {{ align: center middle; background: $background 60%; }}
    TypeName > Vertical {{ {_FRAME} width: 70; }}
    TypeName Static {{ height: auto; margin-bottom: 1; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+q,ctrl+c", "close", show=False, priority=True)
    ]

    def __init__(self, title: str, text: str, name: str) -> None:
        super().__init__()
        self._title, self._text, self._wanted = title, text, name

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            yield Static(self._text, markup=False)
            yield Input(compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip() == self._wanted:
            self.dismiss(True)
        elif event.value.strip():
            self.query_one(Vertical).border_subtitle = f"{event.value.strip()[:30]} ≠ {self._wanted}"

    def action_close(self) -> None:
        """No."""
        self.dismiss(False)


class AskText(ModalScreen[str | None]):
    """A line of text; Escape is None. An empty line isn't taken."""

    CSS = f"""
    AskText {{ align: center middle; background: $background 60%; }}
    AskText > Vertical {{ {_FRAME} width: 74; }}
    AskText Static {{ height: auto; margin-bottom: 1; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+q,ctrl+c", "close", show=False, priority=True)
    ]

    def __init__(self, title: str, text: str, value: str = "") -> None:
        super().__init__()
        self._title, self._text, self._value = title, text, value

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            yield Static(self._text, markup=False)
            yield Input(self._value, compact=True, max_length=1000, select_on_focus=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())

    def action_close(self) -> None:
        """Nothing."""
        self.dismiss(None)


class Jump(ModalScreen[str | None]):
    """A list that typing filters: ``options`` are (id, text, shown without a filter)."""

    CSS = f"""
    Jump {{ align: center middle; background: $background 60%; }}
    Jump > Vertical {{ {_FRAME} width: 74; padding: 0 1; }}
    Jump Input {{ background: $surface; padding: 0 1; }}
    Jump OptionList {{ height: auto; max-height: 18; border: none; background: $surface; padding: 0;
                       overflow-x: hidden; scrollbar-size-vertical: 1; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+q,ctrl+c,f2", "close", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]

    def __init__(self, title: str, hint: str, options: Sequence[tuple[str, str, bool]], current: str) -> None:
        super().__init__()
        self._title, self._hint, self._options, self._current = title, hint, options, current

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._title
            yield Input(placeholder=self._hint, compact=True, max_length=100)
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        self._fill("")
        names = [name for name, _, always in self._options if always]
        self.query_one(OptionList).highlighted = names.index(self._current) if self._current in names else 0

    def _fill(self, typed: str) -> None:
        words = typed.lower().split()
        listed = self.query_one(OptionList)
        listed.clear_options()
        for name, text, always in self._options:
            if (not words and always) or (words and all(word in f"{text} {name}".lower() for word in words)):
                listed.add_option(Option(text, id=name))
        listed.highlighted = 0 if listed.option_count else None

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        listed = self.query_one(OptionList)
        if listed.highlighted is not None:
            self.dismiss(listed.get_option_at_index(listed.highlighted).id)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    def action_move(self, by: int) -> None:
        """The cursor of the list, while the text keeps the focus."""
        listed = self.query_one(OptionList)
        if by > 0:
            listed.action_cursor_down()
        else:
            listed.action_cursor_up()

    def action_close(self) -> None:
        """None."""
        self.dismiss(None)
