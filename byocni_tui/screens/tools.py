"""The tools by name; each is imported when it is first asked for."""

import importlib
from typing import Any, Final

_CLASSES: Final = {
    "catalogue": "CatalogueScreen",
    "runs": "RunsScreen",
    "doctor": "DoctorScreen",
    "settings": "SettingsScreen",
}
TOOLS: Final = tuple(_CLASSES)


def open_tool(app: Any, name: str) -> None:
    """Put a tool over what is in view."""
    found = getattr(importlib.import_module(f"byocni_tui.screens.{name}"), _CLASSES[name])
    app.push_screen(found(app.session, app.marks))
