"""BYO501–504, 507, 508: what the service, the subscription and this machine offer."""

import difflib
import re
from collections.abc import Iterator
from typing import Final

from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.actions import register
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule

_API: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(-preview)?", re.ASCII)
FIRST_STABLE: Final = "2022-06-01"
FIRST_PREVIEW: Final = "2022-01-02"


@rule("BYO501", "error", source=sources.BYO_CNI)
def api_version(case: Case) -> Iterator[Finding]:
    """Older versions of the API don't know plugin ``none``."""
    text = case.plan.export.api_version
    if text is None:
        return
    match, field = _API.fullmatch(text.strip()), "export.api_version"
    if not match:
        yield found("BYO501", field, variant="unreadable", remedy=Remedy(set={field: None}), value=text)
    elif match[1] < (FIRST_PREVIEW if match[2] else FIRST_STABLE):
        yield found("BYO501", field, remedy=Remedy(set={field: None}), value=text)


FIRST_CLI: Final = (2, 39, 0)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d{1,9}", text)[:3])


@rule("BYO502", "error", source=sources.BYO_CNI, needs=("azureCli",), applies=lambda _: False)
def cli_version(case: Case) -> Iterator[Finding]:
    """Older ones don't offer ``--network-plugin none``."""
    version = (case.facts.azure_cli or {}).get("version", "")
    if version and _numbers(version) < FIRST_CLI:
        yield found(
            "BYO502",
            "export",
            remedy=Remedy(action="upgrade-cli", commands=("az upgrade",)),
            facts=True,
            value=version,
            least="2.39.0",
        )


_NEEDED: Final = ("Microsoft.ContainerService", "Microsoft.Compute", "Microsoft.Network")


@rule("BYO503", "error", source=sources.PROVIDERS, needs=("providers",))
def registered(case: Case) -> Iterator[Finding]:
    """A subscription has to have asked for a provider once."""
    needed = list(_NEEDED)
    if case.plan.identity.type == "user":
        needed.append("Microsoft.ManagedIdentity")
    states = {
        str(item.get("namespace", "")).lower(): str(item.get("registrationState", ""))
        for item in case.facts.providers or ()
    }
    for name in needed:
        state = states.get(name.lower())
        if state is not None and state != "Registered":
            yield found(
                "BYO503",
                "subscription",
                variant="registering" if state == "Registering" else "message",
                evidence={name: state},
                remedy=Remedy(action="register-provider", commands=(register(name),)),
                facts=True,
                value=name,
                state=state,
            )


def short_region(region: str) -> str:
    """A region's name without blanks, in lower case."""
    return re.sub(r"\s", "", region).lower()


def _names_version(case: Case) -> bool:
    return bool(case.plan.cluster.kubernetes_version) and case.new


@rule(
    "BYO504", "error", source=sources.VERSIONS, needs=("kubernetesVersions.{region}",), applies=_names_version
)
def kubernetes_version(case: Case) -> Iterator[Finding]:
    """The region's own list decides; a bare minor means its newest patch."""
    wanted = case.kubernetes
    items = (case.facts.kubernetes_versions or {}).get(short_region(case.plan.region or ""), ())
    if not wanted or not items or not case.new:
        return
    offered: dict[str, list[str]] = {}
    for item in items:
        version = str(item.get("version", ""))
        patches = sorted(item.get("patchVersions") or {}, key=_numbers)
        offered[".".join(version.split(".")[:2])] = patches or [version]
    minor = ".".join(wanted.split(".")[:2])
    every = [patch for patches in offered.values() for patch in patches]
    if wanted not in offered and wanted not in every:
        near = offered[minor][-1] if minor in offered else _nearest(wanted, list(offered))
        yield found(
            "BYO504",
            "cluster.kubernetes_version",
            remedy=Remedy(variant="take", set={"cluster.kubernetes_version": near}),
            facts=True,
            value=wanted,
            region=case.plan.region,
            known=sorted(offered, key=_numbers),
        )
        return
    item = next(item for item in items if ".".join(str(item.get("version", "")).split(".")[:2]) == minor)
    plans = (item.get("capabilities") or {}).get("supportPlan")
    if plans == ["AKSLongTermSupport"] and case.plan.cluster.tier != "premium":
        yield found(
            "BYO504",
            "cluster.kubernetes_version",
            variant="lts",
            related=("cluster.tier",),
            remedy=Remedy(variant="take", set={"cluster.tier": "premium"}),
            facts=True,
            value=wanted,
        )


def _nearest(wanted: str, offered: list[str]) -> str:
    """The lowest offered minor above, or the highest below."""
    above = sorted((item for item in offered if _numbers(item) >= _numbers(wanted)[:2]), key=_numbers)
    return above[0] if above else max(offered, key=_numbers)


_ASSIGNMENT: Final = re.compile(r'"policyAssignment":\{"name":"([^"]+)"')
_DEFINITION: Final = re.compile(r'"policyDefinition":\{"name":"([^"]+)"')


def _policy(text: str) -> Finding:
    """What Azure says holds the names of assignment and definition, as JSON in the middle of its sentence."""
    assignment, definition = _ASSIGNMENT.search(text), _DEFINITION.search(text)
    named = assignment is not None and definition is not None
    return found(
        "BYO507",
        "resource_group.name",
        variant="policy_named" if named else "policy",
        evidence={"validation": text},
        remedy=Remedy(variant="policy_fix") if named else None,
        facts=True,
        text=text.partition(" Policy identifiers:")[0][:400],
        assignment=assignment[1] if assignment else "",
        definition=definition[1] if definition else "",
    )


@rule("BYO507", "error", source=sources.LOCKS, needs=("validation", "locks"), plan_only=True)
def refused(case: Case) -> Iterator[Finding]:
    """What Azure itself said it would refuse, and read-only locks in the way."""
    for entry in case.facts.validation or ():
        code = str(entry.get("code", ""))
        if code in ("RequestDisallowedByPolicy", "PolicyViolation"):
            yield _policy(str(entry.get("message", "")))
    subscription = (case.plan.subscription or "").lower()
    group = (case.plan.resource_group.name or "").lower()
    scopes = {f"/subscriptions/{subscription}": True}
    scopes[f"/subscriptions/{subscription}/resourcegroups/{group}"] = not case.plan.resource_group.create
    for scope, locks in (case.facts.locks or {}).items():
        for lock in locks:
            level = str((lock.get("properties") or {}).get("level", ""))
            here = str(lock.get("id", scope)).lower().partition("/providers/microsoft.authorization/locks")[0]
            if level == "ReadOnly" and scopes.get(here):
                yield found(
                    "BYO507",
                    "resource_group.name",
                    evidence={str(lock.get("id", "")): level},
                    facts=True,
                    name=str(lock.get("name", "")),
                    scope=here,
                )


SAID_ELSEWHERE: Final = {
    "AksCapacityHeavyUsage": "BYO508",
    "AuthorizationFailed": "BYO401",
    "DnsServiceIpOutOfServiceCidr": "BYO206",
    "DnsServiceIpConflicting": "BYO207",
    "DnsBroadcastAddressConflicting": "BYO207",
    "ErrCode_InsufficientVCPUQuota": "BYO506",
    "ExistingRouteTableNotAssociatedWithSubnet": "BYO321",
    "InsufficientSubnetSize": "BYO302",
    "K8sVersionNotSupported": "BYO504",
    "LinkedAuthorizationFailed": "BYO401",
    "LocationNotAvailableForResourceType": "BYO508",
    "MissingSubscriptionRegistration": "BYO503",
    "NetworkProfileCIDROverlapVNET": "BYO204",
    "PodCidrOverlapServiceCidr": "BYO204",
    "QuotaExceeded": "BYO506",
    "ReservedResourceName": "BYO108",
    "RouteTableInvalidNextHop": "BYO321",
    "RouteTableMissingDefaultRouteError": "BYO321",
    "ScopeLocked": "BYO507",
    "ServiceCidrOverlapExistingSubnetsCidr": "BYO204",
    "SkuNotAvailable": "BYO505",
    "SubnetIsDelegated": "BYO301",
    "SubnetNotFound": "BYO304",
    "SystemPoolHasRestrictedTaint": "BYO604",
    "VMSizeNotSupported": "BYO505",
}
"""What Azure calls things that rules here speak of: then they have said it, and better."""


@rule(
    "BYO509",
    "error",
    source=sources.TEMPLATES,
    needs=("validation",),
    plan_only=False,
    applies=lambda _: False,
)
def validated(case: Case) -> Iterator[Finding]:
    """Whatever else Azure said that it would refuse. BYO507 tells that nobody asked it."""
    for entry in case.facts.validation or ():
        code = str(entry.get("code", ""))
        if code in ("RequestDisallowedByPolicy", "PolicyViolation"):
            continue
        yield found(
            "BYO509",
            "cluster.name",
            evidence={"validation": entry.get("message")},
            facts=True,
            value=code,
            text=str(entry.get("message", ""))[:400],
        )


@rule("BYO508", "error", source=sources.QUOTAS, needs=("providers",))
def offered(case: Case) -> Iterator[Finding]:
    """Regions where the service makes clusters."""
    region = short_region(case.plan.region or "")
    for provider in case.facts.providers or ():
        if str(provider.get("namespace", "")).lower() != "microsoft.containerservice":
            continue
        for kind in provider.get("resourceTypes") or ():
            places = [short_region(str(place)) for place in kind.get("locations") or ()]
            if str(kind.get("resourceType", "")).lower() == "managedclusters" and places and region:
                if region not in places:
                    near = difflib.get_close_matches(region, places, n=1)
                    remedy = Remedy(variant="take", set={"region": near[0]}) if near else None
                    yield found("BYO508", "region", remedy=remedy, facts=True, value=case.plan.region)
                return
