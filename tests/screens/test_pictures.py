"""The golden path as pictures, one theme each way and without colour."""

from typing import Any

import pytest
from wizard_fake import FakeContext, ready_plan

from byocni_tui.app import make_app

PATH = {"network": 5, "cni": 6, "review": 8, "deploy": 9}


@pytest.mark.parametrize("step", list(PATH))
def test_golden_path(snap_compare: Any, step: str) -> None:
    app = make_app(FakeContext(plan=ready_plan()), about="article")
    assert snap_compare(app, press=["ctrl+n"] * PATH[step], terminal_size=(120, 34))


@pytest.mark.parametrize("theme", ["dark", "light", "contrast", "safe"])
def test_themes(snap_compare: Any, theme: str) -> None:
    app = make_app(FakeContext(plan=ready_plan()), theme=theme)
    press = [*["ctrl+n"] * 5, "down", "end", *["backspace"] * 11, *"10.244.0.0/16", "tab"]
    keys = [{".": "full_stop", "/": "slash"}.get(key, key) for key in press]
    assert snap_compare(app, press=keys, terminal_size=(80, 24))


def test_without_colour(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(FakeContext(plan=ready_plan()))
    assert snap_compare(app, press=["ctrl+n"] * 5, terminal_size=(80, 24))
