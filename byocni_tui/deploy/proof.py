"""The step ``verify``: that pods really run on the network that was installed."""

import asyncio
import ipaddress
from typing import Any, Final

from byocni_tui.deploy.failure import StepError
from byocni_tui.deploy.work import Outcome, Work
from byocni_tui.providers.protocols import Json

DNS_LIMIT: Final = 600.0


def running(pod: Json) -> bool:
    """Whether the pod is Ready and has an address."""
    status: dict[str, Any] = pod.get("status") or {}
    conditions = {item.get("type"): item.get("status") for item in status.get("conditions") or ()}
    return conditions.get("Ready") == "True" and bool(status.get("podIP"))


async def verify(work: Work) -> Outcome:
    """First proof: the cluster's own DNS pods, which waited for a CNI, run and have addresses of the pod range."""
    pods: dict[str, Json] = {}
    try:
        async with asyncio.timeout(work.patience(DNS_LIMIT)):
            complete = False
            query = {"labelSelector": "k8s-app=kube-dns"}
            async for kind, pod in work.kube.watch("/api/v1/namespaces/kube-system/pods", query):
                if kind == "SYNCED":
                    complete = True
                elif kind == "DELETED":
                    pods.pop(pod["metadata"]["name"], None)
                else:
                    pods[pod["metadata"]["name"]] = pod
                if complete and pods and all(running(pod) for pod in pods.values()):
                    break
    except TimeoutError:
        raise StepError("dns_not_running", count=len(pods)) from None
    addresses = [str(pod["status"]["podIP"]) for pod in pods.values()]
    pool = work.plan.cni.pool or work.plan.network.pod_cidr
    if pool:
        network = ipaddress.ip_network(pool.strip(), strict=False)
        outside = [address for address in addresses if ipaddress.ip_address(address) not in network]
        if outside:
            raise StepError("outside_pool", address=outside[0], pool=pool)
    return Outcome(work.text("verify.dns", count=len(pods), addresses=", ".join(addresses)))
