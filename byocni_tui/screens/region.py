"""Region: a field that filters the list of what Azure has, and what there is in the one that was taken."""

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.picker import Picker
from byocni_tui.widgets.glyphs import fit, wrap


class RegionPanel(StepPanel):
    """The list is shown once the facts have come; without it the field works all the same."""

    step: ClassVar[str] = "region"
    needs: ClassVar[tuple[str, ...]] = ("locations",)
    about: ClassVar[tuple[str, ...]] = ("kubernetesVersions", "usages", "providers")
    """Asked for once a region is known."""
    DEFAULT_CSS = """
    RegionPanel .state { margin: 1 0 0 1; color: $text-muted; height: auto; }
    """

    def extra(self) -> Iterable[Widget]:
        self._list = Picker(id="regions")
        self._state = Static(self.session.tr("wizard.region.loading"), classes="state", markup=False)
        self._asked = ""
        yield self._list
        yield self._state

    def _locations(self) -> list[dict[str, Any]]:
        facts = self.session.context.facts
        found = list(getattr(facts, "locations", None) or [])
        return [
            item for item in found if (item.get("metadata") or {}).get("regionType", "Physical") == "Physical"
        ]

    def refresh_state(self) -> None:
        super().refresh_state()
        if self.session.step != "region":
            return
        tr, known = self.session.tr, self._locations()
        if not known:
            self._state.update(self.session.facts_failed or tr("wizard.region.loading"))
            return
        typed = self.session.text("region").strip().lower()
        exact = any(item.get("name") == typed for item in known)
        wanted = [
            item
            for item in known
            if exact
            or typed in str(item.get("name", ""))
            or typed in str(item.get("displayName", "")).lower()
        ]
        lines = [
            (str(item["name"]), f"{fit(str(item['name']), 22)} {item.get('displayName', '')}")
            for item in wanted
        ]
        self._list.show(lines, typed)
        if not wanted:
            self._state.update(tr("wizard.region.none"))
        elif exact:
            self._ask(typed)
            width = max(30, self.size.width - 6)
            lines_about = [piece for text in self._about(typed) for piece in wrap(text, width)]
            self._state.update(Content("\n".join(lines_about)))
        else:
            self._state.update("")

    def _ask(self, region: str) -> None:
        """Once a region: what it has."""
        if self._asked != region:
            self._asked = region
            from byocni_tui.screens.messages import Collect

            self.post_message(Collect(*self.about))

    def _about(self, region: str) -> list[str]:
        """What is offered there and what is left, as far as it is known."""
        facts, tr = self.session.context.facts, self.session.tr
        versions = [
            str(item.get("version"))
            for item in (getattr(facts, "kubernetes_versions", None) or {}).get(region, ())
            if item.get("version")
        ]
        lines = []
        if versions:
            newest = sorted(versions, key=lambda v: [int(p) for p in v.split(".") if p.isdigit()])
            lines.append(tr("wizard.region.versions", first=newest[0], last=newest[-1]))
        for kind, key in (("compute", "cores"), ("network", "PublicIPAddresses")):
            for item in ((getattr(facts, "usages", None) or {}).get(kind) or {}).get(region, ()):
                if (item.get("name") or {}).get("value") == key:
                    left = int(item.get("limit") or 0) - int(item.get("currentValue") or 0)
                    lines.append(tr(f"wizard.region.{kind}", left=left, limit=item.get("limit")))
        return lines

    def on_picker_taken(self, event: Picker.Taken) -> None:
        """Take the region under the cursor."""
        event.stop()
        self.session.edit("region", event.key)
        self.session.leave("region")
        self.session.changed()
        self.focus_row("region")
