"""The house: what no tool on the shelf checks."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "byocni_tui").rglob("*.py"))

TRACKED = subprocess.run(
    ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
).stdout.split("\0")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_answers_one_question(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


def test_links_lead_to_the_folders_people_open_most() -> None:
    for name in ("screens", "fixtures"):
        assert (ROOT / name).resolve() == (ROOT / "byocni_tui" / name).resolve()


def test_constraints_name_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines if line)


@pytest.mark.skipif(not any(TRACKED), reason="not a git checkout")
def test_nothing_names_a_machine_or_a_package_registry() -> None:
    # Spelt in pieces, so that this file does not name them either.
    forbidden = re.compile(
        "py" + r"pi\.org|registry\.np" + r"mjs|python" + r"hosted|/ro" + r"ot/|/wo" + r"rk/"
    )
    named = []
    for name in filter(None, TRACKED):
        path = ROOT / name
        if path.is_symlink() or not path.is_file() or path.suffix in {".gz", ".tgz", ".png"}:
            continue
        if forbidden.search(path.read_text(encoding="utf-8", errors="replace")):
            named.append(name)
    assert named == []


def test_no_two_test_modules_share_a_name() -> None:
    # pytest imports them by base name; with byte code left from an earlier run the second one would not be collected.
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))
