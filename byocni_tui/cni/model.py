"""The shape of a plugin's data file: frozen, both languages inside, so that a new plugin is one new file."""

from typing import Any, Literal

import msgspec

IpamKind = Literal["per_node_block", "shared_blocks", "none"]
Condition = dict[str, Any]
"""Fact name -> wanted value, list of wanted values, ``true``/``false`` (set or not), or ``">=1.19"`` on versions; all
of them must hold. Facts are those of ``cni.values.facts_of``."""


class Text(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One text in both languages."""

    en: str
    zh: str

    def get(self, lang: str) -> str:
        """The text in ``lang`` (``en`` or ``zh``)."""
        return self.zh if lang == "zh" else self.en


class KubernetesRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Minor versions, both ends included: ``min: "1.30"``, ``max: "1.33"``; ``max`` None is open."""

    min: str
    max: str | None = None


class Version(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One offered version. ``kubernetes`` is what the vendor tested it with (None: not published where we could read
    it), ``default_for`` the Kubernetes minors for which the catalogue takes it, ``released`` and ``eol`` are dates
    (``2026-10-15``), ``eol`` None while it is maintained without a published end; ``azure_tested`` is False where the
    vendor no longer tests it on Azure."""

    version: str
    kubernetes: KubernetesRange | None = None
    default_for: KubernetesRange | None = None
    released: str | None = None
    eol: str | None = None
    azure_tested: bool = True
    note: Text | None = None
    source: str = ""


class SeparateCrds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chart with nothing but resource definitions that must be applied, server-side, before the plugin's chart."""

    name: str
    release: str
    when: Condition = {}


class Chart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the Helm chart is: ``repository`` over HTTP, which the vendor's documentation calls ``alias``; ``oci`` the
    same as an OCI reference. ``version_prefix`` stands before the plugin's version in the chart's own."""

    name: str
    repository: str
    alias: str
    namespace: str
    release: str
    oci: str | None = None
    version_prefix: str = ""
    create_namespace: bool = False
    crds: SeparateCrds | None = None


class Port(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A port between nodes, or a protocol without ports (``port`` None). ``required``: without it pods do not reach
    each other. ``path``: where the Helm values may name another port; nothing or 0 there means this one."""

    protocol: Literal["TCP", "UDP", "ICMP", "ESP", "AH"]
    purpose: Text
    port: int | None = None
    path: str | None = None
    required: bool = False
    when: Condition = {}

    @property
    def label(self) -> str:
        """``8472/UDP``, ``ESP``."""
        return self.protocol if self.port is None else f"{self.port}/{self.protocol}"


class Image(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An image that the nodes pull; ``tag`` is a template (``v$version``) or None where the chart decides."""

    repository: str
    tag: str | None = None
    when: Condition = {}


class Capability(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the plugin can do; ``note`` says more where yes or no says too little."""

    level: Literal["yes", "partly", "no"]
    note: Text | None = None


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The values that the plan's ``cni.*`` may have with this plugin on Azure; the first one is the default."""

    encapsulation: tuple[str, ...] = ()
    encryption: tuple[str, ...] = ("none",)
    kube_proxy: tuple[str, ...] = ("keep",)
    observability: bool = False
    registry: bool = False
    mtu: bool = False
    mtu_most: int | None = None
    """The largest that gets through Azure's network, as this plugin counts it; None where it is not known."""
    node_mask: tuple[int, int] | None = None
    """Smallest and largest prefix length of a block; None where it can't be chosen."""


class Ipam(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How pods get addresses. ``block``: prefix length of one block by default; ``reserved``: addresses of a block
    that no pod gets; ``default_pool``: what the chart itself takes when it is told nothing; ``pool_path``: where the
    pool stands in the values."""

    kind: IpamKind
    block: int | None = None
    reserved: int = 0
    default_pool: str | None = None
    pool_path: str | None = None


class Workload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A workload that is there after the installation. ``required``: nodes or pods wait for it."""

    kind: Literal["DaemonSet", "Deployment"]
    namespace: str
    name: str
    selector: str
    required: bool = True
    when: Condition = {}


class ValueRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of the Helm values: merged in when ``when`` holds. ``$name`` and ``${name}`` stand for facts; a leaf
    whose fact is not known is left out. ``why`` is shown as comment."""

    set: dict[str, Any]
    when: Condition = {}
    why: Text | None = None


class Prepare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a person runs before the installation; ``run`` is shell."""

    run: str
    why: Text
    when: Condition = {}


class Refusal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a known plugin is not offered; ``code`` is the finding that says so."""

    code: str
    reason: Text


class Wrong(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values (in lower case) that may not stand at a path of the Helm values; ``items`` is a key of each object of the
    list that stands there."""

    path: str
    values: tuple[str, ...]
    items: str | None = None


class Needed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that has to stand at a path of the Helm values on AKS, and why. Where ``wrong`` is given only those are
    complained of. ``code`` and ``variant`` name the finding; the usual one takes its text from ``why``."""

    path: str
    value: Any
    why: Text
    wrong: tuple[Any, ...] = ()
    code: str = "BYO719"
    variant: str = "message"


class Replicas(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the values say how many replicas refuse to share a node, and the chart's own number."""

    path: str
    default: int


class Proxy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the values switch kube-proxy's replacement on, and where they name the API server for it."""

    switch: str
    host: str


class Judged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the rules look at in the Helm values: ``bare`` are ways without encapsulation (BYO701), ``needed`` BYO703
    and 719, ``replicas`` BYO704, ``tolerations`` is where those of the operator stand (BYO705), ``proxy`` BYO706."""

    bare: tuple[Wrong, ...] = ()
    needed: tuple[Needed, ...] = ()
    replicas: Replicas | None = None
    tolerations: str | None = None
    proxy: Proxy | None = None


class Plugin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One plugin of the catalogue."""

    id: str
    name: str
    order: int
    summary: Text
    licence: str = ""
    steward: str = ""
    docs: str = ""
    aks_docs: str = ""
    refused: Refusal | None = None
    chart: Chart | None = None
    versions: tuple[Version, ...] = ()
    ipam: Ipam = Ipam(kind="none")
    options: Options = Options()
    ports: tuple[Port, ...] = ()
    images: tuple[Image, ...] = ()
    registries: tuple[str, ...] = ()
    """Host names that nodes (images) and the installer (charts) must reach, when no mirror is set."""
    capabilities: dict[str, Capability] = {}
    workloads: tuple[Workload, ...] = ()
    cni_config: str | None = None
    """The file in ``/etc/cni/net.d`` whose appearance turns a node Ready."""
    values: tuple[ValueRule, ...] = ()
    judged: Judged = Judged()
    prepare: tuple[Prepare, ...] = ()
    notes: tuple[Text, ...] = ()
    leaves_behind: Text | None = None

    @property
    def offered(self) -> bool:
        """Whether a plan may name it."""
        return self.refused is None
