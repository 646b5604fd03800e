"""Cluster: its name, version, tier and node pools; or one that exists already."""

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from byocni_tui.screens import steps
from byocni_tui.screens.panel import StepPanel
from byocni_tui.widgets.glyphs import fit


class ClusterPanel(StepPanel):
    """``cluster.create`` is the door to the second way in: then the clusters that exist are listed, with their plugin,
    and picking one fills in its group and region as well."""

    step: ClassVar[str] = "cluster"
    needs: ClassVar[tuple[str, ...]] = ("managedClusters",)
    DEFAULT_CSS = """
    ClusterPanel OptionList { height: auto; max-height: 8; margin: 1 1 0 1; border: none; background: $background;
                              padding: 0; scrollbar-size-vertical: 1; }
    ClusterPanel .state { margin: 1 0 0 1; color: $text-muted; height: auto; }
    """

    def first_paths(self) -> tuple[str, ...]:
        """All of them have a row; which are in view depends on the answer to ``cluster.create``."""
        return steps.step(self.step).first

    def extra(self) -> Iterable[Widget]:
        self._list = OptionList()
        self._state = Static(self.session.tr("wizard.cluster.none"), classes="state", markup=False)
        self._shown: tuple[str, ...] = ()
        yield self._list
        yield self._state

    def refresh_state(self) -> None:
        super().refresh_state()
        exists = not self.session.plan.cluster.create
        asked = self.session.asked(self.step)
        for path, row in self.rows.items():
            row.display = (
                path in asked
                or (not exists and self.all_fields)
                or (not exists and path in self.first_paths())
            )
        self._more.display = not exists
        found = self._clusters() if exists else []
        self._list.display = bool(found)
        self._state.display = exists and not found
        ids = tuple(str(item.get("id")) for item in found)
        if ids != self._shown:
            self._shown = ids
            self._list.clear_options()
            self._list.add_options([Option(self._line(item), id=str(item.get("id"))) for item in found])
            self._list.highlighted = 0 if found else None

    def _clusters(self) -> list[dict[str, Any]]:
        facts = self.session.context.facts
        return list(getattr(facts, "managed_clusters", None) or [])

    def _line(self, item: dict[str, Any]) -> str:
        """Name, group, region, plugin."""
        profile = (item.get("properties") or {}).get("networkProfile") or {}
        plugin = profile.get("networkPlugin", "?")
        group = _group(str(item.get("id")))
        return f"{fit(str(item.get('name')), 20)} {fit(group, 20)} {item.get('location')}  {plugin}"

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the cluster under the cursor."""
        event.stop()
        session = self.session
        item = next((item for item in self._clusters() if str(item.get("id")) == event.option.id), None)
        if item is None:
            return
        session.set("cluster.name", str(item.get("name")))
        session.set("resource_group.name", _group(str(item.get("id"))))
        session.set("resource_group.create", False)
        session.set("region", str(item.get("location")))
        session.leave("cluster.name")
        session.changed()
        self.focus_row("cluster.name")


def _group(resource_id: str) -> str:
    """The resource group in an ARM id."""
    parts = resource_id.split("/")
    low = [part.lower() for part in parts]
    return parts[low.index("resourcegroups") + 1] if "resourcegroups" in low[:-1] else ""
