"""Network: ranges that must not touch, and a picture of them."""

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from byocni_tui.screens.panel import StepPanel
from byocni_tui.widgets.address_map import AddressMap, MapTexts


class NetworkPanel(StepPanel):
    """Fields first, the address map under them."""

    step: ClassVar[str] = "network"

    def first_paths(self) -> tuple[str, ...]:
        own = () if self.session.plan.network.managed else ("network.vnet.id", "network.subnet.id")
        return (*super().first_paths(), *own) if own else super().first_paths()

    def extra(self) -> Iterable[Widget]:
        tr = self.session.tr
        texts = MapTexts(
            title=tr("wizard.map.title"), service=tr("wizard.map.service"), pods=tr("wizard.map.pods"),
            vnet=tr("wizard.map.vnet"), subnet=tr("wizard.map.subnet"), reserved=tr("wizard.map.reserved"),
            overlap=tr("wizard.map.overlap"), budget=tr("wizard.map.budget"),
        )  # fmt: skip
        self._map = AddressMap(texts, self.marks)
        self._map.show(self.session.plan)
        yield self._map

    def refresh_state(self) -> None:
        super().refresh_state()
        self._map.show(self.session.plan)
