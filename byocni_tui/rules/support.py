"""BYO001–003: what has to be said before anything else makes sense."""

import re
from collections.abc import Iterator
from typing import Final

from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.plan.model import Plan
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule

_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


@rule("BYO001", "error", source=sources.SUPPORT)
def boundary(case: Case) -> Iterator[Finding]:
    """Microsoft supports such a cluster, but not its CNI: the user has to have read that."""
    if not case.plan.acknowledge_support_boundary:
        field = "acknowledge_support_boundary"
        yield found("BYO001", field, remedy=Remedy(set={field: True}))


def _required(plan: Plan) -> Iterator[tuple[str, str | None]]:
    yield "subscription", plan.subscription
    yield "region", plan.region
    yield "resource_group.name", plan.resource_group.name
    yield "cluster.name", plan.cluster.name
    if plan.cluster.create:
        yield "network.service_cidr", plan.network.service_cidr
        if not plan.network.subnet.id:
            yield "network.subnet.range", plan.network.subnet.range
    yield "cni.plugin", plan.cni.plugin
    yield "cni.encapsulation", plan.cni.encapsulation
    for index, pool in enumerate(plan.node_pools):
        yield f"node_pools[{index}].name", pool.name


@rule("BYO002", "error", source=sources.BYO_CNI)
def missing(case: Case) -> Iterator[Finding]:
    """Values that nobody can guess, and values that were emptied."""
    from byocni_tui.plan import fields, path

    for field, value in _required(case.plan):
        if value is None or not value.strip():
            declared = fields.field(field)
            default = declared.default if declared else None
            remedy = Remedy(variant="default", set={field: default}) if default else None
            yield found("BYO002", field, remedy=remedy, path=field, value=default)
    network = case.plan.network
    if case.new and not network.vnet.ranges and not (network.vnet.id or network.subnet.id):
        default = path.get(Plan(), "network.vnet.ranges")
        field = "network.vnet.ranges"
        remedy = Remedy(variant="default", set={field: list(default)})
        yield found("BYO002", field, remedy=remedy, path=field, value=", ".join(default))


_CHINA: Final = re.compile(r"china(north|east)\d*")
_GOVERNMENT: Final = re.compile(r"us(gov|dod)\w+")


def cloud_of(region: str) -> str:
    """The cloud that a region's name belongs to; a name that isn't known can only be a public one."""
    low = re.sub(r"\s", "", region).lower()
    if _CHINA.fullmatch(low):
        return "AzureChinaCloud"
    return "AzureUSGovernment" if _GOVERNMENT.fullmatch(low) else "AzureCloud"


_PUBLIC: Final = re.compile(
    r"(north|south|east|west|central|southeast|canada|uk|france|germany|switzerland|norway|sweden|poland|italy|spain"
    r"|uae|qatar|israel|brazil|mexico|chile|japan|korea|india|jio|australia|newzealand|indonesia|malaysia|taiwan"
    r"|austria|belgium|denmark|finland|greece|saudi)\w*"
)


@rule("BYO003", "error", source=sources.CLOUDS)
def belongs(case: Case) -> Iterator[Finding]:
    """Ids that can't be ids, and a region of another cloud."""
    plan = case.plan
    for field, value in (("subscription", plan.subscription), ("tenant", plan.tenant)):
        if value and not _GUID.fullmatch(value.strip()):
            yield found("BYO003", field, variant="guid", value=value)
    if not plan.region:
        return
    home = cloud_of(plan.region)
    low = re.sub(r"\s", "", plan.region).lower()
    certain = home != "AzureCloud" or _PUBLIC.fullmatch(low)
    if home != plan.cloud and certain:
        yield found(
            "BYO003",
            "region",
            variant="region",
            related=("cloud",),
            evidence={"region": plan.region, "cloud": plan.cloud},
            remedy=Remedy(variant="cloud", set={"cloud": home}),
            region=plan.region,
            home=home,
            cloud=plan.cloud,
        )
