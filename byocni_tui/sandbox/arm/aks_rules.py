"""What AKS refuses beyond names and addresses: changes that are not allowed, versions, pools that can't work, unknown
identities (sources: fixtures/arm/README.md)."""

import re
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.aks_checks import NAMING
from byocni_tui.sandbox.arm.aks_fill import FIXED
from byocni_tui.sandbox.arm.aks_versions import offered, upgrades
from byocni_tui.sandbox.arm.errors import ArmError, aks
from byocni_tui.sandbox.arm.skus import size_of

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.cloud import Arm

IDENTITY: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"
_MOST_POOLS: Final = 100
_ROOM: Final = 30
"""Pods that a pool must have room for."""
_PLUGINS: Final = ("none", "azure", "kubenet")
_KEY: Final = re.compile(r"(ssh-(rsa|ed25519)|ecdsa-sha2-\S+) [A-Za-z0-9+/]+=*( .*)?", re.DOTALL)


def asked(body: dict[str, Any]) -> None:
    """Judge what a client sent for a cluster, before it is completed."""
    properties = body["properties"]
    linux = properties.get("linuxProfile") or {}
    for key in (linux.get("ssh") or {}).get("publicKeys") or []:
        if not _KEY.fullmatch(str(key.get("keyData", "")).strip()):
            name = "linuxProfile.ssh.publicKeys.keyData"
            raise aks(
                "InvalidParameter",
                f"The value of parameter {name} is invalid. {NAMING}",
                name,
            )
    network = properties.get("networkProfile") or {}
    plugin = str(network.get("networkPlugin") or "azure").lower()
    if plugin not in _PLUGINS:
        raise aks(
            "InvalidParameter",
            "The value of parameter networkProfile.networkPlugin is invalid. "
            f"'{plugin}' is none of {', '.join(_PLUGINS)}.",
            "networkProfile.networkPlugin",
        )
    virtual = (properties.get("addonProfiles") or {}).get("aciConnectorLinux") or {}
    if virtual.get("enabled") and plugin != "azure":
        raise aks(
            "ACIConnectorRequiresAzureNetworking",
            "ACI Connector requires azure network plugin",
            "AddonProfiles.ACIConnectorLinux",
        )
    proxy = network.get("kubeProxyConfig") or {}
    if proxy.get("enabled") is False and plugin != "none":
        raise aks(
            "KubeProxyConfigDisabledBYOCNIOnly",
            "Disabling kube-proxy is only supported on clusters with network plugin none.",
            "networkProfile.kubeProxyConfig",
        )
    windows = [one for one in properties["agentPoolProfiles"] if str(one.get("osType")).lower() == "windows"]
    if windows and not properties.get("windowsProfile"):
        raise aks("WindowsProfileMissing", "Windows profile definition is missing for the cluster.")
    if windows and plugin != "azure":
        raise windows_only_with_azure()


def windows_only_with_azure() -> ArmError:
    """A Windows pool with another plugin."""
    text = "Windows agent pools can only be added to AKS clusters using Azure-CNI."
    return aks("AzureCNIOnlyForWindows", text)


def identities(arm: "Arm", resource_id: str, body: dict[str, Any]) -> None:
    """Raise where a user-assigned identity doesn't exist."""
    given = body.get("identity") or {}
    if str(given.get("type", "")).lower() != "userassigned":
        return
    named = given.get("userAssignedIdentities") or {}
    if not named:
        raise ArmError(
            400,
            "InvalidIdentityValues",
            "Invalid value for the identities ''. The 'UserAssigned' identity type requires at least one user-assigned "
            "identity.",
        )
    for one in named:
        record = arm.get(one)
        if record is None or record["type"].lower() != IDENTITY.lower():
            inner = f'{{"error":{{"code":"BadRequest","message":"Resource \'{one}\' was not found."}}}}'
            raise ArmError(
                400,
                "FailedIdentityOperation",
                f"Identity operation for resource '{resource_id}' failed with error 'Failed to perform resource "
                f"identity operation. Status: 'BadRequest'. Response: '{inner}'.'.",
            )


def pools(body: dict[str, Any]) -> None:
    """Judge the completed pools: number, size of system pools, room for pods, autoscaler's bounds, versions."""
    properties = body["properties"]
    found = properties["agentPoolProfiles"]
    if len(found) > _MOST_POOLS:
        text = f"The number of agent pools {len(found)} exceeds the maximum of {_MOST_POOLS}."
        raise aks("MaxAgentPoolCountReached", text, "agentPoolProfiles")
    for pool in found:
        size = size_of(pool["vmSize"])
        if pool["mode"] == "System" and (size["vCPUs"] < 2 or size["MemoryGB"] < 4):
            raise aks(
                "SystemPoolSkuTooLow",
                "System node pool must use VM sku with more than 2 cores and 4GB memory. Nodepool name: "
                f"{pool['name']}.",
                "agentPoolProfile.vmSize",
            )
        most = pool.get("maxCount") or pool["count"] if pool.get("enableAutoScaling") else pool["count"]
        if most and pool["maxPods"] * most < _ROOM:
            raise aks(
                "InsufficientMaxPods",
                f"The pool {pool['name']} has room for {pool['maxPods'] * most} pods; at least {_ROOM} are required.",
                "agentPoolProfile.maxPods",
            )
        _autoscaler(pool)
        _compatible(pool, properties["currentKubernetesVersion"])


def _autoscaler(pool: dict[str, Any]) -> None:
    if not pool.get("enableAutoScaling"):
        return
    low, high = pool.get("minCount"), pool.get("maxCount")
    least = 1 if pool["mode"] == "System" else 0
    for name, value in (("minCount", low), ("maxCount", high)):
        if value is None or not least <= value <= 1000:
            raise _pool_parameter(f"agentPoolProfile.{name}", f"agentPoolProfile.{name} was {value or 0}")
    if low is not None and high is not None and low > high:
        raise _pool_parameter("agentPoolProfile.minCount", f"minCount:{low} is greater than maxCount:{high}")
    if low is not None and high is not None and not low <= pool["count"] <= high:
        told = (
            f"agentPoolProfile.count was {pool['count']}. It must be greater or equal to minCount:{low} and less "
            f"than or equal to maxCount:{high}"
        )
        raise _pool_parameter("agentPoolProfile.count", told)


def _pool_parameter(name: str, detail: str) -> ArmError:
    return aks(
        "InvalidParameter",
        f"The value of parameter {name} is invalid. Error details: {detail}. {NAMING}",
        name,
    )


def _compatible(pool: dict[str, Any], control_plane: str) -> None:
    version = pool["currentOrchestratorVersion"]
    if not offered(version):
        raise aks(
            "AgentPoolK8sVersionNotSupported",
            f"Version {version} is not supported in this region. Please use [az aks get-versions] command to get the "
            "supported version list in this region. For more information, please check "
            "https://aka.ms/supported-version-list",
        )
    own, above = (int(one.split(".")[1]) for one in (version, control_plane))
    if own > above:
        raise aks(
            "NodePoolMcVersionIncompatible",
            f"Node pool version {version} and control plane version {control_plane} are incompatible. Minor version of "
            f"node pool version {own} is bigger than control plane version {above}. For more information, please check "
            "https://aka.ms/aks/UpgradeVersionRules",
        )


def changed(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Judge the completed body of an update against what is there."""
    before, after = old["properties"], new["properties"]
    for name in ("dnsPrefix", "nodeResourceGroup", "enableRBAC"):
        if before.get(name) != after.get(name):
            raise _not_allowed(name)
    upgrade(before["currentKubernetesVersion"], after["currentKubernetesVersion"])
    known = {pool["name"]: pool for pool in before["agentPoolProfiles"]}
    for pool in after["agentPoolProfiles"]:
        if pool["name"] in known:
            pool_changed(known[pool["name"]], pool, "agentPoolProfile")


def pool_changed(old: dict[str, Any], new: dict[str, Any], where: str) -> None:
    """Judge a pool against what it was; ``where`` is how the refusal names it."""
    for name in FIXED:
        if _plain(old.get(name)) != _plain(new.get(name)):
            raise _not_allowed(f"{where}.{name}")
    upgrade(old["currentOrchestratorVersion"], new["currentOrchestratorVersion"])


def upgrade(old: str, new: str) -> None:
    """Raise for a step that is none of the offered ones."""
    possible = upgrades(old)
    if old != new and new not in possible:
        shown = " ".join(reversed(possible))
        raise aks(
            "OperationNotAllowed",
            f"Upgrading Kubernetes version {old} to {new} is not allowed. Available upgrades: [{shown}]. Please see "
            "https://aka.ms/aks-supported-k8s-ver for version details.",
        )


def _plain(value: Any) -> Any:
    return ids.key(value) if isinstance(value, str) else value


def _not_allowed(name: str) -> ArmError:
    return aks("PropertyChangeNotAllowed", f"Changing property '{name}' is not allowed.", name)
