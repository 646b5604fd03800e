"""Pre-flight: every check at once, as it finishes, and what the rules say with the facts that came."""

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.locale import Translator
from byocni_tui.plan.finding import Finding
from byocni_tui.screens import steps
from byocni_tui.screens.messages import JumpTo
from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.port import RunEvent
from byocni_tui.widgets.findings import FindingLine, FindingList
from byocni_tui.widgets.glyphs import fit, wrap


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

    def own_action(self) -> str:
        return "override" if any(self.session.can_override(f) for f in self.session.findings) else ""

    def refresh_state(self) -> None:
        super().refresh_state()
        session = self.session
        if not self.is_mounted or session.step != "preflight":
            return
        open_ = [f for f in session.findings if not f.accepted and f.overridden is None]
        self.finding_list.display = bool(open_)
        self.finding_list.show([finding_line(self, finding) for finding in open_])
        self._draw_checks()

    def _draw_checks(self) -> None:
        """Side by side where there is room: the names of what was asked, each with its state; then what could not be
        read with its reason, and the verdict."""
        session, tr = self.session, self.session.tr
        width = max(30, self.size.width - 4)
        marks = {
            "done": (self.marks.ok, "$text-success"), "failed": (self.marks.bad, "$text-error"),
            "running": (self.marks.busy, "$accent"), "skipped": (self.marks.skip, "$text-warning"),
        }  # fmt: skip
        lines: list[Content] = []
        cells: list[tuple[str, str, str]] = []
        said: list[tuple[str, str, str]] = []
        for event in latest(session.checks):
            glyph, style = marks[state_of(event)]
            detail = event.detail or {}
            if what := detail.get("check"):
                cells.append((glyph, style, fact_name(str(what), tr)))
                if detail.get("reason"):
                    said.append((glyph, style, event.message))
            else:
                said.append((glyph, style, event.message or event.step))
        if cells:
            column = min(width, max(24, max(cell_len(name) for _, _, name in cells) + 4))
            across = max(1, width // column)
            down = -(-len(cells) // across)
            for row in range(down):
                parts: list[tuple[str, str]] = []
                for glyph, style, name in cells[row::down]:
                    parts += [(f" {glyph} ", style), (fit(name, column - 3, self.marks.more), "$foreground")]
                lines.append(Content.assemble(*parts))
        for glyph, style, text in said:
            for index, piece in enumerate(wrap(text, width - 3)):
                lines.append(
                    Content.assemble((f" {glyph if index == 0 else ' '} ", style), (piece, "$foreground"))
                )
        if session.preflight_failed:
            pieces = wrap(session.preflight_failed, width - 3)
            lines += [
                Content.styled(f" {self.marks.bad if i == 0 else ' '} {p}", "$text-error")
                for i, p in enumerate(pieces)
            ]
        elif not lines or (session.checking and not cells):
            lines = [Content.styled(f" {self.marks.busy} {tr('wizard.preflight.waiting')}", "$text-muted")]
        self._checks.update(Content("\n").join(lines))

    def on_finding_list_picked(self, event: FindingList.Picked) -> None:
        """Jump to the field that the finding names."""
        self.post_message(JumpTo(event.field))


def fact_name(key: str, tr: Translator) -> str:
    """What a group of facts is called; a key with a scope (``skus.chinanorth3``) as its group."""
    name = f"wizard.fact.{key.partition('.')[0]}"
    return tr(name) if tr.has(name) else key


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
    key = "F4  " if session.can_mend(finding) else f"{panel.marks.to} "
    offers = [f"{key}{remedy}"] if remedy else []
    if finding.code in session.mending:
        offers = [f"{panel.marks.busy} {session.tr('wizard.mending')}"]
    if finding.severity == "warning":
        offers.append(f"F5  {session.tr('wizard.accept')}")
    if session.can_override(finding):
        offers.append(f"^O  {session.tr('wizard.override.offer')}")
    row = steps.asked_as(finding.field)
    return FindingLine(
        code=finding.code,
        severity=finding.severity,
        where=session.label(row),
        field=row,
        text=session.words.message(finding, session.tr),
        offer="\n".join(offers),
        finding=finding,
    )
