"""What stands at the top of every export."""

from byocni_tui.cni.images import images_of
from byocni_tui.cni.values import chart_of
from byocni_tui.export.derive import wants_preview
from byocni_tui.export.shell import quote
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan


def header(plan: Plan, tr: Translator) -> str:
    """Lines without comment marks: what this is, the support boundary, and what could not be carried over."""
    lines = [tr("export.header.what"), tr("export.header.support")]
    if plan.cni.kube_proxy == "replace" and not wants_preview(plan):
        lines.append(tr("export.header.kube_proxy"))
    if plan.cni.registry:
        lines.append(tr("export.header.mirror"))
        lines += [f"  {image.source} -> {image.mirror}" for image in images_of(plan)]
    return "\n".join(lines)


def late_role(plan: Plan) -> bool:
    """Whether a template assigns the subnet's role when the cluster is there already: it can't do it meanwhile, as az
    does."""
    own = plan.cluster.create and not plan.network.managed
    return own and plan.identity.type != "user" and plan.identity.assign_role


def next_steps(plan: Plan, tr: Translator, file_name: str) -> list[str]:
    """How a template is deployed, and what a template cannot do: lines of shell and of text, values quoted."""
    group = quote(plan.resource_group.name) if plan.resource_group.name else '"$RESOURCE_GROUP"'
    lines = []
    if plan.resource_group.create:
        region = quote(plan.region) if plan.region else '"$REGION"'
        tags = "".join(f" {quote(f'{key}={value}')}" for key, value in plan.resource_group.tags.items())
        create = f"az group create --location {region} --name {group}"
        lines.append(create + (f" --tags{tags}" if tags else ""))
    lines.append(f"az deployment group create --resource-group {group} --template-file {file_name}")
    if not plan.cluster.create:
        lines.append(tr("export.header.exists"))
    if late_role(plan):
        lines.append(tr("export.header.late_role"))
    # The kubelet identity and the plugin come after the template: nodes are NotReady until then.
    lines.append(tr("export.header.then" if chart_of(plan) else "export.why.manual"))
    return lines
