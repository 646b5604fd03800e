"""The wizard's application: theme, the work that outlives a screen, what is saved. No rule, no I/O of its own."""

import asyncio
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer

from byocni_tui.errors import UserError
from byocni_tui.locale import Translator, preferred_language
from byocni_tui.plan.finding import Finding
from byocni_tui.screens import preferences
from byocni_tui.screens.port import RunEvent, WizardContext, Words
from byocni_tui.screens.preferences import Preferences
from byocni_tui.screens.session import Session
from byocni_tui.screens.store import Memory, Store
from byocni_tui.screens.tasks import Tasks
from byocni_tui.screens.themes import SHORT, THEMES
from byocni_tui.screens.wizard import WizardScreen
from byocni_tui.widgets.glyphs import glyphs

if TYPE_CHECKING:
    from byocni_tui.history import History


class Reopen(NamedTuple):
    """How the wizard ends where the user wants another run, scenario or mode: what to open next."""

    live: bool = False
    scenario: str = ""
    run: str = ""


class RuleWords:
    """Findings in words, by the rules' own renderer."""

    def message(self, finding: Finding, tr: Translator) -> str:
        from byocni_tui.rules.render import message

        return message(finding, tr)

    def remedy_text(self, finding: Finding, tr: Translator) -> str:
        from byocni_tui.rules.render import remedy_text

        if finding.code == "BYO001":
            return tr("wizard.acknowledge")  # here it is a question, not a line of a file
        return remedy_text(finding, tr) or ""


class WizardApp(Tasks, App[Any]):
    """Returns the exit status of the contract, or a ``Reopen``: the user wants another run, scenario or mode."""

    TITLE = "byocni-tui"
    CSS = """
    SearchIcon { display: none; }
    """
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "quit", show=False, priority=True),
        Binding("ctrl+c", "interrupt", "cancel", show=False, priority=True),
        Binding("ctrl+r", "again", "again", show=False),
        Binding("ctrl+e", "change", "change", show=False),
    ]

    def __init__(
        self,
        context: WizardContext,
        store: Store | None = None,
        *,
        about: str = "",
        ascii_only: bool = False,
        theme: str | None = None,
        words: Words | None = None,
        resumed: str = "",
        past: Iterable[RunEvent] = (),
        scenario: str = "",
        preferences: Preferences | None = None,
    ) -> None:
        # NO_COLOR has to be known before the app exists: only with native colours is it really without any.
        plain = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if plain else None)
        self.context = context
        self.store = store
        self.about = about
        self.scenario = scenario
        self.preferences = preferences or Preferences()
        memory = store.load_memory() if store else Memory()
        for known in THEMES:
            self.register_theme(known)
        wanted = theme or self.preferences.theme
        wanted = SHORT.get(wanted, wanted)
        self.theme = "ansi-dark" if plain else wanted if wanted in self.available_themes else "byocni-dark"
        self.marks = glyphs(ascii_only)
        self._only_ascii(ascii_only)
        if self.preferences.motion == "off":
            self.animation_level = "none"
        self.session = Session(context, words or RuleWords(), memory.step, judge=False)
        self.session.seen.update(memory.seen)
        self.session.unread.update(memory.unread)
        self.session.run.run = resumed
        for event in past:
            self.session.run.apply(event)
        self._save_timer: Timer | None = None
        self._save_failed = ""

    def _only_ascii(self, wanted: bool) -> None:
        from byocni_tui.widgets.ascii import Ascii

        self._filters = [known for known in self._filters if not isinstance(known, Ascii)]
        if wanted:
            self._filters.append(Ascii())

    def get_default_screen(self) -> Screen[Any]:
        return WizardScreen(self.session, self.marks, self.about)

    @property
    def wizard_screen(self) -> WizardScreen | None:
        """The wizard's screen, wherever it is in the stack."""
        return next((s for s in self.screen_stack if isinstance(s, WizardScreen)), None)

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(
            NotImplementedError, RuntimeError, ValueError
        ):  # not in the main thread (tests, a server)
            loop.add_signal_handler(signal.SIGTERM, self._told_to_go)
            loop.add_signal_handler(signal.SIGHUP, self._terminal_gone)
        self.set_interval(1.0, self._tick)

    def _told_to_go(self) -> None:
        """Somebody ends the program: nothing is lost, and Azure goes on."""
        self.run_worker(self.finish(self.exit_status()), exit_on_error=False)

    def _terminal_gone(self) -> None:
        """What was typed last is saved; then the signal does what it does. There is no screen left to put in order, and
        the journal is on disk with every event."""
        self.save_now()
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGHUP)

    def _tick(self) -> None:
        if self.session.run.active:
            self.session.changed()

    # What is saved

    def save_soon(self) -> None:
        """Save when nothing has been typed for a moment."""
        if self.store is None:
            return
        if self._save_timer is not None:
            self._save_timer.stop()
        self._save_timer = self.set_timer(0.2, self.save_now)

    def save_now(self) -> str:
        """Write the answers; returns the file's path, or '' where it can't be (said once on screen)."""
        if self.store is None:
            return ""
        session = self.session
        memory = Memory(
            step=session.step,
            run=session.run.run,
            seen=sorted(session.seen),
            unread=session.unread,
        )
        failed = self.store.save(session.plan, memory, session.tr)
        if failed and failed != self._save_failed:
            self.notify(failed, severity="error", timeout=10, markup=False)
        self._save_failed = failed
        return "" if failed else str(self.store.answers)

    def write_copy(self, text: str) -> str:
        """See ``Store.write_copy``."""
        return self.store.write_copy(text) if self.store else ""

    def describe(self, error: Exception) -> str:
        """A provider's failure or a user's error in the user's words; a bug by its name."""
        from byocni_tui.deploy.failure import StepError, describe
        from byocni_tui.providers.errors import ProviderError

        if isinstance(error, (ProviderError, StepError, UserError)):
            return describe(error, self.session.tr)[0]
        return _words(error)

    # Keys that work everywhere

    async def action_leave(self) -> None:
        """Ctrl-Q: save and go; while a run is going on, ask."""
        screen = self.wizard_screen
        if self.session.run.active and screen is not None:
            screen.action_cancel()
        else:
            await self.finish(self.exit_status())

    async def action_interrupt(self) -> None:
        """Ctrl-C: in a run the choices; elsewhere nothing is lost by leaving."""
        screen = self.wizard_screen
        if self.session.run.active and screen is not None:
            screen.action_cancel()
        else:
            await self.finish(130 if not self.session.run.run else self.exit_status())

    async def action_quit(self) -> None:
        """As Ctrl-Q."""
        await self.action_leave()

    def exit_status(self) -> int:
        """0 done or nothing begun, 1 failed, 4 left running."""
        run = self.session.run
        if run.done or not run.run:
            return 0
        return 1 if run.failed else 4

    async def finish(self, status: int) -> None:
        """Save, close connections, end."""
        self.save_now()
        await self.end_tasks()
        await self.context.close()
        self.exit(status)

    def reopen(self, *, live: bool = False, scenario: str = "", run: str = "") -> None:
        """End, and have another run, scenario or mode opened."""
        self.run_worker(self._reopen(Reopen(live, scenario, run)), exit_on_error=False)

    async def _reopen(self, wanted: Reopen) -> None:
        self.save_now()
        await self.end_tasks()
        await self.context.close()
        self.exit(wanted)

    def history(self) -> "History":
        """The runs of this machine."""
        from byocni_tui.history import History

        return History(self.session.tr)

    def scenarios(self) -> list[tuple[str, str]]:
        """(id, id and title) of the simulated worlds there are."""
        from byocni_tui.connections import scenario_titles

        return scenario_titles(self.session.tr.lang)

    async def on_unmount(self) -> None:
        """However the app ends, no task outlives it, and what was typed last is kept."""
        if self._save_timer is not None:
            self.save_now()
        await self.end_tasks()

    async def action_again(self) -> None:
        """Look again, or run the failed step again."""
        if screen := self.wizard_screen:
            screen.action_again()

    async def action_change(self) -> None:
        """Go to the answer that failed."""
        if screen := self.wizard_screen:
            await screen.action_change()

    def switch_language(self) -> None:
        """The other language."""
        other = "zh" if self.context.tr.lang == "en" else "en"
        self.prefer(msgspec.structs.replace(self.preferences, lang=other), changed="lang")

    def next_theme(self) -> None:
        """The next of ours."""
        names = list(SHORT)
        at = names.index(self.preferences.theme) if self.preferences.theme in names else 0
        wanted = msgspec.structs.replace(self.preferences, theme=names[(at + 1) % len(names)])
        self.prefer(wanted, changed="theme")

    def prefer(self, wanted: Preferences, *, changed: str) -> None:
        """Keep what the user likes, and show it at once. The screen's parts are built anew from the session where
        texts or marks change."""
        self.preferences = wanted
        if changed == "lang":
            self.context.tr = Translator(wanted.lang or preferred_language())
        elif changed == "theme" and not self.native_ansi_color:
            self.theme = SHORT[wanted.theme]
        elif changed == "glyphs":
            self.marks = glyphs(wanted.glyphs == "ascii")
            self._only_ascii(wanted.glyphs == "ascii")
        elif changed == "motion":
            self.animation_level = "none" if wanted.motion == "off" else "full"
        if changed in ("lang", "glyphs") and (screen := self.wizard_screen):
            self.run_worker(screen.rebuild(self.marks), group="facts", exit_on_error=False)
        if self.store is not None and (error := preferences.save(wanted)) is not None:
            text = self.session.tr(f"errors.{error.key}", **error.values)
            self.notify(text, severity="error", timeout=10, markup=False)

    def action_command_palette(self) -> None:
        """Textual's palette with our words in it."""
        from textual.command import CommandPalette

        if not isinstance(self.screen, CommandPalette):
            placeholder = self.session.tr("wizard.palette.search")
            self.push_screen(CommandPalette(placeholder=placeholder, id="--command-palette"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002 as Textual calls it
        """The palette: our own commands by name, in the language of the moment."""
        from byocni_tui.screens.palette import commands

        for title, help_text, callback in commands(self):
            yield SystemCommand(title, help_text, callback)


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".strip().removesuffix(":")


def make_app(context: WizardContext, store: Store | None = None, **options: Any) -> WizardApp:
    """The wizard on a context; ``options`` are those of WizardApp."""
    return WizardApp(context, store, **options)
