"""What nodes say about themselves, and what is done to them."""

from typing import Any

from life_lab import Lab


def test_a_cordoned_node_is_tainted_and_says_so(online: Lab) -> None:
    name = online.node_names()[0]
    node = online.get("nodes", name, "")
    node["spec"]["unschedulable"] = True
    online.store.update("nodes", node)
    online.settle()
    assert [t["key"] for t in online.get("nodes", name, "")["spec"]["taints"]] == [
        "node.kubernetes.io/unschedulable"
    ]
    assert online.events(name, "NodeNotSchedulable")


def test_the_pods_of_a_node_that_is_gone_go(online: Lab) -> None:
    name = online.node_names()[0]
    online.cluster.remove_node(name)
    online.settle()
    assert name not in {p["spec"].get("nodeName") for p in online.store.list("pods")}
    assert online.get("deployments.apps", "coredns", "kube-system")["status"]["readyReplicas"] == 2


def test_leases_are_renewed(lab: Lab) -> None:
    name = lab.node_names()[0]
    before = lab.get("leases.coordination.k8s.io", name, "kube-node-lease")["spec"]["renewTime"]
    lab.step(60)
    after = lab.get("leases.coordination.k8s.io", name, "kube-node-lease")["spec"]["renewTime"]
    assert after.at - before.at >= 50


def test_auto_repair_acts_only_where_a_scenario_wants_it() -> None:
    quiet = Lab(1)
    quiet.step(900)
    assert not quiet.events("aks-", "NodeRebootStart")
    lab = Lab(0)
    lab.fault({"event": "auto-repair"})
    name = lab.add_node(0)
    lab.settle()
    lab.step(700)
    assert "persisting for more than five minutes" in lab.events(name, "NodeRebootStart")[0]["message"]
    assert lab.events(name, "NodeRebootEnd")
    lab.install_cilium()
    lab.settle()
    assert lab.nodes()[name] == "True"
    lab.step(3600)
    assert not lab.events(name, "NodeRedeployStart")


def test_metrics_come_with_the_metrics_server(online: Lab) -> None:
    nodes = online.cluster.hooks.metrics("nodes", None)  # type: ignore[misc]
    assert [n["metadata"]["name"] for n in nodes] == online.node_names()


def test_pods_stand_still_while_their_node_is_not_heard_from_and_go_when_patience_ends(online: Lab) -> None:
    online.apply(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3, selector: {matchLabels: "
        "{app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: "
        "[{name: web, image: 'nginx:1.27'}]}}}}"
    )
    online.settle()
    name = online.node_names()[0]
    (pod,) = [p["metadata"]["name"] for p in online.pods("web-") if p["spec"]["nodeName"] == name]
    cut = {"event": "egress", "node": name}
    online.fault(cut)
    online.step(30)
    before = online.get("pods", pod)
    assert before["status"]["phase"] == "Running"
    online.step(35)
    online.settle()
    assert online.nodes()[name] == "Unknown"
    ready = {c["type"]: c["status"] for c in online.get("pods", pod)["status"]["conditions"]}
    assert (ready["Ready"], ready["ContainersReady"]) == ("False", "True")
    assert online.events(pod, "NodeNotReady")[0]["message"] == "Node is not ready"
    online.store.delete("pods", "default", pod)
    online.step(120)
    leaving = online.get("pods", pod)  # nobody there confirms it
    assert "deletionTimestamp" in leaving["metadata"]
    assert leaving["status"]["containerStatuses"] == before["status"]["containerStatuses"]
    others = [p for p in online.store.list("pods") if p["spec"].get("nodeName") == name]
    online.step(300)
    assert {
        p["metadata"]["name"]
        for p in online.store.list("pods")
        if p["spec"].get("nodeName") == name and "deletionTimestamp" in p["metadata"]
    } >= {p["metadata"]["name"] for p in others if _patience(p) == 300}
    online.world.faults.remove(f"f{cut}")
    online.step(30)
    online.settle()
    assert online.nodes()[name] == "True"
    assert online.store.get("pods", "default", pod) is None


def _patience(pod: dict[str, Any]) -> int | None:
    found = [t for t in pod["spec"]["tolerations"] if t.get("key") == "node.kubernetes.io/unreachable"]
    return found[0].get("tolerationSeconds") if found else None
