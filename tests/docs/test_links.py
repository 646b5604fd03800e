"""Links of the pages lead somewhere, and every page is in both languages and in the index."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    near = [
        target for target, _ in LINK.findall(text) if "://" not in target and not target.startswith("mailto:")
    ]
    assert [target for target in near if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == DOCS], ids=lambda page: page.name)
def test_every_page_is_in_both_languages_and_in_the_index(page: Path) -> None:
    if page.name.endswith(".zh-CN.md"):
        other, index = page.with_name(page.name.replace(".zh-CN.md", ".md")), DOCS / "README.zh-CN.md"
    else:
        other, index = page.with_name(f"{page.stem}.zh-CN.md"), DOCS / "README.md"
    assert other.exists()
    if not page.name.startswith("README"):
        assert f"]({page.name})" in index.read_text(encoding="utf-8")
