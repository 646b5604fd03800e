"""Region: a field that filters the list of what Azure has."""

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from byocni_tui.screens.panel import StepPanel
from byocni_tui.widgets.glyphs import fit


class RegionPanel(StepPanel):
    """The list is shown once the facts have come; without it the field works all the same."""

    step: ClassVar[str] = "region"
    needs: ClassVar[tuple[str, ...]] = ("locations",)
    DEFAULT_CSS = """
    RegionPanel OptionList { height: auto; max-height: 8; margin: 1 1 0 1; border: none; background: $background;
                             padding: 0; scrollbar-size-vertical: 1; }
    RegionPanel .state { margin: 1 0 0 1; color: $text-muted; height: auto; }
    """

    def extra(self) -> Iterable[Widget]:
        self._list = OptionList(id="regions")
        self._list.display = False
        self._state = Static(self.session.tr("wizard.region.loading"), classes="state", markup=False)
        self._shown: tuple[str, ...] | None = None
        yield self._list
        yield self._state

    def _locations(self) -> list[dict[str, Any]]:
        facts = getattr(self.session.context, "facts", None)
        return list(getattr(facts, "locations", None) or [])

    def refresh_state(self) -> None:
        super().refresh_state()
        known = self._locations()
        if not known:
            failed = self.session.facts_failed
            self._state.update(failed or self.session.tr("wizard.region.loading"))
            return
        typed = self.session.text("region").strip().lower()
        physical = [
            item for item in known if (item.get("metadata") or {}).get("regionType", "Physical") == "Physical"
        ]
        exact = any(item.get("name") == typed for item in physical)
        wanted = [
            item
            for item in physical
            if exact
            or typed in str(item.get("name", ""))
            or typed in str(item.get("displayName", "")).lower()
        ]
        names = tuple(str(item.get("name")) for item in wanted)
        if names != self._shown:
            self._shown = names
            self._list.clear_options()
            self._list.add_options(
                Option(f"{fit(str(item['name']), 22)} {item.get('displayName', '')}", id=str(item["name"]))
                for item in wanted
            )
            if names:
                self._list.highlighted = names.index(typed) if exact else 0
        self._list.display = bool(wanted)
        self._state.display = not wanted
        self._state.update(self.session.tr("wizard.region.none"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the region under the cursor."""
        event.stop()
        if event.option.id:
            self.session.edit("region", event.option.id)
            self.session.leave("region")
            self.session.changed()
            self.focus_row("region")
