"""The whole way by keys alone, and how fields behave under them."""

from typing import Any

import msgspec
import pytest
from shots import fits, rows, text
from wizard_fake import FakeContext, nodes, ready_plan

from byocni_tui.app import WizardApp, make_app
from byocni_tui.screens import steps


async def settle(pilot: Any) -> None:
    """Until nothing is under way."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete(
        [worker for worker in pilot.app.workers if worker.group in ("facts", "preflight")]
    )
    await pilot.pause()


async def type_text(pilot: Any, words: str) -> None:
    for char in words:
        await pilot.press(char)
    await pilot.pause()


def wizard(**options: Any) -> tuple[FakeContext, WizardApp]:
    context = FakeContext(**options)
    return context, make_app(context)


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_from_start_to_a_verified_cluster_by_keys(lang: str) -> None:
    context, app = wizard(lang=lang)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+n")
        assert app.session.step == "start", "the support boundary has to be acknowledged"
        await pilot.press("left", "ctrl+n", "ctrl+n", "ctrl+n")
        await settle(pilot)
        await type_text(pilot, "my-group")
        await pilot.press("ctrl+n")
        await type_text(pilot, "my-cluster")
        await pilot.press("ctrl+n", "ctrl+n")
        await pilot.press("ctrl+n")
        if app.session.step == "cni":
            await pilot.press("f5", "ctrl+n")
        await settle(pilot)
        assert app.session.step == "preflight"
        await pilot.press("ctrl+n")
        assert app.session.step == "review"
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert app.session.step == "deploy"
        assert app.session.run.done
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert app.session.step == "done"
        assert "my-cluster" in text(app)
        assert context.plan.resource_group.name == "my-group"
        fits(app, 80, 24)


async def test_a_field_complains_late_and_forgives_early() -> None:
    _, app = wizard(plan=ready_plan())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+n"] * 5, "down")
        await settle(pilot)
        assert app.session.step == "network"
        await pilot.press("end", *["backspace"] * 11)
        await type_text(pilot, "10.244.0.0/16")
        assert "BYO204" not in text(app), "nothing is said while the field has not been left"
        await pilot.press("tab")
        assert "BYO204" in text(app)
        await pilot.press("shift+tab", "end", *["backspace"] * 13)
        await type_text(pilot, "10.0.0.0/16")
        assert "BYO204" not in text(app), "the key that mends it takes the message away"


async def test_one_key_takes_the_remedy_and_next_says_why_it_is_blocked() -> None:
    context, app = wizard(plan=ready_plan())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+n"] * 5, "down", "end", *["backspace"] * 11)
        await type_text(pilot, "10.244.0.0/16")
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert app.session.step == "network"
        assert "Next (1 to mend)" in rows(app)[-1]
        await pilot.press("f4")
        await settle(pilot)
        assert "BYO204" not in text(app)
        assert context.plan.network.pod_cidr != context.plan.network.service_cidr
        await pilot.press("ctrl+n")
        assert app.session.step == "cni"


async def test_back_is_never_blocked_and_the_list_jumps() -> None:
    _, app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f2", "down", "down", "down", "enter")
        await settle(pilot)
        assert app.session.step == "group"
        await pilot.press("ctrl+b")
        await settle(pilot)
        assert app.session.step == "region"


async def test_the_preview_follows_each_key() -> None:
    _, app = wizard(plan=ready_plan())
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press(*["ctrl+n"] * 4, "end")
        await type_text(pilot, "X")
        assert "myAKSClusterX" in text(app)
        assert any("--name myAKSClusterX" in command for command in app.session.commands())


async def test_text_that_cannot_be_read_is_kept_and_blocks() -> None:
    context, app = wizard(plan=ready_plan())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+n"] * 4, *["down"] * 3, "end")
        await type_text(pilot, "x")
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert app.session.step == "cluster"
        assert context.plan.node_pools[0].count == 3
        assert "3x" in text(app)
        await pilot.press("backspace", "ctrl+n")
        await settle(pilot)
        assert app.session.step == "network"


async def test_a_failed_step_says_what_happened_and_leads_to_its_answer() -> None:
    _, app = wizard(plan=ready_plan(), fail_at="cluster")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+n"] * 9)
        await settle(pilot)
        seen = text(app)
        assert "The quota of this VM family is used up" in seen
        assert "Ask for more cores" in seen
        assert "exceeding quota" in seen
        await pilot.press("ctrl+e")
        await settle(pilot)
        assert app.session.step == "cluster"
        assert app.session.left
        await pilot.press(*["ctrl+n"] * 5)
        await settle(pilot)
        await pilot.press("ctrl+r")
        await settle(pilot)
        assert app.session.run.done


async def test_ctrl_c_in_a_run_asks_and_leaving_is_the_default() -> None:
    context, app = wizard(plan=ready_plan())
    context.hold.clear()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+n"] * 9)
        await pilot.pause()
        assert app.session.run.active
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert "Leave it running" in text(app)
        await pilot.press("enter")
        await pilot.pause()
    assert app.return_value == 4
    assert context.closed


async def test_live_wants_the_name_typed() -> None:
    context, app = wizard(plan=ready_plan(), mode="live")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+n"] * 9)
        await settle(pilot)
        await type_text(pilot, "wrong")
        await pilot.press("enter")
        await pilot.pause()
        assert "deploy" not in context.calls
        await pilot.press("ctrl+u")
        await type_text(pilot, "myAKSCluster")
        await pilot.press("enter")
        await settle(pilot)
        assert "deploy" in context.calls
        assert "LIVE Lab" in rows(app)[0]


async def test_language_changes_at_once_and_keeps_the_place() -> None:
    _, app = wizard(plan=ready_plan())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+n"] * 5, "f8")
        await settle(pilot)
        assert app.session.step == "network"
        assert "服务" in text(app)


async def test_pastes_and_tiny_screens_do_no_harm() -> None:
    context, app = wizard(plan=ready_plan())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+n"] * 4)
        await settle(pilot)
        from textual.events import Paste

        app.screen.focused.post_message(Paste("\x1b[31m\u202eabc\u0007" + "x" * 100_000))  # type: ignore[union-attr]
        await pilot.pause()
        name = context.plan.cluster.name or ""
        assert len(name) < 5000
        assert name.isprintable()
        for size in ((20, 5), (200, 60), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert app.session.step == "cluster"
        assert context.plan.cluster.name == name


async def test_five_thousand_nodes_are_one_screen_worst_first() -> None:
    _, app = wizard(plan=ready_plan())
    async with app.run_test(size=(80, 24)) as pilot:
        await app.wizard_screen.show_step("deploy")  # type: ignore[union-attr]
        bad = nodes(5000, "ready")[4321]
        import msgspec

        many = list(nodes(5000, "ready"))
        many[4321] = msgspec.structs.replace(
            bad, stage="kubelet", ready=False, pod_problem="ImagePullBackOff"
        )
        app.session.take_nodes(many)
        app.session.changed()
        await pilot.pause()
        seen = text(app)
        assert "4999/5000" in seen
        assert bad.name[-10:] in seen
        fits(app, 80, 24)


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_nothing_is_cut_off_at_80_by_24(lang: str) -> None:
    _, app = wizard(plan=ready_plan(), lang=lang)
    async with app.run_test(size=(80, 24)) as pilot:
        for step_id in steps.IDS:
            await app.wizard_screen.show_step(step_id)  # type: ignore[union-attr]
            await settle(pilot)
            fits(app, 80, 24)
            seen = rows(app)
            assert seen[0].startswith(" byocni-tui")
            assert "SIMULATION" in seen[0]
            cut = [line for line in seen[2:-1] if line.rstrip().endswith("…") and "az " not in line]
            assert not [line for line in cut if line.startswith("  ")], cut
            for row in app.wizard_screen.panel.rows.values():  # type: ignore[union-attr]
                from rich.cells import cell_len

                assert cell_len(row.spec.label) <= 23, row.spec.label


async def test_a_cluster_that_exists_is_picked_and_its_network_is_not_asked() -> None:
    context, app = wizard(plan=ready_plan())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for key in ("down", "right", "ctrl+n", "ctrl+n"):
            await pilot.press(key)
            await settle(pilot)
        assert not context.plan.cluster.create
        assert app.session.order == (
            "start",
            "account",
            "cluster",
            "cni",
            "preflight",
            "review",
            "deploy",
            "done",
        )
        assert "old-cluster" in text(app)
        await pilot.press(*["tab"] * 5, "enter")
        await settle(pilot)
        assert context.plan.cluster.name == "old-cluster"
        assert context.plan.resource_group.name == "old-group"
        assert not context.plan.resource_group.create
        assert context.plan.region == "chinaeast2"
        fits(app, 80, 24)


async def test_a_subscription_is_picked_from_those_that_can_be_seen() -> None:
    context, app = wizard(plan=ready_plan())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert "learner@example.com" in text(app)
        await pilot.press("tab", "tab", "tab", "down", "enter")
        await settle(pilot)
        assert context.plan.subscription == "11111111-9173-4872-9134-bb1d2e00343a"


async def test_an_enter_that_comes_late_is_not_for_the_next_step() -> None:
    from byocni_tui.widgets.field_row import FieldRow

    _, app = wizard(plan=ready_plan())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+n"] * 5)
        await settle(pilot)
        before = text(app)
        for message in (FieldRow.Submitted("cluster.tier"), FieldRow.Entered("cluster.tier")):
            app.wizard_screen.post_message(message)  # type: ignore[union-attr]
        await settle(pilot)
        assert app.session.step == "network"
        assert text(app) == before


async def test_what_has_to_be_acknowledged_is_brought_into_view_with_the_key_that_does_it() -> None:
    plan = msgspec.structs.replace(ready_plan(), accept=())
    context, app = wizard(plan=plan)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+n"] * 7)
        await settle(pilot)
        await pilot.pause()
        assert app.session.step == "cni"
        assert "I have read this, go on" in text(app), "the offer under the last field has been scrolled to"
        await pilot.press("f5", "ctrl+n")
        await settle(pilot)
        assert app.session.step == "preflight"
        assert context.plan.accept == ("BYO709",)
