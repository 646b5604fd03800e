"""Both languages say the same things: same keys, same placeholders, nothing left untranslated."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from byocni_tui.locale import Translator, preferred_language

ROOT = Path(__file__).parent.parent / "byocni_tui" / "locale"
TOPICS = sorted(path.stem for path in (ROOT / "en").glob("*.toml"))
PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z_][a-z0-9_]*)(?:[:!][^}]*)?\}")


def _texts(folder: str, topic: str) -> dict[str, str]:
    def walk(node: dict[str, Any], prefix: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, value in node.items():
            if isinstance(value, dict):
                found |= walk(value, f"{prefix}{key}.")
            else:
                found[f"{prefix}{key}"] = str(value)
        return found

    return walk(tomllib.loads((ROOT / folder / f"{topic}.toml").read_text(encoding="utf-8")), "")


def test_both_languages_have_the_same_topics() -> None:
    assert sorted(path.stem for path in (ROOT / "zh_CN").glob("*.toml")) == TOPICS


@pytest.mark.parametrize("topic", TOPICS)
def test_both_languages_have_the_same_keys(topic: str) -> None:
    assert sorted(_texts("en", topic)) == sorted(_texts("zh_CN", topic))


@pytest.mark.parametrize("topic", TOPICS)
def test_both_languages_fill_in_the_same_values(topic: str) -> None:
    english, chinese = _texts("en", topic), _texts("zh_CN", topic)
    different = {
        key: (text, chinese[key])
        for key, text in english.items()
        if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(chinese[key]))
    }
    assert different == {}


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US", "BYOCNI_LANG": "zh"}, "zh"),
        ({}, "en"),
    ],
)
def test_language_follows_the_environment(environ: dict[str, str], language: str) -> None:
    assert preferred_language(environ) == language


def test_a_missing_value_does_not_fail_in_front_of_a_user() -> None:
    assert Translator("en")("cli.unknown_near", word="x") == (
        "byocni-tui: there is no command 'x'. Did you mean '{near}'? 'byocni-tui --help' lists them all."
    )
