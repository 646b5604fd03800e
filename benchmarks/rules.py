"""What a key press costs with ten thousand known ranges, and what the index of ranges is worth."""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from netaddr import IPNetwork

from byocni_tui.plan import path
from byocni_tui.plan.facts import Facts
from byocni_tui.plan.model import KnownRange, Plan
from byocni_tui.rules import check
from byocni_tui.rules.index import Index
from byocni_tui.rules.ranges import known

COUNT = 10_000
SMALL = 100


def _texts(count: int) -> list[str]:
    """Ranges of /24 to /28 in 10.0.0.0/9, none of them by chance where the questions look."""
    rng = random.Random(7)
    found: list[str] = []
    for _ in range(count):
        prefix = rng.choice((24, 25, 26, 28))
        address = 0x0A000000 + (rng.randrange(1 << 23) >> (32 - prefix) << (32 - prefix))
        found.append(f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}/{prefix}")
    return found


def _median(call: Callable[[], Any], times: int) -> float:
    spans = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        spans.append(time.perf_counter() - begin)
    return statistics.median(spans)


def _key(count: int) -> float:
    """Seconds from a changed field to findings; the index is built by the first check, which isn't counted."""
    ranges = tuple(KnownRange(range=text, what=text) for text in _texts(count))
    begin = path.replace(Plan(), "region", "westeurope")
    plan = msgspec.structs.replace(begin, network=msgspec.structs.replace(begin.network, known_ranges=ranges))
    facts, names = Facts(), iter(range(1000))
    check(plan, facts)
    return _median(
        lambda: check(path.replace(plan, "network.pod_cidr", f"10.{next(names) % 250}.0.0/16"), facts), 101
    )


def figures(figure: Any) -> Iterator[Any]:
    few, many = _key(SMALL), _key(COUNT)
    yield figure("all rules, one key, 10,000 known ranges", many * 1000, 5, "ms", "the index is not counted")
    yield figure("… against 100 known ranges", many / few, 5, "times", f"{few * 1000:.2f} ms with 100")
    texts = _texts(COUNT)
    index: Index[str] = Index((known(text), text) for text in texts)
    networks = [IPNetwork(text) for text in texts]
    wanted, asked = known("10.250.0.0/24"), IPNetwork("10.250.0.0/24")
    ours = _median(lambda: index.overlaps(wanted), 1001)
    pairwise = _median(lambda: any(asked in item or item in asked for item in networks), 3)
    note = f"{ours * 1e6:.1f} µs against {pairwise * 1000:.1f} ms"
    yield figure(
        "one overlap question, netaddr one by one / index", pairwise / ours, 100, "times", note, at_least=True
    )
    index.free(16, known("10.0.0.0/16"))
    free = _median(lambda: index.free(20, known("10.0.0.0/20")), 101)
    yield figure("a free /20 among 10,000 ranges", free * 1000, 10, "ms")
