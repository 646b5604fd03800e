"""The operator's part of Cilium, and the traps that its catalogue entry warns of."""

from life_lab import Lab


def test_the_operator_gives_each_node_its_block(online: Lab) -> None:
    blocks = [n["spec"]["ipam"]["podCIDRs"] for n in online.store.list("ciliumnodes.cilium.io")]
    assert blocks == [["10.244.0.0/24"], ["10.244.1.0/24"], ["10.244.2.0/24"]]
    for node in online.store.list("nodes"):
        up = next(c for c in node["status"]["conditions"] if c["type"] == "NetworkUnavailable")
        assert (up["status"], up["reason"]) == ("False", "CiliumIsUp")
        assert "podCIDR" not in node["spec"]


def test_everything_that_waited_runs(online: Lab) -> None:
    assert {p["status"]["phase"] for p in online.store.list("pods", "kube-system")} == {"Running"}
    assert online.get("deployments.apps", "coredns", "kube-system")["status"]["availableReplicas"] == 2


def test_two_replicas_need_two_nodes() -> None:
    lab = Lab(1)
    lab.install_cilium()
    lab.settle()
    status = lab.get("deployments.apps", "cilium-operator", "kube-system")["status"]
    assert (status["replicas"], status["readyReplicas"]) == (2, 1)
    waiting = next(p for p in lab.pods("cilium-operator", "kube-system") if p["status"]["phase"] == "Pending")
    assert "1 node(s) didn't match pod anti-affinity rules" in waiting["status"]["conditions"][-1]["message"]


def test_on_a_tainted_pool_the_operator_waits_and_no_node_gets_ready() -> None:
    lab = Lab(2, taints=("CriticalAddonsOnly=true:NoSchedule",))
    lab.install_cilium()
    lab.settle()
    lab.step(120)
    assert {p["status"]["phase"] for p in lab.pods("cilium-operator", "kube-system")} == {"Pending"}
    assert set(lab.nodes().values()) == {"False"}


def test_the_charts_own_pool_swallows_the_service_range(lab: Lab) -> None:
    lab.install_cilium(pool="10.0.0.0/8")
    lab.settle()
    source = lab.pods("coredns-autoscaler", "kube-system")[0]
    addresses, why = lab.cluster.life.paths.resolve(source, "kubernetes.default.svc.cluster.local")
    assert (addresses, why) == ([], "timeout")


def test_a_blocked_registry_shows_as_image_pull_back_off(lab: Lab) -> None:
    lab.fault({"event": "pull", "registry": "quay.io"})
    lab.install_cilium()
    lab.settle()
    pod = lab.pods("cilium-", "kube-system")[0]
    waiting = pod["status"]["containerStatuses"][0]["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    failed = lab.events(pod["metadata"]["name"], "Failed")
    assert any(
        'Head "https://quay.io/v2/cilium/cilium/manifests/v1.19.9": dial tcp' in e["message"] for e in failed
    )
    assert any(e["message"].endswith(":443: i/o timeout") for e in failed)


def test_a_crashing_agent_leaves_its_last_words(lab: Lab) -> None:
    log = 'level=error msg="Unable to contact k8s api-server" error="dial tcp 10.0.0.1:443: i/o timeout"'
    lab.fault({"event": "start", "container": "cilium-agent"}, {"code": 1, "log": log, "seconds": 2})
    lab.install_cilium()
    lab.settle()
    lab.step(120)
    status = lab.pods("cilium-", "kube-system")[0]["status"]["containerStatuses"][0]
    assert status["restartCount"] >= 3
    assert "Unable to contact k8s api-server" in status["lastState"]["terminated"]["message"]
    assert status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert set(lab.nodes().values()) == {"False"}


def test_an_agent_tells_its_status_as_far_as_it_is_known(online: Lab) -> None:
    agent = next(p for p in online.pods("cilium-", "kube-system") if "operator" not in p["metadata"]["name"])
    play = online.cluster.hooks.exec
    assert play is not None
    said, errors, code = play(agent, "cilium-agent", ["cilium-dbg", "status", "--brief"], b"")
    assert (said, errors, code) == ("OK\n", "", 0)
    said, _, code = play(agent, "cilium-agent", ["cilium", "status"], b"")
    lines = dict(line.split(":", 1) for line in said.splitlines())
    assert code == 0
    assert lines["KubeProxyReplacement"].strip() == "False"
    (block,) = online.get("ciliumnodes.cilium.io", agent["spec"]["nodeName"], "")["spec"]["ipam"]["podCIDRs"]
    assert f"/254 allocated from {block}" in lines["IPAM"]
    assert lines["Cluster health"].strip().startswith("3/3 reachable")
    online.fault({"event": "node-to-node", "port": "4240"})
    said, _, _ = play(agent, "cilium-agent", ["cilium", "status"], b"")
    assert "1/3 reachable" in said
