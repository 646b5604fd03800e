"""What a service's refusal means for the person who reads it: in their words, with a remedy and the field to change.

The texts are in ``locale`` (``deploy.errors.<code>.what`` and ``.remedy``); codes are those of Azure, Kubernetes and
our own. The original words are always kept; a code that nobody described is shown whole.
"""

from typing import Any, Final

from byocni_tui.errors import EXIT_FAILED, EXIT_SIGN_IN, UserError
from byocni_tui.locale import Translator
from byocni_tui.providers.errors import ProviderError

FIELDS: Final = {
    "AKSCapacityError": "region",
    "AksCapacityHeavyUsage": "region",
    "AvailabilityZoneNotSupported": "node_pools[0].zones",
    "CidrStringParseError": "network.service_cidr",
    "CustomRouteTableMissingPermission": "identity.assign_role",
    "CustomRouteTableWithUnsupportedMSIType": "identity.type",
    "DnsBroadcastAddressConflicting": "network.dns_service_ip",
    "DnsServiceIpConflicting": "network.dns_service_ip",
    "DnsServiceIpOutOfServiceCidr": "network.dns_service_ip",
    "ErrCode_InsufficientVCPUQuota": "node_pools[0].count",
    "ExistingRouteTableNotAssociatedWithSubnet": "network.outbound_type",
    "InsufficientSubnetSize": "network.subnet.range",
    "InvalidResourceGroupLocation": "resource_group.name",
    "K8sVersionNotSupported": "cluster.kubernetes_version",
    "LocationNotAvailableForResourceType": "region",
    "NetworkProfileCIDROverlapVNET": "network.pod_cidr",
    "NodeResourceGroupAlreadyExists": "cluster.node_resource_group",
    "PodCidrOverlapServiceCidr": "network.pod_cidr",
    "QuotaExceeded": "node_pools[0].count",
    "ReservedResourceName": "cluster.name",
    "RouteTableInvalidNextHop": "network.outbound_type",
    "RouteTableMissingDefaultRouteError": "network.outbound_type",
    "ServiceCidrOverlapExistingSubnetsCidr": "network.service_cidr",
    "SkuNotAvailable": "node_pools[0].vm_size",
    "SubnetIsDelegated": "network.subnet.id",
    "SubnetIsFull": "network.subnet.id",
    "SubnetNotAssociatedWithNATGateway": "network.outbound_type",
    "SubnetNotFound": "network.subnet.id",
    "SubscriptionNotFound": "subscription",
    "SystemPoolHasRestrictedTaint": "node_pools[0].taints",
    "VMExtensionProvisioningError": "network.outbound_type",
    "VMSizeNotSupported": "node_pools[0].vm_size",
    "cluster_exists": "cluster.name",
    "cluster_missing": "cluster.name",
    "group_missing": "resource_group.name",
    "plugin_not_none": "cluster.create",
    "range_differs": "network.pod_cidr",
}
"""The field that a code is about, where it is about one."""

_TARGETS: Final = {
    "networkprofile.podcidr": "network.pod_cidr",
    "networkprofile.servicecidr": "network.service_cidr",
    "networkprofile.dnsserviceip": "network.dns_service_ip",
    "agentpoolprofile.name": "node_pools[0].name",
    "agentpoolprofile.count": "node_pools[0].count",
    "agentpoolprofile.vmsize": "node_pools[0].vm_size",
    "agentpoolprofile.nodetaints": "node_pools[0].taints",
    "agentpoolprofile.vnetsubnetid": "network.subnet.id",
    "dnsprefix": "cluster.dns_prefix",
}
"""The service's ``target`` as a field."""

_SIGN_IN: Final = frozenset({
    "NotSignedIn", "Unauthorized", "ExpiredAuthenticationToken", "InvalidAuthenticationToken", "AuthenticationFailed",
    "InvalidAuthenticationTokenTenant", "AuthorizationFailed", "LinkedAuthorizationFailed", "Forbidden",
})  # fmt: skip


class StepError(Exception):
    """A step that can't go on, for a reason of ours: ``code`` names texts like a service's code does."""

    def __init__(self, code: str, original: str = "", **values: Any) -> None:
        super().__init__(code, original, values)
        self.code = code
        self.original = original
        self.values = values


def describe(error: ProviderError | StepError | UserError, tr: Translator) -> tuple[str, dict[str, Any]]:
    """The sentence for the event, and its detail: ``code``, ``original``, ``remedy``, ``field``, ``resumable``."""
    if isinstance(error, UserError):
        return tr(f"errors.{error.key}", **error.values), {"code": error.key, "original": error.detail or ""}
    values: dict[str, Any]
    if isinstance(error, StepError):
        original, values, target, passing = error.original, error.values, None, False
    else:
        original, values, target, passing = (
            error.message,
            {"operation": error.operation},
            error.target,
            error.passing,
        )
    key = f"deploy.errors.{error.code}"
    values = {"code": error.code, "original": original, **values}
    if tr.has(f"{key}.what"):
        message, remedy = tr(f"{key}.what", **values), tr(f"{key}.remedy", **values)
    elif passing:
        message, remedy = (
            tr("deploy.errors.passing.what", **values),
            tr("deploy.errors.passing.remedy", **values),
        )
    else:
        message, remedy = (
            tr("deploy.errors.unknown.what", **values),
            tr("deploy.errors.unknown.remedy", **values),
        )
    detail: dict[str, Any] = {"code": error.code, "original": original, "remedy": remedy}
    field = _TARGETS.get((target or "").lower()) or FIELDS.get(error.code)
    if field:
        detail["field"] = field
    return message, detail


def exit_code(error: ProviderError | StepError | UserError) -> int:
    """The exit status that goes with it."""
    if isinstance(error, UserError):
        return error.exit_code
    return EXIT_SIGN_IN if error.code in _SIGN_IN else EXIT_FAILED
