"""The one screen that holds all steps: banner, stepper, the step's panel, why, what will run, keys.

Steps are panels in one switcher, mounted ahead of need; the session is the truth, panels are disposable.
"""

import asyncio
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from byocni_tui.plan.fields import field
from byocni_tui.screens.actions import WizardActions
from byocni_tui.screens.messages import Ask, Collect, JumpTo
from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.panels import panel_class
from byocni_tui.screens.session import Session
from byocni_tui.widgets.banner import Banner
from byocni_tui.widgets.commands import Commands
from byocni_tui.widgets.field_row import FieldRow
from byocni_tui.widgets.glyphs import Glyphs
from byocni_tui.widgets.key_bar import KeyBar, KeyHint
from byocni_tui.widgets.stepper import StepMark, Stepper
from byocni_tui.widgets.why import Why

_WIDE_STEPS = ("preflight", "review", "deploy", "done")
"""Steps that ask nothing: at 80 columns they take the room of why and commands as well."""


class WizardScreen(WizardActions, Screen[None]):
    """Forwards what the user does to the session, shows what comes back."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (130, "-wide")]  # noqa: RUF012 as Textual declares it
    SCOPED_CSS = False
    DEFAULT_CSS = """
    WizardScreen { layout: vertical; background: $background; }
    #middle { layout: grid; height: 1fr; width: 1fr; }
    WizardScreen.-narrow #middle { grid-size: 1 3; grid-rows: 1 1fr 7; grid-columns: 1fr; }
    WizardScreen.-narrow.-whole #middle { grid-size: 1 2; grid-rows: 1 1fr; }
    WizardScreen.-narrow.-whole #side { display: none; }
    WizardScreen.-narrow #stepper { padding: 0 1; }
    WizardScreen.-narrow #body { padding-top: 1; }
    WizardScreen.-medium #middle { grid-size: 2 2; grid-rows: 1 1fr; grid-columns: 1fr 40; }
    WizardScreen.-medium #stepper { column-span: 2; }
    WizardScreen.-medium #body { padding-top: 1; }
    WizardScreen.-wide #middle { grid-size: 3 1; grid-rows: 1fr; grid-columns: 26 1fr 43; }
    WizardScreen.-wide #stepper { height: 1fr; padding: 1 1 0 1; border-right: solid $border-blurred; }
    WizardScreen.-wide #body { padding: 1 1 0 1; }
    #side { layout: vertical; height: 1fr; }
    WizardScreen.-medium #side, WizardScreen.-wide #side { padding-top: 1; padding-right: 1; }
    #side Why { height: 13; }
    WizardScreen.-narrow #side Why { height: 3; }
    WizardScreen.-narrow Commands { height: 4; }
    #coach { height: 14; overflow: hidden; }
    WizardScreen.-lesson #side Why { height: 7; }
    WizardScreen.-lesson #coach { height: 13; }
    WizardScreen.-lesson.-wide #coach { height: 14; }
    WizardScreen.-lesson.-narrow #side Why { height: 3; }
    WizardScreen.-lesson.-narrow Commands { display: none; }
    WizardScreen.-lesson.-narrow #coach { height: 5; }
    WizardScreen.-lesson.-narrow #middle { grid-rows: 1 1fr 8; }
    WizardScreen.-lesson.-narrow.-whole #middle { grid-size: 1 3; grid-rows: 1 1fr 5; }
    WizardScreen.-lesson.-narrow.-whole #side { display: block; }
    WizardScreen.-lesson.-narrow.-whole Why { display: none; }
    WizardScreen.-narrow.-tiny #side { display: none; }
    WizardScreen.-narrow.-tiny #middle { grid-size: 1 2; grid-rows: 1 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "help", show=False),
        Binding("ctrl+n", "next", "next", show=False, priority=True),
        # Where nothing takes Enter for itself, it goes on; browsers keep Ctrl-N for their own windows.
        Binding("enter", "next", "next", show=False),
        Binding("ctrl+b", "back", "back", show=False, priority=True),
        Binding("f2", "steps", "steps", show=False),
        Binding("f3", "all_commands", "commands", show=False),
        Binding("f4", "remedy", "remedy", show=False),
        Binding("f5", "accept", "accept", show=False),
        Binding("f6", "copy", "copy", show=False),
        Binding("f7", "more", "more", show=False),
        Binding("f8", "language", "language", show=False),
        Binding("f9", "theme", "theme", show=False),
        Binding("ctrl+s", "save", "save", show=False),
        Binding("ctrl+o", "own", "own", show=False, priority=True),
        Binding("ctrl+t", "coach", "coach", show=False, priority=True),
        Binding("pagedown", "scroll(1)", "scroll", show=False),
        Binding("pageup", "scroll(-1)", "scroll", show=False),
    ]

    def __init__(self, session: Session, marks: Glyphs, about: str = "") -> None:
        super().__init__()
        self.session = session
        self.marks = marks
        self.about = about
        self.panels: dict[str, StepPanel]
        self._one_at_a_time = asyncio.Lock()
        self._field: str | None = None
        session.changed = self.refresh_state
        self._build()

    def _build(self) -> None:
        """The parts, in the language of the moment."""
        session, marks, tr = self.session, self.marks, self.session.tr
        self.panels = {}
        self._banner = Banner(session.badge(), simulated=session.context.mode == "simulated")
        self._stepper = Stepper(marks, tr("wizard.steps.title"))
        self._stepper.id = "stepper"
        self._why = Why(tr("wizard.why.title"), f"F1 {tr('wizard.keys.help')}", marks)
        self._commands = Commands(tr("wizard.commands.title"), f"F6 {tr('wizard.keys.copy')}", marks)
        self._keys = KeyBar()
        self._body = ContentSwitcher(id="body", initial=f"panel-{session.step}")

    def compose(self) -> ComposeResult:
        yield self._banner
        with Container(id="middle"):
            yield self._stepper
            with self._body:
                yield self._make(self.session.step)
            with Container(id="side"):
                yield self._why
                yield self._commands
                if (lesson := self.session.lesson) is not None:
                    self.add_class("-lesson")
                    with Container(id="coach"):
                        yield lesson.widget()
        yield self._keys

    def _make(self, step_id: str) -> StepPanel:
        panel = panel_class(step_id)(self.session, self.marks)
        self.panels[step_id] = panel
        return panel

    def on_mount(self) -> None:
        self._came(self.session.step)
        self.call_after_refresh(self._first_judgement)

    async def _first_judgement(self) -> None:
        """After the first frame: the rules, the commands, then the other panels."""
        if not self.session.judged:
            self.session.judge()
            self.refresh_state()
        self.call_after_refresh(self._ahead)

    async def rebuild(self, marks: Glyphs) -> None:
        """All parts anew from the session: the language, or the marks, have changed."""
        self.marks = marks
        self._build()
        await self.recompose()
        self._came(self.session.step)
        self.call_after_refresh(self._ahead)

    async def _ahead(self) -> None:
        """Mount one more panel in each idle moment, the next ones first."""
        here = self._at()
        for step_id in (*self.session.order[here:], *self.session.order[:here]):
            if step_id not in self.panels:
                await self._ensure(step_id)
                self.call_after_refresh(self._ahead)
                return

    async def _ensure(self, step_id: str) -> StepPanel:
        # Panels are mounted ahead while keys go on arriving: nobody may take one that isn't whole yet.
        async with self._one_at_a_time:
            if step_id in self.panels and self.panels[step_id].stale():
                await self.panels.pop(step_id).remove()
            if step_id not in self.panels:
                panel = self._make(step_id)
                panel.display = False
                if (
                    self._body.is_attached
                ):  # while the program ends it no longer is, and there is nothing to show
                    await self._body.mount(panel)
            return self.panels[step_id]

    @property
    def panel(self) -> StepPanel:
        """The panel in view."""
        return self.panels[self.session.step]

    async def show_step(self, step_id: str) -> None:
        """Bring a step into view."""
        await self._ensure(step_id)
        if not self.is_attached:
            return
        if self.session.step != step_id:
            self._field = None
        self._body.current = f"panel-{step_id}"
        self.session.go(step_id)
        self._came(step_id)

    async def build_anew(self, focus: str = "") -> None:
        """The panel in view, because its plan has other parts now; the focus on ``focus``."""
        step_id, unfolded = self.session.step, self.panel.all_fields
        await self._ensure(step_id)
        if not self.is_attached:
            return
        self._body.current = f"panel-{step_id}"
        self.panel.display = True
        if unfolded:
            await self.panel.unfold()
        if not focus or not self.panel.focus_row(focus):
            self.panel.focus_first()
        self.refresh_state()
        self.save_soon()

    def _came(self, step_id: str) -> None:
        self.set_class(step_id in _WIDE_STEPS, "-whole")
        self.panel.focus_first()
        self.panel.entered()
        self.refresh_state()
        self.entered_step(step_id)

    def refresh_state(self) -> None:
        """Everything that depends on the session, drawn again where it differs."""
        if not self.is_mounted or self.session.step not in self.panels:
            return
        self.panel.refresh_state()
        self._show_banner()
        self._show_steps()
        self._show_why()
        if self.session.judged and (not self.has_class("-whole") or self.size.width >= 100):
            self._commands.show(self.session.commands(), self._look_for())
        self._keys.show(self.key_hints())
        self.app.sub_title = self.session.step

    def _look_for(self) -> tuple[str, ...]:
        """Which part of the commands belongs to the field in focus, or to the step."""
        known = field(self._field) if self._field else None
        step = {
            "group": "az group create",
            "cluster": "az aks create",
            "network": "az aks create",
            "cni": "helm",
        }
        wanted = (known.az_flag if known else None, step.get(self.session.step))
        return tuple(text for text in wanted if text)

    def _show_banner(self) -> None:
        session, tr = self.session, self.session.tr
        here = self.session.order.index(session.step) + 1
        place = f"{here}/{len(self.session.order)} {tr(f'wizard.steps.{session.step}.name')}"
        problems = session.problems(session.step)
        demanded = any(path in session.left for path in session.fields_of(session.step))
        if session.run.active:
            state, style = tr("wizard.state.running"), "$accent"
        elif problems and demanded:
            state, style = tr("wizard.state.problems", count=problems), "$text-error"
        else:
            state, style = "", ""
        self._banner.badge = session.badge()
        self._banner.show(self.about, place, state, style)

    def _show_steps(self) -> None:
        session, tr = self.session, self.session.tr
        marks = []
        for step_id in self.session.order:
            problems = session.problems(step_id) if step_id in session.seen else 0
            if step_id == session.step:
                state = "here"
            elif step_id == "deploy" and session.run.failed:
                state = "problem"
            elif step_id == "deploy":
                state = "done" if session.run.done else "todo"
            elif step_id == "done":
                state = "todo"
            elif problems:
                state = "problem"
            else:
                state = "done" if step_id in session.seen else "todo"
            shown = problems if state == "problem" else 0
            marks.append(
                StepMark(
                    id=step_id, name=tr(f"wizard.steps.{step_id}.name"), state=state, problems=shown,  # type: ignore[arg-type]
                    note=self._note(step_id) if step_id in session.seen else "",
                )
            )  # fmt: skip
        self._stepper.show(tuple(marks))

    def _note(self, step_id: str) -> str:
        plan = self.session.plan
        notes = {
            "region": plan.region, "group": plan.resource_group.name, "cluster": plan.cluster.name,
            "network": plan.network.pod_cidr, "cni": plan.cni.plugin, "account": plan.cloud,
        }  # fmt: skip
        return notes.get(step_id) or ""

    def _show_why(self) -> None:
        tr, session = self.session.tr, self.session
        if self._field is not None and (texts := session.explained(self._field)):
            self._why.show(session.label(self._field), "\n".join(texts))
            return
        self._why.show("", tr(f"wizard.steps.{session.step}.why"))

    def key_hints(self) -> list[KeyHint]:
        """The keys of this moment, the heaviest first."""
        session, tr = self.session, self.session.tr

        def hint(key: str, name: str, action: str, *, dim: bool = False, **values: object) -> KeyHint:
            return KeyHint(key=key, text=tr(f"wizard.keys.{name}", **values), action=action, dim=dim)

        last = session.step == "review"
        problems = session.all_problems() if last else session.problems(session.step)
        demanded = any(path in session.left for path in session.fields_of(session.step)) or last
        hints = []
        if session.step == "deploy" and not session.run.done:
            if session.run.failed:
                hints = [
                    hint("^R", "retry", "again"),
                    hint("^E", "change", "change"),
                    hint("^O", "clean", "own"),
                ]
            elif session.run.active:
                hints = [hint("^C", "cancel", "cancel")]
            else:
                hints = [hint("^N", "deploy", "next")]
        elif problems and demanded:
            hints = [hint("^N", "blocked", "next", dim=True, count=problems)]
        elif session.step != "done":
            hints = [hint("^N", "deploy" if last else "next", "next")]
        if session.step != "start":
            hints.append(hint("^B", "back", "back"))
        chosen, path = self._chosen(), self._field
        if session.can_mend(chosen) if chosen else path and session.remedy_at(path):
            hints.append(hint("F4", "remedy", "remedy"))
        if chosen.severity == "warning" if chosen else path and session.acceptable_at(path):
            hints.append(hint("F5", "accept", "accept"))
        own = self.panel.own_action()
        if own and not (session.step == "deploy" and session.run.failed):
            hints.append(hint("^O", f"own_{own}", "own"))
        if session.lesson is not None:
            hints.append(hint("^T", "coach", "coach"))
        hints += [hint("F1", "help", "help"), hint("F2", "steps", "steps"), hint("F6", "copy", "copy")]
        hints += [hint("^P", "palette", "palette"), hint("^Q", "quit", "quit")]
        return hints

    def on_resize(self, event: events.Resize) -> None:
        """Below 14 lines the fields alone are shown."""
        self.set_class(event.size.height < 16, "-tiny")
        self.call_after_refresh(self.refresh_state)

    def on_field_row_edited(self, event: FieldRow.Edited) -> None:
        # Keys come faster than messages: what the field holds now counts, or an older text would be put back into it.
        row = self.panel.rows.get(event.path)
        self.session.edit(event.path, row.text if row is not None else event.text)
        if self.panel.stale():
            self.run_worker(self.build_anew(event.path), exclusive=True, group="build", exit_on_error=False)
        self.save_soon()

    def on_field_row_left(self, event: FieldRow.Left) -> None:
        self.session.leave(event.path)
        self.refresh_state()

    def on_field_row_entered(self, event: FieldRow.Entered) -> None:
        if event.path not in self.panel.rows:
            return
        self._field = event.path
        self._show_why()
        if self.session.judged and not self.has_class("-whole"):
            self._commands.show(self.session.commands(), self._look_for())
        self._keys.show(self.key_hints())

    async def on_field_row_submitted(self, event: FieldRow.Submitted) -> None:
        """Enter goes to the next field, and from the last one on to the next step."""
        self.session.leave(event.path)
        rows = [path for path, row in self.panel.rows.items() if row.display]
        if event.path not in rows:  # keys come faster than steps change: that Enter was for the step before
            return
        at = rows.index(event.path)
        if at + 1 < len(rows):
            self.panel.focus_row(rows[at + 1])
            self.refresh_state()
        else:
            await self.action_next()

    async def on_stepper_picked(self, event: Stepper.Picked) -> None:
        await self.show_step(event.step)

    async def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        await self.run_action(event.action)

    async def on_ask(self, event: Ask) -> None:
        await self.run_action(event.action)

    def on_commands_opened(self, _event: Commands.Opened) -> None:
        self.action_all_commands()

    def on_collect(self, event: Collect) -> None:
        self.wizard.collect(*event.keys)

    async def on_jump_to(self, event: JumpTo) -> None:
        await self.jump(event.path)

    async def jump(self, path: str) -> None:
        """Show the step that asks for ``path``, the focus on it."""
        row = self.session.row_of(path)
        self.session.leave(row)
        await self.show_step(self.session.home(row))
        if not self.panel.focus_row(row) and self.panel.more_paths():
            if not self.panel.all_fields:
                await self.panel.unfold()
            self.panel.focus_row(row)
        self.refresh_state()
