"""Pages that are made from the program's tables are what the program would make now."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.pages import all_pages
from tools.pages.fidelity import FIXTURES, SOURCES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return all_pages()


def test_no_page_is_stale(made: dict[str, str]) -> None:
    stale = [name for name, words in made.items() if (DOCS / name).read_text(encoding="utf-8") != words]
    assert stale == [], "run `make docs`"


def test_every_folder_of_fixtures_says_where_it_comes_from() -> None:
    folders = {path.relative_to(FIXTURES).as_posix() for path in FIXTURES.iterdir() if path.is_dir()}
    assert folders <= set(SOURCES)


def test_no_text_is_missing(made: dict[str, str]) -> None:
    for name, words in made.items():
        untranslated = [word for word in words.split() if word.startswith(("cli.", "fields.", "deploy."))]
        assert untranslated == [], name


def test_the_manual_page_is_read_by_groff(made: dict[str, str]) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    done = subprocess.run(
        [groff, "-man", "-Tutf8", "-K", "utf8", "-ww"],
        input=made["byocni-tui.1"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert "EXIT STATUS" in done.stdout.replace("\b", "") or "EEXXIITT" in done.stdout.replace("\b", "")
