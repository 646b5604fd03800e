"""The steps as data: what each does, how long it usually takes, whether it may be skipped when it was done before."""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from byocni_tui.deploy import azure_steps, cluster_steps, kube_steps, proof
from byocni_tui.deploy.work import Outcome, Work


class Step(NamedTuple):
    """``typical`` is in seconds (AKS: cilium's CI and public reports); ``again`` says that a resumed run repeats it
    even if it was done (it only looks, or later steps need what it finds)."""

    id: str
    act: Callable[[Work], Awaitable[Outcome]]
    typical: float
    again: bool = False


STEPS: Final = (
    Step("providers", azure_steps.providers, 2),
    Step("resource-group", azure_steps.resource_group, 2),
    Step("identity", azure_steps.identity, 3, again=True),
    Step("network", azure_steps.network, 8),
    Step("role", azure_steps.role, 60),
    Step("cluster", cluster_steps.cluster, cluster_steps.CREATE_TYPICAL),
    Step("read-back", cluster_steps.read_back, 1, again=True),
    Step("credentials", cluster_steps.credentials, 1, again=True),
    Step("nodes-not-ready", kube_steps.nodes_not_ready, 30, again=True),
    Step("cni", kube_steps.cni, 15),
    Step("nodes-ready", kube_steps.nodes_ready, 90, again=True),
    Step("verify", proof.verify, 60, again=True),
)
"""``preflight`` comes before them and ``run`` after them; both are said by the caller and the runner."""

TYPICAL: Final = {step.id: step.typical for step in STEPS}
