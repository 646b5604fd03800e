"""An index of ranges: which ones overlap this one, and where is room for one more. Questions cost log n."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Generic, TypeVar

from byocni_tui.rules.ranges import PRIVATE, Range

T = TypeVar("T")


class Index(Generic[T]):
    """Ranges with something attached. CIDR ranges nest or are apart, so whatever overlaps a range either contains it
    (one lookup a prefix length in use) or begins inside it (a stretch of the sorted list)."""

    def __init__(self, items: Iterable[tuple[Range, T]]) -> None:
        self._items = sorted(items, key=lambda item: (item[0].first, item[0].prefix))
        self._firsts = [item[0].first for item in self._items]
        self._by_place: dict[tuple[int, int], list[tuple[Range, T]]] = {}
        for item in self._items:
            self._by_place.setdefault((item[0].first, item[0].prefix), []).append(item)
        self._prefixes = sorted({prefix for _, prefix in self._by_place})

    def __len__(self) -> int:
        return len(self._items)

    def overlapping(self, wanted: Range) -> Iterator[tuple[Range, T]]:
        """All that share an address with ``wanted``: the containing ones first, widest first."""
        for prefix in self._prefixes:
            if prefix >= wanted.prefix:
                break
            place = wanted.first >> (32 - prefix) << (32 - prefix)
            yield from self._by_place.get((place, prefix), ())
        begin = bisect_left(self._firsts, wanted.first)
        end = bisect_right(self._firsts, wanted.last)
        for item in self._items[begin:end]:
            if item[0].prefix >= wanted.prefix:
                yield item

    def overlaps(self, wanted: Range) -> bool:
        """Whether anything shares an address with ``wanted``."""
        return next(self.overlapping(wanted), None) is not None

    @cached_property
    def _merged(self) -> tuple[list[int], list[int]]:
        firsts: list[int] = []
        lasts: list[int] = []
        for found, _ in self._items:
            if lasts and found.first <= lasts[-1] + 1:
                lasts[-1] = max(lasts[-1], found.last)
            else:
                firsts.append(found.first)
                lasts.append(found.last)
        return firsts, lasts

    def free(self, prefix: int, near: Range, also: Iterable[Range] = ()) -> Range | None:
        """The nearest free range of that size: in the private block that ``near`` lies in (above it first, then
        below), else in the next block. ``also`` are a few ranges more that are taken. None: nothing is left."""
        taken = sorted((item.first, item.last) for item in also)
        home = [block for block in PRIVATE if block.holds(near.first)]
        for block in [*home, *(block for block in PRIVATE[:4] if block not in home)]:
            start = near.first if block in home else block.first
            up = self._search(block, prefix, start, taken, up=True)
            down = self._search(block, prefix, start, taken, up=False)
            found = [place for place in (up, down) if place is not None]
            if found:
                place = min(found, key=lambda place: (abs(place - start), place < start))
                return Range(place, place + (1 << (32 - prefix)) - 1, prefix)
        return None

    def _search(
        self, block: Range, prefix: int, start: int, taken: list[tuple[int, int]], *, up: bool
    ) -> int | None:
        size = 1 << (32 - prefix)
        if size > block.size:
            return None
        firsts, lasts = self._merged
        place = start // size * size
        if place < block.first:
            place = block.first
        while block.first <= place and place + size - 1 <= block.last:
            hit = self._hit(place, place + size - 1, firsts, lasts, taken)
            if hit is None:
                return place
            place = -(-(hit[1] + 1) // size) * size if up else (hit[0] - size) // size * size
        return None

    @staticmethod
    def _hit(
        first: int, last: int, firsts: list[int], lasts: list[int], taken: list[tuple[int, int]]
    ) -> tuple[int, int] | None:
        at = bisect_right(firsts, last) - 1
        if at >= 0 and lasts[at] >= first:
            return firsts[at], lasts[at]
        return next((item for item in taken if item[0] <= last and item[1] >= first), None)
