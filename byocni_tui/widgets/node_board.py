"""Where each node stopped on its way to Ready: one row a node for a few, a heat strip per pool for thousands, the worst
first in both."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from byocni_tui.widgets.glyphs import Glyphs, fit, fit_end

STAGES: Final = ("vm", "kubelet", "cni-pod", "cni-config", "ready")
"""In the order in which a node goes through them."""
_RANK: Final = {stage: index for index, stage in enumerate(STAGES)}


_STATE: Final = 9
_SINCE: Final = 6


class NodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One node: ``stage`` is the furthest of STAGES reached, ``problem`` why its CNI pod doesn't run, ``since`` how
    long it has existed (already as text)."""

    name: str
    pool: str
    stage: str
    problem: str = ""
    since: str = ""


class BoardTexts(msgspec.Struct, frozen=True, kw_only=True):
    """``columns`` name the stages, ``ready`` and ``not_ready`` the last one's two states."""

    title: str
    node: str
    columns: tuple[str, ...]
    ready: str
    not_ready: str
    none: str
    more: str


class NodeBoard(Widget):
    """``show`` rows; drawing looks only at as many as there are lines."""

    DEFAULT_CSS = """
    NodeBoard { height: 1fr; min-height: 4; }
    """

    def __init__(self, texts: BoardTexts, marks: Glyphs) -> None:
        super().__init__()
        self._texts, self._marks = texts, marks
        self._rows: tuple[NodeRow, ...] = ()
        self.filter = ""

    def show(self, rows: Sequence[NodeRow]) -> None:
        """Take all nodes anew."""
        if tuple(rows) != self._rows:
            self._rows = tuple(rows)
            self.refresh()

    def text_lines(self) -> list[str]:
        """The text twin: one sentence a pool, then those that are not Ready."""
        lines = []
        for pool, stages in self._pools().items():
            ready = stages["ready"]
            lines.append(f"{pool}: {ready}/{stages.total()} {self._texts.ready}")
        return lines

    def _pools(self) -> dict[str, "Counter[str]"]:
        pools: dict[str, Counter[str]] = {}
        for row in self._rows:
            pools.setdefault(row.pool or "-", Counter())[row.stage] += 1
        return pools

    def _worst(self, rows: Iterable[NodeRow], count: int) -> list[NodeRow]:
        import heapq

        return heapq.nsmallest(count, rows, key=lambda r: (not r.problem, _RANK.get(r.stage, 0), r.name))

    def render(self) -> Content:
        width, height = self.size.width, self.size.height
        if not self._rows:
            return Content.styled(fit(f" {self._texts.none}", width), "$text-muted")
        room = height - 1
        parts = [self._header(width)]
        wanted = [row for row in self._rows if self.filter in row.name] if self.filter else list(self._rows)
        if len(wanted) > room:
            strips = self._strips(width, max(1, room - 2))
            parts += strips
            room = max(0, room - len(strips))
            rows = self._worst(wanted, max(0, room - 1))
            rest = len(wanted) - len(rows)
            parts += [self._row(row, width) for row in rows]
            parts.append(Content.styled(f" {self._texts.more.format(count=rest)}", "$text-muted"))
        else:
            parts += [self._row(row, width) for row in wanted]
        return Content("\n").join(parts)

    def _widths(self, width: int) -> tuple[int, tuple[int, ...]]:
        """Cells of the name, and of the four stages before Ready."""
        columns = tuple(max(4, cell_len(text) + 1) for text in self._texts.columns[:4])
        return max(10, width - 2 - sum(columns) - _STATE - _SINCE), columns

    def _header(self, width: int) -> Content:
        name, columns = self._widths(width)
        cells = "".join(
            fit(text, room, self._marks.more)
            for text, room in zip(self._texts.columns, columns, strict=False)
        )
        line = f" {fit(self._texts.node, name + 1)}{cells}{self._texts.columns[4]}"
        return Content.styled(fit(line, width), "bold $text-muted")

    def _row(self, row: NodeRow, width: int) -> Content:
        name, columns = self._widths(width)
        rank = _RANK.get(row.stage, 0)
        parts: list[tuple[str, str]] = [(f" {fit_end(row.name, name, self._marks.more)} ", "$foreground")]
        for index, room in enumerate(columns):
            if index <= rank:
                parts.append((fit(self._marks.ok, room), "$text-success"))
            elif row.problem and index == rank + 1:
                parts.append((fit(self._marks.bad, room), "$text-error"))
            else:
                parts.append((fit(self._marks.todo, room), "$text-muted"))
        ready = row.stage == "ready"
        state = self._texts.ready if ready else self._texts.not_ready
        parts.append((fit(state, _STATE), "$text-success" if ready else "$text-warning"))
        parts.append((row.since.rjust(_SINCE), "$text-muted"))
        return Content.assemble(*parts)

    def _strips(self, width: int, lines: int) -> list[Content]:
        """A line a pool: cells from the furthest to the least far, then ready of all."""
        strips = []
        marks = {
            "ready": (self._marks.full, "$text-success"), "cni-config": (self._marks.half, "$text-warning"),
            "cni-pod": (self._marks.half, "$text-warning"), "kubelet": (self._marks.empty, "$text-muted"),
            "vm": (self._marks.empty, "$text-muted"),
        }  # fmt: skip
        pools = sorted(self._pools().items(), key=lambda item: item[1]["ready"] / max(1, item[1].total()))
        for pool, stages in pools[:lines]:
            total = stages.total()
            tail = f" {stages['ready']}/{total}"
            cells = max(4, width - 15 - len(tail))
            parts: list[tuple[str, str]] = [(" " + fit(pool, 13, self._marks.more), "$foreground")]
            used = 0
            for stage in reversed(STAGES):
                count = stages[stage]
                if not count:
                    continue
                # Every stage that has a node shows at least one cell: a single bad node of thousands must be seen.
                share = max(1, count * cells // total)
                share = min(share, cells - used)
                parts.append((marks[stage][0] * share, marks[stage][1]))
                used += share
            parts.append((" " * (cells - used) + tail, "bold"))
            strips.append(Content.assemble(*parts))
        return strips
