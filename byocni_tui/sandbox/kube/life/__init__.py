"""What moves in a simulated cluster: controllers, scheduler, kubelets, the plugins' operators.

``attach`` is the door: it subscribes to a cluster's store and fills a fresh cluster with what AKS puts into it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster
    from byocni_tui.sandbox.kube.life.assembly import Assembly


def attach(cluster: "KubeCluster") -> "Assembly":
    """Bring a cluster to life; what comes back has ``dump`` and ``load`` for the part that the store does not hold."""
    from byocni_tui.sandbox.kube.life.assembly import Assembly

    return Assembly(cluster)
