"""Who has to go when a more important pod finds no room."""

from typing import Any

from life_lab import Lab

CLASSES = """
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 1000}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: polite}, value: 1000, preemptionPolicy: Never}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: low}, value: -10}
"""


def pod(lab: Lab, name: str, cpu: str, rank: str = "", **labels: str) -> None:
    spec: dict[str, Any] = {
        "containers": [{"name": "c", "image": "nginx:1.27", "resources": {"requests": {"cpu": cpu}}}]
    }
    if rank:
        spec["priorityClassName"] = rank
    lab.apply(
        str({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec})
    )
    lab.settle()


def node_of(lab: Lab, name: str) -> str:
    return str(lab.get("pods", name)["spec"].get("nodeName", ""))


def full(online: Lab) -> Lab:
    """Three nodes with a large pod each."""
    online.apply(CLASSES)
    for number in range(3):
        pod(online, f"old-{number}", "1", "low" if number == 1 else "", app=f"old-{number}")
    assert len({node_of(online, f"old-{n}") for n in range(3)}) == 3
    return online


def test_the_least_important_pod_makes_room_and_is_told_why(online: Lab) -> None:
    lab = full(online)
    place = node_of(lab, "old-1")
    lab.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: new}, spec: {priorityClassName: high, containers: "
        "[{name: c, image: 'nginx:1.27', resources: {requests: {cpu: '1'}}}]}}"
    )
    lab.step(0.1)
    new = lab.get("pods", "new")
    uid = new["metadata"]["uid"]
    assert new["status"]["nominatedNodeName"] == place
    leaving = lab.get("pods", "old-1")
    assert leaving["metadata"]["deletionGracePeriodSeconds"] == 30
    assert ("DisruptionTarget", "PreemptionByScheduler") in [
        (c["type"], c.get("reason")) for c in leaving["status"]["conditions"]
    ]
    (event,) = lab.events("old-1", "Preempted")
    assert (event["message"], event["action"]) == (f"Preempted by pod {uid} on node {place}", "Preempting")
    refused = {e["message"] for e in lab.events("new", "FailedScheduling")}
    assert "0/3 nodes are available: 3 Insufficient cpu." in refused
    lab.settle()
    assert node_of(lab, "new") == place
    assert "nominatedNodeName" not in lab.get("pods", "new")["status"]
    assert lab.store.get("pods", "default", "old-1") is None
    assert {p["metadata"]["name"] for p in lab.pods("old-")} == {"old-0", "old-2"}


def test_equals_and_the_polite_wait(online: Lab) -> None:
    lab = full(online)
    pod(lab, "equal", "1900m")
    pod(lab, "polite", "1", "polite")
    assert not node_of(lab, "equal")
    assert not node_of(lab, "polite")
    assert len(lab.pods("old-")) == 3
    (refused,) = lab.events("polite", "FailedScheduling")
    assert refused["message"].endswith("preemption: not eligible due to preemptionPolicy=Never.")


def test_a_budget_is_spared_where_another_node_will_do(online: Lab) -> None:
    lab = full(online)
    lab.apply(
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: keep}, "
        "spec: {minAvailable: 1, selector: {matchLabels: {app: old-1}}}}"
    )
    lab.settle()
    pod(lab, "new", "1", "high")
    assert node_of(lab, "new")
    assert lab.store.get("pods", "default", "old-1") is not None


def test_nobody_less_important_takes_the_room_that_was_made(online: Lab) -> None:
    lab = full(online)
    lab.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: new}, spec: {priorityClassName: high, containers: "
        "[{name: c, image: 'nginx:1.27', resources: {requests: {cpu: '1'}}}]}}"
    )
    lab.step(0.1)
    pod(lab, "quick", "1")
    lab.settle()
    assert node_of(lab, "new")
    assert not node_of(lab, "quick")


def test_a_class_for_all_pods_that_name_none(online: Lab) -> None:
    online.apply(
        "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: usual}, value: 7, "
        "globalDefault: true}"
    )
    pod(online, "plain", "10m")
    spec = online.get("pods", "plain")["spec"]
    assert (spec["priorityClassName"], spec["priority"]) == ("usual", 7)
