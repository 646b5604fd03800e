"""Runs in the wizard: listed, gone on with, forgotten, stopped, cleaned up; and the nodes while one goes on."""

from pathlib import Path

import msgspec
from shots import fits, rows, text
from tool_steps import at, settle, typed, wizard
from wizard_fake import CLUSTERS, FakeContext, nodes, ready_plan

from byocni_tui.app import Reopen
from byocni_tui.deploy.event import Event
from byocni_tui.deploy.journal import Journal


def kept_run(run: str, status: str, made: bool = True) -> None:
    """A run in the journal of this test."""
    journal = Journal(run, create=True)
    journal.put("plan", ready_plan())
    journal.put("settings", {"mode": "live"})
    journal.append(
        Event(
            time="2026-11-23T10:00:00Z",
            run=run,
            step="cluster",
            status=status,
            message="The quota is used up",
        )
    )
    if made:
        journal.note(CLUSTERS[0]["id"], "cluster", "made", "cluster")
    journal.close()


async def test_runs_are_listed_inspected_and_gone_on_with(environment: Path) -> None:
    kept_run("20261123-100000-aaaa", "failed")
    kept_run("20261124-100000-bbbb", "failed", made=False)
    _, app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        app.wizard_screen.action_tool("runs")  # type: ignore[union-attr]
        await settle(pilot)
        seen = text(app)
        assert seen.index("20261124-100000-bbbb") < seen.index("20261123-100000-aaaa"), "the latest first"
        fits(app, 80, 24)
        await pilot.press("down")
        await settle(pilot)
        assert "managedClusters/old-cluster" in text(app)
        assert "The quota is used up" in text(app)
        await pilot.press("enter")
        await settle(pilot)
    assert app.return_value == Reopen(run="20261123-100000-aaaa")


async def test_a_run_is_forgotten_once_its_id_was_typed(environment: Path) -> None:
    kept_run("20261124-100000-bbbb", "failed")
    _, app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        app.wizard_screen.action_tool("runs")  # type: ignore[union-attr]
        await settle(pilot)
        await pilot.press("ctrl+d")
        await settle(pilot)
        assert "stay in Azure" in text(app), "what it made costs money, which is said first"
        await typed(pilot, "20261124-100000-bbbb")
        await pilot.press("enter")
        await settle(pilot)
        assert "No run yet" in text(app)
    assert not (environment / "runs" / "20261124-100000-bbbb").exists()


async def test_a_broken_journal_is_named_and_the_others_shown(environment: Path) -> None:
    kept_run("20261124-100000-bbbb", "failed")
    (environment / "runs" / "20261123-100000-aaaa").mkdir()
    (environment / "runs" / "20261123-100000-aaaa" / "journal.db").write_bytes(b"not a database" * 100)
    _, app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        app.wizard_screen.action_tool("runs")  # type: ignore[union-attr]
        await settle(pilot)
        assert "20261124-100000-bbbb" in text(app)
        assert "20261123-100000-aaaa" in text(app)


async def test_stop_cancels_in_azure_and_the_run_tells() -> None:
    context, app = wizard()
    context.hold.clear()
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "review")
        await pilot.press("ctrl+n")
        await pilot.pause()
        await pilot.press("ctrl+c", "down", "down", "enter")
        await settle(pilot)
        await pilot.pause()
        assert "cancel" in context.calls
        assert app.session.run.failed is not None
        assert "The operation was cancelled" in text(app)


async def test_stop_where_nothing_goes_on_in_azure_stops_here() -> None:
    context, app = wizard()
    context.hold.clear()
    context.cannot_cancel = True
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "review")
        await pilot.press("ctrl+n")
        await pilot.pause()
        await pilot.press("ctrl+c", "end", "enter")
        await settle(pilot)
        await pilot.pause()
        assert not app.session.run.active
        assert "Stopped here" in text(app)


async def test_a_failed_run_is_cleaned_up_once_the_name_was_typed() -> None:
    context, app = wizard(FakeContext(plan=ready_plan(), fail_at="cluster"))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "review")
        await pilot.press("ctrl+n")
        await settle(pilot)
        await pilot.press("ctrl+o")
        await settle(pilot)
        assert "managedClusters/old-cluster" in text(app)
        await typed(pilot, "myAKSCluster")
        await pilot.press("enter")
        await settle(pilot)
        assert "clean_up" in context.calls
        assert "All that this run made is gone" in text(app)


async def test_nodes_are_filtered_by_name_pool_and_problem() -> None:
    _, app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "deploy")
        many = list(nodes(200, "ready"))
        many[137] = msgspec.structs.replace(
            many[137], stage="cni-pod", ready=False, pod_problem="ImagePullBackOff: no"
        )
        app.session.take_nodes(many)
        app.session.changed()
        await pilot.press("slash")
        await typed(pilot, "imagepull")
        assert many[137].name[-8:] in text(app)
        assert "ImagePullBackOff: no" in text(app)
        assert many[136].name[-8:] not in text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "199/200" in text(app)


async def test_a_run_that_failed_is_shown_again_when_one_comes_back() -> None:
    failed = Event(
        time="2026-11-23T10:00:00Z", run="20261123-100000-aaaa", step="cluster", status="failed",
        message="The quota is used up", detail={"remedy": "Ask for more"},
    )  # fmt: skip
    _, app = wizard(resumed="20261123-100000-aaaa", past=[failed])
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "deploy")
        assert "The quota is used up" in text(app)
        assert "Retry" in rows(app)[-1]
    assert app.exit_status() == 1
