"""Every place that raises an error gives its text what the text asks for, and every text of a failure has a remedy."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from byocni_tui.locale import Translator

ROOT = Path(__file__).parents[2] / "byocni_tui"
PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z_][a-z0-9_]*)(?:[:!][^}]*)?\}")
TR = Translator("en")


def raised(name: str) -> Iterator[tuple[str, str, set[str]]]:
    """Where, the key, and the values given; those that hand on a whole mapping are left out."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == name and node.args):
                continue
            key = node.args[0]
            if isinstance(key, ast.Constant) and all(keyword.arg for keyword in node.keywords):
                yield f"{path.name}:{node.lineno}", str(key.value), {str(k.arg) for k in node.keywords}


USER = list(raised("UserError"))
STEP = list(raised("StepError"))


@pytest.mark.parametrize(("where", "key", "given"), USER, ids=[f"{w}-{k}" for w, k, _ in USER])
def test_a_user_error_is_filled_in(where: str, key: str, given: set[str]) -> None:
    assert TR.has(f"errors.{key}"), where
    wanted = set(PLACEHOLDER.findall(TR(f"errors.{key}")))
    assert wanted <= given - {"exit_code", "detail"}, "detail is shown below the text, not in it"


@pytest.mark.parametrize(("where", "code", "given"), STEP, ids=[f"{w}-{k}" for w, k, _ in STEP])
def test_a_failed_step_is_filled_in_and_has_a_remedy(where: str, code: str, given: set[str]) -> None:
    for part in ("what", "remedy"):
        key = f"deploy.errors.{code}.{part}"
        assert TR.has(key), where
        assert set(PLACEHOLDER.findall(TR.find(key))) <= given | {"code", "original"}, where


def test_texts_for_codes_of_services_ask_for_nothing_else() -> None:
    """What a service's refusal fills in: its code, its words, the request."""
    ours = {code for _, code, _ in STEP} | {"no_helm"}
    for code, texts in TR.find("deploy.errors").items():
        if code not in ours:
            wanted = {name for text in texts.values() for name in PLACEHOLDER.findall(text)}
            assert wanted <= {"code", "original", "operation"}, code
