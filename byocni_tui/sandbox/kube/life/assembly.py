"""Puts the moving parts of one cluster together."""

from typing import TYPE_CHECKING

from byocni_tui.sandbox.kube.life.aks import furnish
from byocni_tui.sandbox.kube.life.autoscaler import Autoscaler
from byocni_tui.sandbox.kube.life.autoscaling import HorizontalAutoscalers
from byocni_tui.sandbox.kube.life.behaviours import Behaviours
from byocni_tui.sandbox.kube.life.cni import NodeNetwork
from byocni_tui.sandbox.kube.life.contact import Contact
from byocni_tui.sandbox.kube.life.cronjobs import CronJobs
from byocni_tui.sandbox.kube.life.daemonsets import DaemonSets
from byocni_tui.sandbox.kube.life.deployments import Deployments
from byocni_tui.sandbox.kube.life.disruption import Disruption
from byocni_tui.sandbox.kube.life.doors import Doors
from byocni_tui.sandbox.kube.life.endpoints import Endpoints
from byocni_tui.sandbox.kube.life.engine import Life
from byocni_tui.sandbox.kube.life.evictions import Evictions
from byocni_tui.sandbox.kube.life.garbage import Garbage
from byocni_tui.sandbox.kube.life.herd import Herd
from byocni_tui.sandbox.kube.life.host import Host
from byocni_tui.sandbox.kube.life.index import Pods
from byocni_tui.sandbox.kube.life.jobs import Jobs
from byocni_tui.sandbox.kube.life.kubelet import Kubelet
from byocni_tui.sandbox.kube.life.minds import Minds
from byocni_tui.sandbox.kube.life.namespaces import Namespaces
from byocni_tui.sandbox.kube.life.nodes import Nodes
from byocni_tui.sandbox.kube.life.objects import Obj
from byocni_tui.sandbox.kube.life.operators import Definitions, Operators
from byocni_tui.sandbox.kube.life.paths import Paths
from byocni_tui.sandbox.kube.life.repair import AutoRepair
from byocni_tui.sandbox.kube.life.replicasets import ReplicaSets
from byocni_tui.sandbox.kube.life.scheduler import Scheduler
from byocni_tui.sandbox.kube.life.scripts import Scripts, Served
from byocni_tui.sandbox.kube.life.statefulsets import StatefulSets

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster


class Assembly:
    """The life of one cluster. The order matters: the index sees a change before those who ask it."""

    def __init__(self, cluster: "KubeCluster") -> None:
        self.life = life = Life(cluster)
        self.pods = Pods(life)
        self.behaviours = Behaviours(life, self.pods)
        self.network = NodeNetwork(life, self.behaviours)
        self.scheduler = Scheduler(life, self.pods)
        self.namespaces = Namespaces(life)
        self.replicasets = ReplicaSets(life, self.pods)
        self.deployments = Deployments(life, self.pods)
        self.daemonsets = DaemonSets(life, self.pods, self.scheduler.nodes)
        self.statefulsets = StatefulSets(life, self.pods)
        self.jobs = Jobs(life, self.pods)
        self.cronjobs = CronJobs(life)
        self.garbage = Garbage(life)
        self.endpoints = Endpoints(life, self.pods)
        self.disruption = Disruption(life, self.pods)
        self.served = Served()
        self.paths = Paths(life, self.pods, self.behaviours, self.network, self.served)
        self.scripts = Scripts(life, self.paths, self.served, self.network)
        self.minds = Minds(life, self.behaviours, self.scripts, self.served)
        self.kubelet = self.served.kubelet = Kubelet(life, self.network, self.minds)
        self.daemonsets.herd = Herd(life, self.behaviours, self.kubelet)
        self.contact = Contact(life, self.pods, self.kubelet, self.network)
        self.nodes = Nodes(life, self.pods, self.kubelet, self.network, self.contact)
        self.repair = AutoRepair(life)
        self.autoscaler = Autoscaler(life, self.scheduler)
        self.evictions = Evictions(life, self.pods)
        self.definitions = Definitions(life)
        self.operators = Operators(life, self.behaviours)
        self.doors = Doors(life, self.pods, self.kubelet, self.scripts, self.paths)
        self.host = Host(life, self.scripts, self.network, self.behaviours)
        cluster.hooks.listens, cluster.hooks.page = self.served.answers, self.served.page_of
        self.autoscaling = HorizontalAutoscalers(life, self.pods, self.doors)
        life.resync()
        furnish(life)

    def dump(self) -> Obj:
        """What the store does not hold, as plain JSON."""
        return {"state": self.life.dump(), "runs": self.kubelet.dump(), "pages": dict(self.served.pages)}

    def load(self, state: Obj) -> None:
        """Go on from ``dump``; the store is loaded before."""
        self.pods.clear()
        self.scheduler.clear()
        self.garbage.clear()
        self.kubelet.load(state["runs"])
        self.served.pages = dict(state["pages"])
        self.life.load(state["state"])
