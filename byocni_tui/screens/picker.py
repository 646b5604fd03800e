"""A list that fills fields in: what Azure reported, one line an item; the panel says what taking one means."""

from collections.abc import Sequence
from typing import Any

from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class Picker(OptionList):
    """``show`` (key, line) pairs; hidden while there are none. Enter or a click posts ``Taken``."""

    DEFAULT_CSS = """
    Picker { height: auto; max-height: 8; margin: 1 1 0 1; border: none; background: $background; padding: 0;
             scrollbar-size-vertical: 1; overflow-x: hidden; text-wrap: nowrap; text-overflow: ellipsis; }
    Picker:focus { border: none; }
    """

    class Taken(Message):
        """``key`` was taken."""

        def __init__(self, picker: "Picker", key: str) -> None:
            super().__init__()
            self.picker = picker
            self.key = key

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, **options)
        self._shown: tuple[tuple[str, str], ...] | None = None
        self.display = False

    def show(self, lines: Sequence[tuple[str, str]], here: str | None = None) -> None:
        """Show these; the cursor on ``here`` where it is among them."""
        if tuple(lines) == self._shown:
            return
        self._shown = tuple(lines)
        self.clear_options()
        self.add_options([Option(text, id=key) for key, text in lines])
        keys = [key for key, _ in lines]
        if keys:
            self.highlighted = keys.index(here) if here in keys else 0
        self.display = bool(keys)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option.id:
            self.post_message(self.Taken(self, event.option.id))


def group_of(resource_id: str) -> str:
    """The resource group in an ARM id, or ''."""
    return part_of(resource_id, "resourcegroups")


def part_of(resource_id: str, kind: str) -> str:
    """The name that stands behind ``kind`` (lower case) in an ARM id, or ''."""
    parts = resource_id.split("/")
    low = [part.lower() for part in parts]
    return parts[low.index(kind) + 1] if kind in low[:-1] else ""
