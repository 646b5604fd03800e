"""Every step as text, in both languages, narrow and wide; readable in a diff."""

import pytest
from shots import agrees, fits
from wizard_fake import FakeContext, ready_plan

from byocni_tui.app import make_app
from byocni_tui.screens import steps


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_every_step(lang: str, size: tuple[int, int]) -> None:
    app = make_app(FakeContext(plan=ready_plan(), lang=lang), about="article")
    async with app.run_test(size=size) as pilot:
        for step_id in steps.IDS:
            screen = app.wizard_screen
            assert screen is not None
            if step_id == "deploy":
                await pilot.press("ctrl+n")
            else:
                await screen.show_step(step_id)
            await pilot.pause()
            await app.workers.wait_for_complete(
                [worker for worker in app.workers if worker.group in ("facts", "preflight")]
            )
            await pilot.pause(0.3)
            fits(app, *size)
            agrees(app, f"{lang}/{size[0]}x{size[1]}/{steps.IDS.index(step_id) + 1:02}-{step_id}")


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_states(lang: str) -> None:
    """Blocked, failed, help, list of steps, commands in full, ASCII."""
    app = make_app(FakeContext(lang=lang, fail_at="cluster"), ascii_only=lang == "en")
    async with app.run_test(size=(80, 24)) as pilot:

        async def keep(name: str, *keys: str) -> None:
            await pilot.press(*keys)
            await pilot.pause(0.3)
            fits(app, 80, 24)
            agrees(app, f"{lang}/states/{name}")

        await keep("blocked", "ctrl+n")
        await keep("help", "f1")
        await keep("steps", "escape", "f2")
        await pilot.press("escape")
        app.context.plan = ready_plan()
        app.session.judge()
        await keep("commands", "f3")
        await keep("failed", "escape", *["ctrl+n"] * 9)
