"""The step ``verify``: that pods really run on the network that was installed."""

import asyncio
import ipaddress
from typing import Any, Final

import msgspec

from byocni_tui.deploy.failure import StepError
from byocni_tui.deploy.probes import IMAGE
from byocni_tui.deploy.verification import IDS, Check, Count, Options, Verifier, count
from byocni_tui.deploy.work import Outcome, Work
from byocni_tui.locale import Translator
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
        outward=_outward(work),
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

    def why(reason: str) -> str:
        return work.tr(f"doctor.why.{reason}")

    _, checks = await Verifier(work.kube, options, patience=work.patience, tell=tell, why=why).run()
    found = count(checks)
    if found.failed:
        words = "\n".join(f"{check.id}: {check.detail}" for check in checks if check.status == "failed")
        raise StepError(
            "checks_failed",
            words,
            count=len(found.failed),
            passed=len(found.passed),
            total=found.total,
            ids=", ".join(found.failed),
        )
    work.proof = found
    detail = {"checks": [msgspec.to_builtins(check) for check in checks]}
    return Outcome(summary(found, work.tr), detail=detail)


def summary(found: Count, tr: Translator) -> str:
    """How many checks passed, and what became of the others."""
    parts = [tr("deploy.verify.done", passed=len(found.passed), count=found.total)]
    others = (("failed", found.failed), ("warning", found.warning), ("skipped", found.skipped))
    parts += [tr(f"deploy.verify.{key}", count=len(ids), ids=", ".join(ids)) for key, ids in others if ids]
    return tr("deploy.verify.between").join(parts)


def _outward(work: Work) -> bool:
    """Whether the cluster is meant to reach the internet: what Azure made, else what the plan says."""
    network = (work.cluster.get("properties") or {}).get("networkProfile") or {}
    kind = str(network.get("outboundType") or work.plan.network.outbound_type)
    return kind in ("loadBalancer", "managedNATGateway", "userAssignedNATGateway")


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
