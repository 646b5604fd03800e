"""The folders of az, kubectl and helm, written as these clients would: a cloud registered, signed in with the managed
identity, chart repositories added. Running az for it would take seconds."""

import configparser
import json
import os
import urllib.request
from pathlib import Path
from typing import Any, Final

from byocni_tui.sandbox.endpoints import Endpoints

CLOUD: Final = "ByocniSandbox"
REPOSITORIES: Final = ("cilium", "projectcalico", "antrea")


def write(endpoints: Endpoints, home: Path) -> dict[str, str]:
    """Write them below ``home``; returns the environment that points there."""
    azure, helm, kube = home / "azure", home / "helm", home / "kube"
    for folder in (azure, helm / "config", helm / "cache", helm / "data", kube):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _az(endpoints, azure)
    config = helm / "config" / "repositories.yaml"
    if not config.exists() or endpoints.charts_url not in config.read_text(encoding="utf-8"):
        _helm(endpoints, config, helm / "cache")
    env = {
        "AZURE_CONFIG_DIR": str(azure),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "IDENTITY_ENDPOINT": endpoints.identity_url,
        "IDENTITY_HEADER": endpoints.identity_header,
        "REQUESTS_CA_BUNDLE": endpoints.ca_file,
        "KUBECONFIG": str(kube / "config"),
        "HELM_CONFIG_HOME": str(helm / "config"),
        "HELM_CACHE_HOME": str(helm / "cache"),
        "HELM_DATA_HOME": str(helm / "data"),
        "HELM_REPOSITORY_CONFIG": str(config),
        "HELM_REPOSITORY_CACHE": str(helm / "cache" / "repository"),
        "BYOCNI_SANDBOX": endpoints.control_url,
    }
    hosts = "127.0.0.1,localhost,::1"
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(filter(None, [os.environ.get(name, ""), hosts]))
    return env


def _az(endpoints: Endpoints, folder: Path) -> None:
    base = f"{endpoints.arm_url}/"
    metadata = _metadata(endpoints)
    clouds = configparser.ConfigParser(interpolation=None)
    audience = metadata["authentication"]["audiences"][0]
    suffixes = metadata["suffixes"]
    clouds[CLOUD] = {
        "profile": "latest",
        "endpoint_management": audience,
        "endpoint_resource_manager": base,
        "endpoint_portal": metadata["portal"],
        "endpoint_active_directory": metadata["authentication"]["loginEndpoint"],
        "endpoint_active_directory_resource_id": audience,
        "endpoint_active_directory_graph_resource_id": metadata["graphAudience"],
        "endpoint_microsoft_graph_resource_id": metadata["microsoftGraphResourceId"],
        "endpoint_sql_management": metadata["sqlManagement"],
        "endpoint_batch_resource_id": metadata["batch"],
        "endpoint_media_resource_id": metadata["media"],
        "endpoint_vm_image_alias_doc": metadata["vmImageAliasDoc"],
        "suffix_storage_endpoint": suffixes["storage"],
        "suffix_keyvault_dns": f".{suffixes['keyVaultDns']}",
        "suffix_sql_server_hostname": f".{suffixes['sqlServerHostname']}",
        "suffix_acr_login_server_endpoint": f".{suffixes['acrLoginServer']}",
    }
    with (folder / "clouds.config").open("w", encoding="utf-8") as file:
        clouds.write(file)
    config = configparser.ConfigParser(interpolation=None)
    config.read(folder / "config")
    for section, values in {
        "cloud": {"name": CLOUD},
        "core": {"collect_telemetry": "false", "encrypt_token_cache": "false", "survey_message": "false"},
        "auto-upgrade": {"enable": "no"},
    }.items():
        if not config.has_section(section):
            config.add_section(section)
        for name, value in values.items():
            config.set(section, name, value)
    with (folder / "config").open("w", encoding="utf-8") as file:
        config.write(file)
    profile = {
        "installationId": "00000000-0000-0000-0000-000000000000",
        "subscriptions": [
            {
                "id": one["subscriptionId"],
                "name": one["displayName"],
                "state": one["state"],
                "user": {
                    "name": "systemAssignedIdentity",
                    "type": "servicePrincipal",
                    "assignedIdentityInfo": "MSI",
                },
                "isDefault": number == 0,
                "tenantId": endpoints.tenant,
                "environmentName": CLOUD,
                "homeTenantId": endpoints.tenant,
                "managedByTenants": [],
            }
            for number, one in enumerate(metadata["sandbox"]["subscriptions"])
        ],
    }
    # az reads this file as UTF-8 with a byte order mark, and writes it so.
    (folder / "azureProfile.json").write_text(json.dumps(profile), encoding="utf-8-sig")


def _metadata(endpoints: Endpoints) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 our own loopback address
        f"{endpoints.control_url}/cloud", headers={"Authorization": f"Bearer {endpoints.token}"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=5) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


def _helm(endpoints: Endpoints, config: Path, cache: Path) -> None:
    """As ``helm repo add`` leaves it: the list, and an index for each repository."""
    lines = ['apiVersion: ""', 'generated: "0001-01-01T00:00:00Z"', "repositories:"]
    for name in REPOSITORIES:
        lines += [f"- name: {name}", f"  url: {endpoints.charts_url}"]
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    repository = cache / "repository"
    repository.mkdir(parents=True, exist_ok=True)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoints.charts_url}/index.yaml", timeout=5) as response:
            index = response.read()
    except OSError:
        # A sandbox without charts: helm says itself that the repository has no index.
        return
    for name in REPOSITORIES:
        (repository / f"{name}-index.yaml").write_bytes(index)
