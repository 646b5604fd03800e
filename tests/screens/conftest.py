"""A still picture: no blinking cursor, no animation."""

import pytest


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same screen on each run."""
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setattr("textual.widgets.Input._toggle_cursor", lambda self: None)
