"""Plugins that nobody thought of, and large clusters."""

from life_lab import Lab

FLANNEL = """
apiVersion: v1
kind: Namespace
metadata: {name: kube-flannel}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kube-flannel-cfg, namespace: kube-flannel}
data: {net-conf.json: '{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}'}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-flannel-ds, namespace: kube-flannel}
spec:
  selector: {matchLabels: {app: flannel}}
  template:
    metadata: {labels: {app: flannel, tier: node}}
    spec:
      hostNetwork: true
      tolerations: [{operator: Exists}]
      initContainers:
        - {name: install-cni-plugin, image: "ghcr.io/flannel-io/flannel-cni-plugin:v1", command: [cp],
           args: [-f, /flannel, /opt/cni/bin/flannel]}
        - name: install-cni
          image: ghcr.io/flannel-io/flannel:v0.28.9
          command: [cp]
          args: [-f, /etc/kube-flannel/cni-conf.json, /etc/cni/net.d/10-flannel.conflist]
          volumeMounts: [{name: cni, mountPath: /etc/cni/net.d}]
      containers:
        - {name: kube-flannel, image: "ghcr.io/flannel-io/flannel:v0.28.9", command: [/opt/bin/flanneld]}
      volumes: [{name: cni, hostPath: {path: /etc/cni/net.d}}]
"""
UNKNOWN = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: meshnet-agent, namespace: kube-system}
spec:
  selector: {matchLabels: {k: meshnet}}
  template:
    metadata: {labels: {k: meshnet}}
    spec:
      hostNetwork: true
      tolerations: [{operator: Exists}]
      containers:
        - name: agent
          image: example.azurecr.io/meshnet:1
          readinessProbe: {httpGet: {path: /healthz, port: 20244}}
          volumeMounts: [{name: etc, mountPath: /host/etc}]
      volumes: [{name: etc, hostPath: {path: /etc}}]
"""


def test_flannel_makes_nodes_ready_and_waits_for_a_pod_cidr(lab: Lab) -> None:
    lab.apply(FLANNEL)
    lab.settle()
    lab.step(90)
    assert set(lab.nodes().values()) == {"True"}
    agent = lab.pods("kube-flannel-ds", "kube-flannel")[0]["status"]["containerStatuses"][0]
    assert agent["restartCount"] > 0
    assert "subnet.env" in lab.events("coredns", "FailedCreatePodSandBox")[0]["message"]
    for number, name in enumerate(lab.node_names()):
        node = lab.get("nodes", name, "")
        node["spec"]["podCIDR"] = f"10.244.{number}.0/24"
        lab.store.update("nodes", node)
    lab.step(600)
    lab.settle()
    assert {p["status"]["phase"] for p in lab.pods("coredns", "kube-system")} == {"Running"}


def test_a_plugin_nobody_thought_of_works_by_the_general_rule(lab: Lab) -> None:
    lab.apply(UNKNOWN)
    lab.settle()
    assert set(lab.nodes().values()) == {"True"}
    lab.settle()
    pod = lab.pods("coredns", "kube-system")[0]
    assert pod["status"]["podIP"].startswith("10.244.")


def test_in_large_clusters_aks_own_pods_run_from_the_start_and_agents_live() -> None:
    lab = Lab(0)
    for number in range(210):
        lab.add_node(number)
    lab.settle()
    owned = lab.pods("kube-proxy", "kube-system")
    assert len(owned) == 210
    assert {p["status"]["phase"] for p in owned} == {"Running"}
    assert len({p["metadata"]["name"] for p in owned} | {p["metadata"]["uid"] for p in owned}) == 420
    assert lab.cluster.hooks.logs is not None
    lab.install_cilium(pool="10.240.0.0/14")
    lab.settle()
    assert set(lab.nodes().values()) == {"True"}
    agent = lab.pods("cilium-", "kube-system")[0]["metadata"]["name"]
    assert lab.events(agent, "Pulled")
    blocks = {n["spec"]["ipam"]["podCIDRs"][0] for n in lab.store.list("ciliumnodes.cilium.io")}
    assert len(blocks) == 210
