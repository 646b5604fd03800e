"""The host names that nodes have to reach: the cloud's own, and the plugin's registries where there is no mirror.
Source: the AKS page on outbound rules; ``*`` stands for a part of a name that the service chooses."""

from typing import Final

from byocni_tui.plan.model import Plan

CLOUD_HOSTS: Final[dict[str, tuple[str, ...]]] = {
    "AzureCloud": (
        "*.hcp.{region}.azmk8s.io",
        "mcr.microsoft.com",
        "*.data.mcr.microsoft.com",
        "mcr-0001.mcr-msedge.net",
        "management.azure.com",
        "login.microsoftonline.com",
        "packages.microsoft.com",
        "acs-mirror.azureedge.net",
        "packages.aks.azure.com",
    ),
    "AzureChinaCloud": (
        "*.hcp.{region}.cx.prod.service.azk8s.cn",
        "*.tun.{region}.cx.prod.service.azk8s.cn",
        "mcr.microsoft.com",
        "*.data.mcr.microsoft.com",
        "mcr.azure.cn",
        "*.data.mcr.azure.cn",
        "management.chinacloudapi.cn",
        "login.chinacloudapi.cn",
        "packages.microsoft.com",
        "*.azk8s.cn",
    ),
    "AzureUSGovernment": (
        "*.hcp.{region}.cx.aks.containerservice.azure.us",
        "mcr.microsoft.com",
        "*.data.mcr.microsoft.com",
        "management.usgovcloudapi.net",
        "login.microsoftonline.us",
        "packages.microsoft.com",
        "acs-mirror.azureedge.net",
        "packages.aks.azure.com",
    ),
}
"""All on TCP 443. Ports 1194 and 9000 are not needed: such clusters reach their API server through konnectivity."""


def required_hosts(plan: Plan) -> tuple[str, ...]:
    """Everything that a firewall in the way has to allow on 443, for the plan's cloud, region and plugin."""
    from byocni_tui.cni.values import plugin_of

    region = (plan.region or "*").replace(" ", "").lower() or "*"
    cloud = [host.format(region=region) for host in CLOUD_HOSTS.get(plan.cloud, CLOUD_HOSTS["AzureCloud"])]
    if plan.cni.registry:
        mirror = plan.cni.registry.strip().removeprefix("https://").split("/", 1)[0]
        return tuple(dict.fromkeys([*cloud, mirror]))
    plugin = plugin_of(plan)
    return tuple(dict.fromkeys([*cloud, *(plugin.registries if plugin else ())]))
