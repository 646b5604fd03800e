"""Addresses: parsing against netaddr, the index against comparing one by one, suggestions that collide with nothing."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from netaddr import AddrFormatError, IPNetwork

from byocni_tui.rules import ranges
from byocni_tui.rules.index import Index
from byocni_tui.rules.ranges import PRIVATE, Range, known, parse, parse_address, show

_PART = st.integers(0, 260).map(str) | st.sampled_from(["00", "01", "", "a", "٣"])
_SHAPED = st.tuples(_PART, _PART, _PART, _PART, _PART, st.sampled_from(["/", "", "//", " /"])).map(
    lambda t: f"{t[0]}.{t[1]}.{t[2]}.{t[3]}{t[5]}{t[4]}"
)


@settings(max_examples=500, deadline=None)
@given(_SHAPED | st.text(max_size=20))
def test_parsing_agrees_with_netaddr(text: str) -> None:
    found = parse(text)
    parse_address(text)
    if isinstance(found, Range):
        network = IPNetwork(text.strip())
        assert (found.first, found.last, found.prefix) == (network.first, network.last, network.prefixlen)
        assert parse(str(found)) == found._replace(host_bits=False)
    elif _strict(text):
        raise AssertionError(text)


def _strict(text: str) -> bool:
    """A naive reading of ``d.d.d.d/n``."""
    address, _, prefix = text.strip().partition("/")
    numbers = [*address.split("."), prefix]
    if len(numbers) != 5 or not all(part.isascii() and part.isdigit() for part in numbers):
        return False
    if any(len(part) > 1 and part[0] == "0" for part in numbers):
        return False
    try:
        IPNetwork(text.strip())
    except (AddrFormatError, ValueError):
        return False
    return True


def _cidr(pair: tuple[int, int]) -> Range:
    address, prefix = pair
    first = address >> (32 - prefix) << (32 - prefix)
    return Range(first, first + (1 << (32 - prefix)) - 1, prefix)


_RANGES = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 32)).map(_cidr)
_INSIDE = st.tuples(st.integers(0x0A000000, 0x0AFFFFFF), st.integers(9, 30)).map(_cidr)


@settings(max_examples=200, deadline=None)
@given(st.lists(_RANGES | _INSIDE, max_size=30), _RANGES | _INSIDE)
def test_the_index_answers_as_comparing_one_by_one_does(ranges: list[Range], wanted: Range) -> None:
    index: Index[Any] = Index((item, number) for number, item in enumerate(ranges))
    expected = {number for number, item in enumerate(ranges) if item.overlaps(wanted)}
    assert {number for _, number in index.overlapping(wanted)} == expected
    assert index.overlaps(wanted) is bool(expected)


@settings(max_examples=200, deadline=None)
@given(st.lists(_INSIDE, max_size=30), st.integers(10, 28), st.lists(_INSIDE, max_size=3))
def test_a_free_range_collides_with_nothing(ranges: list[Range], prefix: int, also: list[Range]) -> None:
    index: Index[Any] = Index((item, None) for item in ranges)
    free = index.free(prefix, known("10.244.0.0/16"), also)
    assert free is not None
    assert free.prefix == prefix
    assert free.first % free.size == 0
    assert not any(free.overlaps(item) for item in [*ranges, *also])
    assert any(block.contains(free) for block in PRIVATE)


def test_the_conventional_range_is_taken_when_it_is_free() -> None:
    near = known("10.244.0.0/16")
    empty: Index[Any] = Index([])
    assert str(empty.free(16, near)) == "10.244.0.0/16"
    assert str(Index([(near, None)]).free(16, near)) == "10.245.0.0/16"
    full: Index[Any] = Index([(known("10.0.0.0/8"), None)])
    assert str(full.free(16, near)) == "172.16.0.0/16"
    everything: Index[Any] = Index([(known("0.0.0.0/0"), None)])
    assert everything.free(16, near) is None


def test_questions_to_ten_thousand_ranges_look_at_few() -> None:
    """Counted, not timed: an answer walks through what overlaps, not through everything."""
    ranges = [_cidr((0x0A000000 + number * 256, 24)) for number in range(10_000)]
    index: Index[Any] = Index((item, None) for item in ranges)
    assert len(list(index.overlapping(known("10.0.0.0/20")))) == 16
    assert next(index.overlapping(known("192.168.0.0/16")), None) is None
    assert str(index.free(16, known("10.0.0.0/16"))) == "10.40.0.0/16"
    assert show(0x0A000001) == "10.0.0.1"


def test_constants_are_what_netaddr_makes_of_them() -> None:
    for block in (
        *ranges.RESERVED,
        *ranges.UNUSABLE,
        *ranges.PRIVATE,
        ranges.PLATFORM_ADDRESS,
        ranges.EVERYTHING,
    ):
        assert ranges.parse(str(block)) == block
