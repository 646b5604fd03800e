"""Tables and texts of the pages."""

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LANGUAGES = ("en", "zh")


@cache
def _texts(lang: str) -> dict[str, Any]:
    with (HERE / f"texts.{lang}.toml").open("rb") as file:
        return tomllib.load(file)


def text(lang: str, key: str) -> str:
    """The text at ``key`` (``cli.title``); a missing one is an error: pages are made by developers."""
    node: Any = _texts(lang)
    for name in key.split("."):
        node = node[name]
    return str(node).strip()


def cell(value: str) -> str:
    """What fits between two bars."""
    return value.replace("|", "\\|").replace("\n", " ") or " "


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table and the empty line after it."""
    lines = [f"| {' | '.join(cell(name) for name in head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell(name) for name in row)} |" for row in rows]
    return [*lines, ""]


def heads(lang: str, keys: str) -> list[str]:
    """Column heads from ``head.<key>``."""
    return [text(lang, f"head.{key}") for key in keys.split()]


def file_name(stem: str, lang: str) -> str:
    """``cli.md``, ``cli.zh-CN.md``."""
    return f"{stem}.md" if lang == "en" else f"{stem}.zh-CN.md"


def begin(lang: str, page: str) -> list[str]:
    """Title, the word that the page is made, and what it is for."""
    return [f"# {text(lang, f'{page}.title')}", "", text(lang, "made"), "", text(lang, f"{page}.intro"), ""]


def end(lines: list[str]) -> str:
    """The page's text."""
    return "\n".join(lines).rstrip() + "\n"
