"""Refusals, in the shape of whoever refuses: wrapped in ``error`` from ARM and most providers, flat from AKS."""

from typing import Any


class ArmError(Exception):
    """A refusal. ``flat``: AKS's own synchronous form. ``headers`` are sent along (``Retry-After`` …)."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: list[dict[str, Any]] | None = None,
        additional: list[dict[str, Any]] | None = None,
        flat: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(code, message)
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.details = details
        self.additional = additional
        self.flat = flat
        self.headers = headers or {}

    def inner(self) -> dict[str, Any]:
        """The ``error`` object, as operations and details carry it."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target is not None:
            error["target"] = self.target
        if self.details:
            error["details"] = self.details
        if self.additional:
            error["additionalInfo"] = self.additional
        return error

    def body(self) -> dict[str, Any]:
        """What goes over the wire."""
        if not self.flat:
            return {"error": self.inner()}
        flat: dict[str, Any] = {
            "code": self.code,
            "details": self.details,
            "message": self.message,
            "subcode": "",
        }
        if self.target is not None:
            flat["target"] = self.target
        return flat


def aks(code: str, message: str, target: str | None = None, status: int = 400) -> ArmError:
    """A synchronous refusal by AKS."""
    return ArmError(status, code, message, target=target, flat=True)


def not_in_sandbox(what: str) -> ArmError:
    """The honest answer where neither the service's error nor a simulation of it exists."""
    return ArmError(501, "NotInSandbox", f"{what} is not in the sandbox (SIMULATION).")


def bad_request(message: str, code: str = "BadRequest") -> ArmError:
    """400 in ARM's shape."""
    return ArmError(400, code, message)
