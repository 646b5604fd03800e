"""Commands in pages and README, unless marked *live* or *build*, run in the sandbox as a reader would run them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from doc_blocks import blocks, script

from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import read

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")] if path.with_suffix(".zh-CN.md").exists()
)
RUN = [page for page in PAGES if any(block.status is not None for block in blocks(page.read_text("utf-8")))]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).with_suffix("").as_posix()


def _commands(page: Path) -> list[tuple[str, int | None]]:
    """What is typed, without remarks: those are in the page's language."""
    return [
        (
            "\n".join(line.split("  #")[0].rstrip() for line in block.text.splitlines() if line[:1] != "#"),
            block.status,
        )
        for block in blocks(page.read_text("utf-8"))
    ]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_both_languages_show_the_same_commands(page: Path) -> None:
    other = page.with_name(f"{page.stem}.zh-CN.md")
    assert _commands(other) == _commands(page)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_targets_of_make_that_a_page_names_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    words = page.read_text("utf-8")
    named = re.findall(r"`make ([a-z-]+)", words) + re.findall(r"^make ([a-z-]+)(?: *#.*)?$", words, re.M)
    assert set(named) <= targets


@pytest.mark.parametrize("page", RUN, ids=_name)
def test_the_commands_of_a_page_run(page: Path, clients_path: str, tmp_path: Path) -> None:
    home, state = tmp_path / "home", tmp_path / "state"
    home.mkdir()
    (home / "packaging").symlink_to(ROOT / "packaging")  # as in a checkout
    env = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), clients_path]),
        "HOME": str(home),
        "BYOCNI_STATE_HOME": str(state),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
    }
    words = script(page, blocks(page.read_text("utf-8")))
    try:
        done = subprocess.run(
            ["bash", "-c", words], env=env, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
    finally:
        for file in [*state.rglob("endpoints.json"), *home.rglob("endpoints.json")]:
            if (endpoints := read(file.parent)) is not None:
                launcher.stop(endpoints)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
