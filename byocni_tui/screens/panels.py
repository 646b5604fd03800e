"""Which panel shows which step; imported when a step is first built, so that the first frame waits for one only."""

import importlib
from typing import Final

from byocni_tui.screens.panel import StepPanel

_CLASSES: Final = {
    "start": "StartPanel",
    "account": "AccountPanel",
    "region": "RegionPanel",
    "group": "GroupPanel",
    "cluster": "ClusterPanel",
    "network": "NetworkPanel",
    "cni": "CniPanel",
    "preflight": "PreflightPanel",
    "review": "ReviewPanel",
    "deploy": "DeployPanel",
    "done": "DonePanel",
}


def panel_class(step_id: str) -> type[StepPanel]:
    """The class in the module that is called after the step."""
    module = importlib.import_module(f"byocni_tui.screens.{step_id}")
    found: type[StepPanel] = getattr(module, _CLASSES[step_id])
    return found
