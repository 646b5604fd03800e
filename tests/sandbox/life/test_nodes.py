"""What nodes say about themselves, and what is done to them."""

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
