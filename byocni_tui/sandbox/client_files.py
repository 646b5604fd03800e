"""The folders of az, kubectl and helm, written as these clients would: a cloud registered, signed in with the managed
identity, chart repositories added. Running az for it would take seconds."""

import configparser
import io
import json
import os
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Final

from byocni_tui.sandbox.endpoints import Endpoints

CLOUD: Final = "ByocniSandbox"
REPOSITORIES: Final = ("cilium", "projectcalico", "antrea")


def write(endpoints: Endpoints, home: Path) -> dict[str, str]:
    """Write them below ``home``; returns the environment that points there."""
    azure, helm = home / "azure", home / "helm"
    for folder in (azure, helm / "config", helm / "cache", helm / "data", home / "kube"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _az(endpoints, azure)
    config = helm / "config" / "repositories.yaml"
    if not config.exists() or endpoints.charts_url not in config.read_text(encoding="utf-8"):
        _helm(endpoints, config, helm / "cache")
    return environment(endpoints, str(home))


def environment(endpoints: Endpoints, home: str) -> dict[str, str]:
    """The variables that lead az, kubectl and helm to what is below ``home``."""
    azure, helm, kube = f"{home}/azure", f"{home}/helm", f"{home}/kube"
    env = {
        "AZURE_CONFIG_DIR": azure,
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "IDENTITY_ENDPOINT": endpoints.identity_url,
        "IDENTITY_HEADER": endpoints.identity_header,
        "REQUESTS_CA_BUNDLE": endpoints.ca_file,
        "KUBECONFIG": f"{kube}/config",
        "HELM_CONFIG_HOME": f"{helm}/config",
        "HELM_CACHE_HOME": f"{helm}/cache",
        "HELM_DATA_HOME": f"{helm}/data",
        "HELM_REPOSITORY_CONFIG": f"{helm}/config/repositories.yaml",
        "HELM_REPOSITORY_CACHE": f"{helm}/cache/repository",
        "BYOCNI_SANDBOX": endpoints.control_url,
        "BYOCNI_SANDBOX_JOIN": endpoints.join_url,
    }
    own = urllib.parse.urlsplit(endpoints.arm_url).hostname or ""
    hosts = ",".join(dict.fromkeys(["127.0.0.1", "localhost", "::1", own]))
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(filter(None, [os.environ.get(name, ""), hosts]))
    return env


def _az(endpoints: Endpoints, folder: Path) -> None:
    made = az_files(endpoints, _metadata(endpoints))
    config = configparser.ConfigParser(interpolation=None)
    config.read(folder / "config")
    config.read_string(made.pop("config"))
    with (folder / "config").open("w", encoding="utf-8") as file:
        config.write(file)
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


def az_files(endpoints: Endpoints, metadata: dict[str, Any]) -> dict[str, str]:
    """az's folder, signed in: name -> text. ``metadata`` is the answer of ``/sandbox/cloud``."""
    base = f"{endpoints.arm_url}/"
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
    config = configparser.ConfigParser(interpolation=None)
    config["cloud"] = {"name": CLOUD}
    config["core"] = {"collect_telemetry": "false", "encrypt_token_cache": "false", "survey_message": "false"}
    config["auto-upgrade"] = {"enable": "no"}
    user = {"name": "systemAssignedIdentity", "type": "servicePrincipal", "assignedIdentityInfo": "MSI"}
    profile = {
        "installationId": "00000000-0000-0000-0000-000000000000",
        "subscriptions": [
            {
                "id": one["subscriptionId"],
                "name": one["displayName"],
                "state": one["state"],
                "user": user,
                "isDefault": number == 0,
                "tenantId": endpoints.tenant,
                "environmentName": CLOUD,
                "homeTenantId": endpoints.tenant,
                "managedByTenants": [],
            }
            for number, one in enumerate(metadata["sandbox"]["subscriptions"])
        ],
    }
    return {
        "clouds.config": _ini(clouds),
        "config": _ini(config),
        # az reads this file as UTF-8 with a byte order mark, and writes it so.
        "azureProfile.json": "\ufeff" + json.dumps(profile),
    }


def _ini(parser: configparser.ConfigParser) -> str:
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


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
    config.write_text(helm_repositories(endpoints), encoding="utf-8")
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


def helm_repositories(endpoints: Endpoints) -> str:
    """helm's list of repositories."""
    lines = ['apiVersion: ""', 'generated: "0001-01-01T00:00:00Z"', "repositories:"]
    for name in REPOSITORIES:
        lines += [f"- name: {name}", f"  url: {endpoints.charts_url}"]
    return "\n".join(lines) + "\n"
