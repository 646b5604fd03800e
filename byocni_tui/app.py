"""The wizard's application: theme, the work that outlives a screen, what is saved. No rule, no I/O of its own."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer

from byocni_tui.errors import UserError
from byocni_tui.locale import Translator
from byocni_tui.plan.finding import Finding
from byocni_tui.screens.port import WizardContext, Words
from byocni_tui.screens.session import Session
from byocni_tui.screens.store import Memory, Store
from byocni_tui.screens.themes import SHORT, THEMES
from byocni_tui.screens.wizard import WizardScreen
from byocni_tui.widgets.glyphs import glyphs


class RuleWords:
    """Findings in words, by the rules' own renderer."""

    def message(self, finding: Finding, tr: Translator) -> str:
        from byocni_tui.rules.render import message

        return message(finding, tr)

    def remedy_text(self, finding: Finding, tr: Translator) -> str:
        from byocni_tui.rules.render import remedy_text

        return remedy_text(finding, tr) or ""


class WizardApp(App[int]):
    """Returns the exit status of the contract."""

    TITLE = "byocni-tui"
    CSS = """
    SearchIcon { display: none; }
    WizardApp.-ascii Read > VerticalScroll, WizardApp.-ascii Choose > Vertical, WizardApp.-ascii TypeName > Vertical {
        border: ascii $accent;
    }
    WizardApp.-ascii #stepper { border-right: none; }
    WizardApp.-ascii StepPanel { scrollbar-size-vertical: 0; }
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
    ) -> None:
        # NO_COLOR has to be known before the app exists: only with native colours is it really without any.
        plain = bool(os.environ.get("NO_COLOR"))
        super().__init__(ansi_color=True if plain else None)
        self.context = context
        self.store = store
        self.about = about
        memory = store.load_memory() if store else Memory()
        for known in THEMES:
            self.register_theme(known)
        wanted = theme or memory.theme
        wanted = SHORT.get(wanted, wanted)
        self.theme = "ansi-dark" if plain else wanted if wanted in self.available_themes else "byocni-dark"
        self.marks = glyphs(ascii_only)
        self.set_class(ascii_only, "-ascii")
        self.session = Session(context, words or RuleWords(), memory.step, judge=False)
        self.session.seen.update(memory.seen)
        self.session.unread.update(memory.unread)
        self.session.run.run = resumed
        self._save_timer: Timer | None = None
        self._deploying: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._save_failed = ""

    def get_default_screen(self) -> Screen[Any]:
        return WizardScreen(self.session, self.marks, self.about)

    @property
    def wizard_screen(self) -> WizardScreen | None:
        """The wizard's screen, wherever it is in the stack."""
        return next((s for s in self.screen_stack if isinstance(s, WizardScreen)), None)

    def on_mount(self) -> None:
        self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        if self.session.run.active:
            self.session.changed()

    def _changed(self) -> None:
        self.session.changed()

    # What is saved

    def save_soon(self) -> None:
        """Save when nothing has been typed for a moment."""
        if self.store is None:
            return
        if self._save_timer is not None:
            self._save_timer.stop()
        self._save_timer = self.set_timer(0.4, self.save_now)

    def save_now(self) -> str:
        """Write the answers; returns the file's path, or '' where it can't be (said once on screen)."""
        if self.store is None:
            return ""
        session = self.session
        memory = Memory(
            step=session.step,
            lang=session.tr.lang,
            theme=self.theme,
            run="" if session.run.done else session.run.run,
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

    # Work that outlives a screen

    def collect(self, *keys: str) -> None:
        """Ask for facts behind the screen; what goes wrong is said where they are missed."""
        self.run_worker(self._collect(keys), group="facts", exit_on_error=False)

    def ask_account(self) -> None:
        """Ask once who is signed in and what they see."""
        if not self.session.account:
            self.run_worker(self._ask_account(), group="facts", exit_on_error=False)

    async def _ask_account(self) -> None:
        session = self.session
        session.account_failed = ""
        try:
            await self._reach()
            session.account = await self.context.account()
            session.subscriptions = await self.context.subscriptions()
        except UserError as error:
            session.account_failed = session.tr(f"errors.{error.key}", **error.values)
        except Exception as error:  # noqa: BLE001 the fields work without it: whatever a client raises is shown
            session.account_failed = self._describe(error)
        self._changed()

    async def _collect(self, keys: tuple[str, ...]) -> None:
        self.session.facts_failed = ""
        try:
            await self._reach()
            await self.context.collect(*keys)
        except UserError as error:
            self.session.facts_failed = self.session.tr(f"errors.{error.key}", **error.values)
        except Exception as error:  # noqa: BLE001 facts are a help: whatever a client raises is shown, nothing is lost
            self.session.facts_failed = self.session.tr("wizard.facts_failed", error=self._describe(error))
        self.session.judge()
        self._changed()

    async def _reach(self) -> None:
        """Sign in or start the sandbox. The journal is opened here first: its database belongs to one thread, and
        connecting happens in another."""
        self.context.open_journal()
        await self.context.start()

    def _describe(self, error: Exception) -> str:
        """A provider's failure in the user's words; a bug by its name."""
        from byocni_tui.deploy.failure import describe
        from byocni_tui.providers.errors import ProviderError

        return describe(error, self.session.tr)[0] if isinstance(error, ProviderError) else _words(error)

    def run_preflight(self, *, again: bool = False) -> None:
        """All checks at once; not again by itself while nothing has changed."""
        if again or not self.session.checks or self.session.checked_plan != self.session.plan:
            self.run_worker(self._preflight(), group="preflight", exclusive=True, exit_on_error=False)

    async def _preflight(self) -> None:
        session = self.session
        session.checks = []
        session.checked_plan = session.plan
        self._changed()
        try:
            await self._reach()
            async for event in self.context.preflight():
                session.checks.append(event)
                session.judge()
                self._changed()
            session.preflight_failed = ""
        except UserError as error:
            session.preflight_failed = session.tr(f"errors.{error.key}", **error.values)
        except Exception as error:  # noqa: BLE001 shown in the panel; the deployment checks again by itself
            session.preflight_failed = session.tr("wizard.facts_failed", error=self._describe(error))
        session.judge()
        self._changed()

    def run_deploy(self) -> None:
        """Carry the plan out, or go on with it. The task belongs to the app, so no screen's end ends it."""
        if self._deploying is None or self._deploying.done():
            self.session.run.begin()
            self._changed()
            self._deploying = asyncio.create_task(self._deploy())

    async def _deploy(self) -> None:
        run = self.session.run
        try:
            await self._reach()
            events: AsyncIterator[Any] = self.context.deploy()
            async for event in events:
                run.apply(event)
                if event.step == "nodes-not-ready" and self._watcher is None:
                    self._watcher = asyncio.create_task(self._watch())
                self._changed()
        except UserError as error:
            run.stop(self.session.tr(f"errors.{error.key}", **error.values), error.detail)
        except Exception as error:  # noqa: BLE001 a client's own failure must not take the screen (and its log) away
            run.stop(self.session.tr("wizard.deploy.broke"), _words(error))
        finally:
            run.active = False
            if not run.done:
                await self._stop_watching()
        self._changed()
        screen = self.wizard_screen
        if run.done and screen is not None and self.session.step == "deploy":
            self.notify(self.session.tr("wizard.deploy.done"), timeout=6, markup=False)

    async def _stop_watching(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None

    async def _watch(self) -> None:
        """Nodes for the board, drawn at most five times a second however many change."""
        pending = False

        def draw() -> None:
            nonlocal pending
            pending = False
            self._changed()

        try:
            async for nodes in self.context.nodes():
                self.session.take_nodes(nodes)
                if not pending:
                    pending = True
                    self.set_timer(0.2, draw)
        except UserError as error:
            self.session.facts_failed = self.session.tr(f"errors.{error.key}", **error.values)
        except Exception as error:  # noqa: BLE001 the board is a view; the run itself reports what matters
            self.log.error(_words(error))

    def cancel_chosen(self, choice: str | None) -> None:
        """The answer to Ctrl-C in a run."""
        if choice == "leave":
            self.run_worker(self._leave(), exit_on_error=False)
        elif choice == "stop" and self._deploying is not None:
            self._deploying.cancel()
            self.session.run.stop(self.session.tr("wizard.cancel.stopped"), None)
            self._changed()

    async def _leave(self) -> None:
        await self.finish(4)

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
        await self._end_tasks()
        await self.context.close()
        self.exit(status)

    async def _end_tasks(self) -> None:
        """Stop looking; what Azure does goes on there."""
        if self._deploying is not None and not self._deploying.done():
            self._deploying.cancel()
            await asyncio.gather(self._deploying, return_exceptions=True)
        await self._stop_watching()

    async def on_unmount(self) -> None:
        """However the app ends, no task outlives it."""
        await self._end_tasks()

    async def action_again(self) -> None:
        """Look again, or run the failed step again."""
        if screen := self.wizard_screen:
            screen.action_again()

    async def action_change(self) -> None:
        """Go to the answer that failed."""
        if screen := self.wizard_screen:
            await screen.action_change()

    def switch_language(self) -> None:
        """The other language: the screen's parts are built anew from the session."""
        self.context.tr = Translator("zh" if self.context.tr.lang == "en" else "en")
        if screen := self.wizard_screen:
            self.run_worker(screen.rebuild(), group="facts", exit_on_error=False)
        self.save_soon()

    def next_theme(self) -> None:
        """The next of ours."""
        names = [known.name for known in THEMES]
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.save_soon()

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
