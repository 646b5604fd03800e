"""A picture of the private ranges: 64 cells for 10.0.0.0/8 (each a /14; 32 where it is narrow), letters in them,
overlaps drawn as overlaps; then one line a range, which is the picture's text twin."""

from ipaddress import IPv4Network
from typing import Final

import msgspec
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from byocni_tui.plan.model import Plan
from byocni_tui.widgets.glyphs import Glyphs, fit

_TEN: Final = IPv4Network("10.0.0.0/8")


class MapTexts(msgspec.Struct, frozen=True, kw_only=True):
    """Names of what is drawn."""

    title: str
    service: str
    pods: str
    vnet: str
    subnet: str
    reserved: str
    overlap: str
    budget: str


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """One range: ``letter`` marks its cells."""

    letter: str
    name: str
    range: IPv4Network
    color: str


def read_range(text: str | None) -> IPv4Network | None:
    """The network meant by ``text``, host bits cleared; None where it isn't one."""
    try:
        return IPv4Network((text or "").strip(), strict=False) if text and "/" in text else None
    except ValueError:
        return None


def cells(drawn: list[Drawn], count: int) -> list[str]:
    """What stands in each of ``count`` cells: a letter, ``X`` where ranges overlap, a blank."""
    row = [""] * count
    for item in drawn:
        if not item.range.overlaps(_TEN):
            continue
        first = max(int(item.range.network_address), int(_TEN.network_address))
        last = min(int(item.range.broadcast_address), int(_TEN.broadcast_address))
        size = _TEN.num_addresses // count
        for cell in range(
            (first - int(_TEN.network_address)) // size, (last - int(_TEN.network_address)) // size + 1
        ):
            start = int(_TEN.network_address) + cell * size
            same = [
                other
                for other in drawn
                if other is not item
                and other.range.overlaps(item.range)
                and int(other.range.network_address) < start + size
                and int(other.range.broadcast_address) >= start
            ]
            row[cell] = "X" if same else row[cell] or item.letter
    return row


class AddressMap(Widget):
    """``show`` a plan."""

    DEFAULT_CSS = """
    AddressMap { height: auto; margin: 1 0 0 0; }
    """

    def __init__(self, texts: MapTexts, marks: Glyphs) -> None:
        super().__init__()
        self._texts, self._marks = texts, marks
        self._drawn: list[Drawn] = []
        self._budget: tuple[int, int, int, int] = (0, 0, 0, 0)

    def show(self, plan: Plan) -> None:
        """Take the ranges of ``plan``; those that can't be read are left out."""
        network, texts = plan.network, self._texts
        wanted = [
            ("s", texts.service, network.service_cidr, "$text-primary"),
            ("p", texts.pods, network.pod_cidr, "$text-success"),
            *(("v", texts.vnet, item, "$text-secondary") for item in network.vnet.ranges),
        ]
        drawn = [
            Drawn(letter=letter, name=name, range=found, color=color)
            for letter, name, text, color in wanted
            if (found := read_range(text)) is not None
        ]
        nodes = sum(pool.autoscale.max if pool.autoscale else pool.count for pool in plan.node_pools)
        pods = sum((p.autoscale.max if p.autoscale else p.count) * p.max_pods for p in plan.node_pools)
        subnet, pod_range = read_range(network.subnet.range), read_range(network.pod_cidr)
        budget = (
            nodes,
            subnet.num_addresses - 5 if subnet else 0,
            pods,
            pod_range.num_addresses if pod_range else 0,
        )
        if drawn != self._drawn or budget != self._budget:
            self._drawn, self._budget = drawn, budget
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 as Textual calls it
        return 3 + len(self._drawn)

    def render(self) -> Content:
        width = self.size.width
        count = 64 if width >= 64 else 32
        row = cells(self._drawn, count)
        colors = {item.letter: item.color for item in self._drawn}
        indent = max(0, min(2, width - count - 2))
        pad = " " * indent
        scale = "".join(fit(f"10.{start}", count // 4) for start in (0, 64, 128, 192))
        strip: list[tuple[str, str]] = [(pad, "")]
        for cell in row:
            style = (
                "bold $text-error" if cell == "X" else f"bold {colors[cell]}" if cell else "$text-disabled"
            )
            strip.append((cell or self._marks.todo, style))
        lines = [Content.styled(f"{pad}{scale}", "$text-muted"), Content.assemble(*strip)]
        for item in self._drawn:
            against = [o.name for o in self._drawn if o is not item and o.range.overlaps(item.range)]
            first, last = item.range.network_address, item.range.broadcast_address
            text = f"{fit(item.name, 14)} {first!s:>15} {self._marks.line} {last!s:<15}"
            note = f"  X {self._texts.overlap} {', '.join(dict.fromkeys(against))}" if against else ""
            lines.append(
                Content.assemble(
                    pad, (item.letter, f"bold {item.color}"), " ", (fit(text, 48), "$text-muted"),
                    (fit(note, max(0, width - 50 - indent), self._marks.more), "$text-error"),
                )
            )  # fmt: skip
        nodes, room, pods, space = self._budget
        budget = self._texts.budget.format(
            nodes=f"{nodes:,}", room=f"{room:,}", pods=f"{pods:,}", space=f"{space:,}"
        )
        lines.append(Content.styled(fit(pad + budget, width, self._marks.more), "$text-muted"))
        return Content("\n").join(lines)
