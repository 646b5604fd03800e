"""The step ``verify``: that pods really run on the network that was installed."""

import asyncio
import ipaddress
from typing import Any, Final

import msgspec

from byocni_tui.deploy.failure import StepError
from byocni_tui.deploy.probes import IMAGE
from byocni_tui.deploy.verification import IDS, Check, Options, Verifier
from byocni_tui.deploy.work import Outcome, Work
from byocni_tui.providers.protocols import Json

DNS_LIMIT: Final = 600.0


def running(pod: Json) -> bool:
    """Whether the pod is Ready and has an address."""
    status: dict[str, Any] = pod.get("status") or {}
    conditions = {item.get("type"): item.get("status") for item in status.get("conditions") or ()}
    return conditions.get("Ready") == "True" and bool(status.get("podIP"))


async def verify(work: Work) -> Outcome:
    """First the cluster's own DNS pods, which waited for a CNI; then the whole matrix, by pods that probe."""
    await dns_pods(work)
    options = Options(
        image=IMAGE.format(registry=work.registry),
        egress=f"{work.registry}:443",
        pod_cidr=work.plan.cni.pool or work.plan.network.pod_cidr,
    )
    done = 0

    def tell(check: Check) -> None:
        nonlocal done
        done += 1
        message = work.text(
            "verify.check",
            what=work.tr(f"doctor.checks.{check.id}"),
            status=work.text(f"status.{check.status}"),
        )
        work.say(message, done / len(IDS), {"check": msgspec.to_builtins(check)})

    _, checks = await Verifier(work.kube, options, patience=work.patience, tell=tell).run()
    failed = [check for check in checks if check.status == "failed"]
    if failed:
        words = "\n".join(f"{check.id}: {check.detail}" for check in failed)
        raise StepError(
            "checks_failed", words, count=len(failed), ids=", ".join(check.id for check in failed)
        )
    passed = sum(check.status == "passed" for check in checks)
    warned = ", ".join(check.id for check in checks if check.status == "warning")
    detail = {"checks": [msgspec.to_builtins(check) for check in checks]}
    key = "verify.warned" if warned else "verify.done"
    return Outcome(work.text(key, passed=passed, count=len(checks), ids=warned), detail=detail)


async def dns_pods(work: Work) -> str:
    """The cluster's DNS pods run and have addresses of the pod range; returns the sentence that says so."""
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
    message = work.text("verify.dns", count=len(pods), addresses=", ".join(addresses))
    work.say(message, None, None)
    return message
