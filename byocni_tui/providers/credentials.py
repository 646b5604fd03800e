"""Ways to sign in. Imports azure-identity when called."""

import logging
import os
from typing import Any, Final, Literal

Method = Literal["default", "managed-identity", "azure-cli", "device-code", "browser"]
METHODS: Final = ("default", "managed-identity", "azure-cli", "device-code", "browser")


def managed_identity(endpoint: str, header: str) -> Any:
    """A managed identity behind an endpoint of the App Service kind (``IDENTITY_ENDPOINT``, ``IDENTITY_HEADER``).

    azure-identity reads the two only from the environment, and only while the credential is made: they are set for
    that moment and put back, so that programs started later don't inherit them.
    """
    from azure.identity.aio import ManagedIdentityCredential

    wanted = {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": header}
    hidden = ("IDENTITY_SERVER_THUMBPRINT",)
    before = {name: os.environ.get(name) for name in (*wanted, *hidden)}
    try:
        os.environ.update(wanted)
        for name in hidden:
            os.environ.pop(name, None)
        return ManagedIdentityCredential(use_env_settings=False)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def sign_in(method: Method, *, authority: str, tenant: str | None = None) -> Any:
    """A credential for a real cloud. ``default`` tries environment, workload and managed identity, Azure CLI, developer
    CLI and the others of ``DefaultAzureCredential``, in its order."""
    from azure.identity import aio

    # What it complains of is told by whoever asked it; without this, Python prints it to stderr a first time.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    options: dict[str, Any] = {"tenant_id": tenant} if tenant else {}
    if method == "managed-identity":
        return aio.ManagedIdentityCredential()
    if method == "azure-cli":
        return aio.AzureCliCredential(**options)
    if method in ("device-code", "browser"):
        from byocni_tui.providers.interactive import ThreadedCredential

        return ThreadedCredential(method, authority=authority, **options)
    return aio.DefaultAzureCredential(authority=authority, exclude_shared_token_cache_credential=True)
