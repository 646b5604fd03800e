"""Checks that pods run get true answers: the network model behind wget, nc and nslookup."""

import pytest
from life_lab import Lab

SERVER = """
apiVersion: v1
kind: Pod
metadata: {name: server, labels: {app: server}}
spec:
  nodeSelector: {kubernetes.io/hostname: NODE}
  containers:
    - name: server
      image: busybox:1.36
      command: [sh, -c]
      args: ['mkdir -p /w; echo hello > /w/token; head -c 1048576 /dev/zero > /w/big; exec httpd -f -p 8080 -h /w']
      readinessProbe: {httpGet: {path: /token, port: 8080}}
---
apiVersion: v1
kind: Service
metadata: {name: server}
spec: {selector: {app: server}, ports: [{port: 80, targetPort: 8080}]}
"""
DENY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: only-friends}
spec: {podSelector: {matchLabels: {app: server}}, ingress: [{from: [{podSelector: {matchLabels: {role: friend}}}]}]}
"""


class Check:
    """A server on the second node and clients on the first."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.first, self.second = lab.node_names()[:2]
        lab.apply(SERVER.replace("NODE", self.second))
        lab.settle()
        self.address = lab.get("pods", "server")["status"]["podIP"]
        self.count = 0

    def run(self, script: str, role: str = "stranger") -> tuple[int, str]:
        self.count += 1
        name = f"client{self.count}"
        self.lab.apply(
            f"{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, labels: {{role: {role}}}}}, "
            f"spec: {{restartPolicy: Never, nodeSelector: {{kubernetes.io/hostname: {self.first}}}, "
            f"containers: [{{name: c, image: 'busybox:1.36', command: [sh, -c, {script!r}]}}]}}}}"
        )
        self.lab.settle()
        self.lab.step(130)
        state = self.lab.get("pods", name)["status"]["containerStatuses"][0]["state"]
        pod = self.lab.get("pods", name)
        return state["terminated"]["exitCode"], self.lab.cluster.hooks.logs(pod, "c", {})  # type: ignore[misc]


@pytest.fixture
def check(online: Lab) -> Check:
    return Check(online)


def test_pods_services_and_names_answer(check: Check) -> None:
    for url in (f"{check.address}:8080", "server", "server.default", "server.default.svc.cluster.local"):
        assert check.run(f"wget -q -T 5 -O - http://{url}/token") == (0, "hello\n")
    code, said = check.run("nslookup kubernetes.default.svc.cluster.local")
    assert code == 0
    assert "Address: 10.0.0.1" in said
    assert check.run('nc -z -w 5 "$KUBERNETES_SERVICE_HOST" "$KUBERNETES_SERVICE_PORT"')[0] == 0
    assert check.run("nc -z -w 5 mcr.microsoft.com 443")[0] == 0


def test_what_is_not_there_is_said_as_busybox_says_it(check: Check) -> None:
    assert check.run(f"wget -q -T 5 -O - http://{check.address}:81/") == (
        1, f"wget: can't connect to remote host ({check.address}): Connection refused\n",
    )  # fmt: skip
    assert check.run("wget -q -T 5 -O - http://nosuch/") == (1, "wget: bad address 'nosuch'\n")
    assert "NXDOMAIN" in check.run("nslookup nosuch.default.svc.cluster.local")[1]


def test_policies_are_enforced(check: Check) -> None:
    check.lab.apply(DENY)
    assert check.run("wget -q -T 5 -O - http://server/token") == (1, "wget: download timed out\n")
    assert check.run("wget -q -T 5 -O - http://server/token", role="friend") == (0, "hello\n")


def test_a_policy_that_nobody_enforces(check: Check) -> None:
    check.lab.fault({"event": "policy"})
    check.lab.apply(DENY)
    assert check.run("wget -q -T 5 -O - http://server/token")[0] == 0


def test_the_overlays_port_denied_breaks_only_what_crosses_nodes(check: Check) -> None:
    check.lab.fault({"event": "node-to-node", "protocol": "UDP", "port": "8472"})
    assert check.run(f"wget -q -T 5 -O - http://{check.address}:8080/token")[0] == 1
    check.first = check.second
    assert check.run(f"wget -q -T 5 -O - http://{check.address}:8080/token")[0] == 0


def test_a_wrong_mtu_lets_small_answers_pass(check: Check) -> None:
    config = check.lab.get("configmaps", "cilium-config", "kube-system")
    config["data"]["mtu"] = "1500"
    check.lab.store.update("configmaps", config)
    assert check.run("wget -q -T 5 -O - http://server/token")[0] == 0
    assert check.run("wget -q -T 5 -O /dev/null http://server/big")[0] == 1


def test_no_way_out(check: Check) -> None:
    assert check.run("nc -z -w 5 mcr.microsoft.com 443")[0] == 0
    check.lab.fault({"event": "egress", "host": "mcr.microsoft.com"})
    assert check.run("nc -z -w 5 mcr.microsoft.com 443")[0] == 1


def test_nsg_of_the_subnet_counts(check: Check) -> None:
    group = {
        "properties": {
            "securityRules": [
                {
                    "properties": {
                        "priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "Udp",
                        "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "8472",
                    }
                }
            ]
        }
    }  # fmt: skip
    records = {
        check.lab.cluster.id: {"properties": {"agentPoolProfiles": [{"vnetSubnetID": "/s"}]}},
        "/s": {"properties": {"networkSecurityGroup": {"id": "/g"}}},
        "/g": group,
    }

    class Arm:
        def get(self, identity: str) -> dict[str, object] | None:
            return {"body": records[identity]} if identity in records else None

    check.lab.world.parts["arm"] = Arm()
    assert check.run("wget -q -T 5 -O - http://server/token")[0] == 1


def test_without_kube_proxy_services_do_not_answer(check: Check) -> None:
    check.lab.store.delete("daemonsets.apps", "kube-system", "kube-proxy")
    check.lab.settle()
    assert check.run(f"wget -q -T 5 -O - http://{check.address}:8080/token")[0] == 0
    assert check.run("nc -z -w 5 10.0.0.1 443")[0] == 1


def test_exec_is_played_and_honest(online: Lab) -> None:
    from byocni_tui.sandbox.kube.status import ApiError

    pod = online.pods("kube-proxy-", "kube-system")[0]
    run = online.cluster.hooks.exec
    assert run is not None
    assert run(pod, "kube-proxy", ["sh", "-c", "echo a | tr a b"], b"") == ("b\n", "", 0)
    with pytest.raises(ApiError, match="not in the sandbox"):
        run(pod, "kube-proxy", ["dig", "x"], b"")
