"""Line mode: the same fields, rules, pre-flight, review and deployment as questions and answers, one line each; for
screen readers, dumb terminals, and whoever asks for it."""

from collections.abc import Callable
from typing import Any, Final

from byocni_tui.plan.fields import field
from byocni_tui.plan.finding import Finding
from byocni_tui.screens import steps
from byocni_tui.screens.codec import NO, YES
from byocni_tui.screens.port import WizardContext, Words
from byocni_tui.screens.review import summary
from byocni_tui.screens.run_state import RunState, span
from byocni_tui.screens.session import Session
from byocni_tui.screens.store import Memory, Store

_MARKS: Final = {"pending": "·", "running": "…", "done": "✓", "failed": "✗", "skipped": "–"}
_MANY: Final = 3
"""How often a step with problems is asked again before its problems are only listed (an answer file piped in ends)."""


class Leave(Exception):  # noqa: N818 not an error: the user goes
    """The user leaves; everything is saved."""


class Back(Exception):  # noqa: N818 not an error: the user turns round
    """The user wants the step before."""


class Lines:
    """``out`` prints a line, ``ask`` shows a prompt and returns a line (EOFError where there are no more)."""

    def __init__(
        self,
        context: WizardContext,
        store: Store | None,
        words: Words,
        out: Callable[[str], None],
        ask: Callable[[str], str],
    ) -> None:
        self.context = context
        self.store = store
        memory = store.load_memory() if store else Memory()
        self.session = Session(context, words, memory.step)
        self._out, self._ask = out, ask

    async def run(self) -> int:
        """From where one was to the end; returns the exit status of the contract."""
        tr = self.session.tr
        self._out(tr("wizard.simulation") if self.context.mode == "simulated" else tr("wizard.live"))
        self._out(tr("wizard.line.intro"))
        try:
            return await self._walk()
        except (Leave, EOFError):
            self._save()
            if self.store is not None:
                self._out(tr("wizard.line.left", where=self.store.answers))
            return 0
        except BaseException:
            self._save()
            raise
        finally:
            await self.context.close()

    async def _walk(self) -> int:
        at = min(steps.IDS.index(self.session.step), steps.IDS.index("review"))
        while True:
            step_id = steps.IDS[at]
            if step_id not in self.session.order:
                at += 1
                continue
            self.session.go(step_id)
            self._save()
            try:
                if step_id == "preflight":
                    await self._preflight()
                elif step_id == "review":
                    blocked = self._review()
                    if blocked is not None:
                        at = steps.IDS.index(blocked)
                        continue
                    return await self._deploy()
                else:
                    self._step(step_id)
                at += 1
            except Back:
                at = max(0, at - 1)

    def _save(self) -> None:
        if self.store is not None:
            session = self.session
            memory = Memory(
                step=session.step, seen=sorted(session.seen),
                unread=session.unread,
            )  # fmt: skip
            failed = self.store.save(session.plan, memory, session.tr)
            if failed:
                self._out(failed)

    def _answer(self, prompt: str) -> str:
        """A line; the answers that mean the same everywhere are dealt with here."""
        text = self._ask(prompt).strip()
        if text in ("q", ":q"):
            raise Leave
        if text == "<":
            raise Back
        return text

    def _yes(self, key: str, *, default: bool, **values: Any) -> bool:
        text = self._answer(self.session.tr(key, **values)).lower()
        return default if not text else text[0] in "y是1"

    def _step(self, step_id: str) -> None:
        session, tr = self.session, self.session.tr
        number = self.session.order.index(step_id) + 1
        title = tr(f"wizard.steps.{step_id}.title")
        self._out("")
        self._out(tr("wizard.line.step", number=number, total=len(self.session.order), title=title))
        self._out(tr(f"wizard.steps.{step_id}.lead"))
        step = steps.step(step_id)
        if step_id == "start":
            self._out(tr("wizard.start.boundary"))
        asked = self.session.asked(step_id)
        for path in asked:
            self._field(path)
        more = [p for p in steps.paths(step, len(session.plan.node_pools)) if p not in step.first]
        if asked != step.first:
            more = []
        if more and self._yes("wizard.line.more", default=False, count=len(more)):
            for path in more:
                self._field(path)
        for _ in range(_MANY):
            if session.demand(step_id):
                break
            self._out(tr("wizard.line.blocked", count=session.problems(step_id)))
            problem = session.first_problem(step_id)
            if problem is None:
                break
            self._field(problem)
        self._save()

    def _options(self, path: str) -> tuple[tuple[str, str], ...]:
        if path == "cni.plugin":
            from byocni_tui.cni.catalogue import plugins

            return tuple((item.id, item.name) for item in plugins() if item.offered)
        return self.session.options(path)

    def _field(self, path: str) -> None:
        session, tr = self.session, self.session.tr
        options = self._options(path)
        labels = dict(options)
        if options:
            self._out(tr("wizard.line.choices", choices=" | ".join(label for _, label in options)))
        held = session.text(path)
        while True:
            prompt = tr("wizard.line.field", label=session.label(path), value=labels.get(held, held))
            text = self._answer(prompt)
            if text != "?":
                break
            self._explain(path)
        if text == "-":
            session.edit(path, "")
        elif text:
            session.edit(path, self._chosen(text, options))
        session.leave(path)
        self._complain(path)

    @staticmethod
    def _chosen(text: str, options: tuple[tuple[str, str], ...]) -> str:
        """The value meant by a typed value, label, beginning of a label, or yes and no in short."""
        low = text.lower()
        for value, label in options:
            if low in (value.lower(), label.lower()):
                return value
        near = [
            value
            for value, label in options
            if value.lower().startswith(low) or label.lower().startswith(low)
        ]
        if len(near) == 1:
            return near[0]
        if {value for value, _ in options} == {YES, NO}:
            return YES if low in ("true", "1", "是") else NO
        return text

    def _explain(self, path: str) -> None:
        known = field(path)
        for text in self.session.explained(path):
            self._out(f"  {text}")
        if known and known.az_flag:
            self._out(f"  az: {known.az_flag}")

    def _complain(self, path: str) -> None:
        session = self.session
        if why := session.unread_text(path):
            self._out(f"  ✗ {why}")
            return
        for finding in session.at(path):
            if finding in session.findings:
                self._finding(finding)

    def _finding(self, finding: Finding) -> None:
        session, tr = self.session, self.session.tr
        mark = {"error": "✗", "warning": "!", "info": "i"}[finding.severity]
        self._out(f"  {mark} {finding.code} {session.words.message(finding, tr)}")
        remedy = session.words.remedy_text(finding, tr) if finding.remedy else ""
        if remedy:
            self._out(f"  → {remedy}")
        # A boundary must be acknowledged by the answer itself, not by Enter at an offer.
        offered = finding.remedy and finding.remedy.set and finding.code != "BYO001"
        if offered and self._yes("wizard.line.remedy", default=True):
            session.take(finding)
            return
        if finding.severity == "warning" and self._yes("wizard.line.accept", default=False):
            session.accept(finding)

    async def _preflight(self) -> None:
        session, tr = self.session, self.session.tr
        self._out("")
        self._out(tr("wizard.steps.preflight.title"))
        self.context.open_journal()
        await self.context.start()
        async for event in self.context.preflight():
            self._out(f"  {_MARKS.get(event.status, ' ')} {event.message}")
        session.judge()
        for finding in session.findings:
            if session.blocks(finding):
                self._finding(finding)

    def _review(self) -> str | None:
        """Show the plan; a step's id where something still blocks."""
        session, tr = self.session, self.session.tr
        self._out("")
        self._out(tr("wizard.steps.review.title"))
        for mark, what, which in summary(session.plan, tr):
            self._out(f"  {mark} {tr(f'wizard.review.{what}')}: {which}")
        self._out("  " + tr("wizard.review.legend"))
        self._out(tr("wizard.line.commands"))
        for command in session.commands():
            self._out("  " + command.replace("\n", "\n  "))
        blocked = session.first_blocked_step()
        if blocked is not None:
            self._out(tr("wizard.line.blocked", count=session.all_problems()))
            for finding in session.findings:
                if session.blocks(finding):
                    self._out(f"  ✗ {finding.code} {session.words.message(finding, tr)}")
            return "start" if blocked in ("review", "deploy", "done") else blocked
        return None

    async def _deploy(self) -> int:
        session, tr = self.session, self.session.tr
        if self.context.mode == "simulated":
            if not self._yes("wizard.line.deploy", default=False):
                raise Leave
        elif self._answer(tr("wizard.line.confirm")) != session.plan.cluster.name:
            self._out(tr("wizard.line.not_confirmed"))
            raise Leave
        session.go("deploy")
        self._save()
        run: RunState = session.run
        run.begin()
        async for event in self.context.deploy():
            run.apply(event)
            mark = _MARKS.get(event.status, " ")
            name = tr(f"wizard.run.{event.step}")
            self._out(f"{event.time[11:19]} {mark} {name}: {event.message or event.status}")
            if event.status == "failed":
                for key in ("original", "remedy"):
                    if text := (event.detail or {}).get(key):
                        self._out(f"  {text}")
        if not run.done:
            return int((run.outcome.detail or {}).get("exit_code", 1)) if run.outcome else 1
        session.go("done")
        self._save()
        took = span(sum(run.elapsed(name, 0.0) or 0.0 for name in run.steps))
        plan = session.plan
        self._out("")
        self._out(
            tr(
                "wizard.done.exists",
                cluster=plan.cluster.name,
                group=plan.resource_group.name,
                plugin=plan.cni.plugin,
            )
        )
        self._out(tr("wizard.done.took", took=took))
        self._out(tr("wizard.done.next"))
        for line in session.next_commands():
            self._out(f"  {line}")
        self._out(tr("wizard.done.undo"))
        self._out(f"  byocni-tui destroy {run.run}")
        return 0
