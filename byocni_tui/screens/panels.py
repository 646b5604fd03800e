"""Which panel shows which step."""

from typing import Final

from byocni_tui.screens.account import AccountPanel
from byocni_tui.screens.cluster import ClusterPanel
from byocni_tui.screens.cni import CniPanel
from byocni_tui.screens.deploy import DeployPanel
from byocni_tui.screens.done import DonePanel
from byocni_tui.screens.group import GroupPanel
from byocni_tui.screens.network import NetworkPanel
from byocni_tui.screens.panel import StepPanel
from byocni_tui.screens.preflight import PreflightPanel
from byocni_tui.screens.region import RegionPanel
from byocni_tui.screens.review import ReviewPanel
from byocni_tui.screens.start import StartPanel

PANELS: Final[dict[str, type[StepPanel]]] = {
    panel.step: panel
    for panel in (
        StartPanel, AccountPanel, RegionPanel, GroupPanel, ClusterPanel, NetworkPanel, CniPanel, PreflightPanel,
        ReviewPanel, DeployPanel, DonePanel,
    )
}  # fmt: skip
