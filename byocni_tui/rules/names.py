"""BYO101–111: names, their lengths and characters, and whether they are free."""

import re
from collections.abc import Iterator
from typing import Final

from byocni_tui.plan.derive import node_resource_group
from byocni_tui.plan.facts import Item
from byocni_tui.plan.finding import Finding, Label, Remedy
from byocni_tui.plan.path import join
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule
from byocni_tui.rules.resources import properties

_GROUP: Final = re.compile(r"[-\w.()]{1,89}[-\w()]|[-\w()]")
_CLUSTER: Final = re.compile(r"[A-Za-z0-9]([-_A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_POOL: Final = re.compile(r"[a-z][a-z0-9]{0,11}")
_DNS: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9]{0,52}[A-Za-z0-9])?")
_VNET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}[A-Za-z0-9_]")
_SUBNET: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?")
_IDENTITY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}")
NODE_GROUP_LIMIT: Final = 80


def _take(field: str, name: str) -> Remedy | None:
    """The nearest name that is allowed, if anything is left of it."""
    return Remedy(variant="take", set={field: name}) if name else None


@rule("BYO101", "error", source=sources.NAMING)
def group_name(case: Case) -> Iterator[Finding]:
    """1–90 letters and digits of any language, and ``_ - . ( )``; no dot at the end."""
    for field, name in (
        ("resource_group.name", case.plan.resource_group.name),
        ("cluster.node_resource_group", case.plan.cluster.node_resource_group),
    ):
        if name and name.strip() and not _GROUP.fullmatch(name):
            mended = re.sub(r"[^-\w.()]", "-", name.strip())[:90].rstrip(".")
            yield found("BYO101", field, remedy=_take(field, mended), value=name, what=Label(field))


@rule("BYO102", "error", source=sources.NAMING)
def cluster_name(case: Case) -> Iterator[Finding]:
    """1–63 letters, digits, ``_ -``; a letter or digit at both ends."""
    name = case.plan.cluster.name
    if name and name.strip() and not _CLUSTER.fullmatch(name):
        mended = re.sub(r"[^A-Za-z0-9_-]", "-", name.strip()).lstrip("-_")[:63].rstrip("-_")
        yield found("BYO102", "cluster.name", remedy=_take("cluster.name", mended), value=name)


@rule("BYO103", "error", source=sources.NAMING)
def pool_names(case: Case) -> Iterator[Finding]:
    """Lower-case letters and digits, a letter first, at most twelve; no two the same."""
    seen: dict[str, int] = {}
    for index, pool in enumerate(case.plan.node_pools):
        field = f"node_pools[{index}].name"
        if pool.name.strip() and not _POOL.fullmatch(pool.name):
            mended = re.sub("[^a-z0-9]", "", pool.name.lower()).lstrip("0123456789")[:12]
            free = mended and mended not in {other.name for other in case.plan.node_pools}
            remedy = Remedy(variant="take", set={field: mended}) if free else None
            yield found("BYO103", field, remedy=remedy, value=pool.name)
        elif pool.name in seen:
            names = {other.name for other in case.plan.node_pools}
            mended = next(name for n in range(2, 200) if (name := f"pool{n}") not in names)
            yield found(
                "BYO103",
                field,
                variant="twice",
                related=(f"node_pools[{seen[pool.name]}].name",),
                remedy=Remedy(variant="take", set={field: mended}),
                value=pool.name,
            )
        seen.setdefault(pool.name, index)


@rule("BYO104", "error", source=sources.NAMING)
def dns_prefix(case: Case) -> Iterator[Finding]:
    """1–54 letters, digits, ``-``; a letter or digit at both ends."""
    prefix = case.plan.cluster.dns_prefix
    if prefix is not None and not _DNS.fullmatch(prefix):
        remedy = Remedy(variant="take", set={"cluster.dns_prefix": None})
        yield found("BYO104", "cluster.dns_prefix", remedy=remedy, value=prefix)


@rule("BYO105", "error", source=sources.NAMING)
def node_group_length(case: Case) -> Iterator[Finding]:
    """AKS's own group has a name of at most 80 characters."""
    plan = case.plan
    given = plan.cluster.node_resource_group
    if not case.new or not (given or (plan.resource_group.name and plan.cluster.name and plan.region)):
        return
    name = node_resource_group(plan)
    if len(name) > NODE_GROUP_LIMIT:
        field = "cluster.node_resource_group"
        short = f"{plan.cluster.name or 'cluster'}-nodes"
        yield found(
            "BYO105",
            field,
            variant="message" if given else "derived",
            remedy=Remedy(variant="take", set={field: short}),
            value=name,
            length=len(name),
            limit=NODE_GROUP_LIMIT,
        )


def existing_cluster(case: Case) -> Item | None:
    """The cluster of the plan's name in the plan's group, where the facts have it."""
    group, name = case.plan.resource_group.name or "", case.plan.cluster.name or ""
    tail = f"/resourcegroups/{group}/providers/microsoft.containerservice/managedclusters/{name}".lower()
    clusters = case.facts.managed_clusters or ()
    return next((item for item in clusters if str(item.get("id", "")).lower().endswith(tail)), None)


@rule("BYO106", "error", source=sources.NAMING, needs=("managedClusters",), applies=lambda case: case.new)
def cluster_exists(case: Case) -> Iterator[Finding]:
    """Creating over a cluster that exists would be an update of it."""
    item = existing_cluster(case) if case.new and case.plan.cluster.name else None
    if item is None:
        return
    plugin = str((properties(item).get("networkProfile") or {}).get("networkPlugin", "")).lower()
    if plugin == "none":
        remedy = Remedy(variant="adopt", set={"cluster.create": False, "resource_group.create": False})
    else:
        taken = {str(other.get("name", "")).lower() for other in case.facts.managed_clusters or ()}
        base = (case.plan.cluster.name or "")[:60]
        name = next(name for n in range(2, 2000) if (name := f"{base}-{n}").lower() not in taken)
        remedy = Remedy(variant="take", set={"cluster.name": name})
    yield found(
        "BYO106",
        "cluster.name",
        evidence={str(item.get("id", "")): plugin},
        remedy=remedy,
        facts=True,
        value=case.plan.cluster.name,
        group=case.plan.resource_group.name,
    )


_TAG_CHARACTERS: Final = re.compile(r"[<>%&\\?/\x00-\x1f]")


@rule("BYO107", "error", source=sources.TAGS)
def tags(case: Case) -> Iterator[Finding]:
    """At most 50; names to 512 and values to 256 characters; some characters are not for names."""
    for section, found_tags in (
        ("resource_group", case.plan.resource_group.tags),
        ("cluster", case.plan.cluster.tags),
    ):
        if len(found_tags) > 50:
            yield found("BYO107", f"{section}.tags", variant="many", value=len(found_tags))
        for name, value in found_tags.items():
            field = join(section, "tags", name)
            if not name or len(name) > 512:
                yield found("BYO107", field, variant="name_length", value=name[:60], length=len(name))
            elif _TAG_CHARACTERS.search(name):
                yield found("BYO107", field, value=name)
            if len(value) > 256:
                yield found("BYO107", field, variant="value_length", value=name, length=len(value))


_RESERVED: Final = frozenset({"azure"})


@rule("BYO108", "error", source=sources.RESERVED_NAMES)
def reserved_words(case: Case) -> Iterator[Finding]:
    """Trademarks that Azure keeps for itself."""
    name = (case.plan.cluster.name or "").lower()
    inside = next((word for word in ("microsoft", "windows") if word in name), None)
    start = next((word for word in ("login", "xbox") if name.startswith(word)), None)
    if case.new and (inside or start or name in _RESERVED):
        variant = "message" if inside else "start" if start else "whole"
        yield found(
            "BYO108",
            "cluster.name",
            variant=variant,
            value=case.plan.cluster.name,
            word=inside or start or name,
        )
    for section, found_tags in (
        ("resource_group", case.plan.resource_group.tags),
        ("cluster", case.plan.cluster.tags),
    ):
        for tag in found_tags:
            word = next((w for w in ("microsoft", "azure", "windows") if tag.lower().startswith(w)), None)
            if word:
                yield found("BYO108", join(section, "tags", tag), variant="tag", value=tag, word=word)


@rule("BYO109", "error", source=sources.NAMING)
def network_names(case: Case) -> Iterator[Finding]:
    """Names of what is made beside the cluster."""
    plan = case.plan
    for field, name, rule_, key in (
        ("network.vnet.name", plan.network.vnet.name, _VNET, "vnet"),
        ("network.subnet.name", plan.network.subnet.name, _SUBNET, "subnet"),
        ("identity.name", plan.identity.name, _IDENTITY, "identity"),
    ):
        if name is not None and not rule_.fullmatch(name):
            mended = re.sub(r"[^A-Za-z0-9_-]", "-", name.strip()).lstrip("-_")[:64].rstrip("-_")
            remedy = _take(field, mended) if rule_.fullmatch(mended) else None
            yield found("BYO109", field, variant=key, remedy=remedy, value=name, what=Label(field))


@rule("BYO110", "error", source=sources.NAMING, needs=("resourceGroups",))
def groups(case: Case) -> Iterator[Finding]:
    """The groups as they are: missing, elsewhere, going away, or in the way."""
    plan = case.plan
    known = {str(item.get("name", "")).lower(): item for item in case.facts.resource_groups or ()}
    name = plan.resource_group.name
    item = known.get((name or "").lower())
    field, region = "resource_group.name", _short(plan.region or "")
    if name and item is None and not plan.resource_group.create:
        # A cluster that exists can't be in a group that doesn't, so making the group is no way out there.
        new = Remedy(variant="make", set={"resource_group.create": True}) if case.new else None
        yield found("BYO110", field, variant="absent", remedy=new, facts=True, value=name)
    if item is not None:
        place = _short(str(item.get("location", "")))
        if properties(item).get("provisioningState") == "Deleting":
            yield found("BYO110", field, variant="deleting", facts=True, value=name)
        elif plan.resource_group.create and case.new and region and place and place != region:
            yield found(
                "BYO110",
                field,
                variant="elsewhere",
                related=("region",),
                evidence={str(item.get("id", name)): place},
                remedy=Remedy(variant="use", set={"resource_group.create": False}),
                facts=True,
                value=name,
                place=place,
                region=region,
            )
    nodes = node_resource_group(plan)
    if case.new and plan.cluster.name and nodes.lower() in known:
        yield found("BYO110", "cluster.node_resource_group", variant="nodes", facts=True, value=nodes)


def _short(region: str) -> str:
    return region.replace(" ", "").lower()


@rule(
    "BYO111", "error", source=sources.BYO_CNI, needs=("managedClusters",), applies=lambda case: not case.new
)
def cluster_absent(case: Case) -> Iterator[Finding]:
    """A cluster that shall get its CNI has to be there."""
    if not case.new and case.plan.cluster.name and existing_cluster(case) is None:
        yield found(
            "BYO111",
            "cluster.name",
            related=("cluster.create",),
            remedy=Remedy(variant="make", set={"cluster.create": True}),
            facts=True,
            value=case.plan.cluster.name,
            group=case.plan.resource_group.name,
        )
