"""A fresh cluster with plugin none: what runs, what waits, and what it says (as in the recordings)."""

from life_lab import Lab

from byocni_tui.sandbox.kube.life.kubelet import NOT_INITIALIZED as NOT_READY

REFUSED = (
    "0/3 nodes are available: 3 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/3 nodes "
    "are available: 3 Preemption is not helpful for scheduling."
)


def test_host_network_runs_and_the_rest_waits(lab: Lab) -> None:
    phases = {
        p["metadata"]["name"].rsplit("-", 1)[0]: p["status"]["phase"]
        for p in lab.store.list("pods", "kube-system")
    }
    for name in ("kube-proxy", "cloud-node-manager", "csi-azuredisk-node", "csi-azurefile-node"):
        assert phases[name] == "Running"
    waiting = [p for p in lab.store.list("pods", "kube-system") if p["status"]["phase"] == "Pending"]
    deployments = {p["metadata"]["ownerReferences"][0]["name"].rsplit("-", 1)[0] for p in waiting}
    assert deployments == {
        "coredns", "coredns-autoscaler", "konnectivity-agent", "konnectivity-agent-autoscaler", "metrics-server",
    }  # fmt: skip


def test_the_scheduler_says_why(lab: Lab) -> None:
    (pod, *_rest) = lab.pods("coredns-", "kube-system")
    assert pod["status"]["conditions"][-1]["message"] == REFUSED
    assert lab.events(pod["metadata"]["name"], "FailedScheduling")[0]["message"] == REFUSED


def test_older_versions_name_the_taint() -> None:
    lab = Lab(1, version="1.33.2")
    message = lab.pods("coredns-", "kube-system")[0]["status"]["conditions"][-1]["message"]
    assert message == (
        "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. preemption: 0/1 "
        "nodes are available: 1 Preemption is not helpful for scheduling."
    )


def test_a_tolerant_pod_waits_for_the_network(lab: Lab) -> None:
    lab.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: t}, spec: {tolerations: [{operator: Exists}], "
        "containers: [{name: t, image: 'busybox:1.36', args: [sleep, '1000']}]}}"
    )
    lab.settle()
    lab.step(12)
    pod = lab.get("pods", "t")
    assert pod["status"]["containerStatuses"][0]["state"] == {"waiting": {"reason": "ContainerCreating"}}
    (event,) = lab.events("t", "NetworkNotReady")
    assert event["message"] == f"network is not ready: {NOT_READY}"
    assert event["count"] == 7  # as recorded: x7 over 12s


def test_every_namespace_gets_its_account_and_certificate(lab: Lab) -> None:
    lab.apply("{apiVersion: v1, kind: Namespace, metadata: {name: lab}}")
    lab.settle()
    assert lab.get("serviceaccounts", "default", "lab")
    assert "ca.crt" in lab.get("configmaps", "kube-root-ca.crt", "lab")["data"]


def test_logs_say_that_no_agent_is_available(lab: Lab) -> None:
    import pytest

    from byocni_tui.sandbox.kube.status import ApiError

    pod = lab.pods("kube-proxy", "kube-system")[0]
    with pytest.raises(ApiError, match=r"containerLogs/kube-system/kube-proxy.*: No agent available"):
        lab.cluster.hooks.logs(pod, "kube-proxy", {})  # type: ignore[misc]


def test_same_seed_same_names() -> None:
    names = [[p["metadata"]["name"] for p in Lab(2, seed=s).store.list("pods")] for s in (5, 5, 6)]
    assert names[0] == names[1] != names[2]
