"""Scale sets behind AKS's back: what is done to machines shows in their nodes, and AKS brings its own numbers back."""

from typing import Any

import pytest
from arm_bodies import AKS, CLUSTER, RES, cluster, with_group
from sandbox_client import SUBSCRIPTION, Client

VM = "2024-11-01"
MC = f"{SUBSCRIPTION}/resourceGroups/MC_rg_c1_westeurope"


class Machines:
    """A cluster of three nodes, its scale set, and what its nodes say."""

    def __init__(self, arm: Client) -> None:
        self.arm = arm
        self.kube = next(iter(arm.sandbox.world.clusters.values()))
        self.clock = arm.sandbox.world.clock
        self.path = ""

    async def find(self) -> "Machines":
        found = (await self.arm("GET", f"{MC}/providers/Microsoft.Compute/virtualMachineScaleSets", VM))[1]
        self.path = found["value"][0]["id"]
        return self

    async def act(self, verb: str, *numbers: str) -> None:
        status, answer, _ = await self.arm("POST", f"{self.path}/{verb}", VM, {"instanceIds": list(numbers)})
        assert status == 202, answer
        self.clock.run_until_idle()

    async def run(self, number: int, *lines: str) -> tuple[int, Any]:
        where = f"{self.path}/virtualMachines/{number}/runCommand"
        body = {"commandId": "RunShellScript", "script": list(lines)}
        status, answer, headers = await self.arm("POST", where, VM, body)
        if status != 202:
            return status, answer["error"]
        self.clock.run_until_idle()
        poll = headers["Location"].removeprefix(self.arm.sandbox.endpoints.arm_url)
        return 200, (await self.arm("GET", poll, ""))[1]["value"][0]["message"]

    def nodes(self) -> dict[str, str]:
        """Ready's status by the last character of the node's name."""
        return {
            one["metadata"]["name"][-1]: next(
                c["status"] for c in one["status"]["conditions"] if c["type"] == "Ready"
            )
            for one in self.kube.store.list("nodes")
        }

    def events(self) -> set[str]:
        return {one["reason"] for one in self.kube.store.list("events", "default")}

    def networked(self) -> None:
        """Every node gets a configuration, as if a plugin's agent had written it."""
        for node in self.kube.store.list("nodes"):
            self.kube.life.network.leave(node["metadata"]["name"], {"file": "10-mine.conflist"})
        self.clock.run_until_idle()


@pytest.fixture
async def machines(arm: Client) -> Machines:
    await with_group(arm)
    await arm.made(CLUSTER, AKS, cluster())
    return await Machines(arm).find()


async def count(arm: Client) -> int:
    body = (await arm("GET", CLUSTER, AKS))[1]
    return int(body["properties"]["agentPoolProfiles"][0]["count"])


async def test_deleted_instances_lose_their_nodes_and_an_update_brings_others(machines: Machines) -> None:
    machines.networked()
    await machines.act("delete", "1")
    assert machines.nodes() == {"0": "True", "2": "True"}
    assert {"NodeNotReady", "DeletingNode"} <= machines.events()
    instances = (await machines.arm("GET", f"{machines.path}/virtualMachines", VM))[1]["value"]
    assert [one["instanceId"] for one in instances] == ["0", "2"]
    assert (await machines.arm("GET", machines.path, VM))[1]["sku"]["capacity"] == 2
    assert await count(machines.arm) == 3
    body = (await machines.arm("GET", CLUSTER, AKS))[1]
    await machines.arm.made(CLUSTER, AKS, body)
    assert set(machines.nodes()) == {"0", "2", "3"}


async def test_a_deallocated_machine_keeps_its_node_and_comes_back(machines: Machines) -> None:
    machines.networked()
    await machines.act("deallocate", "0")
    assert machines.nodes() == {"0": "Unknown", "1": "True", "2": "True"}
    node = machines.kube.store.list("nodes")[0]
    assert "node.cloudprovider.kubernetes.io/shutdown" in [one["key"] for one in node["spec"]["taints"]]
    _, view, _ = await machines.arm("GET", f"{machines.path}/virtualMachines/0/instanceView", VM)
    assert view["statuses"][1]["code"] == "PowerState/deallocated"
    status, error = await machines.run(0, "ls")
    assert (status, error["code"]) == (409, "OperationNotAllowed")
    await machines.act("start", "0")
    assert machines.nodes()["0"] == "True"
    node = machines.kube.store.list("nodes")[0]
    assert not [one for one in node["spec"].get("taints") or [] if "shutdown" in one["key"]]


async def test_a_reimaged_machine_has_no_network_configuration_any_more(machines: Machines) -> None:
    machines.networked()
    await machines.act("restart", "1")
    assert machines.nodes()["1"] == "True"
    assert "Rebooted" in machines.events()
    await machines.act("reimage", "1")
    assert machines.nodes() == {"0": "True", "1": "False", "2": "True"}


async def test_pods_of_a_machine_that_is_off_are_reached_no_more(machines: Machines) -> None:
    machines.networked()
    kube = machines.kube
    name = kube.store.list("nodes")[0]["metadata"]["name"]
    on_it = [one for one in kube.store.list("pods") if one["spec"].get("nodeName") == name]
    assert on_it
    await machines.act("poweroff", "0")
    for pod in on_it:
        now = kube.store.get("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])
        ready = [one["status"] for one in now["status"]["conditions"] if one["type"] == "Ready"]
        assert ready == ["False"]
    assert "timeout" in kube.life.doors.tunnel(name) or "No agent" in kube.life.doors.tunnel(name)


async def test_a_set_is_resized_by_hand(machines: Machines) -> None:
    body = {"location": "westeurope", "sku": {"name": "x", "capacity": 5}}
    status, answer, _ = await machines.arm("PATCH", machines.path, VM, body)
    assert (status, answer["sku"]["capacity"]) == (200, 5)
    machines.clock.run_until_idle()
    assert set(machines.nodes()) == {"0", "1", "2", "3", "4"}
    await machines.arm("PATCH", machines.path, VM, {"sku": {"capacity": 1}})
    machines.clock.run_until_idle()
    assert set(machines.nodes()) == {"0"}
    assert await count(machines.arm) == 3


async def test_without_its_scale_set_a_cluster_has_no_nodes(machines: Machines) -> None:
    assert (await machines.arm("DELETE", machines.path, VM))[0] == 202
    status, answer, _ = await machines.arm("POST", f"{machines.path}/restart", VM)
    assert (status, answer["error"]["code"]) == (409, "OperationNotAllowed")
    machines.clock.run_until_idle()
    assert machines.nodes() == {}
    pods = machines.kube.store.list("pods")
    assert pods
    assert not [one for one in pods if one["spec"].get("nodeName")]
    assert (await machines.arm("GET", CLUSTER, AKS))[1]["properties"]["provisioningState"] == "Succeeded"


async def test_without_its_node_resource_group_a_cluster_is_beyond_repair(machines: Machines) -> None:
    arm = machines.arm
    assert (await arm("DELETE", MC, RES))[0] == 202
    machines.clock.run_until_idle()
    assert machines.nodes() == {}
    body = (await arm("GET", CLUSTER, AKS))[1]
    assert body["properties"]["provisioningState"] == "Succeeded"
    _, _, headers = await arm("PUT", CLUSTER, AKS, body)
    machines.clock.run_until_idle()
    poll = headers["Azure-AsyncOperation"].removeprefix(arm.sandbox.endpoints.arm_url)
    assert (await arm("GET", poll, ""))[1]["error"]["code"] == "ResourceGroupNotFound"
    assert (await arm("GET", MC, RES))[0] == 404
    assert (await arm("GET", CLUSTER, AKS))[1]["properties"]["provisioningState"] == "Failed"
    assert (await arm("DELETE", CLUSTER, AKS))[0] == 202
    machines.clock.run_until_idle()
    assert (await arm("GET", CLUSTER, AKS))[0] == 404


@pytest.mark.parametrize(
    ("verb", "body", "code"),
    [
        ("delete", {"instanceIds": ["9"]}, "InvalidParameter"),
        ("delete", {}, "InvalidParameter"),
        ("restart", {"instanceIds": 3}, "InvalidParameter"),
        ("restart", {"instanceIds": [1]}, "InvalidParameter"),
        ("convertToSinglePlacementGroup", {}, "NotInSandbox"),
    ],
)
async def test_what_a_set_refuses(machines: Machines, verb: str, body: dict[str, Any], code: str) -> None:
    status, answer, _ = await machines.arm("POST", f"{machines.path}/{verb}", VM, body)
    assert status in (400, 501)
    assert answer["error"]["code"] == code


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"sku": {"capacity": None, "name": None}, "tags": None}, 200),
        ({"sku": {"capacity": 2.5}}, 400),
        ({"sku": {"capacity": -1}}, 400),
        ({"properties": {"virtualMachineProfile": 3}}, 501),
        ({"properties": {"virtualMachineProfile": {}}}, 501),
        ({"properties": {"provisioningState": "Deleting"}}, 200),
        ({"properties": 3}, 400),
    ],
)
async def test_junk_leaves_a_set_as_it_was(machines: Machines, body: dict[str, Any], status: int) -> None:
    before = (await machines.arm("GET", machines.path, VM))[1]
    got, answer, _ = await machines.arm("PATCH", machines.path, VM, body)
    assert got == status, answer
    machines.clock.run_until_idle()
    now = (await machines.arm("GET", machines.path, VM))[1]
    assert (now["sku"], now["properties"]) == (before["sku"], before["properties"])
    assert len((await machines.arm("GET", f"{machines.path}/virtualMachines", VM))[1]["value"]) == 3


async def test_a_set_of_ones_own_is_not_in_the_sandbox(machines: Machines) -> None:
    path = machines.path.rsplit("/", 1)[0] + "/mine"
    status, answer, _ = await machines.arm("PUT", path, VM, {"location": "westeurope"})
    assert (status, answer["error"]["code"]) == (501, "NotInSandbox")


# -- scripts ----------------------------------------------------------------------------------------------------------


async def test_a_script_looks_at_a_nodes_network(machines: Machines) -> None:
    _, said = await machines.run(0, "ls /etc/cni/net.d", "ip addr", "ip route", "journalctl -u kubelet -n 2")
    assert said.startswith("Enable succeeded: \n[stdout]\n1: lo: ")
    assert "inet 10.224.0.4/16" in said
    assert "default via 10.224.0.1 dev eth0" in said
    assert said.count("cni plugin not initialized") == 2
    _, said = await machines.run(0, "cat /etc/cni/net.d/10-x.conf")
    assert said.endswith("[stderr]\ncat: can't open '/etc/cni/net.d/10-x.conf': No such file or directory\n")


async def test_a_script_changes_a_nodes_network(machines: Machines) -> None:
    text = '{"name": "mine", "plugins": [{"type": "bridge", "ipam": {"subnet": "10.9.0.0/24"}}]}'
    await machines.run(2, f"echo '{text}' > /etc/cni/net.d/10-mine.conflist")
    assert machines.nodes() == {"0": "False", "1": "False", "2": "True"}
    _, said = await machines.run(2, "cat /etc/cni/net.d/*", "ls -l /etc/cni/net.d", "journalctl -u kubelet")
    assert text in said
    assert "10-mine.conflist" in said
    assert "Fast updating node status as it just became ready" in said
    await machines.run(2, "sudo rm /etc/cni/net.d/*.conflist")
    assert machines.nodes()["2"] == "False"


@pytest.mark.parametrize(
    "script", ["crictl ps", "ip link set eth0 down", "journalctl -f", "systemctl stop kubelet"]
)
async def test_what_no_node_here_can_do_is_said(machines: Machines, script: str) -> None:
    status, error = await machines.run(0, script)
    assert (status, error["code"]) == (501, "NotInSandbox")
    assert script.split()[0] in error["message"]


@pytest.mark.parametrize(
    "body",
    [{}, {"commandId": 3}, {"commandId": "RunShellScript"}, {"commandId": "RunShellScript", "script": "ls"}],
)
async def test_a_bad_run_command(machines: Machines, body: Any) -> None:
    where = f"{machines.path}/virtualMachines/0/runCommand"
    status, answer, _ = await machines.arm("POST", where, VM, body)
    assert (status, answer["error"]["code"]) == (400, "InvalidParameter")
