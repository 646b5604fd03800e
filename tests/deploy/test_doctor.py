"""What ``doctor`` concludes from what kubelet, scheduler and plugins say. The words are those of kubelet 1.36 and
containerd, of the scheduler 1.25 to 1.36, of cilium 1.18 and calico's operator, as they print them."""

from typing import Any

import msgspec
import pytest

from byocni_tui.deploy.doctor import CODES, Snapshot, diagnose, to_dict
from byocni_tui.deploy.nodes import NOT_INITIALIZED
from byocni_tui.locale import Translator

Json = dict[str, Any]


def node(name: str = "n1", *, ready: str = "False", message: str = NOT_INITIALIZED) -> Json:
    """A node with that Ready condition."""
    return {
        "metadata": {"name": name},
        "status": {"conditions": [{"type": "Ready", "status": ready, "message": message}]},
    }


def pod(name: str, owner: str, kind: str = "DaemonSet", **status: Any) -> Json:
    """A pod of a workload."""
    meta = {
        "name": name,
        "namespace": "kube-system",
        "uid": name,
        "ownerReferences": [{"kind": kind, "name": owner}],
    }
    return {"metadata": meta, "spec": {}, "status": status}


def workload(name: str, desired: int = 3) -> Json:
    """A DaemonSet."""
    return {
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {"template": {"spec": {}}},
        "status": {"desiredNumberScheduled": desired, "numberReady": 0},
    }


def waiting(reason: str, **more: Any) -> Json:
    """A container that waits."""
    return {
        "name": "agent",
        "image": "quay.io/cilium/cilium:v1",
        "state": {"waiting": {"reason": reason}},
        **more,
    }


def pending(message: str) -> Json:
    """The status of a pod that the scheduler can't place."""
    return {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "False", "message": message}],
    }


def event(of: str, reason: str, message: str, **more: Any) -> Json:
    """An event about a pod."""
    return {"involvedObject": {"uid": of, "name": of}, "reason": reason, "message": message, **more}


API = (
    'level=error msg="Unable to contact k8s api-server" '
    'error="Get \\"https://10.0.0.1:443/api\\": dial tcp 10.0.0.1:443: i/o timeout"'
)
PULL = 'Failed to pull image "quay.io/cilium/cilium:v1": failed to do request: Head: dial tcp 1.2.3.4:443: i/o timeout'
SANDBOX = (
    'Failed to create pod sandbox: plugin type="cilium-cni" failed (add): unable to connect to Cilium daemon: '
    "dial unix /var/run/cilium/cilium.sock: connect: no such file or directory"
)
NODES = [node("n1"), node("n2")]
READY = [node("n1", ready="True", message="kubelet is posting ready status")]
CRASH = {"restartCount": 4, "lastState": {"terminated": {"exitCode": 1, "message": API}}}

CASES = {
    "no plugin yet": (Snapshot(nodes=NODES), ["BYO801"]),
    "registry blocked": (
        Snapshot(
            nodes=NODES,
            daemon_sets=[workload("cilium")],
            pods=[pod("cilium-1", "cilium", containerStatuses=[waiting("ImagePullBackOff")])],
            events=[event("cilium-1", "Failed", PULL)],
        ),
        ["BYO802"],
    ),
    "API server out of reach": (
        Snapshot(
            nodes=NODES,
            daemon_sets=[workload("cilium")],
            pods=[pod("cilium-1", "cilium", initContainerStatuses=[waiting("CrashLoopBackOff", **CRASH)])],
        ),
        ["BYO803"],
    ),
    "crash for another reason": (
        Snapshot(
            nodes=NODES,
            daemon_sets=[workload("cilium")],
            pods=[pod("cilium-1", "cilium", containerStatuses=[waiting("CrashLoopBackOff", restartCount=3)])],
        ),
        ["BYO804"],
    ),
    "operator shut out by the taint": (
        Snapshot(
            nodes=NODES,
            daemon_sets=[workload("cilium")],
            pods=[
                pod(
                    "op",
                    "cilium-operator-5f",
                    "ReplicaSet",
                    **pending(
                        "0/1 nodes are available: 1 node(s) had untolerated taint {CriticalAddonsOnly: true}."
                    ),
                )
            ],
        ),
        ["BYO805"],
    ),
    "two operators, one node": (
        Snapshot(
            nodes=NODES,
            daemon_sets=[workload("cilium")],
            pods=[
                pod(
                    "op",
                    "cilium-operator-5f",
                    "ReplicaSet",
                    **pending("0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules."),
                )
            ],
        ),
        ["BYO806"],
    ),
    "Calico for the wrong network": (
        Snapshot(
            nodes=NODES,
            deployments=[{"metadata": {"name": "tigera-operator", "namespace": "tigera-operator"}}],
            installations=[{"metadata": {"name": "default"}, "spec": {"cni": {"type": "AzureVNET"}}}],
        ),
        ["BYO807"],
    ),
    "leftovers of an earlier plugin": (
        Snapshot(nodes=READY, events=[event("web", "FailedCreatePodSandBox", SANDBOX)]),
        ["BYO808"],
    ),
    "two plugins": (
        Snapshot(nodes=NODES, daemon_sets=[workload("cilium"), workload("calico-node")]),
        ["BYO809"],
    ),
    "selector matches nothing": (Snapshot(nodes=NODES, daemon_sets=[workload("cilium", 0)]), ["BYO810"]),
    "kubelet silent": (
        Snapshot(nodes=[node(ready="Unknown", message="Kubelet stopped posting node status.")]),
        ["BYO811"],
    ),
    "auto-repair at work": (
        Snapshot(
            nodes=READY,
            events=[
                event("n1", "NodeRebootStart", "initiating a reboot", source={"component": "aks-auto-repair"})
            ],
        ),
        ["BYO814"],
    ),
    "another reason": (Snapshot(nodes=[node(message="PLEG is not healthy")]), ["BYO816"]),
    "nothing wrong": (Snapshot(nodes=READY, daemon_sets=[workload("cilium")]), []),
}


@pytest.mark.parametrize("case", CASES)
def test_causes(case: str) -> None:
    snapshot, codes = CASES[case]
    assert [cause.code for cause in diagnose(snapshot)] == codes


def test_the_evidence_is_the_cluster_s_own_words() -> None:
    (cause,) = diagnose(CASES["API server out of reach"][0])
    assert "Unable to contact k8s api-server" in cause.evidence
    (cause,) = diagnose(CASES["registry blocked"][0])
    assert cause.evidence == PULL


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_code_has_texts_whose_places_are_filled(lang: str) -> None:
    tr = Translator(lang)
    assert [code for code in CODES if not tr.has(f"doctor.causes.{code}.message")] == []
    for snapshot, _ in CASES.values():
        for cause in diagnose(snapshot):
            told = to_dict(cause, tr)
            assert "{" not in told["message"] + told["remedy"], told


def test_many_nodes_with_one_cause_are_one_cause() -> None:
    many = Snapshot(nodes=[node(f"n{number}") for number in range(200)])
    (cause,) = diagnose(many)
    assert cause.values["count"] == 200


def test_odd_objects_don_t_trip_it() -> None:
    bare = {"metadata": {"name": "x"}}
    snapshot = Snapshot(
        nodes=[bare],
        pods=[bare],
        events=[{}],
        daemon_sets=[bare],
        deployments=[bare],
        installations=[bare],
        tigera=[bare],
    )
    assert isinstance(msgspec.to_builtins(diagnose(snapshot)), list)
