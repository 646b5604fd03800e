"""What stands beside the steps, and what Ctrl-O offers on each."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from shots import fits, rows, text
from tool_steps import at, settle, typed, wizard
from wizard_fake import FakeContext, ready_plan

from byocni_tui.app import Reopen
from byocni_tui.plan.facts import Facts
from byocni_tui.plan.path import replace
from byocni_tui.screens.store import Store

SUB = "/subscriptions/26fe00f8-9173-4872-9134-bb1d2e00343a"
NETWORK = f"{SUB}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub"
NETWORKS = (
    {
        "id": NETWORK, "name": "hub", "location": "chinanorth3",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
            "subnets": [
                {"id": f"{NETWORK}/subnets/nodes", "name": "nodes",
                 "properties": {"addressPrefix": "10.1.1.0/24", "networkSecurityGroup": {"id": "x"},
                                "ipConfigurations": [{"id": "a"}, {"id": "b"}]}},
                {"id": f"{NETWORK}/subnets/sql", "name": "sql",
                 "properties": {"addressPrefix": "10.1.2.0/24",
                                "delegations": [{"properties": {"serviceName": "Microsoft.Sql/managedInstances"}}]}},
            ],
        },
    },
)  # fmt: skip
PROVIDERS = ({"namespace": "Microsoft.ContainerService", "registrationState": "NotRegistered"},)
GROUPS = ({"id": f"{SUB}/resourceGroups/shared", "name": "shared", "location": "chinanorth3"},)


class World(FakeContext):
    """A context that knows these facts from the beginning."""

    def __init__(self, *, known: Facts | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.facts = known

    async def collect(self, *keys: str) -> Facts:
        self.calls.append("collect")
        assert self.facts is not None
        return self.facts


async def test_the_jump_list_finds_every_field_and_leads_there() -> None:
    _, app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f2")
        await typed(pilot, "max_surge")
        await pilot.press("enter")
        await settle(pilot)
        assert app.session.step == "cluster"
        assert app.wizard_screen._field == "node_pools[0].max_surge"  # type: ignore[union-attr]
        assert "10%" in text(app)


async def test_the_catalogue_compares_explains_and_puts_a_plugin_into_the_plan() -> None:
    context, app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f2")
        await typed(pilot, "catalogue")
        await pilot.press("enter")
        await settle(pilot)
        seen = text(app)
        assert "Cilium" in seen
        assert "Calico" in seen
        fits(app, 80, 24)
        await pilot.press("down", "down")
        await settle(pilot)
        assert "Versions" in text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert context.plan.cni.plugin == "calico"
        assert app.screen is app.wizard_screen


async def test_a_refused_plugin_is_explained_and_not_taken() -> None:
    context, app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        app.wizard_screen.action_tool("catalogue")  # type: ignore[union-attr]
        await settle(pilot)
        await pilot.press("end", "enter")
        await settle(pilot)
        assert context.plan.cni.plugin == "cilium"
        assert app.screen is not app.wizard_screen
        assert "BYO7" in text(app)


async def test_settings_take_effect_at_once_and_are_kept(environment: Path, tmp_path: Path) -> None:
    _, app = wizard(store=Store("t", home=tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        app.wizard_screen.action_tool("settings")  # type: ignore[union-attr]
        await settle(pilot)
        fits(app, 80, 24)
        await pilot.press("down", "right")
        await settle(pilot)
        assert app.theme == "byocni-light"
        await pilot.press("up", "end")
        await settle(pilot)
        assert "设置" in text(app)
        assert "语言" in text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "下一步" in rows(app)[-1]
    kept = json.loads((environment / "settings.json").read_text())
    assert kept["theme"] == "light"
    assert kept["lang"] == "zh"


async def test_doctor_names_the_cause_of_the_plans_cluster() -> None:
    context, app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        app.wizard_screen.action_tool("doctor")  # type: ignore[union-attr]
        await settle(pilot)
        seen = text(app)
        assert "1 of 2 nodes are Ready" in seen
        assert "cni plugin not initialized" in seen
        assert "BYO801" in seen
        assert "Install one." in seen
        fits(app, 80, 24)
        await typed(pilot, "/nowhere/kubeconfig")
        await pilot.press("enter")
        await settle(pilot)
        assert "There is no file /nowhere/kubeconfig" in text(app)
        assert context.calls.count("diagnose") == 1


async def test_doctor_shows_what_refused() -> None:
    context, app = wizard()

    async def refused(kubeconfig: Path | None = None) -> dict[str, Any]:
        raise ConnectionError("no route to host")

    context.diagnose = refused
    async with app.run_test(size=(80, 24)) as pilot:
        app.wizard_screen.action_tool("doctor")  # type: ignore[union-attr]
        await settle(pilot)
        assert "no route to host" in text(app)


async def test_review_shows_the_plan_in_other_tongues_and_writes_them(tmp_path: Path) -> None:
    context, app = wizard(FakeContext(plan=replace(ready_plan(), "cluster.name", "tongue-twister")))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "review")
        await pilot.press("right", "right")
        await settle(pilot)
        assert "main.bicep" in text(app)
        fits(app, 80, 24)
        await pilot.press("f6")
        await settle(pilot)
        assert app.clipboard == context.export("bicep")
        await pilot.press("ctrl+o", "ctrl+u")
        await typed(pilot, str(tmp_path / "out"))
        await pilot.press("enter")
        await settle(pilot)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(context.tongues().values())
    assert "tongue-twister" in (tmp_path / "out" / "create.sh").read_text()


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    _, app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "review")
        await pilot.press("ctrl+o", "ctrl+u")
        await typed(pilot, str(tmp_path / "file" / "under"))
        await pilot.press("enter")
        await settle(pilot)
        assert app.session.step == "review"
        assert any("under" in note.message for note in app._notifications)


async def test_a_second_pool_comes_and_goes() -> None:
    context, app = wizard()
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "cluster")
        await pilot.press("ctrl+o", "enter")
        await settle(pilot)
        assert [pool.mode for pool in context.plan.node_pools] == ["system", "user"]
        assert "Pool 2" in text(app)
        assert app.wizard_screen._field == "node_pools[1].name"  # type: ignore[union-attr]
        assert any("az aks nodepool add" in command for command in app.session.commands())
        fits(app, 80, 24)
        await pilot.press("ctrl+o", "down", "enter")
        await settle(pilot)
        assert len(context.plan.node_pools) == 1
        assert "Pool 2" not in text(app)


async def test_subnets_are_picked_with_what_is_known_of_them() -> None:
    plan = replace(ready_plan(), "network.managed", False)
    context, app = wizard(World(plan=plan, known=Facts(cloud="AzureChinaCloud", virtual_networks=NETWORKS)))
    async with app.run_test(size=(80, 40)) as pilot:
        await at(pilot, "network")
        seen = text(app)
        assert "hub/nodes" in seen
        assert "249 free, NSG" in seen
        assert "delegated to Sql/managedInstances" in seen
        picker = app.wizard_screen.panel._list  # type: ignore[union-attr]
        picker.focus()
        await pilot.press("down", "enter")
        await settle(pilot)
        assert context.plan.network.subnet.id == f"{NETWORK}/subnets/nodes"
        assert context.plan.network.vnet.id == NETWORK
        assert context.plan.network.subnet.range == "10.1.1.0/24"
        picker.focus()
        await pilot.press("home", "enter")
        await settle(pilot)
        assert context.plan.network.subnet.id is None


async def test_the_map_of_an_existing_subnet_shows_what_azure_says_of_it() -> None:
    plan = replace(ready_plan(), "network.managed", False)
    for path, value in (("network.vnet.id", NETWORK), ("network.subnet.id", f"{NETWORK}/subnets/nodes")):
        plan = replace(plan, path, value)
    _, app = wizard(World(plan=plan, known=Facts(virtual_networks=NETWORKS)))
    async with app.run_test(size=(100, 40)) as pilot:
        await at(pilot, "network")
        seen = text(app)
        assert re.search(r"10\.1\.1\.0 . 10\.1\.1\.255", seen)
        assert "10.224" not in seen
        assert "of 251 addresses" in seen
        rows = app.wizard_screen.panel.rows  # type: ignore[union-attr]
        assert not rows["network.subnet.range"].display


async def test_switching_to_an_own_network_shows_its_fields() -> None:
    _, app = wizard(World(plan=ready_plan(), known=Facts(virtual_networks=NETWORKS)))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "network")
        assert "VNet id" not in text(app)
        await pilot.press("right")
        await settle(pilot)
        assert "network.subnet.id" in app.wizard_screen.panel.rows  # type: ignore[union-attr]
        assert app.wizard_screen._field == "network.managed"  # type: ignore[union-attr]


async def test_an_existing_group_is_picked() -> None:
    context, app = wizard(World(plan=ready_plan(), known=Facts(resource_groups=GROUPS)))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "group")
        await pilot.press("down", "right", "tab", "enter")
        await settle(pilot)
        assert not context.plan.resource_group.create
        assert context.plan.resource_group.name == "shared"


async def test_one_key_registers_a_provider() -> None:
    context, app = wizard(World(plan=ready_plan(), known=Facts(cloud="AzureChinaCloud", providers=PROVIDERS)))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "preflight")
        assert "BYO503" in text(app)
        assert "F4" in text(app)
        await pilot.press("f4")
        await settle(pilot)
        assert "mend BYO503" in context.calls
        assert "BYO503" not in "\n".join(rows(app)[:16])


async def test_an_error_from_facts_is_overridden_with_a_reason() -> None:
    context, app = wizard(World(plan=ready_plan(), known=Facts(cloud="AzureChinaCloud", providers=PROVIDERS)))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "preflight")
        await pilot.press("ctrl+o")
        await settle(pilot)
        await typed(pilot, "registered by hand a minute ago")
        await pilot.press("enter")
        await settle(pilot)
        assert context.plan.override == {"BYO503": "registered by hand a minute ago"}
        assert app.session.all_problems() == 0
        await at(pilot, "review")
        assert "registered by hand a minute ago" in text(app)


async def test_another_scenario_is_opened_from_start() -> None:
    _, app = wizard(scenario="article")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+o")
        await settle(pilot)
        assert "article" in text(app)
        await pilot.press("home", "enter")
        await settle(pilot)
    assert app.return_value == Reopen(live=True)


async def test_another_way_to_sign_in() -> None:
    context, app = wizard(FakeContext(plan=ready_plan(), mode="live"))
    async with app.run_test(size=(80, 24)) as pilot:
        await at(pilot, "account")
        await pilot.press("ctrl+o", "down", "down", "enter")
        await settle(pilot)
        assert "sign_in device-code" in context.calls


class Coach:
    """A lesson as the wizard knows it."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.hints = 0

    def widget(self) -> Any:
        from textual.widgets import Static

        return Static("COACH: acknowledge the boundary")

    def noticed(self, what: str, detail: dict[str, Any]) -> None:
        self.told.append((what, detail))

    def act(self) -> None:
        self.hints += 1

    def debrief(self) -> str:
        return "Score 7 of 9"


@pytest.mark.parametrize("size", [(80, 24), (110, 30), (140, 40)])
async def test_a_lesson_has_a_dock_hears_what_happens_and_has_the_last_word(size: tuple[int, int]) -> None:
    context = FakeContext(plan=ready_plan())
    coach = context.lesson = Coach()
    _, app = wizard(context)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert "COACH" in text(app)
        await pilot.press("ctrl+t")
        assert coach.hints == 1
        await at(pilot, "review")
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert "COACH" in text(app), "it stays in view while deploying"
        fits(app, *size)
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert "Score 7 of 9" in text(app)
    told = [what for what, _ in coach.told]
    assert told[0] == "step"
    assert {"deploy", "event", "done", "nodes"} <= set(told)


async def test_the_palette_offers_the_tools_in_the_language_of_the_moment() -> None:
    _, app = wizard(FakeContext(plan=ready_plan(), lang="zh"))
    async with app.run_test(size=(80, 24)) as pilot:
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "设置" in titles
        await pilot.press("ctrl+p")
        await asyncio.sleep(0)
        await typed(pilot, "诊断")
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "只读取群集" in text(app)


@pytest.mark.parametrize("begin", ["ahead", "step"])
async def test_leaving_while_panels_are_being_made_leaves_quietly(begin: str) -> None:
    _, app = wizard()
    async with app.run_test(size=(80, 24)):
        screen = app.wizard_screen
        app.exit()
        await (screen._ahead() if begin == "ahead" else screen.show_step("cni"))
    assert app.return_code == 0
