"""Nothing is lost: leaving at any point and coming back lands where one was."""

import stat
from pathlib import Path

import pytest
from wizard_fake import FakeContext, ready_plan

from byocni_tui.app import make_app
from byocni_tui.errors import UserError
from byocni_tui.files import load_plan
from byocni_tui.locale import Translator
from byocni_tui.screens import preferences
from byocni_tui.screens.store import Memory, Store


async def test_leaving_and_coming_back_lands_where_one_was(tmp_path: Path) -> None:
    app = make_app(FakeContext(plan=ready_plan()), Store("t", home=tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["ctrl+n"] * 4, *["down"] * 3, "end", "x")
        await pilot.pause()
        await pilot.press("f9", "ctrl+q")
    assert app.return_value == 0
    store = Store("t", home=tmp_path)
    again = make_app(FakeContext(plan=store.load_plan()), store, preferences=preferences.load())
    assert again.session.step == "cluster"
    assert again.session.plan.cluster.name == "myAKSCluster"
    assert again.session.text("node_pools[0].count") == "3x"
    assert again.theme == "byocni-light"


def test_the_answers_are_a_file_that_other_commands_read(tmp_path: Path) -> None:
    store = Store("t", home=tmp_path)
    assert store.save(ready_plan(), Memory(), Translator()) == ""
    assert load_plan(store.answers) == ready_plan()


def test_a_note_that_is_damaged_is_as_good_as_none(tmp_path: Path) -> None:
    store = Store("t", home=tmp_path)
    store.save(ready_plan(), Memory(step="cni"), Translator())
    (tmp_path / "wizard" / "t.json").write_text("{half")
    assert store.load_memory() == Memory()


def test_damaged_answers_are_named_and_not_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "wizard"
    folder.mkdir()
    (folder / "t.yaml").write_text("version: 1\nnetwork: [")
    with pytest.raises(UserError) as caught:
        Store("t", home=tmp_path).load_plan()
    assert caught.value.exit_code == 2
    assert (folder / "t.yaml").read_text() == "version: 1\nnetwork: ["


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, lang: str) -> None:
    (tmp_path / "wizard").write_text("a file where the folder should be")
    said = Store("t", home=tmp_path).save(ready_plan(), Memory(), Translator(lang))
    assert str(tmp_path) in said
    assert Store("t", home=tmp_path).write_copy("x") == ""


def test_the_folder_is_ones_own(tmp_path: Path) -> None:
    store = Store("t", home=tmp_path)
    store.save(ready_plan(), Memory(), Translator())
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
