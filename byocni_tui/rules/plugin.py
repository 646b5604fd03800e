"""BYO701, 702, 708, 709, 711, 713, 714: the plugin's pool and options."""

from collections.abc import Iterator
from typing import Any, Final

from byocni_tui.cni.model import Plugin, Wrong
from byocni_tui.plan.finding import Finding, Label, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.arithmetic import blocks_needed
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule
from byocni_tui.rules.suggest import CONVENTIONAL

BARE: Final = frozenset(
    {
        "none",
        "native",
        "native-routing",
        "direct",
        "ipip",
        "ip-in-ip",
        "gre",
        "bgp",
        "host-gw",
        "noencap",
        "off",
    }
)
"""Names for ways that don't put packets into UDP: Azure's network drops them."""


@rule("BYO701", "error", source=sources.CALICO_AZURE)
def bare(case: Case) -> Iterator[Finding]:
    """Azure's network carries only addresses that it knows, and drops IP-in-IP and GRE."""
    if case.plugin is None or not case.plugin.chart:
        return
    wanted = case.plan.cni.encapsulation.strip().lower()
    first = next(iter(case.plugin.options.encapsulation), None)
    if wanted in BARE:
        remedy = Remedy(variant="take", set={"cni.encapsulation": first}) if first else None
        yield found("BYO701", "cni.encapsulation", remedy=remedy, value=case.plan.cni.encapsulation)
        return
    for wrong in case.plugin.judged.bare:
        for path, value in _found(case, wrong):
            if isinstance(value, str) and value.lower() in wrong.values:
                text = f"{path.rpartition('.')[2]}: {value}"
                yield found("BYO701", f"cni.values.{path}", variant="values", value=text)


def _found(case: Case, wrong: Wrong) -> Iterator[tuple[str, Any]]:
    """Path and value of what stands there, or in each item of the list there."""
    value = case.value(wrong.path)
    if wrong.items is None:
        yield wrong.path, value
        return
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield f"{wrong.path}[{index}].{wrong.items}", item.get(wrong.items)


@rule("BYO702", "error", source=sources.CILIUM)
def pool_overlap(case: Case) -> Iterator[Finding]:
    """The pool that is really used, where it isn't the pod range (which other rules judge)."""
    pool, pod = case.rendered_pool, case.place("network.pod_cidr")
    if pool is None or (pod is not None and pool.range == pod.range):
        return
    others = [case.place("network.service_cidr"), *case.vnets]
    hits = [place for place in others if place and place.range.overlaps(pool.range)]
    if not hits:
        return
    default = pool.field == "default"
    field = "cni.pool" if default else pool.field
    remedy = None
    if default and case.new:
        free = case.free(16, CONVENTIONAL["network.pod_cidr"], leaving="network.pod_cidr")
        remedy = Remedy(variant="take", set={"network.pod_cidr": str(free)}) if free else None
    elif field == "cni.pool" and pod is not None:
        remedy = Remedy(variant="take", set={"cni.pool": None})
    elif field == "cni.pool":
        free = case.free(max(pool.range.prefix, 12), CONVENTIONAL["network.pod_cidr"], leaving="cni.pool")
        remedy = Remedy(variant="take", set={"cni.pool": str(free)}) if free else None
    yield found(
        "BYO702",
        field,
        variant="default" if default else "message",
        related=tuple(place.field for place in hits),
        evidence={field: pool.text, **{place.field: place.text for place in hits}},
        remedy=remedy,
        plugin=case.plugin.name if case.plugin else "",
        value=str(pool.range),
        other_what=hits[0].label,
        other=str(hits[0].range),
    )


ENCRYPTED_MTU: Final = 1340
"""What Calico's makers give for WireGuard on AKS: Azure splits packets above 1400 bytes, encrypted ones mayn't be."""


@rule("BYO708", "warning", source=sources.CALICO_MTU)
def mtu(case: Case) -> Iterator[Finding]:
    """Encrypted packets that are too large get lost without a word."""
    cni = case.plan.cni
    if (
        case.plugin
        and cni.encryption in ("wireguard", "ipsec")
        and cni.mtu == "auto"
        and case.plugin.options.mtu
    ):
        remedy = Remedy(variant="take", set={"cni.mtu": ENCRYPTED_MTU})
        yield found("BYO708", "cni.mtu", related=("cni.encryption",), remedy=remedy, value=cni.encryption)


@rule("BYO718", "warning", source=sources.MTU)
def mtu_too_large(case: Case) -> Iterator[Finding]:
    """Packets that no network card of a node takes."""
    cni, most = case.plan.cni, case.plugin.options.mtu_most if case.plugin else None
    if isinstance(cni.mtu, int) and most is not None and most < cni.mtu <= 9000 and case.plugin:
        wanted = "auto" if cni.encryption == "none" else ENCRYPTED_MTU
        remedy = Remedy(variant="take", set={"cni.mtu": wanted})
        yield found("BYO718", "cni.mtu", remedy=remedy, value=cni.mtu, most=most, plugin=case.plugin.name)


@rule("BYO709", "warning", source=sources.OUTBOUND_RULES)
def registries(case: Case) -> Iterator[Finding]:
    """Nodes have to pull the plugin's images before anything else works."""
    plan = case.plan
    china, appliance = plan.cloud == "AzureChinaCloud", plan.network.outbound_type == "userDefinedRouting"
    hosts = case.plugin.registries if case.plugin else ()
    if plan.cni.registry or not hosts or not (china or appliance):
        return
    suffix = {"AzureChinaCloud": "azurecr.cn", "AzureUSGovernment": "azurecr.us"}.get(
        plan.cloud, "azurecr.io"
    )
    acr = (plan.cluster.attach_acr or "").rstrip("/").rpartition("/")[2].lower()
    remedy = Remedy(variant="take", set={"cni.registry": f"{acr}.{suffix}"}) if acr else None
    yield found(
        "BYO709",
        "cni.registry",
        variant="message" if china else "appliance",
        related=("cloud",) if china else ("network.outbound_type",),
        remedy=remedy,
        plugin=case.plugin.name if case.plugin else "",
        hosts=list(hosts),
        suffix=suffix,
    )


@rule("BYO711", "error", source=sources.IP_PLANNING)
def block_too_small(case: Case) -> Iterator[Finding]:
    """A node with one block can't have more pods than the block has addresses."""
    used, mask = case.plugin, case.mask
    if used is None or used.ipam.kind != "per_node_block" or mask is None or not case.new:
        return
    room = (1 << (32 - mask)) - used.ipam.reserved
    for index, pool in enumerate(case.plan.node_pools):
        if 10 <= pool.max_pods <= 250 and pool.max_pods > room:
            wider = 32 - (pool.max_pods + used.ipam.reserved - 1).bit_length()
            pods = case.rendered_pool
            fits = pods is not None and blocks_needed(case.plan, used.ipam.kind, wider) <= 1 << max(
                wider - pods.range.prefix, 0
            )
            field = f"node_pools[{index}].max_pods"
            changes: dict[str, Any] = {"cni.node_mask": wider} if fits else {field: max(room, 10)}
            yield found(
                "BYO711",
                field,
                related=("cni.node_mask",),
                remedy=Remedy(variant="take", set=changes) if fits or room >= 30 else None,
                value=pool.max_pods,
                room=room,
                mask=mask,
                plugin=used.name,
                kept=used.ipam.reserved,
            )


@rule("BYO713", "warning", source=sources.KUBE_PROXY)
def kube_proxy(case: Case) -> Iterator[Finding]:
    """Stable API versions have no property for it."""
    cni, used = case.plan.cni, case.plugin
    if cni.kube_proxy == "replace" and used and "replace" in used.options.kube_proxy and case.new:
        china = case.plan.cloud == "AzureChinaCloud"
        remedy = Remedy(variant="take", set={"cni.kube_proxy": "keep"})
        yield found("BYO713", "cni.kube_proxy", variant="china" if china else "message", remedy=remedy)


@rule("BYO714", "error", source=sources.BYO_CNI)
def no_such_option(case: Case) -> Iterator[Finding]:
    """What the plan asks for, and the plugin does not have on Azure."""
    used, cni = case.plugin, case.plan.cni
    if used is None or used.chart is None:
        return
    lists: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("cni.encapsulation", cni.encapsulation, used.options.encapsulation),
        ("cni.encryption", cni.encryption, used.options.encryption),
        ("cni.kube_proxy", cni.kube_proxy, used.options.kube_proxy),
    )
    known = {"cni.encryption": ("none", "wireguard", "ipsec"), "cni.kube_proxy": ("keep", "replace")}
    for field, value, choices in lists:
        if value.strip() and value not in choices and value in known.get(field, (value,)):
            yield _lacks(used, field, value, choices)
    switches = (
        ("cni.observability", cni.observability, used.options.observability, False),
        ("cni.registry", bool(cni.registry), used.options.registry, None),
        ("cni.mtu", cni.mtu != "auto", used.options.mtu, "auto"),
        ("cni.node_mask", cni.node_mask is not None, used.options.node_mask is not None, None),
    )
    for field, asked, has, default in switches:
        if asked and not has:
            remedy = Remedy(variant="take", set={field: default})
            yield found("BYO714", field, variant="switch", remedy=remedy, plugin=used.name, what=Label(field))


def _lacks(used: Plugin, field: str, value: str, choices: tuple[str, ...]) -> Finding:
    remedy = Remedy(variant="take", set={field: choices[0]}) if choices else None
    return found(
        "BYO714", field, remedy=remedy, plugin=used.name, what=Label(field), value=value, choices=choices
    )
