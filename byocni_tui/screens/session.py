"""What the wizard knows between two keys, without a widget: which fields were left, what can't be read, what blocks.

Late to complain, early to forgive: a finding is shown once a field that it names has been left (or Next was asked for),
and goes with the key that mends it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from byocni_tui.locale import Translator
from byocni_tui.plan.fields import field
from byocni_tui.plan.finding import Finding
from byocni_tui.plan.model import Plan
from byocni_tui.plan.path import get, parse, replace
from byocni_tui.screens import steps
from byocni_tui.screens.codec import NO, YES, Unreadable, from_text, shown
from byocni_tui.screens.port import NodeView, RunEvent, WizardContext, Words
from byocni_tui.screens.run_state import RunState


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
        return tuple(i for i in steps.IDS if i != "network" or self.plan.cluster.create)

    def asked(self, step_id: str) -> tuple[str, ...]:
        """The fields of a step that are always in view: of a cluster that exists only which one it is."""
        if step_id == "cluster" and not self.plan.cluster.create:
            return ("cluster.create", "cluster.name")
        return steps.step(step_id).first

    def judge(self) -> None:
        """Run the rules on the plan as it stands."""
        self.findings = tuple(self.context.findings().findings)
        self.judged = True

    def label(self, path: str) -> str:
        """The short name of a field; a second pool's fields carry its number."""
        found = field(path)
        name = self.tr(f"{found.text_key}.label") if found and self.tr.has(f"{found.text_key}.label") else ""
        if path.endswith(".autoscale"):
            name = self.tr("wizard.autoscale")
        elif path == "network.known_ranges":
            name = self.tr("wizard.known_ranges")
        if path.startswith("node_pools[") and not path.startswith("node_pools[0]"):
            name = f"{path[11 : path.index(']')]}: {name}"
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

    def owners(self, finding: Finding) -> tuple[str, ...]:
        """The rows that a finding concerns, its own field first."""
        return tuple(dict.fromkeys(steps.asked_as(p) for p in (finding.field, *finding.related) if p))

    def blocks(self, finding: Finding) -> bool:
        """Errors block until mended (or overridden), warnings until they were accepted."""
        if finding.severity == "error":
            return finding.overridden is None
        return finding.severity == "warning" and not finding.accepted

    def of_step(self, step_id: str) -> list[Finding]:
        """What is to be said about a step's own fields."""
        return [f for f in self.findings if steps.step_of(steps.asked_as(f.field)) == step_id]

    def problems(self, step_id: str) -> int:
        """How many things block Next on this step."""
        unread = sum(1 for path in self.unread if steps.step_of(path) == step_id)
        return unread + sum(1 for f in self.of_step(step_id) if self.blocks(f))

    def all_problems(self) -> int:
        """How many block the deployment."""
        return len(self.unread) + sum(1 for f in self.findings if self.blocks(f))

    def first_problem(self, step_id: str) -> str | None:
        """The row to jump to."""
        if unread := [path for path in self.unread if steps.step_of(path) == step_id]:
            return unread[0]
        order = steps.paths(steps.step(step_id), len(self.plan.node_pools))
        rows = [steps.asked_as(f.field) for f in self.of_step(step_id) if self.blocks(f)]
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
        self.left.update(steps.paths(steps.step(step_id), len(self.plan.node_pools)))
        for finding in self.of_step(step_id):
            self.left.update(self.owners(finding))
        return self.problems(step_id) == 0

    def go(self, step_id: str) -> None:
        """Another step is in view."""
        self.step = step_id
        self.seen.add(step_id)
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
            self.changed()

    def accept(self, finding: Finding) -> None:
        """The warning was read."""
        if finding.code not in self.plan.accept:
            self.set("accept", [*self.plan.accept, finding.code])
            self.changed()

    def commands(self) -> list[str]:
        """The equivalent commands of the plan as it stands."""
        return self.context.commands()

    def now(self) -> datetime:
        """The time of the run's clock."""
        return self.context.clock.now()

    def take_nodes(self, nodes: Sequence[NodeView]) -> None:
        """The nodes of now; for a few, since when each is at its stage (by the run's clock: the cluster's own times
        are another clock's)."""
        self.nodes = tuple(nodes)
        if len(nodes) <= 50:
            now = self.now().timestamp()
            for node in nodes:
                if self._since.get(node.name, ("", 0.0))[0] != node.stage:
                    self._since[node.name] = (node.stage, now)

    def since(self, node: NodeView) -> float | None:
        """When the node came to its stage, as far as this session saw it; epoch seconds."""
        known = self._since.get(node.name)
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
