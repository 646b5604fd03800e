"""Cluster: its name, version, tier and node pools."""

from typing import ClassVar

from byocni_tui.screens.panel import StepPanel


class ClusterPanel(StepPanel):
    """``cluster.create`` is the door to the second way in: a cluster that exists already."""

    step: ClassVar[str] = "cluster"
