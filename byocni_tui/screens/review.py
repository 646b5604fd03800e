"""Review: what will be made, changed, left alone; and the same as commands, templates, answers and values."""

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
from byocni_tui.widgets.tabs import TabLine

SUMMARY = "summary"


def summary(plan: Plan, tr: Translator) -> list[tuple[str, str, str]]:
    """(mark, what, which): ``+`` made, ``=`` used as it is, ``~`` changed."""
    network, cluster = plan.network, plan.cluster
    none = tr("wizard.review.missing")
    pools = ", ".join(
        f"{p.name} {p.autoscale.min}-{p.autoscale.max}" if p.autoscale else f"{p.name} {p.count}"
        for p in plan.node_pools
    )
    group = plan.resource_group
    new = group.create and cluster.create
    rows = [
        (
            "+" if new else "=",
            "group",
            f"{group.name or none} ({plan.region})" if plan.region else group.name or none,
        ),
        ("+" if cluster.create else "~", "cluster", f"{cluster.name or none}, {cluster.tier}, plugin none"),
    ]
    if cluster.create:
        own = (network.subnet.id or network.subnet.name or none).rpartition("/")[2]
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
    else:
        rows.append(("=", "ranges", f"{network.service_cidr or none} / {network.pod_cidr or none}"))
    cni = (plan.cni.plugin, plan.cni.version, plan.cni.encapsulation)
    rows.append(("+", "cni", " ".join(part for part in cni if part)))
    return rows


class ReviewPanel(StepPanel):
    """Tabs: the summary with what is still open, then one a tongue. F6 copies the open one, Ctrl-O writes all files."""

    step: ClassVar[str] = "review"
    DEFAULT_CSS = """
    ReviewPanel Static { height: auto; }
    ReviewPanel FindingList { margin: 1 0 0 0; }
    ReviewPanel > .title { margin: 0; }
    ReviewPanel TabLine { margin: 1 0; }
    """

    def extra(self) -> Iterable[Widget]:
        tr = self.session.tr
        files = self.session.export_files()
        self._tabs = TabLine(
            [(name, tr(f"wizard.review.tab_{name}")) for name in (SUMMARY, *files)], self.marks
        )
        self._summary = Static("", markup=False)
        self.finding_list = FindingList(tr("wizard.review.clear"), self.marks)
        self._file = Static("", markup=False)
        self._drawn: tuple[object, ...] = ()
        yield self._tabs
        yield self._summary
        yield self.finding_list
        yield self._file

    def focus_first(self) -> None:
        if any(self.session.blocks(finding) for finding in self.session.findings):
            self.finding_list.focus()
        else:
            self._tabs.focus()

    def on_mount(self) -> None:
        self.refresh_state()

    def on_resize(self) -> None:
        # After this layout: a change of height in the middle of it would be lost.
        self.call_after_refresh(self.refresh_state)

    def on_tab_line_opened(self, event: TabLine.Opened) -> None:
        event.stop()
        self.scroll_home(animate=False)
        self.refresh_state()

    def own_action(self) -> str:
        return "export"

    def copy_text(self) -> str:
        tab = self._tabs.current
        return "" if tab == SUMMARY else self.session.context.export(tab)

    def refresh_state(self) -> None:
        super().refresh_state()
        if not self.is_mounted or self.session.step != "review":
            return
        session, tr, tab = self.session, self.session.tr, self._tabs.current
        on_summary = tab == SUMMARY
        self._summary.display = self.finding_list.display = on_summary
        self._file.display = not on_summary
        blocking = [finding_line(self, finding) for finding in session.findings if session.blocks(finding)]
        self.finding_list.show(blocking)
        now = (session.plan, tab, self.size.width, tr.lang)
        if now == self._drawn:
            return
        self._drawn = now
        width = max(40, self.size.width - 4)
        if on_summary:
            self._summary.update(self._summary_text(width))
        else:
            name = session.export_files()[tab]
            text = [Content.styled(f" {name}", "bold $text-muted"), Content("")]
            for line in session.context.export(tab).rstrip("\n").split("\n"):
                style = "$text-disabled" if line.lstrip().startswith(("#", "//")) else "$foreground"
                pad = " " * (len(line) - len(line.lstrip(" ")))
                pieces = wrap(line.strip(" "), max(20, width - len(pad))) if line.strip() else [""]
                text += [Content.styled(f" {pad}{piece}", style) for piece in pieces]
            self._file.update(Content("\n").join(text))

    def _summary_text(self, width: int) -> Content:
        session, tr = self.session, self.session.tr
        lines = []
        for mark, what, which in summary(session.plan, tr):
            color = {"+": "$text-success", "~": "$text-warning"}.get(mark, "$text-muted")
            name = fit(tr(f"wizard.review.{what}"), 18)
            pieces = wrap(which, width - 22)
            first = (pieces[0], "$foreground")
            lines.append(Content.assemble((f" {mark} ", f"bold {color}"), (name, "$text-muted"), first))
            lines += [Content.styled(" " * 21 + piece, "$foreground") for piece in pieces[1:]]
        overridden = session.plan.override
        for code, reason in overridden.items():
            text = tr("wizard.review.overridden", code=code, reason=reason)
            lines += [Content.styled(f" ! {piece}", "$text-warning") for piece in wrap(text, width - 3)]
        duration = "duration" if session.plan.cluster.create else "duration_existing"
        legend = f"\n {tr('wizard.review.legend')}\n {tr(f'wizard.review.{duration}')}"
        lines.append(Content.styled(legend, "$text-muted"))
        return Content("\n").join(lines)

    def on_finding_list_picked(self, event: FindingList.Picked) -> None:
        """Jump to the field that the finding names."""
        self.post_message(JumpTo(event.field))
