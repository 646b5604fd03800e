"""What several tongues need and the plan does not say in so many words."""

import ipaddress
from typing import Any, Final

import yaml

from byocni_tui.cni import values as cni_values
from byocni_tui.export.shell import clean
from byocni_tui.plan import derive as plan_derive
from byocni_tui.plan.model import NodePool, Plan

NETWORK_CONTRIBUTOR: Final = "4d97b98b-1d4f-4787-a291-c67834d212e7"
PRIVATE_DNS_ZONE_CONTRIBUTOR: Final = "b12aa53e-6015-4669-85d0-8515ebb3ae7f"
API_VERSION: Final = "2026-01-01"
"""The first stable one that gives a pod range back for plugin ``none`` (AKS release notes of 2026-01-04)."""
API_SERVER_MARK: Final = "api-server.invalid"
_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[misc]
    """Writes a value that stands in two places twice, as a person would."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 the signature is PyYAML's
        return True


def ordered_pools(plan: Plan) -> tuple[NodePool, ...]:
    """The pools, with the first system pool in front: the cluster is made with that one."""
    first = next((pool for pool in plan.node_pools if pool.mode.lower() == "system"), None)
    if first is None:
        return plan.node_pools
    return (first, *(pool for pool in plan.node_pools if pool is not first))


def dns_service_ip(plan: Plan) -> str | None:
    """The given one, else the tenth address of the service range, or the last usable one of a smaller range; None
    where the range can't be read."""
    if plan.network.dns_service_ip:
        return plan.network.dns_service_ip.strip()
    try:
        network = ipaddress.IPv4Network((plan.network.service_cidr or "").strip(), strict=False)
    except ValueError:
        return None
    return str(network[min(10, max(network.num_addresses - 2, 0))])


def dns_prefix(plan: Plan) -> str | None:
    """The given one, else the one that the Azure CLI derives; None where what it is derived from is missing."""
    if plan.cluster.dns_prefix is None and not (
        plan.cluster.name and plan.resource_group.name and plan.subscription
    ):
        return None
    return plan_derive.dns_prefix(plan)


def wants_preview(plan: Plan) -> bool:
    """Whether kube-proxy can be switched off: only a preview API has that property."""
    return plan.cni.kube_proxy == "replace" and (plan.export.api_version or "").endswith("-preview")


def parts_of(resource_id: str) -> dict[str, str]:
    """The parts of an Azure resource id by the lower-case name in front of each (``resourcegroups`` …)."""
    words = resource_id.strip("/").split("/")
    return {words[index].lower(): words[index + 1] for index in range(0, len(words) - 1, 2)}


def to_yaml(value: Any) -> str:
    """YAML in the order of the data, deterministic; what no UTF-8 file can hold is replaced."""
    try:
        return _dump(value)
    except UnicodeEncodeError:
        return _dump(_cleaned(value))


def _dump(value: Any) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=100
    )
    return text


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return clean(value) if isinstance(value, str) else value


def helm_values(plan: Plan) -> tuple[dict[str, Any], dict[str, str]]:
    """The Helm values that are known before the cluster exists, and, by path, the texts that need the API server's
    name (``API_SERVER_MARK`` in them stands for it)."""
    values = cni_values.render(plan, api_server=API_SERVER_MARK)
    late: dict[str, str] = {}
    return _without_mark(values, (), late), late


def _without_mark(node: dict[str, Any], path: tuple[str, ...], late: dict[str, str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in node.items():
        here = (*path, key)
        if isinstance(value, dict):
            kept[key] = _without_mark(value, here, late)
        elif isinstance(value, str) and API_SERVER_MARK in value:
            late[".".join(str(part).replace(".", r"\.") for part in here)] = value
        else:
            kept[key] = value
    return {key: value for key, value in kept.items() if value != {} or node.get(key) == {}}
