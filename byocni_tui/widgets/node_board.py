"""Where each node stopped on its way to Ready: one row a node for a few, a heat strip per pool for thousands, the worst
first in both."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

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


class NodeRow(Protocol):
    """One node: ``stage`` is the furthest of STAGES reached, ``pod_problem`` why its CNI pod doesn't run."""

    @property
    def name(self) -> str: ...
    @property
    def pool(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def pod_problem(self) -> str: ...


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
    """``show`` rows; what is drawn of thousands is counted in one pass, and put into words only for as many as there
    are lines."""

    DEFAULT_CSS = """
    NodeBoard { height: 1fr; min-height: 4; }
    """

    def __init__(self, texts: BoardTexts, marks: Glyphs) -> None:
        super().__init__()
        self._texts, self._marks = texts, marks
        self._rows: Sequence[NodeRow] = ()
        self._since: Callable[[NodeRow], str] = lambda _row: ""
        self._filter = ""

    def show(self, rows: Sequence[NodeRow], since: Callable[[NodeRow], str], *, moving: bool = False) -> None:
        """Take all nodes anew (the same sequence means the same nodes); ``since`` tells how long a node has been where
        it is, as text, and ``moving`` that this changes by itself."""
        self._since = since
        if rows is not self._rows or moving:
            self._rows = rows
            self.refresh()

    def narrow(self, text: str) -> None:
        """Only nodes with ``text`` in their name, pool, stage or problem."""
        if text.strip().lower() != self._filter:
            self._filter = text.strip().lower()
            self.refresh()

    def _wanted(self) -> Sequence[NodeRow]:
        wanted = self._filter
        if not wanted:
            return self._rows
        return [
            row
            for row in self._rows
            if wanted in row.name.lower() or wanted in row.pool.lower() or wanted == row.stage
            or wanted in row.pod_problem.lower()
        ]  # fmt: skip

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

        return heapq.nsmallest(count, rows, key=lambda r: (not r.pod_problem, _RANK.get(r.stage, 0), r.name))

    def render(self) -> Content:
        width, height = self.size.width, self.size.height
        if not self._rows:
            return Content.styled(fit(f" {self._texts.none}", width), "$text-muted")
        room = height - 1
        parts = [self._header(width)]
        wanted = self._wanted()
        if len(wanted) > room:
            strips = self._strips(width, max(1, room - 1))
            parts += strips
            room = max(0, room - len(strips))
            rows = self._worst(wanted, max(0, room - 1))
            rest = len(wanted) - len(rows)
            parts += [self._row(row, width) for row in rows]
            if rest and room > 0:
                parts.append(Content.styled(f" {self._texts.more.format(count=f'{rest:,}')}", "$text-muted"))
        else:
            spare = room - len(wanted)
            for row in self._worst(wanted, len(wanted)) if self._filter else wanted:
                parts.append(self._row(row, width))
                if row.pod_problem and spare > 0:
                    spare -= 1
                    text = fit(f"   {self._marks.bad} {row.pod_problem}", width, self._marks.more)
                    parts.append(Content.styled(text, "$text-error"))
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
            elif row.pod_problem and index == rank + 1:
                parts.append((fit(self._marks.bad, room), "$text-error"))
            else:
                parts.append((fit(self._marks.todo, room), "$text-muted"))
        ready = row.stage == "ready"
        state = self._texts.ready if ready else self._texts.not_ready
        parts.append((fit(state, _STATE), "$text-success" if ready else "$text-warning"))
        parts.append((self._since(row).rjust(_SINCE), "$text-muted"))
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
            # Every stage that has a node shows at least one cell: a single bad node of thousands must be seen.
            shares = {stage: max(1, stages[stage] * cells // total) for stage in STAGES if stages[stage]}
            longest = max(shares, key=lambda stage: shares[stage])
            shares[longest] += cells - sum(shares.values())
            parts += [
                (marks[stage][0] * shares[stage], marks[stage][1])
                for stage in reversed(STAGES)
                if stage in shares
            ]
            parts.append((tail, "bold"))
            strips.append(Content.assemble(*parts))
        return strips
