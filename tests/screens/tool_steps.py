"""How tests of the wizard get to its tools: a wizard on a made-up context, a step, typed words."""

from typing import Any

from wizard_fake import FakeContext, ready_plan

from byocni_tui.app import WizardApp, make_app


async def settle(pilot: Any) -> None:
    """Until nothing is under way."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete(
        [
            worker
            for worker in pilot.app.workers
            if worker.group in ("facts", "preflight", "doctor", "build", "clean")
        ]
    )
    await pilot.pause()


async def typed(pilot: Any, words: str) -> None:
    for char in words:
        await pilot.press(char)
    await pilot.pause()


def wizard(context: FakeContext | None = None, **options: Any) -> tuple[Any, WizardApp]:
    context = context or FakeContext(plan=ready_plan())
    return context, make_app(context, **options)


async def at(pilot: Any, step: str) -> None:
    await pilot.app.wizard_screen.show_step(step)
    await settle(pilot)
