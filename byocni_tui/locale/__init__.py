"""Texts in English and Simplified Chinese: one TOML file a topic and language, read when first asked for.

A key is ``topic.table.name``: ``tr("rules.BYO201.message", value=…)`` reads ``en/rules.toml``. Placeholders are
``{name}``; a literal brace is doubled.
"""

import os
import string
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

LANGUAGES: Final = {"en": "en", "zh": "zh_CN"}
_HERE = Path(__file__).parent


@cache
def _topic(folder: str, topic: str) -> dict[str, Any]:
    path = _HERE / folder / f"{topic}.toml"
    with path.open("rb") as file:
        return tomllib.load(file)


class _Lenient(string.Formatter):
    """Shows ``{name}`` where a value is missing: a text must never fail in front of a user; a test finds the gap."""

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        return kwargs.get(key, f"{{{key}}}") if isinstance(key, str) else super().get_value(key, args, kwargs)


_FORMATTER = _Lenient()


class Translator:
    """Looks up texts in one language. ``lang`` is ``en`` or ``zh``."""

    def __init__(self, lang: str = "en") -> None:
        if lang not in LANGUAGES:
            raise ValueError(lang)
        self.lang = lang

    def find(self, key: str) -> Any:
        """What stands at ``key``, or None."""
        topic, *names = key.split(".")
        try:
            node: Any = _topic(LANGUAGES[self.lang], topic)
        except FileNotFoundError:
            return None
        for name in names:
            if not isinstance(node, dict) or name not in node:
                return None
            node = node[name]
        return node

    def has(self, key: str) -> bool:
        """Whether there is a text at ``key``."""
        return isinstance(self.find(key), str)

    def __call__(self, key: str, **values: Any) -> str:
        """The text at ``key``, filled; the key itself where there is none (a test holds that this never happens)."""
        text = self.find(key)
        if not isinstance(text, str):
            return key
        return _FORMATTER.vformat(text, (), values)


def preferred_language(environ: dict[str, str] | None = None) -> str:
    """``zh`` where the locale variables ask for Chinese, else ``en`` (order of POSIX: LC_ALL, LC_MESSAGES, LANG)."""
    env = os.environ if environ is None else environ
    for name in ("BYOCNI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := env.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
