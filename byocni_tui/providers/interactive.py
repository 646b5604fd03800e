"""The sign-ins that azure-identity offers only synchronously, made asynchronous by a thread."""

import asyncio
from typing import Any, Literal


class ThreadedCredential:
    """A device code or browser sign-in. The device code is shown by azure-identity's own prompt."""

    def __init__(self, method: Literal["device-code", "browser"], **options: Any) -> None:
        import azure.identity

        kind = (
            azure.identity.DeviceCodeCredential
            if method == "device-code"
            else azure.identity.InteractiveBrowserCredential
        )
        self._credential: Any = kind(**options)

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        """As azure-core's asynchronous credentials do."""
        return await asyncio.to_thread(self._credential.get_token, *scopes, **options)

    async def close(self) -> None:
        """Forget connections."""
        self._credential.close()

    async def __aenter__(self) -> "ThreadedCredential":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
