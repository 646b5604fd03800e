"""``/metadata/endpoints``: what az asks of a cloud before it signs in."""

from typing import Any


def endpoints(data: dict[str, Any], base: str) -> dict[str, Any]:
    """The cloud's endpoints, with the sandbox as its Resource Manager; nothing else of it can be reached."""
    found, suffixes = data["endpoints"], data["suffixes"]
    return {
        "name": "ByocniSandbox",
        "portal": found["portal"],
        "authentication": {
            "loginEndpoint": f"{base}/",
            "audiences": [found["management"], f"{base}/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "graph": f"{base}/graph/",
        "graphAudience": f"{base}/graph/",
        "microsoftGraphResourceId": f"{base}/graph/",
        "resourceManager": f"{base}/",
        "media": found["management"],
        "batch": found["management"],
        "sqlManagement": found["management"],
        "activeDirectoryDataLake": found["management"],
        "vmImageAliasDoc": f"{base}/sandbox/aliases.json",
        "suffixes": {
            "acrLoginServer": suffixes["acr"],
            "keyVaultDns": suffixes["keyvault"].lstrip("."),
            "storage": suffixes["storage"],
            "sqlServerHostname": suffixes["sql"].lstrip("."),
        },
    }
