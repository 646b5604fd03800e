"""Resource group: a new one, or one of those that exist."""

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.picker import Picker
from byocni_tui.widgets.glyphs import fit


class GroupPanel(StepPanel):
    """Name, and whether it is made; where an existing one is used, those that Azure has are listed."""

    step: ClassVar[str] = "group"
    needs: ClassVar[tuple[str, ...]] = ("resourceGroups",)

    def extra(self) -> Iterable[Widget]:
        self._list = Picker()
        yield self._list

    def refresh_state(self) -> None:
        super().refresh_state()
        session = self.session
        found = list(getattr(session.context.facts, "resource_groups", None) or [])
        if session.plan.resource_group.create:
            found = []
        lines = [
            (
                str(item.get("name")),
                f"{fit(str(item.get('name')), 34, self.marks.more)} {item.get('location')}",
            )
            for item in found
        ]
        self._list.show(lines, session.plan.resource_group.name)

    def on_picker_taken(self, event: Picker.Taken) -> None:
        """Take the group under the cursor."""
        event.stop()
        self.session.edit("resource_group.name", event.key)
        self.session.leave("resource_group.name")
        self.session.changed()
        self.focus_row("resource_group.name")
