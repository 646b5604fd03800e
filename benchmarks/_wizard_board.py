"""Run by ``wizard.py``: the Deploy screen with 5,000 nodes, 200 of them changing each second. Prints the worst delay in
seconds, the share of one core, and how many MiB 5,000 nodes take more than three."""

import asyncio
import gc
import resource
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "screens"))

from wizard_fake import FakeContext, nodes, ready_plan

from byocni_tui.app import make_app

SECONDS = 6.0
RATE = 200
COUNT = 5000


def used() -> float:
    """MiB in use now. The system's highest mark would be of no use: it is inherited from whoever started this."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


class Board(FakeContext):
    """Its nodes change at a pace."""

    def __init__(self) -> None:
        super().__init__(plan=ready_plan())
        self.sent: list[float] = []
        self.three = self.more = 0.0

    async def nodes(self) -> Any:
        yield nodes(3, "kubelet")
        await asyncio.sleep(1)
        self.three = used()
        states = list(nodes(COUNT, "kubelet"))
        yield tuple(states)
        await asyncio.sleep(1.0)
        self.began, self.cpu = time.perf_counter(), time.process_time()
        changed = 0
        while changed < RATE * SECONDS:
            due = int((time.perf_counter() - self.began) * RATE)
            while changed < due and changed < COUNT:
                states[changed] = msgspec.structs.replace(states[changed], stage="ready", ready=True)
                changed += 1
                self.sent.append(time.perf_counter())
            yield tuple(states)
            await asyncio.sleep(0.05)
        share = (time.process_time() - self.cpu) / (time.perf_counter() - self.began)
        self.more = used() - self.three
        self.share = share
        await asyncio.Event().wait()


async def main() -> None:
    context = Board()
    context.hold.clear()
    app = make_app(context)
    drawn: list[tuple[float, int]] = []
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press(*["ctrl+n"] * 9)
        board: Any = app.wizard_screen.panel._board  # type: ignore[union-attr]
        render = board.render

        def seen() -> Any:
            content = render()
            drawn.append((time.perf_counter(), sum(1 for row in board._rows if row.ready)))
            return content

        board.render = seen
        # The run has to get as far as the nodes for the board to be fed.
        app._watcher = asyncio.create_task(app._watch())
        while not hasattr(context, "share"):  # noqa: ASYNC110 a benchmark looks now and then
            await asyncio.sleep(0.2)
        await asyncio.sleep(0.5)
    late = 0.0
    for index, at in enumerate(context.sent):
        shown = next((when for when, ready in drawn if ready > index and when >= at), None)
        late = max(late, (shown if shown is not None else time.perf_counter()) - at)
    print(late, context.share, context.more)


if __name__ == "__main__":
    asyncio.run(main())
