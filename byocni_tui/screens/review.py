"""Review: what will be made, changed, left alone; and the same as commands."""

from collections.abc import Iterable
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan
from byocni_tui.screens.messages import JumpTo
from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.preflight import finding_line
from byocni_tui.widgets.findings import FindingList
from byocni_tui.widgets.glyphs import fit, wrap


def summary(plan: Plan, tr: Translator) -> list[tuple[str, str, str]]:
    """(mark, what, which): ``+`` made, ``=`` used as it is, ``~`` changed."""
    network, cluster = plan.network, plan.cluster
    none = tr("wizard.review.missing")
    pools = ", ".join(
        f"{p.name} {p.autoscale.min}-{p.autoscale.max}" if p.autoscale else f"{p.name} {p.count}"
        for p in plan.node_pools
    )
    group = plan.resource_group
    rows = [
        ("+" if group.create else "=", "group", f"{group.name or none} ({plan.region or none})"),
        ("+" if cluster.create else "~", "cluster", f"{cluster.name or none}, {cluster.tier}, plugin none"),
    ]
    if cluster.create:
        own = network.subnet.id or network.subnet.name or none
        made = network.managed or not network.subnet.id
        rows += [
            ("+", "pools", pools),
            ("+" if made else "=", "network", tr("wizard.review.managed") if network.managed else own),
            ("+", "ranges", f"{network.service_cidr or none} / {network.pod_cidr or none}"),
            (
                "=" if plan.identity.id else "+",
                "identity",
                tr(f"wizard.review.identity_{plan.identity.type}"),
            ),
        ]
    cni = (plan.cni.plugin, plan.cni.version, plan.cni.encapsulation)
    rows.append(("+", "cni", " ".join(part for part in cni if part)))
    return rows


class ReviewPanel(StepPanel):
    """Summary, open problems, the commands in full."""

    step: ClassVar[str] = "review"
    DEFAULT_CSS = """
    ReviewPanel Static { height: auto; }
    ReviewPanel FindingList { margin: 1 0 0 0; }
    """

    def extra(self) -> Iterable[Widget]:
        self._summary = Static("", markup=False)
        self.finding_list = FindingList(self.session.tr("wizard.review.clear"), self.marks)
        self._commands = Static("", markup=False)
        yield self._summary
        yield self.finding_list
        yield self._commands

    def focus_first(self) -> None:
        self.finding_list.focus()

    def on_mount(self) -> None:
        self.refresh_state()

    def on_resize(self) -> None:
        # After this layout: a change of height in the middle of it would be lost.
        self.call_after_refresh(self.refresh_state)

    def refresh_state(self) -> None:
        super().refresh_state()
        session, tr = self.session, self.session.tr
        width = max(40, self.size.width - 4)
        lines = []
        for mark, what, which in summary(session.plan, tr):
            color = {"+": "$text-success", "~": "$text-warning"}.get(mark, "$text-muted")
            name = fit(tr(f"wizard.review.{what}"), 18)
            pieces = wrap(which, width - 22)
            first = (pieces[0], "$foreground")
            lines.append(Content.assemble((f" {mark} ", f"bold {color}"), (name, "$text-muted"), first))
            lines += [Content.styled(" " * 21 + piece, "$foreground") for piece in pieces[1:]]
        legend = f"\n {tr('wizard.review.legend')}\n {tr('wizard.review.duration')}"
        lines.append(Content.styled(legend, "$text-muted"))
        self._summary.update(Content("\n").join(lines))
        blocking = [finding_line(self, finding) for finding in session.findings if session.blocks(finding)]
        self.finding_list.show(blocking)
        text: list[Content] = [
            Content(""),
            Content.styled(f" {tr('wizard.commands.title')}", "bold $text-muted"),
        ]
        for command in session.commands():
            for line in command.split("\n"):
                text += [Content.styled(f" {piece}", "$text-muted") for piece in wrap(line, width)]
        self._commands.update(Content("\n").join(text))

    def on_finding_list_picked(self, event: FindingList.Picked) -> None:
        """Jump to the field that the finding names."""
        self.post_message(JumpTo(event.field))
