"""What goes wrong inside a cluster shows where one would look for it in life."""

import re
from pathlib import Path
from typing import Any

import pytest
from life_lab import Lab

from byocni_tui.sandbox.kube.life.vocabulary import EVENTS
from byocni_tui.sandbox.kube.status import ApiError

ROOT = Path(__file__).parents[3] / "byocni_tui"
WEB = "{apiVersion: v1, kind: Pod, metadata: {name: NAME}, spec: {containers: [{name: web, image: 'nginx:1.27'}]}}"


def container(
    lab: Lab, pod: str, namespace: str = "default", part: str = "containerStatuses"
) -> dict[str, Any]:
    status: dict[str, Any] = lab.pods(pod, namespace)[0]["status"][part][0]
    return status


def test_every_event_is_asked_for_and_told_of() -> None:
    code = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "sandbox/kube/life").glob("*.py"))
    asked = set(re.findall(r'\bfaulty?\(\s*"([a-z-]+)"', code)) & set(EVENTS) | set(
        re.findall(r'life\.faulty?\(\s*"([a-z-]+)"', code)
    )
    assert asked == set(EVENTS)
    page = (ROOT / "fixtures/scenarios/README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) - {"event"} == set(EVENTS)


def test_a_failed_pull_keeps_its_reason_and_ends_when_mended(online: Lab) -> None:
    online.fault({"event": "pull", "registry": "docker.io"})
    online.apply(WEB.replace("NAME", "web"))
    online.settle()
    seen = set()
    for _ in range(60):
        online.step(2)
        seen.add(container(online, "web")["state"]["waiting"]["reason"])
    assert seen <= {"ErrImagePull", "ImagePullBackOff"}
    assert "i/o timeout" in online.events("web", "Failed")[0]["message"]
    online.world.faults.remove("f{'event': 'pull', 'registry': 'docker.io'}")
    online.step(400)
    assert "running" in container(online, "web")["state"]


def test_a_leftover_configuration_makes_nodes_ready_and_pods_fail() -> None:
    lab = Lab(0)
    lab.fault({"event": "leftover"}, {"behaviour": "cilium"})
    lab.add_node(0)
    lab.settle()
    assert set(lab.nodes().values()) == {"True"}
    lab.apply(WEB.replace("NAME", "web"))
    lab.settle()
    assert (
        'plugin type="cilium-cni" failed (add)' in lab.events("web", "FailedCreatePodSandBox")[0]["message"]
    )
    lab.install_cilium()
    lab.settle()
    lab.step(30)
    assert lab.get("pods", "web")["status"]["phase"] == "Running"


CLEANER = """
apiVersion: v1
kind: Pod
metadata: {name: cleaner}
spec:
  restartPolicy: Never
  hostNetwork: true
  tolerations: [{operator: Exists}]
  containers:
    - name: c
      image: busybox:1.36
      command: [sh, -c, "rm -f /host/etc/cni/net.d/05-cilium.conflist"]
      volumeMounts: [{name: conf, mountPath: /host/etc/cni/net.d}]
  volumes: [{name: conf, hostPath: {path: /etc/cni/net.d}}]
"""


def test_a_pod_that_deletes_the_configuration_takes_the_node_down() -> None:
    lab = Lab(0)
    lab.fault({"event": "leftover"}, {"behaviour": "cilium"})
    lab.add_node(0)
    lab.settle()
    lab.apply(CLEANER)
    lab.settle()
    node = lab.store.list("nodes")[0]
    ready = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "KubeletNotReady")
    assert ready["message"].endswith("cni plugin not initialized")


def test_a_node_that_loses_its_api_server_becomes_unknown_and_comes_back(online: Lab) -> None:
    first = online.node_names()[0]
    online.fault({"event": "egress", "node": first})
    online.step(120)
    node = online.get("nodes", first, "")
    conditions = {c["type"]: c for c in node["status"]["conditions"]}
    assert conditions["Ready"]["status"] == "Unknown"
    assert conditions["Ready"]["message"] == "Kubelet stopped posting node status."
    assert {t["key"] for t in node["spec"]["taints"]} == {"node.kubernetes.io/unreachable"}
    assert [s for n, s in online.nodes().items() if n != first] == ["True", "True"]
    online.step(320)
    assert not [p for p in online.pods("coredns", "kube-system") if p["spec"]["nodeName"] == first
                and "deletionTimestamp" not in p["metadata"]]  # fmt: skip
    online.world.faults.remove(
        f"f{ {'event': 'egress', 'node': first} }".replace("{ ", "{").replace(" }", "}")
    )
    online.step(30)
    assert online.nodes()[first] == "True"
    assert not online.get("nodes", first, "")["spec"].get("taints")


def test_konnectivity_down_fails_logs_and_metrics_and_nothing_else(online: Lab) -> None:
    online.apply(WEB.replace("NAME", "web"))
    online.settle()
    online.fault({"event": "konnectivity"})
    pod = online.get("pods", "web")
    with pytest.raises(
        ApiError, match=r'^Get "https://10\.224\.0\.\d:10250/containerLogs/.*": No agent available$'
    ):
        online.cluster.hooks.logs(pod, "web", {})  # type: ignore[misc]
    with pytest.raises(ApiError, match="error dialing backend: No agent available"):
        online.cluster.hooks.exec(pod, "web", ["ls"], b"")  # type: ignore[misc]
    with pytest.raises(ApiError, match="currently unable"):
        online.cluster.hooks.metrics("nodes", None)  # type: ignore[misc]


def test_every_second_node_stays_behind() -> None:
    lab = Lab(4)
    lab.fault({"event": "node-ready", "node": "*[13579bdfhjlnprtvxz]"})
    lab.install_cilium()
    lab.settle()
    assert list(lab.nodes().values()) == ["True", "False", "True", "False"]


def test_auto_repair_reboots_what_stays_not_ready() -> None:
    lab = Lab(0)
    lab.fault({"event": "auto-repair"})
    lab.add_node(0)
    lab.step(290)
    assert not lab.events("aks-nodepool1", "NodeRebootStart")
    lab.step(400)
    reasons = [e["reason"] for e in lab.events("aks-nodepool1")]
    assert {"NodeRebootStart", "NodeRebootEnd", "Rebooted"} <= set(reasons)


def test_an_agent_without_its_api_server_says_so(lab: Lab) -> None:
    lab.store.delete("daemonsets.apps", "kube-system", "kube-proxy")
    lab.settle()
    lab.install_cilium()
    lab.settle()
    lab.step(200)
    pod = lab.pods("cilium-operator", "kube-system")[0]["status"]["containerStatuses"][0]
    assert pod["restartCount"] > 1
    last = (pod["lastState"] or pod["state"])["terminated"]
    assert last["exitCode"] == 1
    log = lab.cluster.hooks.logs  # the pods of konnectivity wait as well
    assert log is not None
    assert set(lab.nodes().values()) == {"False"}
