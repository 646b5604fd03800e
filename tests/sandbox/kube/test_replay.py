"""Recorded requests get the answers that a real 1.36 API server gave."""

import kube_replay
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
    "clients": ("kubectl", "kubectl-faults"),
    "helm": ("helm",),
    "edges": ("edges-1-refused", "edges-2-waiting", "edges-3-ready"),
}
SHARE = 0.05
"""Of all exchanges, how many may deviate at most, by a class that has a name."""


async def _replayed(files: tuple[str, ...]) -> kube_replay.Replay:
    made = kube_replay.cluster()
    http = await kube_replay.client(made)
    replay = kube_replay.Replay(made, http)
    made.clock.step(30)
    if "edges-1-refused" in files:
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
    return replay


async def test_recorded_requests_get_the_recorded_answers() -> None:
    """Every exchange that can be sent again; what deviates has a named class, and is few."""
    replays = [await _replayed(files) for files in GROUPS.values()]
    total = sum(replay.total for replay in replays)
    assert total >= 860
    for replay in replays:
        named = {(file, index) for _, file, index in replay.named}
        nameless = [one for one in replay.different if one[:2] not in named]
        assert not nameless, "\n".join(map(str, nameless))
    assert sum(len(replay.different) for replay in replays) <= total * SHARE
