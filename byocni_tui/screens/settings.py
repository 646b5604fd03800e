"""Settings: language, theme, glyphs, motion, the pace of simulations. Each takes effect at once and is kept."""

from collections.abc import Iterable
from typing import Any, ClassVar

import msgspec
from textual.containers import VerticalScroll
from textual.widget import Widget

from byocni_tui.screens import preferences
from byocni_tui.screens.tool import ToolScreen
from byocni_tui.widgets.field_row import FieldRow, FieldSpec

CHOICES = {
    "lang": ("", "en", "zh"),
    "theme": ("dark", "light", "contrast", "safe"),
    "glyphs": ("unicode", "ascii"),
    "motion": ("on", "off"),
    "speed": ("1", "10", "60", "600", "max"),
}
"""What each can be; the first that is not said is the default."""
DEFAULTS = {"lang": "", "theme": "dark", "glyphs": "unicode", "motion": "on", "speed": "60"}


class SettingsScreen(ToolScreen):
    """One row a setting."""

    tool: ClassVar[str] = "settings"

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(can_focus=False):
            yield from self._rows()
            yield self._page

    def _rows(self) -> Iterable[Widget]:
        tr, kept = self.session.tr, self.wizard.preferences
        for name, values in CHOICES.items():
            options = tuple((value, tr(f"wizard.tool.settings.{name}_{value or 'auto'}")) for value in values)
            spec = FieldSpec(path=name, label=tr(f"wizard.tool.settings.{name}"), options=options)
            yield FieldRow(spec, getattr(kept, name) or DEFAULTS[name], self.marks)

    def on_mount(self) -> None:
        self.query(FieldRow).first().editor.focus()
        where = self.session.tr("wizard.tool.settings.where", path=preferences.file())
        self.write(
            [("", ""), (where, "$text-muted"), (self.session.tr("wizard.tool.settings.later"), "$text-muted")]
        )

    async def on_field_row_edited(self, event: FieldRow.Edited) -> None:
        event.stop()
        kept = msgspec.structs.replace(self.wizard.preferences, **{event.path: event.text})
        self.wizard.prefer(kept, changed=event.path)
        if event.path in ("lang", "glyphs"):
            await self.recompose()
            self.marks = self.wizard.marks
            self.show_keys()

    def on_field_row_submitted(self, event: FieldRow.Submitted) -> None:
        event.stop()
        rows = list(self.query(FieldRow))
        at = next(i for i, row in enumerate(rows) if row.spec.path == event.path)
        rows[(at + 1) % len(rows)].editor.focus()

    def text(self) -> str:
        rows: list[Any] = list(self.query(FieldRow))
        return "".join(f"{row.spec.label}: {row.text}\n" for row in rows) + super().text()
