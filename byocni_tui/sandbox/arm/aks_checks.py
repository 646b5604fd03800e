"""What AKS refuses, with its codes and texts (sources: fixtures/arm/README.md)."""

import re
from typing import TYPE_CHECKING, Any

from byocni_tui.sandbox.arm import aks_fill, ids
from byocni_tui.sandbox.arm.aks_versions import minor, offered, resolve
from byocni_tui.sandbox.arm.errors import ArmError, aks
from byocni_tui.sandbox.arm.skus import sizes

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.call import Call, Record
    from byocni_tui.sandbox.arm.cloud import Arm

NAMING = "Please see https://aka.ms/aks-naming-rules for more details."


def invalid(parameter: str, detail: str = "") -> ArmError:
    """``InvalidParameter``."""
    more = f" Error details: {detail}." if detail else ""
    return aks(
        "InvalidParameter", f"The value of parameter {parameter} is invalid.{more} {NAMING}", parameter
    )


def not_busy(arm: "Arm", resource_id: str, what: str) -> None:
    """Raise 409 while another operation is under way on the cluster."""
    running = arm.operations.running(ids.key(resource_id))
    if running is None:
        return
    started = arm.world.clock.shown(running["start"])
    raise aks(
        "OperationNotAllowed",
        "Operation is not allowed because there's an in progress "
        f"{running['verb'] or 'update managed cluster'} operation "
        f"(operation ID: {running['name']}) on the {what} started on UTC {started}. Please wait for it to "
        "finish before "
        "starting a new operation. You can also use 'az aks operation-abort ...' to abort the ongoing operation.",
        status=409,
    )


def cluster(arm: "Arm", call: "Call", resource_id: str, body: dict[str, Any], old: "Record | None") -> None:
    """Judge a cluster's body as it came."""
    name, properties = call.path.name, body["properties"]
    if not re.fullmatch(r"[a-zA-Z0-9]|[a-zA-Z0-9][-_a-zA-Z0-9]{0,61}[a-zA-Z0-9]", name):
        raise invalid("name")
    _reserved_words(name)
    pools = properties.get("agentPoolProfiles")
    if not isinstance(pools, list) or not pools:
        raise aks(
            "InvalidParameter",
            f"Required parameter agentPoolProfile is missing (null). {NAMING}",
            "agentPoolProfile",
        )
    names = [str(pool.get("name", "")) for pool in pools]
    if len(set(names)) != len(names):
        raise invalid("agentPoolProfile.name")
    for pool in pools:
        pool_body(arm, pool)
    if not any(pool.get("mode") == "System" for pool in pools):
        raise aks("MustDefineAtLeastOneSystemPool", "Must define at least one system pool.")
    prefix = properties.get("dnsPrefix")
    if (
        old is None
        and not properties.get("fqdnSubdomain")
        and not re.fullmatch(r"[a-zA-Z0-9]([-a-zA-Z0-9]{0,52}[a-zA-Z0-9])?", str(prefix or ""))
    ):
        raise invalid(
            "dnsPrefix",
            f"DNS prefix '{prefix or ''}' is invalid. DNS prefix must contain between 1 and 54 characters. {NAMING}",
        )
    group = aks_fill.node_group(body, resource_id)
    if len(group) > 80:
        raise aks(
            "InvalidParameter",
            "The length of the node resource group name is too long. The maximum length is 80 and the length "
            "of the value "
            f"provided is {len(group)}. {NAMING}",
            "name",
        )
    if group.lower() == resource_id.split("/")[4].lower():
        raise aks(
            "NodeResourceGroupSameAsResourceGroup",
            f"Node resource group '{group}' is the same as ResourceGroup '{group}', which is not allowed, "
            "please provide a "
            "different node resource group.",
        )
    if old is None and arm.get(f"/subscriptions/{call.path.subscription}/resourceGroups/{group}") is not None:
        raise aks(
            "NodeResourceGroupAlreadyExists",
            f"Node resource group '{group}' under subscription '{call.path.subscription}' already exists, "
            "please provide a "
            "new one.",
        )
    version = str(properties.get("kubernetesVersion") or "")
    if version and not offered(version):
        raise _version(name, version)
    tier = str((body.get("sku") or {}).get("tier") or (old["body"]["sku"]["tier"] if old else "Free"))
    entry = minor(version) if version else None
    if (
        entry is not None
        and "KubernetesOfficial" not in entry["plans"]
        and not (tier == "Premium" and properties.get("supportPlan") == "AKSLongTermSupport")
    ):
        raise _long_term(name, resolve(version))


def _version(name: str, version: str) -> ArmError:
    return aks(
        "K8sVersionNotSupported",
        f"Managed cluster {name} is on version {version} which is not supported in this region. Please use [az aks "
        "get-versions] command to get the supported version list in this region. For more information, please check "
        "https://aka.ms/supported-version-list",
    )


def _long_term(name: str, version: str) -> ArmError:
    return aks(
        "K8sVersionNotSupported",
        f"Managed cluster {name} is on version {version}, which is only available for Long-Term Support (LTS). If you "
        "intend to onboard to LTS, please ensure the cluster is in Premium tier and LTS support plan (see "
        "https://aka.ms/aks/enable-lts). Otherwise, use [az aks get-versions] command to get the supported "
        "version list "
        "in this region. For more information, please check https://aka.ms/supported-version-list",
    )


def _reserved_words(name: str) -> None:
    upper = name.upper()
    detail = None
    if "MICROSOFT" in upper or "WINDOWS" in upper:
        detail = (
            f"\"{name}\" managed cluster name is invalid because 'MICROSOFT' and 'WINDOWS' can't be used as "
            "either a whole "
            "word or a substring in the name."
        )
    elif upper.startswith(("LOGIN", "XBOX")):
        detail = (
            f"\"{name}\" managed cluster name is invalid because 'LOGIN' and 'XBOX' can't be used at the start of a "
            "resource name, but can be used later in the name."
        )
    elif upper == "AZURE":
        detail = f'"{name}" managed cluster name is invalid because it is reserved.'
    if detail:
        raise aks(
            "InvalidParameter",
            f"The value of parameter name is invalid. Error details: {detail}. {NAMING}",
            "name",
        )


def pool_body(arm: "Arm", pool: dict[str, Any]) -> None:
    """Judge a node pool's profile as it came."""
    name = str(pool.get("name", ""))
    limit = 5 if str(pool.get("osType", "")).lower() == "windows" else 11
    if not re.fullmatch(rf"[a-z][a-z0-9]{{0,{limit}}}", name):
        raise invalid("agentPoolProfile.name")
    count = pool.get("count", 1)
    system = pool.get("mode") == "System"
    if not isinstance(count, int) or isinstance(count, bool) or not (1 if system else 0) <= count <= 1000:
        least = 1 if system else 0
        raise aks(
            "InvalidParameter",
            "The value of parameter agentPoolProfile.count is invalid. Error details: agentPoolProfile.count "
            f"was {count}. "
            f"It must be greater or equal to minCount:{least} and less than or equal to maxCount:1000. If "
            "allowedMinCount "
            "was expected to be 0 but is 1: 1) The nodepool is a VMAS pool. 2) api Version is less than "
            "2020-03-01. 3) The "
            f"node is a system pool.. {NAMING}",
            "agentPoolProfile.count",
        )
    pods = pool.get("maxPods")
    if pods and (not isinstance(pods, int) or not 10 <= pods <= 250):
        raise aks("InvalidParameter", "The value of parameter maxPods is invalid.", "maxPods")
    size = pool.get("vmSize")
    if size and str(size).lower() not in {one["name"].lower() for one in _available(arm)}:
        raise aks(
            "BadRequest",
            f"The VM size of {size} is not allowed in your subscription in location "
            f"'{arm.data['regions'][0]['name']}'. The "
            f"available VM sizes are '{','.join(one['name'].lower() for one in _available(arm))}'.",
        )
    if system:
        for taint in pool.get("nodeTaints") or []:
            if not str(taint).startswith("CriticalAddonsOnly") and not str(taint).endswith(
                ":PreferNoSchedule"
            ):
                raise aks(
                    "SystemPoolHasRestrictedTaint",
                    "Placing custom taints on system pool is not supported(except 'CriticalAddonsOnly' taint or taint "
                    "effect is 'PreferNoSchedule'). Please refer to https://aka.ms/aks/system-taints for detail",
                    "agentPoolProfile.nodeTaints",
                )


def _available(arm: "Arm") -> list[dict[str, Any]]:
    restricted = {name.lower() for name in arm.data.get("restricted_sizes", [])}
    return [one for one in sizes() if one["name"].lower() not in restricted]
