"""Recorded requests get the answers that a real 1.36 API server gave."""

import kube_replay
import pytest
import yaml

CNI = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: cni, namespace: kube-system}
spec:
  selector: {matchLabels: {app: cni}}
  template:
    metadata: {labels: {app: cni}}
    spec:
      hostNetwork: true
      tolerations: [{operator: Exists}]
      initContainers:
      - name: install
        image: "busybox:1.36"
        volumeMounts: [{name: cni, mountPath: /etc/cni/net.d}]
      containers: [{name: agent, image: "busybox:1.36", command: [sleep, "100000"]}]
      volumes: [{name: cni, hostPath: {path: /etc/cni/net.d}}]
"""
GROUPS = {
    "clients": (("kubectl", "kubectl-faults"), 0.97),
    "helm": (("helm",), 0.97),
    "edges": (("edges-1-refused", "edges-2-waiting", "edges-3-ready"), 0.94),
}


@pytest.mark.parametrize("group", GROUPS)
async def test_recorded_requests_get_the_recorded_answers(group: str) -> None:
    """The rest is the test bed's: resource versions inside bodies, and who of many pollers sees a pod last."""
    files, share = GROUPS[group]
    made = kube_replay.cluster()
    http = await kube_replay.client(made)
    replay = kube_replay.Replay(made, http)
    made.clock.step(30)
    if group == "edges":
        space = {
            "metadata": {"name": "edge"},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }
        made.store.create("namespaces", space)
    made.clock.step(5)
    try:
        for file in files:
            if file == "edges-3-ready":
                path = "/apis/apps/v1/namespaces/kube-system/daemonsets"
                headers = {"Authorization": f"Bearer {made.token()}"}
                async with http.post(path, json=yaml.safe_load(CNI), headers=headers) as response:
                    assert response.status == 201
                made.clock.step(60)
            await replay.run(file)
    finally:
        await http.close()
    alike = 1 - len(replay.different) / replay.total
    assert alike >= share, "\n".join(map(str, replay.different))
