"""Addresses of the three clouds (Azure CLI's ``core/cloud.py``, azure-mgmt-core's ``tools.get_arm_endpoints``)."""

from typing import Final, NamedTuple
from urllib.parse import urlsplit


class Cloud(NamedTuple):
    """``scope`` is what a token for ARM is asked for; ``authority`` where it comes from; ``check_registry`` the
    registry that nodes of that cloud must reach anyway, and the checks take their image from."""

    name: str
    arm: str
    scope: str
    authority: str
    portal: str
    check_registry: str


CLOUDS: Final = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            "AzureCloud",
            "https://management.azure.com",
            "https://management.azure.com/.default",
            "login.microsoftonline.com",
            "https://portal.azure.com",
            "mcr.microsoft.com",
        ),
        Cloud(
            "AzureChinaCloud",
            "https://management.chinacloudapi.cn",
            "https://management.chinacloudapi.cn/.default",
            "login.chinacloudapi.cn",
            "https://portal.azure.cn",
            "mcr.azure.cn",
        ),
        Cloud(
            "AzureUSGovernment",
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net/.default",
            "login.microsoftonline.us",
            "https://portal.azure.us",
            "mcr.microsoft.com",
        ),
    )
}


def at_home(home: str, url: str) -> bool:
    """Whether an address is the one of ``home``, or of a region below it (``westeurope.management.azure.com``)."""
    ours, there = urlsplit(home), urlsplit(url)
    return there.scheme == ours.scheme and (
        there.netloc == ours.netloc or (there.hostname or "").endswith(f".{ours.hostname}")
    )
