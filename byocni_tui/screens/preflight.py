"""Pre-flight: every check at once, as it finishes, and what the rules say with the facts that came."""

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.plan.finding import Finding
from byocni_tui.screens import steps
from byocni_tui.screens.messages import JumpTo
from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.port import RunEvent
from byocni_tui.widgets.findings import FindingLine, FindingList


class PreflightPanel(StepPanel):
    """Ctrl-R looks again; Enter on a finding jumps to its field, F4 takes its remedy."""

    step: ClassVar[str] = "preflight"
    DEFAULT_CSS = """
    PreflightPanel .checks { height: auto; margin-bottom: 1; }
    PreflightPanel FindingList { height: auto; }
    """

    def extra(self) -> Iterable[Widget]:
        self._checks = Static("", classes="checks", markup=False)
        self.finding_list = FindingList(self.session.tr("wizard.preflight.clear"), self.marks)
        yield self._checks
        yield self.finding_list

    def on_mount(self) -> None:
        self._draw_checks()

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self._draw_checks)

    def focus_first(self) -> None:
        self.finding_list.focus()

    def refresh_state(self) -> None:
        super().refresh_state()
        session = self.session
        self.finding_list.show(
            [finding_line(self, finding) for finding in session.findings if not finding.accepted]
        )
        self._draw_checks()

    def _draw_checks(self) -> None:
        session = self.session
        lines: list[Content] = []
        marks = {
            "done": (self.marks.ok, "$text-success"), "failed": (self.marks.bad, "$text-error"),
            "running": (self.marks.busy, "$accent"), "skipped": (self.marks.skip, "$text-muted"),
        }  # fmt: skip
        for event in latest(session.checks):
            glyph, style = marks[state_of(event)]
            lines.append(
                Content.assemble((f" {glyph} ", style), (event.message or event.step, "$foreground"))
            )
        if not lines:
            lines.append(Content.styled(f" {session.tr('wizard.preflight.waiting')}", "$text-muted"))
        self._checks.update(Content("\n").join(lines))

    def on_finding_list_picked(self, event: FindingList.Picked) -> None:
        """Jump to the field that the finding names."""
        self.post_message(JumpTo(event.field))


def state_of(event: RunEvent) -> str:
    """A check's event comes when its answer is there: read, or (with a reason) not readable."""
    detail = event.detail or {}
    if event.status == "running" and detail.get("check"):
        return "skipped" if detail.get("reason") else "done"
    return event.status if event.status in ("done", "failed", "skipped") else "running"


def latest(events_so_far: list[RunEvent]) -> list[RunEvent]:
    """The last word of each check (told apart by ``detail.check``, else by the message), in order of appearance."""
    found: dict[str, RunEvent] = {}
    for index, event in enumerate(events_so_far):
        if (
            event.status == "running"
            and not (event.detail or {}).get("check")
            and index + 1 < len(events_so_far)
        ):
            continue
        found[str((event.detail or {}).get("check") or event.message)] = event
    return list(found.values())


def finding_line(panel: StepPanel, finding: Finding) -> FindingLine:
    """A finding as the list shows it."""
    session = panel.session
    remedy = session.words.remedy_text(finding, session.tr) if finding.remedy else ""
    key = "F4  " if finding.remedy and finding.remedy.set else f"{panel.marks.to} "
    offers = [f"{key}{remedy}"] if remedy else []
    if finding.severity == "warning":
        offers.append(f"F5  {session.tr('wizard.accept')}")
    row = steps.asked_as(finding.field)
    return FindingLine(
        code=finding.code,
        severity=finding.severity,
        where=session.label(row),
        field=row,
        text=session.words.message(finding, session.tr),
        offer="\n".join(offers),
    )
