"""Line mode: the same fields, rules, pre-flight, review and deployment as questions and answers, one line each; for
screen readers, dumb terminals, and whoever asks for it."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from byocni_tui.errors import UserError
from byocni_tui.plan.fields import field
from byocni_tui.plan.finding import Finding
from byocni_tui.screens import steps
from byocni_tui.screens.codec import NO, YES
from byocni_tui.screens.line_run import MARKS, Change, Leave, LineRun
from byocni_tui.screens.port import RunEvent, WizardContext, Words
from byocni_tui.screens.review import summary
from byocni_tui.screens.session import Session
from byocni_tui.screens.store import Memory, Store

_MANY: Final = 3
"""How often a step with problems is asked again before its problems are only listed (an answer file piped in ends)."""


class Back(Exception):  # noqa: N818 not an error: the user turns round
    """The user wants the step before."""


class Lines(LineRun):
    """``out`` prints a line, ``ask`` shows a prompt and returns a line (EOFError where there are no more)."""

    def __init__(
        self,
        context: WizardContext,
        store: Store | None,
        words: Words,
        out: Callable[[str], None],
        ask: Callable[[str], str],
        *,
        past: Iterable[RunEvent] = (),
    ) -> None:
        self.context = context
        self.store = store
        memory = store.load_memory() if store else Memory()
        self.session = Session(context, words, memory.step)
        self._out, self._ask = out, ask
        for event in past:
            self.session.run.apply(event)

    async def run(self) -> int:
        """From where one was to the end; returns the exit status of the contract."""
        tr = self.session.tr
        self._out(tr("wizard.simulation") if self.context.mode == "simulated" else tr("wizard.live"))
        self._out(tr("wizard.line.intro"))
        try:
            return await self._walk()
        except (Leave, EOFError) as left:
            self._save()
            if self.store is not None:
                self._out(tr("wizard.line.left", where=self.store.answers))
            if left.args and left.args[0] == 4:
                self._out(tr("deploy.run.left", run=self.session.run.run))
                return 4
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
                while at and steps.IDS[at] not in self.session.order:
                    at -= 1
            except Change as change:
                at = steps.IDS.index(change.args[0])

    def _save(self) -> None:
        if self.store is not None:
            session = self.session
            memory = Memory(
                step=session.step, run=session.run.run, seen=sorted(session.seen),
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
        self._out(session.lead(step_id))
        if step_id == "start":
            self._out(tr("wizard.start.boundary"))
        asked = self.session.asked(step_id)
        for path in asked:
            self._field(path)
        more = [path for path in session.fields_of(step_id) if path not in asked]
        if more and self._yes("wizard.line.more", default=False, count=len(more)):
            for path in more:
                self._field(path)
        if step_id == "cluster" and session.plan.cluster.create:
            self._pools()
        for _ in range(_MANY):
            if session.demand(step_id):
                break
            self._out(tr("wizard.line.blocked", count=session.problems(step_id)))
            problem = session.first_problem(step_id)
            if problem is None:
                break
            self._field(problem)
        self._save()

    def _pools(self) -> None:
        """More node pools, or fewer."""
        session, tr = self.session, self.session.tr
        while self._yes("wizard.line.pool", default=False, count=len(session.plan.node_pools)):
            begin = session.add_pool()
            pool = begin[: begin.index(".")]
            for name in steps.POOL_FIRST:
                self._field(f"{pool}.{name}")
        for index in range(len(session.plan.node_pools) - 1, 0, -1):
            name = session.plan.node_pools[index].name
            if self._yes("wizard.line.remove_pool", default=False, name=name):
                session.remove_pool(index)
                self._out(tr("wizard.pools.remove", name=name))

    def _options(self, path: str) -> tuple[tuple[str, str], ...]:
        if path == "cluster.create":
            tr = self.session.tr
            return ((YES, tr("wizard.start.new")), (NO, tr("wizard.start.exists")))
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

    async def _settle(self, finding: Finding) -> None:
        """What pre-flight found: its remedy (in Azure as well), a reason to override it, or neither."""
        session, tr = self.session, self.session.tr
        self._finding(finding)
        if finding not in session.findings:
            return
        in_azure = session.can_mend(finding) and not (finding.remedy and finding.remedy.set)
        if in_azure and self._yes("wizard.line.mend", default=True):
            self._out(tr("wizard.mending"))
            try:
                await self.context.mend(finding)
            except Exception as error:  # noqa: BLE001 the finding stays, and Azure's words are told
                self._out(f"  {error}")
            session.judge()
        elif session.can_override(finding) and self._yes("wizard.line.override", default=False):
            reason = self._answer(tr("wizard.line.reason"))
            if reason:
                session.override(finding, reason)

    async def _preflight(self) -> None:
        session, tr = self.session, self.session.tr
        self._out("")
        self._out(tr("wizard.steps.preflight.title"))
        self.context.open_journal()
        await self.context.start()
        async for event in self.context.preflight():
            self._out(f"  {MARKS.get(event.status, ' ')} {event.message}")
        session.judge()
        for finding in session.findings:
            if session.blocks(finding):
                await self._settle(finding)

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
        self._export()
        return None

    def _export(self) -> None:
        """The plan as files, where somebody wants them."""
        tr, files = self.session.tr, self.session.export_files()
        where = self._answer(tr("wizard.line.export", names=", ".join(files.values())))
        if not where:
            return
        try:
            written = self.session.export_to(Path(where).expanduser())
        except UserError as error:
            self._out(tr(f"errors.{error.key}", **error.values))
            return
        self._out(tr("wizard.export.done", count=len(written), where=where))
