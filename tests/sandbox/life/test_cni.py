"""A node turns Ready because a CNI configuration was written on it, and for no other reason."""

import pytest
from life_lab import Lab

AGENT = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: example-cni, namespace: kube-system}
spec:
  selector: {matchLabels: {k8s-app: example-cni}}
  template:
    metadata: {labels: {k8s-app: example-cni}}
    spec:
      hostNetwork: true
      tolerations: [{operator: Exists}]
      INIT
      containers:
        - name: agent
          image: example.com/agent:1
          MAIN
      volumes: [{name: cni, hostPath: {path: PATH}}]
"""
SCRIPT = "initContainers: [{name: install, image: busybox, command: [sh, -c, SH], volumeMounts: [MOUNT]}]"
WRITES = (
    r""""sleep 3; cat > /host/etc/cni/net.d/10-example.conflist <<'EOF'\n"""
    r'''{\"ipam\":{\"ranges\":[[{\"subnet\":\"10.244.7.0/24\"}]]}}\nEOF\n"'''
)
MOUNT = "{name: cni, mountPath: /host/etc/cni/net.d}"


def manifest(*, init: str = "", main: str = "", path: str = "/etc/cni/net.d") -> str:
    return AGENT.replace("INIT", init).replace("MAIN", main).replace("PATH", path)


def test_an_init_container_writes_it(lab: Lab) -> None:
    lab.apply(manifest(init=SCRIPT.replace("SH", WRITES).replace("MOUNT", MOUNT)))
    lab.settle()
    assert set(lab.nodes().values()) == {"True"}
    node = lab.store.list("nodes")[0]
    ready = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
    assert (ready["reason"], ready["message"]) == ("KubeletReady", "kubelet is posting ready status")
    assert "taints" not in node["spec"]
    assert lab.events(node["metadata"]["name"], "NodeReady")
    pods = lab.pods("coredns-", "kube-system")
    assert all(p["status"]["podIP"].startswith("10.244.7.") for p in pods)


@pytest.mark.parametrize("path", ["/etc/cni/net.d", "/etc/cni", "/etc", "/"])
def test_or_else_the_main_container_once_it_is_ready(lab: Lab, path: str) -> None:
    lab.apply(manifest(main=f"volumeMounts: [{MOUNT}]", path=path))
    lab.settle()
    assert set(lab.nodes().values()) == {"True"}


@pytest.mark.parametrize(
    ("main", "path"),
    [
        ("volumeMounts: [{name: cni, mountPath: /x, readOnly: true}]", "/etc/cni/net.d"),
        ("volumeMounts: [{name: cni, mountPath: /x}]", "/opt/cni/bin"),
        ("", "/etc/cni/net.d"),
    ],
)
def test_not_without_writing_to_the_folder(lab: Lab, main: str, path: str) -> None:
    lab.apply(manifest(main=main, path=path))
    lab.settle()
    assert set(lab.nodes().values()) == {"False"}
    assert lab.get("daemonsets.apps", "example-cni", "kube-system")["status"]["numberReady"] == 3


def test_a_failing_init_container_writes_nothing(lab: Lab) -> None:
    lab.apply(manifest(init=SCRIPT.replace("SH", "'echo no; exit 1'").replace("MOUNT", MOUNT)))
    lab.settle()
    lab.step(60)
    assert set(lab.nodes().values()) == {"False"}


def test_the_configuration_outlives_its_pod(online: Lab) -> None:
    online.store.delete("daemonsets.apps", "kube-system", "cilium")
    online.settle()
    assert not online.pods("cilium-", "kube-system")[2:]
    assert set(online.nodes().values()) == {"True"}
    online.apply(
        "{apiVersion: v1, kind: Pod, metadata: {name: late}, spec: {containers: [{name: x, image: nginx}]}}"
    )
    online.settle()
    assert online.get("pods", "late")["status"]["phase"] == "Pending"
    assert (
        "unable to connect to Cilium agent" in online.events("late", "FailedCreatePodSandBox")[0]["message"]
    )


def test_a_node_that_comes_later_turns_ready_too(online: Lab) -> None:
    name = online.add_node(9)
    online.settle()
    assert online.nodes()[name] == "True"
    assert online.get("ciliumnodes.cilium.io", name, "")["spec"]["ipam"]["podCIDRs"] == ["10.244.3.0/24"]


def test_half_of_the_nodes_stay_behind(lab: Lab) -> None:
    lab.fault({"event": "cni-write", "node": "*0"})
    lab.install_cilium()
    lab.settle()
    assert list(lab.nodes().values()) == ["False", "True", "True"]
