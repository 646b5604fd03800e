"""What the wizard knows between two keys, without a widget: which fields were left, what can't be read, what blocks.

Late to complain, early to forgive: a finding is shown once a field that it names has been left (or Next was asked for),
and goes with the key that mends it.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from byocni_tui.errors import UserError
from byocni_tui.locale import Translator
from byocni_tui.plan.fields import field
from byocni_tui.plan.finding import Finding
from byocni_tui.plan.model import Plan
from byocni_tui.plan.path import get, parse, replace
from byocni_tui.screens import steps
from byocni_tui.screens.codec import NO, YES, Unreadable, from_text, shown
from byocni_tui.screens.port import Lesson, NodeView, RunEvent, WizardContext, Words
from byocni_tui.screens.run_state import RunState

ACTIONS = ("register-provider", "allow-node-traffic", "allow-egress")
"""Remedies that are done in Azure at once, beside those that set values."""


class Session:
    """Owns no truth of its own but what was left and what can't be read; the plan lives in the context."""

    def __init__(
        self, context: WizardContext, words: Words, step: str = "start", *, judge: bool = True
    ) -> None:
        self.context = context
        self.words = words
        self.step = step if step in steps.IDS else "start"
        self.seen: set[str] = {self.step}
        self.left: set[str] = set()
        self.unread: dict[str, str] = {}
        self.changed: Callable[[], None] = lambda: None
        self.findings: tuple[Finding, ...] = ()
        self.facts_failed = ""
        self.account: dict[str, Any] = {}
        self.subscriptions: list[dict[str, Any]] = []
        self.account_failed = ""
        self.checks: list[RunEvent] = []
        self.checked_plan: Plan | None = None
        self.preflight_failed = ""
        self.checking = False
        self.mending: set[str] = set()
        self.run = RunState()
        self.nodes: tuple[NodeView, ...] = ()
        self._since: dict[str, tuple[str, float]] = {}
        self.judged = False
        if judge:
            self.judge()

    @property
    def tr(self) -> Translator:
        """Texts in the language of the moment."""
        return self.context.tr

    @property
    def plan(self) -> Plan:
        """The answers so far."""
        return self.context.plan

    @property
    def order(self) -> tuple[str, ...]:
        """The steps of this plan: a cluster that exists already has its network."""
        return tuple(i for i in steps.IDS if self.plan.cluster.create or i not in steps.NOT_FOR_EXISTING)

    @property
    def lesson(self) -> Lesson | None:
        """The lesson in progress, if one is."""
        return getattr(self.context, "lesson", None)

    def notice(self, what: str, **detail: Any) -> None:
        """Tell the lesson, where there is one."""
        if self.lesson is not None:
            self.lesson.noticed(what, detail)

    def badge(self) -> str:
        """What is always on screen: that this is a simulation, or which subscription pays."""
        if self.context.mode == "simulated":
            return self.tr("wizard.simulation")
        known = {str(item.get("subscriptionId")): item for item in self.subscriptions}
        held = self.plan.subscription or ""
        name = str(known.get(held, {}).get("displayName") or held)
        return f"{self.tr('wizard.live')} {name}".strip()

    def can_mend(self, finding: Finding) -> bool:
        """Whether one key applies its remedy: values to take, or something that can be done in Azure at once."""
        remedy = finding.remedy
        return remedy is not None and bool(remedy.set or (remedy.action in ACTIONS and remedy.commands))

    def home(self, path: str) -> str:
        """The step on which ``path`` is asked in this plan."""
        step_id = steps.step_of(path)
        return step_id if self.plan.cluster.create or step_id not in steps.NOT_FOR_EXISTING else "cluster"

    def asked(self, step_id: str) -> tuple[str, ...]:
        """The fields of a step that are always in view: of a cluster that exists only which one it is."""
        if step_id == "cluster" and not self.plan.cluster.create:
            return steps.EXISTING
        first = steps.step(step_id).first
        if step_id == "cluster":
            for index in range(1, len(self.plan.node_pools)):
                first += tuple(f"node_pools[{index}].{name}" for name in steps.POOL_FIRST)
        return first

    def fields_of(self, step_id: str) -> tuple[str, ...]:
        """All fields of a step, those in view first."""
        if step_id == "cluster" and not self.plan.cluster.create:
            return steps.EXISTING
        first = self.asked(step_id)
        rest = steps.paths(steps.step(step_id), len(self.plan.node_pools))
        return (*first, *(path for path in rest if path not in first))

    def judge(self) -> None:
        """Run the rules on the plan as it stands."""
        self.findings = tuple(self.context.findings().findings)
        self.judged = True

    def lead(self, step_id: str) -> str:
        """A word about a step; of a cluster that exists another."""
        key = f"wizard.steps.{step_id}.lead"
        there = f"{key}_there"
        return self.tr(there if not self.plan.cluster.create and self.tr.has(there) else key)

    def explained(self, path: str) -> list[str]:
        """What a field means and why its default is what it is; a switch in the words of its choices."""
        found = field(path)
        if found is None:
            return []
        keys = (f"{found.text_key}.{part}" for part in ("help", "why"))
        texts = [self.tr(key) for key in keys if self.tr.has(key)]
        if found.kind == "switch":
            words = {"true": self.tr("wizard.yes"), "false": self.tr("wizard.no")}
            if path == "cluster.create":
                words = {"true": self.tr("wizard.start.new"), "false": self.tr("wizard.start.exists")}
            # Several words, and a Chinese sentence without blanks, need something that sets the choice off.
            dense = self.tr.lang == "zh"
            quoted = dense or path == "cluster.create"
            texts = [
                re.sub(
                    r"\b(true|false)\b" + (" ?" if dense else ""),
                    lambda m: f"“{words[m[1]]}”" if quoted else words[m[1]],
                    text,
                    flags=re.ASCII,
                )
                for text in texts
            ]
        return texts

    def label(self, path: str, *, short: bool = False) -> str:
        """The name of a field; a second pool's fields carry its number (``short``: a heading says it)."""
        found = field(path)
        name = self.tr(f"{found.text_key}.label") if found and self.tr.has(f"{found.text_key}.label") else ""
        if path.endswith(".autoscale"):
            name = self.tr("wizard.autoscale")
        elif path == "network.known_ranges":
            name = self.tr("wizard.known_ranges")
        if path.startswith("node_pools[") and not path.startswith("node_pools[0]") and not short:
            number = int(path[11 : path.index("]")]) + 1
            name = f"{self.tr('wizard.cluster.pool', number=number)}: {name}"
        return name or path

    def text(self, path: str) -> str:
        """What the editor of ``path`` holds: as typed, where that can't be read."""
        return self.unread.get(path, shown(self.plan, path))

    def options(self, path: str) -> tuple[tuple[str, str], ...]:
        """(value, label) where the field is a choice."""
        found = field(path)
        if found is None:
            return ()
        if found.kind == "switch":
            return ((YES, self.tr("wizard.yes")), (NO, self.tr("wizard.no")))
        if found.path == path or path.startswith("node_pools["):
            return tuple((value, self._choice_label(found.text_key, value)) for value in found.choices)
        return ()

    def _choice_label(self, key: str, value: str) -> str:
        return self.tr(f"{key}.choices.{value}") if self.tr.has(f"{key}.choices.{value}") else value

    def edit(self, path: str, text: str) -> None:
        """Take a new text; a value that can't be read stays beside the plan, so that nothing typed is lost."""
        try:
            value = from_text(path, text)
        except Unreadable:
            self.unread[path] = text
        else:
            self.unread.pop(path, None)
            self.set(path, value)
            if path == "cluster.create":
                # A cluster that exists has its group; for a new one the question is open again.
                self.set("resource_group.create", value)
        self.notice("edit", path=path, text=text)
        self.changed()

    def set(self, path: str, value: Any) -> None:
        """A new plan with ``value`` at ``path``, judged."""
        try:
            self.context.plan = replace(self.plan, path, value)
        except (TypeError, ValueError):
            self.unread[path] = shown(self.plan, path) if value is None else str(value)
        self.judge()

    def leave(self, path: str) -> None:
        """The field has been looked at: from now on it may complain."""
        self.left.add(path)

    def row_of(self, path: str) -> str:
        """The row that stands for ``path`` in this plan: of a cluster that exists, what isn't asked is told at its
        name."""
        row = steps.asked_as(path)
        home = self.home(row)
        return row if row in self.fields_of(home) or not self.asked(home) else self.asked(home)[0]

    def owners(self, finding: Finding) -> tuple[str, ...]:
        """The rows that a finding concerns, its own field first."""
        return tuple(dict.fromkeys(self.row_of(p) for p in (finding.field, *finding.related) if p))

    def blocks(self, finding: Finding) -> bool:
        """Errors block until mended (or overridden), warnings until they were accepted."""
        if finding.severity == "error":
            return finding.overridden is None
        return finding.severity == "warning" and not finding.accepted

    def of_step(self, step_id: str) -> list[Finding]:
        """What is to be said about a step's own fields."""
        return [f for f in self.findings if self.home(steps.asked_as(f.field)) == step_id]

    def problems(self, step_id: str) -> int:
        """How many things block Next on this step."""
        unread = sum(1 for path in self.unread if self.home(path) == step_id)
        return unread + sum(1 for f in self.of_step(step_id) if self.blocks(f))

    def all_problems(self) -> int:
        """How many block the deployment."""
        return len(self.unread) + sum(1 for f in self.findings if self.blocks(f))

    def first_problem(self, step_id: str) -> str | None:
        """The row to jump to."""
        if unread := [path for path in self.unread if self.home(path) == step_id]:
            return unread[0]
        order = self.fields_of(step_id)
        rows = [self.row_of(f.field) for f in self.of_step(step_id) if self.blocks(f)]
        return min(rows, key=lambda row: order.index(row) if row in order else 999, default=None)

    def first_blocked_step(self) -> str | None:
        """The earliest step with a problem."""
        return next((step_id for step_id in self.order if self.problems(step_id)), None)

    def at(self, path: str) -> list[Finding]:
        """Findings to show in the row ``path``: of fields that were left, or that belong to such a field's pair."""
        shown_here = []
        for finding in self.findings:
            owners = self.owners(finding)
            if path in owners and not finding.accepted and any(owner in self.left for owner in owners):
                shown_here.append(finding)
        return sorted(shown_here, key=lambda f: ("error", "warning", "info").index(f.severity))

    def told_at(self, finding: Finding) -> str:
        """The one row that tells a finding in full (others of its pair carry the mark only): its own field where that
        was left, else the first of its pair that was."""
        owners = self.owners(finding)
        return next((owner for owner in owners if owner in self.left), owners[0])

    def unread_text(self, path: str) -> str | None:
        """Why the text of ``path`` can't be read, if so."""
        if path not in self.unread:
            return None
        try:
            from_text(path, self.unread[path])
        except Unreadable as problem:
            return self.tr(f"wizard.unreadable.{problem.args[0]}")
        return self.tr("wizard.unreadable.other")

    def demand(self, step_id: str) -> bool:
        """Next was asked for: from now on the whole step may complain. True where nothing blocks."""
        if not self.judged:
            self.judge()
        self.left.update(self.fields_of(step_id))
        for finding in self.of_step(step_id):
            self.left.update(self.owners(finding))
        return self.problems(step_id) == 0

    def go(self, step_id: str) -> None:
        """Another step is in view."""
        self.step = step_id
        self.seen.add(step_id)
        self.notice("step", step=step_id)
        self.changed()

    def remedy_at(self, path: str) -> Finding | None:
        """The first finding in view of this row with values to take."""
        return next((f for f in self.at(path) if f.remedy and f.remedy.set), None)

    def acceptable_at(self, path: str) -> Finding | None:
        """The first warning in view of this row that waits to be accepted."""
        return next((f for f in self.at(path) if f.severity == "warning" and not f.accepted), None)

    def take(self, finding: Finding) -> None:
        """Set the values of a finding's remedy."""
        if finding.remedy and finding.remedy.set:
            for path, value in finding.remedy.set.items():
                self.unread.pop(steps.asked_as(path), None)
                self.set(path, value)
            self.notice("remedy", code=finding.code)
            self.changed()

    def accept(self, finding: Finding) -> None:
        """The warning was read."""
        if finding.code not in self.plan.accept:
            self.set("accept", [*self.plan.accept, finding.code])
            self.notice("accept", code=finding.code)
            self.changed()

    def can_override(self, finding: Finding) -> bool:
        """An error that rests on what Azure reported may be wrong about this network: a reason lets it pass."""
        return finding.severity == "error" and finding.facts and finding.overridden is None

    def override(self, finding: Finding, reason: str) -> None:
        """Let an error pass, for a reason that stays in the answers file."""
        self.set("override", {**self.plan.override, finding.code: reason})
        self.notice("override", code=finding.code, reason=reason)
        self.changed()

    def add_pool(self) -> str:
        """One more node pool (of mode user); the path of its first field."""
        index = len(self.plan.node_pools)
        taken = {pool.name for pool in self.plan.node_pools}
        number = next(n for n in range(index + 1, index + 200) if f"nodepool{n}" not in taken)
        self.set(f"node_pools[{index}].name", f"nodepool{number}")
        self.set(f"node_pools[{index}].mode", "user")
        self.changed()
        return f"node_pools[{index}].name"

    def remove_pool(self, index: int) -> None:
        """Without that pool; the first stays."""
        if 0 < index < len(self.plan.node_pools):
            self.unread = {p: t for p, t in self.unread.items() if not p.startswith("node_pools[")}
            self.set("node_pools", [pool for i, pool in enumerate(self.plan.node_pools) if i != index])
            self.changed()

    def commands(self) -> list[str]:
        """The equivalent commands of the plan as it stands."""
        return self.context.commands()

    def export_files(self) -> dict[str, str]:
        """Tongue -> name of its file."""
        return self.context.tongues()

    def export_to(self, folder: Path) -> list[Path]:
        """The plan in all tongues, as files in ``folder`` (made where it isn't there). UserError where that fails."""
        from byocni_tui.files import write_atomically

        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise UserError("file_not_writable", where=str(folder), detail=str(error)) from None
        written = []
        for tongue, name in self.export_files().items():
            path = folder / name
            write_atomically(path, self.context.export(tongue))
            if tongue == "az":
                path.chmod(path.stat().st_mode | 0o111)
            written.append(path)
        return written

    def now(self) -> datetime:
        """The time of the run's clock."""
        return self.context.clock.now()

    def take_nodes(self, nodes: Sequence[NodeView]) -> None:
        """The nodes of now; for a few, since when each is at its stage (by the run's clock: the cluster's own times
        are another clock's)."""
        self.nodes = tuple(nodes)
        if self.lesson is not None:
            self.notice("nodes", total=len(self.nodes), ready=sum(1 for node in self.nodes if node.ready))
        if len(nodes) <= 50:
            now = self.now().timestamp()
            for node in nodes:
                if self._since.get(node.name, ("", 0.0))[0] != node.stage:
                    self._since[node.name] = (node.stage, now)

    def since(self, name: str) -> float | None:
        """When the node of that name came to its stage, as far as this session saw it; epoch seconds."""
        known = self._since.get(name)
        return known[1] if known else None

    def next_commands(self) -> list[str]:
        """What one does first with a cluster that is Ready."""
        if self.context.mode == "simulated":
            return [f"byocni-tui sandbox --run {self.run.run} -- kubectl get nodes"]
        plan = self.plan
        return [
            f"az aks get-credentials -g {plan.resource_group.name} -n {plan.cluster.name}",
            "kubectl get nodes",
        ]

    def is_default(self, path: str) -> bool:
        """Whether the field holds what an empty answers file would."""
        return bool(get(self.plan, path) == get(Plan(), path)) if parse(path) else False
