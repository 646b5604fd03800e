"""What the keys of the wizard do."""

from typing import TYPE_CHECKING, Any

from byocni_tui.plan.finding import Finding
from byocni_tui.screens import steps
from byocni_tui.screens.dialogs import Choose, Jump, Read, TypeName
from byocni_tui.screens.session import Session
from byocni_tui.screens.tools import TOOLS, open_tool
from byocni_tui.screens.ways import Ways

if TYPE_CHECKING:
    from textual.screen import Screen

    from byocni_tui.screens.panel import StepPanel

    _Base = Screen[None]
else:
    _Base = object


class WizardActions(Ways, _Base):
    """A part of ``WizardScreen``, in a file of its own for its length."""

    session: Session
    _field: str | None

    if TYPE_CHECKING:

        @property
        def panel(self) -> StepPanel: ...
        async def show_step(self, step_id: str) -> None: ...
        async def jump(self, path: str) -> None: ...
        def refresh_state(self) -> None: ...

    @property
    def wizard(self) -> Any:
        """The app, which owns workers and what is saved."""
        return self.app

    def save_soon(self) -> None:
        """Write the answers once the typing pauses."""
        self.wizard.save_soon()

    def entered_step(self, step_id: str) -> None:
        """Ask for what a step needs to know; it comes when it comes."""
        needs = getattr(self.panel, "needs", ())
        if needs:
            self.wizard.collect(*needs)
        if getattr(self.panel, "asks_account", False):
            self.wizard.ask_account()
        if step_id == "preflight":
            self.wizard.run_preflight()
        self.save_soon()

    async def action_next(self) -> None:
        """Go on; where something blocks, say why and jump to the first problem."""
        session = self.session
        if session.step == "done":
            return
        if session.step == "review":
            await self._from_review()
            return
        if session.step == "deploy":
            if session.run.done:
                await self.show_step("done")
            elif not session.run.active and not session.run.cleaning:
                await self._from_review()
            return
        if not session.demand(session.step):
            self._to_problem(session.step)
            return
        await self.show_step(session.order[self._at() + 1])

    def _at(self) -> int:
        """Where the step in view stands; one that has just dropped out of the order counts as the one before."""
        order, here = self.session.order, steps.IDS.index(self.session.step)
        return max(index for index, step_id in enumerate(order) if steps.IDS.index(step_id) <= here)

    def _to_problem(self, step_id: str) -> None:
        problem = self.session.first_problem(step_id)
        self.refresh_state()
        if problem is None or not self.panel.focus_row(problem):
            if problem is not None:
                self.run_worker(self.jump(problem), exit_on_error=False)
            return
        self._field = problem
        self.refresh_state()

    async def _from_review(self) -> None:
        session = self.session
        blocked = session.first_blocked_step()
        if blocked is not None:
            session.demand(blocked)
            await self.show_step(blocked)
            self._to_problem(blocked)
            return
        if session.context.mode != "simulated":
            tr, name = session.tr, session.plan.cluster.name or ""
            dialog = TypeName(tr("wizard.confirm.title"), tr("wizard.confirm.text", name=name), name)
            self.app.push_screen(dialog, self._confirmed)
            return
        await self._begin()

    def _confirmed(self, confirmed: bool | None) -> None:
        if confirmed:
            self.run_worker(self._begin(), exit_on_error=False)

    async def _begin(self) -> None:
        await self.show_step("deploy")
        self.wizard.run_deploy()

    async def action_back(self) -> None:
        """The step before; never blocked."""
        at = self._at()
        if at > 0:
            await self.show_step(self.session.order[at - 1])

    def action_remedy(self) -> None:
        """Take the values that mend the field in focus, or else the first problem in view."""
        session = self.session
        if chosen := self._chosen():
            self._mend(chosen)
            return
        for path in (self._field, *self.panel.rows):
            finding = session.remedy_at(path) if path else None
            if finding is not None:
                self._mend(finding)
                return

    def _mend(self, finding: Finding) -> None:
        remedy = finding.remedy
        if remedy and remedy.set:
            self.session.take(finding)
            self.save_soon()
            if self.panel.stale():
                self.run_worker(self.build_anew(), exit_on_error=False)
        elif self.session.can_mend(finding) and finding.code not in self.session.mending:
            self.wizard.mend(finding)

    def _chosen(self) -> Finding | None:
        """The finding under the cursor of the panel's list, where it has one."""
        chosen = getattr(self.panel, "finding_list", None)
        line = chosen.current if chosen is not None else None
        if line is None:
            return None
        return next((f for f in self.session.findings if f == line.finding), None)

    def action_accept(self) -> None:
        """The warning was read. In pre-flight: look again."""
        session = self.session
        if chosen := self._chosen():
            if chosen.severity == "warning":
                session.accept(chosen)
                self.save_soon()
            return
        for path in (self._field, *self.panel.rows):
            finding = session.acceptable_at(path) if path else None
            if finding is not None:
                session.accept(finding)
                self.save_soon()
                return

    def action_again(self) -> None:
        """Pre-flight: look again. After a failed step: run it again."""
        if self.session.step == "preflight":
            self.wizard.run_preflight(again=True)
        elif self.session.step == "deploy" and self.session.run.failed and not self.session.run.cleaning:
            self.wizard.run_deploy()

    def action_copy(self) -> None:
        """The commands (in Deploy the log) to the terminal's clipboard, and to a file for terminals without one."""
        session = self.session
        text = self.panel.copy_text() or "\n".join(session.commands()) + "\n"
        self.app.copy_to_clipboard(text)
        where = self.wizard.write_copy(text)
        key = "wizard.copied" if where else "wizard.copied_only"
        self.notify(session.tr(key, where=where), timeout=4, markup=False)

    def action_all_commands(self) -> None:
        """The commands in full."""
        tr = self.session.tr
        text = "\n\n".join(self.session.commands())
        self.app.push_screen(Read(tr("wizard.commands.title"), text, tr("wizard.close")))

    async def action_more(self) -> None:
        """All fields of this step, or only the first."""
        await self.panel.unfold()

    def action_scroll(self, direction: int) -> None:
        """The panel, where it is longer than the screen."""
        if direction > 0:
            self.panel.scroll_page_down(animate=False)
        else:
            self.panel.scroll_page_up(animate=False)

    def action_steps(self) -> None:
        """The jump list: steps and tools; typing finds every field as well."""
        session, tr = self.session, self.session.tr
        options: list[tuple[str, str, bool]] = []
        for number, step_id in enumerate(session.order, 1):
            count = session.problems(step_id) if step_id in session.seen else 0
            note = f"  {tr('wizard.state.problems', count=count)}" if count else ""
            options.append((step_id, f"{number:>2}  {tr(f'wizard.steps.{step_id}.title')}{note}", True))
        options += [(f"tool:{name}", f"    {tr(f'wizard.tool.{name}.title')}", True) for name in TOOLS]
        for step_id in session.order:
            place = tr(f"wizard.steps.{step_id}.name")
            options += [
                (f"field:{path}", f"    {session.label(path)}  ({place}: {path})", False)
                for path in session.fields_of(step_id)
            ]
        self.app.push_screen(
            Jump(tr("wizard.jump.title"), tr("wizard.jump.hint"), options, session.step), self._picked
        )

    def _picked(self, where: str | None) -> None:
        if not where:
            return
        kind, colon, rest = where.partition(":")
        if colon and kind == "tool":
            open_tool(self.app, rest)
        elif colon:
            self.run_worker(self.jump(rest), exit_on_error=False)
        else:
            self.run_worker(self.show_step(where), exit_on_error=False)

    def action_tool(self, name: str) -> None:
        """Runs, doctor, catalogue or settings."""
        open_tool(self.app, name)

    def action_coach(self) -> None:
        """What the lesson's coach offers."""
        if self.session.lesson is not None:
            self.session.lesson.act()

    def action_help(self) -> None:
        """The page of this step, and every key."""
        from byocni_tui.screens.help import help_page

        tr = self.session.tr
        self.app.push_screen(
            Read(tr("wizard.help.title"), help_page(self.session, self._field), tr("wizard.close"))
        )

    def action_language(self) -> None:
        """The other language."""
        self.wizard.switch_language()

    def action_theme(self) -> None:
        """The next theme."""
        self.wizard.next_theme()

    def action_palette(self) -> None:
        """Every command by name."""
        self.app.action_command_palette()

    def action_save(self) -> None:
        """Write the answers now and say where."""
        where = self.wizard.save_now()
        if where:
            self.notify(self.session.tr("wizard.saved", where=where), timeout=4, markup=False)

    async def action_quit(self) -> None:
        """Leave; while a run is going on, ask first."""
        if self.session.run.active:
            self.action_cancel()
        else:
            await self.app.action_quit()

    def action_cancel(self) -> None:
        """Leave it running (default), cancel, or keep watching."""
        tr = self.session.tr
        if not self.session.run.active:
            return
        options = [(name, tr(f"wizard.cancel.{name}")) for name in ("leave", "watch", "stop")]
        self.app.push_screen(Choose(tr("wizard.cancel.title"), options, "leave"), self.wizard.cancel_chosen)

    async def action_change(self) -> None:
        """Go to the answer that the failed step names."""
        if not self.session.run.failed or self.session.run.active:
            return
        path = self.session.run.detail("field")
        if isinstance(path, str) and path:
            await self.jump(path)
        elif self.session.run.failed:
            await self.show_step("review")
