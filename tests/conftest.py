"""What all tests share: an environment that doesn't depend on who runs them, and no state left in the user's home."""

import os
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


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fixed locale and terminal, and a home for state that is the test's own."""
    for name, value in FIXED.items():
        monkeypatch.setenv(name, value)
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith(("AZURE_", "IDENTITY_", "HELM_", "MSI_"))]:
        monkeypatch.delenv(name)
    state = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("BYOCNI_STATE_HOME", str(state))
    return state
