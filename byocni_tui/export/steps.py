"""The commands that make what the plan says, in order: shared by the az script and the live preview."""

from typing import Final

import msgspec

from byocni_tui.cni import values as cni_values
from byocni_tui.cni.condition import holds
from byocni_tui.export import derive
from byocni_tui.export.shell import Command, Raw, Word, heredoc, quote
from byocni_tui.plan import derive as plan_derive
from byocni_tui.plan.model import NodePool, Plan
from byocni_tui.plan.shape import members

READY_MESSAGE = 'custom-columns=NAME:.metadata.name,STATUS:.status.conditions[?(@.type=="Ready")].message'


BY_HAND: Final = frozenset(
    {
        "cluster.name", "cluster.kubernetes_version", "cluster.tier", "cluster.dns_prefix", "cluster.private",
        "cluster.node_resource_group", "cluster.ssh_key", "cluster.tags", "cluster.addons", "cluster.attach_acr",
        "cluster.private_dns_zone", "network.service_cidr", "network.dns_service_ip", "network.pod_cidr",
        "network.outbound_type", "network.policy", "network.plugin_mode", "network.dataplane", "node_pools[].name",
        "node_pools[].mode", "node_pools[].count", "node_pools[].vm_size", "node_pools[].autoscale",
        "node_pools[].zones", "node_pools[].max_pods", "node_pools[].taints", "node_pools[].os",
        "node_pools[].max_surge",
    }
)  # fmt: skip
"""Fields whose option depends on more than their value. Any other that names one is written as it is declared."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Commands that belong together; ``key`` names the comment that says why (``export.why.<key>``); ``missing`` maps
    the shell variables that stand for values nobody has given yet to their fields."""

    key: str
    commands: tuple[str, ...]
    missing: dict[str, str] = {}


class _Maker:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.steps: list[Step] = []
        self._missing: dict[str, str] = {}

    def need(self, value: str | None, variable: str, field: str) -> Word:
        """The value, or the variable that stands for it."""
        if value is not None and value != "":
            return value
        self._missing[variable] = field
        return Raw(f'"${variable}"')

    def group(self) -> Word:
        return self.need(self.plan.resource_group.name, "RESOURCE_GROUP", "resource_group.name")

    def region(self) -> Word:
        return self.need(self.plan.region, "REGION", "region")

    def cluster(self) -> Word:
        return self.need(self.plan.cluster.name, "CLUSTER", "cluster.name")

    def step(self, key: str, *commands: Command | str) -> None:
        texts = tuple(command if isinstance(command, str) else command.text() for command in commands)
        self.steps.append(Step(key=key, commands=texts, missing=self._missing))
        self._missing = {}

    def aks(self, *words: str) -> Command:
        """``az aks …`` on this cluster."""
        command = Command("az", "aks", *words)
        return command.flag("--resource-group", self.group()).flag("--name", self.cluster())


def _tags(command: Command, tags: dict[str, str]) -> Command:
    return command.many("--tags", (f"{key}={value}" for key, value in tags.items()))


def _account(make: _Maker) -> None:
    subscription = make.need(make.plan.subscription, "SUBSCRIPTION", "subscription")
    make.step("account", Command("az", "account", "set").flag("--subscription", subscription))


def _group(make: _Maker) -> None:
    if make.plan.resource_group.create:
        command = Command("az", "group", "create").flag("--location", make.region())
        make.step("group", _tags(command.flag("--name", make.group()), make.plan.resource_group.tags))


def _network(make: _Maker) -> None:
    """Ends with ``SUBNET_ID`` set where the network is an own one."""
    network = make.plan.network
    if network.managed:
        return
    if network.subnet.id:
        make.step("subnet-exists", f"SUBNET_ID={quote(network.subnet.id)}")
        return
    if network.vnet.id:
        parts = derive.parts_of(network.vnet.id)
        group: Word = parts.get("resourcegroups", "")
        vnet: Word = parts.get("virtualnetworks", "")
        subscription = parts.get("subscriptions")
    else:
        group, subscription = make.group(), None
        vnet = make.need(network.vnet.name, "VNET", "network.vnet.name")
        command = Command("az", "network", "vnet", "create").flag("--resource-group", group)
        command.flag("--location", make.region()).flag("--name", vnet)
        make.step("vnet", command.many("--address-prefixes", network.vnet.ranges))
    create = Command("az", "network", "vnet", "subnet", "create").maybe("--subscription", subscription)
    create.flag("--resource-group", group).flag("--vnet-name", vnet)
    create.flag("--name", make.need(network.subnet.name, "SUBNET", "network.subnet.name"))
    create.flag("--address-prefixes", make.need(network.subnet.range, "SUBNET_RANGE", "network.subnet.range"))
    create.flag("--query", "id").flag("--output", "tsv")
    make.step("subnet", create.into("SUBNET_ID"))


def _identity(make: _Maker) -> None:
    """Ends with ``IDENTITY_ID`` set, and its role assigned, where the identity is a user-assigned one."""
    plan, identity = make.plan, make.plan.identity
    if identity.type != "user":
        return
    zone = plan_derive.zone_to_open(plan)
    own_network = identity.assign_role and not plan.network.managed
    wants_role = own_network or zone is not None
    if identity.id:
        commands = [f"IDENTITY_ID={quote(identity.id)}"]
        if wants_role:
            show = Command("az", "identity", "show").flag("--ids", Raw('"$IDENTITY_ID"'))
            commands.append(show.flag("--query", "principalId").flag("--output", "tsv").into("PRINCIPAL_ID"))
        make.step("identity-exists", *commands)
    else:
        name = make.need(identity.name, "IDENTITY", "identity.name")
        create = Command("az", "identity", "create").flag("--resource-group", make.group())
        create.flag("--location", make.region()).flag("--name", name)
        create.flag("--query", "id").flag("--output", "tsv")
        commands = [create.into("IDENTITY_ID")]
        if wants_role:
            show = Command("az", "identity", "show").flag("--ids", Raw('"$IDENTITY_ID"'))
            commands.append(show.flag("--query", "principalId").flag("--output", "tsv").into("PRINCIPAL_ID"))
        make.step("identity", *commands)
    if own_network:
        make.step("role", _role("Network Contributor", Raw('"$SUBNET_ID"')))
    if zone is not None:
        roles = [_role("Private DNS Zone Contributor", zone)]
        if own_network:
            # The network of the subnet, whichever way that came about.
            roles.append(_role("Network Contributor", Raw('"${SUBNET_ID%/subnets/*}"')))
        make.step("zone", *roles)


def _role(role: str, scope: Word) -> Command:
    command = Command("az", "role", "assignment", "create").flag("--role", role)
    command.flag("--assignee-object-id", Raw('"$PRINCIPAL_ID"'))
    return command.flag("--assignee-principal-type", "ServicePrincipal").flag("--scope", scope)


def _preview(make: _Maker) -> None:
    if not derive.wants_preview(make.plan):
        return
    feature = Command("az", "feature", "register").flag("--namespace", "Microsoft.ContainerService")
    make.step(
        "kube-proxy",
        "az extension add --upgrade --name aks-preview",
        feature.flag("--name", "KubeProxyConfigurationPreview"),
        "az provider register --namespace Microsoft.ContainerService --wait",
        """printf '%s\\n' '{"enabled": false}' > kube-proxy.json""",
    )


def _declared(command: Command, owner: msgspec.Struct, prefix: str) -> Command:
    """The options of all fields of ``owner`` that need no word of their own here."""
    for name, (shape, _default) in members(type(owner)).items():
        option, value = shape.about.az, getattr(owner, name)
        if option is None or f"{prefix}.{name}" in BY_HAND or value in (None, False, ""):
            continue
        if value is True:
            command.flag(option)
        elif isinstance(value, dict):
            command.many(option, (f"{key}={item}" for key, item in value.items()))
        elif isinstance(value, (tuple, list)):
            command.many(option, (str(item) for item in value))
        else:
            command.flag(option, str(value))
    return command


def _pool_flags(command: Command, pool: NodePool, *, first: bool) -> Command:
    command.maybe("--node-vm-size", pool.vm_size).flag("--node-count", str(pool.count))
    if pool.autoscale is not None:
        command.flag("--enable-cluster-autoscaler")
        command.flag("--min-count", str(pool.autoscale.min)).flag("--max-count", str(pool.autoscale.max))
    command.many("--zones", pool.zones).flag("--max-pods", str(pool.max_pods))
    if pool.taints:
        command.flag("--nodepool-taints" if first else "--node-taints", ",".join(pool.taints))
    return _declared(command, pool, "node_pools[]")


def _cluster(make: _Maker) -> None:
    plan, cluster, network = make.plan, make.plan.cluster, make.plan.network
    pools = derive.ordered_pools(plan)
    command = make.aks("create").flag("--location", make.region())
    command.flag("--network-plugin", "none").maybe("--pod-cidr", network.pod_cidr)
    command.maybe("--service-cidr", network.service_cidr)
    command.maybe("--dns-service-ip", derive.dns_service_ip(plan))
    command.flag("--outbound-type", network.outbound_type)
    command.maybe("--network-policy", network.policy).maybe("--network-plugin-mode", network.plugin_mode)
    command.maybe("--network-dataplane", network.dataplane)
    command.maybe("--kubernetes-version", cluster.kubernetes_version).flag("--tier", cluster.tier)
    if cluster.tier == "premium":
        command.flag("--k8s-support-plan", "AKSLongTermSupport")
    command.maybe("--dns-name-prefix", cluster.dns_prefix)
    command.maybe("--node-resource-group", cluster.node_resource_group)
    if not network.managed:
        command.flag("--vnet-subnet-id", Raw('"$SUBNET_ID"'))
    if plan.identity.type == "user":
        command.flag("--assign-identity", Raw('"$IDENTITY_ID"'))
    else:
        command.flag("--enable-managed-identity")
    # A user-assigned identity has got its role above, where a failure stops; az would only warn and go on.
    if not network.managed and (plan.identity.type == "user" or not plan.identity.assign_role):
        command.flag("--skip-subnet-role-assignment")
    if cluster.private:
        command.flag("--enable-private-cluster").maybe("--private-dns-zone", cluster.private_dns_zone)
    if cluster.addons:
        command.flag("--enable-addons", ",".join(cluster.addons))
    command.maybe("--attach-acr", cluster.attach_acr)
    if derive.wants_preview(plan):
        command.flag("--kube-proxy-config", "kube-proxy.json")
    if pools:
        command.maybe("--nodepool-name", pools[0].name or None)
        _pool_flags(command, pools[0], first=True)
    _declared(_declared(command, cluster, "cluster"), network, "network")
    if cluster.ssh_key:
        key = cluster.ssh_key
        # Quoted, a tilde is no home folder any more, and az does not expand it either.
        command.flag("--ssh-key-value", Raw(f'"$HOME"/{quote(key[2:])}') if key.startswith("~/") else key)
    else:
        command.flag("--no-ssh-key")
    make.step("cluster", _tags(command, cluster.tags))


def _pools(make: _Maker) -> None:
    """After the plugin's installation: nodes must not wait for it longer than they need to."""
    for index, pool in enumerate(derive.ordered_pools(make.plan)):
        _pool(make, pool, first=index == 0)


def _pool(make: _Maker, pool: NodePool, *, first: bool) -> None:
    """A further pool; or, for the first one, what ``az aks create`` has no flag for."""
    if first and pool.max_surge == "10%":
        return
    command = Command("az", "aks", "nodepool", "update" if first else "add")
    command.flag("--resource-group", make.group()).flag("--cluster-name", make.cluster())
    command.flag("--name", make.need(pool.name, "NODE_POOL", "node_pools[].name"))
    if first:
        make.step("surge", command.flag("--max-surge", pool.max_surge))
        return
    command.flag("--mode", pool.mode.capitalize()).flag("--os-type", pool.os)
    _pool_flags(command, pool, first=False).flag("--max-surge", pool.max_surge)
    if not make.plan.network.managed:
        command.flag("--vnet-subnet-id", Raw('"$SUBNET_ID"'))
    make.step("pool", command)


def _existing(make: _Maker) -> None:
    show = make.aks("show").flag("--query", "networkProfile.networkPlugin").flag("--output", "tsv")
    test = '[ "$PLUGIN" = none ] || { printf \'networkPlugin: %s\\n\' "$PLUGIN" >&2; exit 1; }'
    make.step("cluster-exists", show.into("PLUGIN"), f"( {test} )")


def _credentials(make: _Maker) -> None:
    make.step("credentials", make.aks("get-credentials"))
    nodes = Command("kubectl", "get", "node").flag("--output", READY_MESSAGE)
    make.step("nodes", "kubectl get nodes", nodes)


def _alias(plan: Plan) -> str | None:
    """The name of the vendor's repository, where the chart comes from there."""
    found = cni_values.plugin_of(plan)
    return found.chart.alias if found and found.chart and not plan.cni.chart else None


def helm_repository(plan: Plan) -> str | None:
    """The vendor's repository under the name that its documentation uses; where somebody has given that name to a
    repository already (a mirror), that one is used."""
    alias, chart = _alias(plan), cni_values.chart_of(plan)
    if alias is None or chart is None or chart.repo is None:
        return None
    add = Command("helm", "repo", "add", alias, chart.repo).text()
    return f"{add} || {Command('helm', 'repo', 'update', alias).text()}"


def _chart_words(command: Command, plan: Plan, chart: cni_values.ChartRef) -> Command:
    alias = _alias(plan)
    if alias is not None and chart.repo is not None:
        command.word(f"{alias}/{chart.name}")
    elif chart.name.startswith("-"):
        # A path that looks like a flag would be taken for one.
        command.word(f"./{chart.name}")
    else:
        command.word(chart.name).maybe("--repo", chart.repo)
    return command.maybe("--version", chart.version)


def helm_command(plan: Plan, late: dict[str, str], values_file: str) -> Command:
    """``helm upgrade --install`` for a plan that has a chart; ``late`` is what ``derive.helm_values`` left out."""
    chart = cni_values.chart_of(plan)
    assert chart is not None, "the caller looks whether there is a chart"
    helm = _chart_words(Command("helm", "upgrade", "--install", chart.release), plan, chart)
    helm.flag("--namespace", chart.namespace)
    if chart.create_namespace:
        helm.flag("--create-namespace")
    for path, text in late.items():
        before, _, after = text.partition(derive.API_SERVER_MARK)
        tail = quote(after) if after else ""
        helm.flag("--set-string", Raw(f'{quote(f"{path}={before}")}"$API_SERVER"{tail}'))
    return helm.flag("--values", values_file)


def _cni(make: _Maker) -> None:
    plan = make.plan
    found = cni_values.plugin_of(plan)
    chart = cni_values.chart_of(plan)
    if found is None or chart is None:
        return
    facts = cni_values.facts_of(plan)
    prepare = [item for item in found.prepare if holds(item.when, facts)]
    if prepare:
        make.step("prepare", *(item.run for item in prepare))
    if repository := helm_repository(plan):
        make.step("repository", repository)
    if chart.crds is not None:
        crds = Command("helm", "template", chart.crds.release)
        _chart_words(crds, plan, chart.crds)
        apply = f"{crds.text()} \\\n  | kubectl apply --server-side --filename -"
        make.step("crds", apply, "kubectl wait --for=condition=Established crd --all --timeout=1m")
    values, late = derive.helm_values(plan)
    if late:
        fqdn = "privateFqdn" if plan.cluster.private else "fqdn"
        show = make.aks("show").flag("--query", fqdn).flag("--output", "tsv")
        make.step("api-server", show.into("API_SERVER"))
    helm = helm_command(plan, late, "-")
    make.step("cni", heredoc(helm.text(), derive.to_yaml(values)))


def _ready(make: _Maker) -> None:
    found = cni_values.plugin_of(make.plan)
    if found is None or cni_values.chart_of(make.plan) is None:
        return
    facts = cni_values.facts_of(make.plan)
    commands: list[Command | str] = ["kubectl wait --for=condition=Ready node --all --timeout=10m"]
    for workload in found.workloads:
        if workload.required and holds(workload.when, facts):
            status = Command("kubectl", "rollout", "status", f"{workload.kind.lower()}/{workload.name}")
            commands.append(status.flag("--namespace", workload.namespace).flag("--timeout", "10m"))
    make.step("ready", *commands, "kubectl get nodes")


def steps(plan: Plan) -> list[Step]:
    """All steps of a plan; never fails, whatever stands in it."""
    make = _Maker(plan)
    _account(make)
    if plan.cluster.create:
        for part in (_group, _network, _identity, _preview, _cluster):
            part(make)
    else:
        _existing(make)
    _credentials(make)
    _cni(make)
    if plan.cluster.create:
        _pools(make)
    _ready(make)
    return make.steps
