"""One exception for whatever Azure, Kubernetes or Helm refuse, with the original words kept."""

from typing import Any


class ProviderError(Exception):
    """``code`` is the innermost code of the service (``LinkedAuthorizationFailed``), or one of ours: ``Unreachable``,
    ``TimedOut`` (our own limit), ``BadAnswer``, ``NotSignedIn``. ``status`` is the HTTP status, 0 where no answer came.
    ``message`` is the service's own text, whole. ``operation`` names what was asked, such as ``PUT …/x``."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 0,
        target: str | None = None,
        operation: str = "",
        retry_after: float | None = None,
        body: Any = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.target = target
        self.operation = operation
        self.retry_after = retry_after
        self.body = body
        self.correlation = ""
        """The correlation id of the call: what the service's support asks for."""

    @property
    def absent(self) -> bool:
        """Whether the thing asked for does not exist."""
        return self.status == 404

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed later without a change."""
        return self.status in (0, 408, 429, 500, 502, 503, 504) and self.code != "NotSignedIn"
