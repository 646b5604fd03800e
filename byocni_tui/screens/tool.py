"""What stands beside the wizard's steps (runs, doctor, catalogue, settings): a screen of its own, Escape leads back."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.screens.dialogs import Read
from byocni_tui.screens.session import Session
from byocni_tui.widgets.banner import Banner
from byocni_tui.widgets.glyphs import Glyphs, wrap
from byocni_tui.widgets.key_bar import KeyBar, KeyHint

if TYPE_CHECKING:
    from byocni_tui.app import WizardApp


class ToolScreen(Screen[None]):
    """``tool`` names the texts ``wizard.tool.<tool>.{title,lead,help}``; ``keys`` are (key, action, text key) beside
    those that all have."""

    tool: ClassVar[str]
    keys: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    SCOPED_CSS = False
    DEFAULT_CSS = """
    ToolScreen { layout: vertical; background: $background; }
    ToolScreen > .lead { height: auto; padding: 1 2 0 2; margin-bottom: 1; }
    ToolScreen VerticalScroll { height: 1fr; padding: 0 2; scrollbar-size-vertical: 1; overflow-x: hidden; }
    ToolScreen VerticalScroll > Static { height: auto; }
    ToolScreen Picker { margin: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("ctrl+q,ctrl+c", "close", show=False, priority=True),
        Binding("f1", "help", show=False),
        Binding("f6", "copy", show=False),
    ]

    def __init__(self, session: Session, marks: Glyphs) -> None:
        super().__init__()
        self.session = session
        self.marks = marks
        self._keys = KeyBar()
        self._page = Static("", markup=False)
        self._text: tuple[tuple[str, str], ...] = ()

    @property
    def wizard(self) -> "WizardApp":
        """The app, which owns workers and what is saved."""
        from byocni_tui.app import WizardApp

        assert isinstance(self.app, WizardApp)
        return self.app

    def compose(self) -> ComposeResult:
        tr = self.session.tr
        banner = Banner(self.session.badge(), simulated=self.session.context.mode == "simulated")
        banner.show("", tr(f"wizard.tool.{self.tool}.title"), "", "")
        yield banner
        title = (tr(f"wizard.tool.{self.tool}.title"), "bold $foreground")
        lead = (tr(f"wizard.tool.{self.tool}.lead"), "$text-muted")
        yield Static(Content.assemble(title, "\n", lead), classes="lead")
        yield from self.body()
        yield self._keys

    def body(self) -> Iterable[Widget]:
        """What the tool shows; by default one page."""
        with VerticalScroll(can_focus=True):
            yield self._page

    def on_mount(self) -> None:
        # Textual calls this for every class of the line, the tool's own first: what it has shown stays.
        if not self._keys.shown:
            self.show_keys()

    def show_keys(self, keys: Sequence[tuple[str, str, str]] | None = None) -> None:
        """The key line: the tool's own first."""
        tr = self.session.tr
        hints = [
            KeyHint(key=key, text=tr(f"wizard.keys.{text}"), action=action)
            for key, action, text in (self.keys if keys is None else keys)
        ]
        hints += [
            KeyHint(key=key, text=tr(f"wizard.keys.{text}"), action=action)
            for key, action, text in (
                ("Esc", "close", "back_to"),
                ("F1", "help", "help"),
                ("F6", "copy", "copy"),
            )
        ]
        self._keys.show(hints)

    def write(self, lines: Sequence[tuple[str, str]]) -> None:
        """The page: (text, style) a paragraph, wrapped to the width there is."""
        self._text = tuple(lines)
        self._draw()

    def _draw(self) -> None:
        width = max(20, self.size.width - 6)
        parts = []
        for text, style in self._text:
            indent = " " * (len(text) - len(text.lstrip(" ")))
            pieces = wrap(text.strip(" "), width - len(indent)) if text.strip() else [""]
            parts += [Content.styled(f"{indent}{piece}", style) for piece in pieces]
        self._page.update(Content("\n").join(parts))

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def text(self) -> str:
        """What Copy takes."""
        return "\n".join(text for text, _ in self._text) + "\n"

    async def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        await self.run_action(event.action)

    def action_close(self) -> None:
        """Back to the wizard."""
        self.dismiss(None)

    def action_help(self) -> None:
        """What the tool is for, and its keys."""
        tr = self.session.tr
        text = tr(f"wizard.tool.{self.tool}.help")
        self.app.push_screen(Read(tr(f"wizard.tool.{self.tool}.title"), text, tr("wizard.close")))

    def action_copy(self) -> None:
        """The page, to the terminal's clipboard and to a file."""
        text = self.text()
        self.app.copy_to_clipboard(text)
        where = self.wizard.write_copy(text)
        key = "wizard.copied" if where else "wizard.copied_only"
        self.notify(self.session.tr(key, where=where), timeout=4, markup=False)
