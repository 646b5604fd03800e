"""What all tests share: an environment that doesn't depend on who runs them, and no state left in the user's home."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

FIXED = {
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "COLUMNS": "80",
}
CLEARED = (
    "NO_COLOR",
    "LANG",
    "LC_MESSAGES",
    "BYOCNI_LANG",
    "TEXTUAL_THEME",
    "KUBECONFIG",
    "AZURE_CONFIG_DIR",
    "LINES",
)


def end_sandboxes(folder: Path) -> None:
    """Tell every sandbox that runs below ``folder`` to end: one that a run leaves behind goes on until it is idle."""
    for file in folder.rglob("endpoints.json"):
        from byocni_tui.sandbox import launcher
        from byocni_tui.sandbox.endpoints import read

        found = read(file.parent)
        if found is not None and found.pid != os.getpid():
            with suppress(OSError):  # it has ended by itself
                launcher.control(found, "stop", "POST", {})


@pytest.fixture
def end_all() -> Callable[[Path], None]:
    """``end_sandboxes``, for its own test."""
    return end_sandboxes


@pytest.fixture(autouse=True)
def environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Path]:
    """A fixed locale and terminal, and a home for state that is the test's own. What the test has started and left
    ends with it."""
    for name, value in FIXED.items():
        monkeypatch.setenv(name, value)
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith(("AZURE_", "IDENTITY_", "HELM_", "MSI_"))]:
        monkeypatch.delenv(name)
    state = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(state))
    own = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield state
    for folder in (state, own):
        if folder is not None:
            end_sandboxes(folder)
