"""A picture of the private ranges: 64 cells for 10.0.0.0/8 (each a /14; 32 where it is narrow) and, where a plan goes
there, 172.16/12 and 192.168/16; letters in them, overlaps drawn as overlaps. Then one line a range, which is the
picture's text twin, and the budget of addresses."""

from ipaddress import IPv4Network
from typing import Final

import msgspec
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from byocni_tui.plan.model import NodePool, Plan
from byocni_tui.widgets.glyphs import Glyphs, fit, wrap

_TEN: Final = IPv4Network("10.0.0.0/8")
_OTHERS: Final = (IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))
_RESERVED: Final = tuple(
    IPv4Network(text) for text in ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
)
"""What AKS keeps for itself (Microsoft Learn, "Azure CNI prerequisites")."""
_AZURE_KEEPS: Final = 5


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
    """One range: ``letter`` marks its cells; ``inside`` names what it belongs in (that is no overlap)."""

    letter: str
    name: str
    range: IPv4Network
    color: str
    inside: str = ""


def read_range(text: str | None) -> IPv4Network | None:
    """The network meant by ``text``, host bits cleared; None where it isn't one."""
    try:
        return IPv4Network((text or "").strip(), strict=False) if text and "/" in text else None
    except ValueError:
        return None


def clash(one: Drawn, other: Drawn) -> bool:
    """Whether two ranges overlap that must not: a subnet lies in its network, reserved ranges in anything."""
    return (
        one is not other
        and one.range.overlaps(other.range)
        and one.inside != other.letter
        and other.inside != one.letter
        and not one.letter == other.letter == "r"
    )


def cells(drawn: list[Drawn], count: int, space: IPv4Network = _TEN) -> list[str]:
    """What stands in each of ``count`` cells of ``space``: a letter, ``X`` where ranges overlap, a blank. Of two that
    may lie in each other the smaller is shown."""
    row = [""] * count
    size = space.num_addresses // count
    begin = int(space.network_address)
    for item in sorted(drawn, key=lambda item: item.range.prefixlen):
        if not item.range.overlaps(space):
            continue
        first = max(int(item.range.network_address), begin)
        last = min(int(item.range.broadcast_address), int(space.broadcast_address))
        for cell in range((first - begin) // size, (last - begin) // size + 1):
            start = begin + cell * size
            hit = any(
                clash(item, other)
                and int(other.range.network_address) < start + size
                and int(other.range.broadcast_address) >= start
                for other in drawn
            )
            row[cell] = "X" if hit or row[cell] == "X" else item.letter
    return row


def most(pool: NodePool) -> int:
    """Nodes of a pool at its maximum."""
    return pool.autoscale.max if pool.autoscale else pool.count


def surge(pool: NodePool) -> int:
    """Nodes that an upgrade adds for a while: at least one; ``N%`` rounds up."""
    text = pool.max_surge.strip()
    digits = text.removesuffix("%")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 6:
        return 1
    return max(1, -(-most(pool) * int(digits) // 100) if text.endswith("%") else int(digits))


class AddressMap(Widget):
    """``show`` a plan."""

    DEFAULT_CSS = """
    AddressMap { height: auto; margin: 1 0 0 0; }
    """

    def __init__(self, texts: MapTexts, marks: Glyphs) -> None:
        super().__init__()
        self._texts, self._marks = texts, marks
        self._drawn: list[Drawn] = []
        self._budget: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    def show(self, plan: Plan) -> None:
        """Take the ranges of ``plan``; those that can't be read are left out."""
        network, texts = plan.network, self._texts
        wanted = [
            ("v", texts.vnet, "$text-secondary", "", network.vnet.ranges if not network.vnet.id else ()),
            ("n", texts.subnet, "$text-primary", "v", (network.subnet.range,)),
            ("s", texts.service, "$text-warning", "", (network.service_cidr,)),
            ("p", texts.pods, "$text-success", "", (network.pod_cidr,)),
            *(
                ("k", item.what or item.range, "$text-muted", "", (item.range,))
                for item in network.known_ranges[:8]
            ),
        ]
        drawn = [
            Drawn(letter=letter, name=name, range=found, color=color, inside=inside)
            for letter, name, color, inside, values in wanted
            for text in values
            if (found := read_range(text)) is not None
        ]
        kept = [
            Drawn(letter="r", name=texts.reserved, range=item, color="$text-error")
            for item in _RESERVED
            if any(item.overlaps(other.range) for other in drawn)
        ]
        subnet, pod_range = read_range(network.subnet.range), read_range(network.pod_cidr)
        budget = (
            sum(most(pool) for pool in plan.node_pools),
            sum(surge(pool) for pool in plan.node_pools),
            max(0, subnet.num_addresses - _AZURE_KEEPS) if subnet else 0,
            sum(most(pool) * pool.max_pods for pool in plan.node_pools),
            pod_range.num_addresses if pod_range else 0,
        )
        if drawn + kept != self._drawn or budget != self._budget:
            self._drawn, self._budget = drawn + kept, budget
            self.refresh(layout=True)

    def _strips(self, width: int) -> list[tuple[IPv4Network, int]]:
        """Which spaces are drawn, in how many cells."""
        strips = [(_TEN, 64 if width >= 64 else 32)]
        strips += [
            (space, 16) for space in _OTHERS if any(item.range.overlaps(space) for item in self._drawn)
        ]
        return strips

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 as Textual calls it
        return 1 + len(self._strips(width)) + len(self._drawn) + len(self._budget_lines(width))

    def _indent(self, width: int) -> int:
        return max(0, min(2, width - self._strips(width)[0][1] - 2))

    def _budget_lines(self, width: int) -> list[str]:
        """Nodes and pods against the addresses there are, folded where it is narrow."""
        nodes, more, room, pods, space = self._budget
        text = self._texts.budget.format(
            nodes=f"{nodes:,}", surge=f"{more:,}", room=f"{room:,}", pods=f"{pods:,}", space=f"{space:,}"
        )
        indent = self._indent(width)
        return [" " * indent + line for line in wrap(text, max(8, width - indent))]

    def render(self) -> Content:
        width = self.size.width
        strips = self._strips(width)
        indent = self._indent(width)
        pad = " " * indent
        count = strips[0][1]
        scale = "".join(fit(f"10.{start}", count // 4) for start in (0, 64, 128, 192))
        lines = [Content.styled(f"{pad}{scale}", "$text-muted")]
        lines += [self._strip(space, cells_, pad) for space, cells_ in strips]
        for item in self._drawn:
            against = [other.name for other in self._drawn if clash(item, other)]
            first, last = item.range.network_address, item.range.broadcast_address
            text = f"{fit(item.name, 14, self._marks.more)} {first!s:>15} {self._marks.line} {last!s:<15}"
            note = f"  X {self._texts.overlap} {', '.join(dict.fromkeys(against))}" if against else ""
            lines.append(
                Content.assemble(
                    pad, (item.letter, f"bold {item.color}"), " ", (fit(text, 48), "$text-muted"),
                    (fit(note, max(0, width - 50 - indent), self._marks.more), "$text-error"),
                )
            )  # fmt: skip
        nodes, more, room, pods, space_ = self._budget
        short = nodes + more > room > 0 or pods > space_ > 0
        style = "$text-error" if short else "$text-muted"
        lines += [Content.styled(line, style) for line in self._budget_lines(width)]
        return Content("\n").join(lines)

    def _strip(self, space: IPv4Network, count: int, pad: str) -> Content:
        colors = {item.letter: item.color for item in self._drawn}
        strip: list[tuple[str, str]] = [(pad, "")]
        for cell in cells(self._drawn, count, space):
            style = (
                "bold $text-error" if cell == "X" else f"bold {colors[cell]}" if cell else "$text-disabled"
            )
            strip.append((cell or self._marks.todo, style))
        if space is not _TEN:
            strip.append((f"  {space}", "$text-muted"))
        return Content.assemble(*strip)
