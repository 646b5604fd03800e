"""The official Python client, synchronous and with asyncio, unmodified, against the sandbox."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from client_table import cluster_in_sandbox
from kubernetes import aio, client, config, dynamic, stream, utils, watch

# The client leaves the sockets of streams and forwarded ports to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
DATA = Path(__file__).parent / "data"
POD = {
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "nginx:1.27", "ports": [{"containerPort": 80}]}]},
}


@pytest.fixture(scope="module")
def kubeconfig(clients_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster with a CNI, and a pod that runs in namespace ``py``."""
    with cluster_in_sandbox(clients_path, tmp_path_factory.mktemp("python")) as env:
        install = "helm install bignet bignet -n kube-system --wait --timeout 120s"
        subprocess.run(install.split(), cwd=DATA / "charts", env=env, check=True, capture_output=True)
        proxies = {
            name: os.environ.pop(name) for name in ("HTTPS_PROXY", "https_proxy") if name in os.environ
        }
        config.load_kube_config(env["KUBECONFIG"])
        core = client.CoreV1Api()
        core.create_namespace({"metadata": {"name": "py"}})
        core.create_namespaced_pod("py", POD)
        assert _follows(core, lambda pod: pod.status.phase == "Running")
        yield env["KUBECONFIG"]
        os.environ.update(proxies)


def _follows(core: Any, wanted: Any) -> bool:
    """Whether a watch shows the pod as wanted."""
    watching = watch.Watch()
    for event in watching.stream(core.list_namespaced_pod, "py", timeout_seconds=30):
        if wanted(event["object"]):
            watching.stop()
            return True
    return False


@pytest.fixture
def core(kubeconfig: str) -> Any:
    return client.CoreV1Api()


def test_reads_and_refusals(core: Any) -> None:
    assert {n.status.node_info.container_runtime_version for n in core.list_node().items} == {
        "containerd://2.0.0-1"
    }
    page = core.list_pod_for_all_namespaces(limit=2)
    rest = core.list_pod_for_all_namespaces(limit=500, _continue=page.metadata._continue)
    assert len(page.items) == 2
    assert len(rest.items) == page.metadata.remaining_item_count
    with pytest.raises(client.ApiException) as refused:
        core.read_namespaced_pod("nobody", "py")
    assert (refused.value.status, refused.value.reason) == (404, "Not Found")
    with pytest.raises(client.ApiException) as stale:
        core.replace_namespaced_pod(
            "web", "py", {**POD, "metadata": {**POD["metadata"], "resourceVersion": "1"}}
        )
    assert stale.value.status == 409


def test_writes_of_typed_objects(kubeconfig: str) -> None:
    apps = client.AppsV1Api()
    labels = {"app": "typed"}
    container = client.V1Container(name="c", image="nginx", ports=[client.V1ContainerPort(container_port=80)])
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=labels), spec=client.V1PodSpec(containers=[container])
    )
    spec = client.V1DeploymentSpec(
        replicas=1, selector=client.V1LabelSelector(match_labels=labels), template=template
    )
    made = apps.create_namespaced_deployment(
        "py", client.V1Deployment(metadata=client.V1ObjectMeta(name="typed"), spec=spec)
    )
    assert made.spec.progress_deadline_seconds == 600
    assert apps.patch_namespaced_deployment(
        "typed", "py", {"metadata": {"labels": {"x": "y"}}}
    ).metadata.labels["x"]
    assert apps.patch_namespaced_deployment_scale("typed", "py", {"spec": {"replicas": 2}}).spec.replicas == 2
    made_of_file = utils.create_from_yaml(
        client.ApiClient(), str(DATA / "kube" / "prune-1.yaml"), namespace="py"
    )
    assert [group[0].metadata.name for group in made_of_file] == ["kept", "dropped"]


def test_exec_logs_and_forwarded_ports(core: Any) -> None:
    words = ["sh", "-c", "echo out; hostname"]
    said = stream.stream(
        core.connect_get_namespaced_pod_exec,
        "web",
        "py",
        command=words,
        stdout=True,
        stderr=True,
        stdin=False,
        tty=False,
    )
    assert said == "out\nweb\n"
    assert core.read_namespaced_pod_log("web", "py") == ""
    forward = stream.portforward(core.connect_get_namespaced_pod_portforward, "web", "py", ports="80")
    with closing(forward.socket(80)) as socket:
        socket.setblocking(True)
        socket.sendall(b"GET / HTTP/1.1\r\nHost: web\r\n\r\n")
        assert socket.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")


def test_dynamic_client_applies_with_managers(kubeconfig: str) -> None:
    found = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d"}, "data": {"a": "b"}}
    found.server_side_apply(body=body, namespace="py", field_manager="one")
    with pytest.raises(dynamic.exceptions.ConflictError):
        found.server_side_apply(body={**body, "data": {"a": "c"}}, namespace="py", field_manager="two")
    assert found.get(name="d", namespace="py").data.a == "b"


async def test_asyncio_lists_watches_and_deletes(kubeconfig: str) -> None:
    await aio.config.load_kube_config(kubeconfig)
    async with aio.client.ApiClient() as api:
        core = aio.client.CoreV1Api(api)
        await core.create_namespaced_config_map("py", {"metadata": {"name": "short-lived"}})
        seen = []
        watching = aio.watch.Watch()
        async with watching.stream(core.list_namespaced_config_map, "py", timeout_seconds=20) as events:
            async for event in events:
                if event["object"].metadata.name != "short-lived":
                    continue
                seen.append(event["type"])
                if event["type"] == "DELETED":
                    break
                await core.delete_namespaced_config_map("short-lived", "py")
        assert seen == ["ADDED", "DELETED"]
