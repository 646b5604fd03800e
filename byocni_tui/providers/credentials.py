"""Ways to sign in. Imports azure-identity when called."""

import logging
import os
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, get_args

Method = Literal[
    "default", "environment", "workload-identity", "managed-identity", "azure-cli", "developer-cli", "device-code",
    "browser",
]  # fmt: skip
METHODS: Final[tuple[Method, ...]] = get_args(Method)

DEFAULT_ORDER: Final[tuple[Method, ...]] = (
    "environment", "workload-identity", "managed-identity", "azure-cli", "developer-cli",
)  # fmt: skip
"""What ``default`` tries. A managed identity that the environment does not announce is looked for last: on a machine
outside Azure nothing answers there, and that takes two seconds to find out."""


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


class Chain:
    """Tries one way after the other until one has somebody signed in, and stays with it; ``used`` says which. A way
    that has somebody, but fails, ends the search: going on would act as somebody else."""

    def __init__(self, ways: Sequence[tuple[str, Callable[[], Any]]]) -> None:
        self._ways = ways
        self._credential: Any = None
        self.used = ""

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        """As azure-core asks for it. ``ClientAuthenticationError`` where nobody is signed in."""
        from azure.core.exceptions import ClientAuthenticationError
        from azure.identity import CredentialUnavailableError

        if self._credential is not None:
            return await self._credential.get_token(*scopes, **options)
        told: list[str] = []
        for name, make in self._ways:
            try:
                credential = make()
            except ValueError as error:
                told.append(f"{name}: {error}")
                continue
            try:
                token = await credential.get_token(*scopes, **options)
            except CredentialUnavailableError as error:
                told.append(f"{name}: {error.message}")
                await credential.close()
                continue
            except ClientAuthenticationError as error:
                await credential.close()
                raise ClientAuthenticationError(
                    f"{name}: {error.message}", response=error.response
                ) from error
            except OSError as error:
                # A file that the environment names, such as the token of a workload identity, can't be read.
                await credential.close()
                raise ClientAuthenticationError(f"{name}: {error}") from error
            self._credential, self.used = credential, name
            return token
        raise CredentialUnavailableError("\n".join(told))

    async def close(self) -> None:
        """Close connections."""
        if self._credential is not None:
            await self._credential.close()


def sign_in(
    method: Method, *, authority: str, tenant: str | None = None, ca_file: str | None = None
) -> Chain:
    """A credential for a real cloud: one way, or with ``default`` the first of ``DEFAULT_ORDER`` that is signed in.
    ``ca_file`` holds the authorities to trust where a proxy looks into TLS."""
    # What it complains of is told by whoever asked it; without this, Python prints it to stderr a first time.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    makers = _makers(authority, {"tenant_id": tenant} if tenant else {}, ca_file)
    if method != "default":
        return Chain([(method, makers[method])])
    announced = os.environ.get("IDENTITY_ENDPOINT") or os.environ.get("MSI_ENDPOINT")
    order = [name for name in DEFAULT_ORDER if name != "managed-identity" or announced]
    ways = [(name, makers[name]) for name in order]
    return Chain(ways if announced else [*ways, ("managed-identity", _imds)])


def _imds() -> Any:
    """The identity of an Azure machine, asked once: outside Azure its address leads nowhere."""
    from azure.identity.aio import ManagedIdentityCredential

    return ManagedIdentityCredential(retry_total=0, connection_timeout=2, read_timeout=5)


def _makers(authority: str, options: dict[str, Any], ca_file: str | None) -> dict[str, Callable[[], Any]]:
    from azure.identity import aio

    from byocni_tui.providers.interactive import ThreadedCredential

    wire: dict[str, Any] = {"authority": authority, **({"connection_verify": ca_file} if ca_file else {})}

    def threaded(method: Literal["device-code", "browser"]) -> Callable[[], Any]:
        return lambda: ThreadedCredential(method, **wire, **options)

    return {
        "environment": lambda: aio.EnvironmentCredential(**wire),
        "workload-identity": lambda: aio.WorkloadIdentityCredential(**wire, **options),
        "managed-identity": aio.ManagedIdentityCredential,
        "azure-cli": lambda: aio.AzureCliCredential(**options),
        "developer-cli": lambda: aio.AzureDeveloperCliCredential(**options),
        "device-code": threaded("device-code"),
        "browser": threaded("browser"),
    }
