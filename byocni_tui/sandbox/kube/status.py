"""Refusals, worded as Kubernetes words them: one exception that carries a ``Status`` object."""

from typing import Any


class ApiError(Exception):
    """A ``Status`` with ``status: Failure``. ``code`` is the HTTP status, ``headers`` go with the answer."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The ``Status`` object."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def qualified(resource: str, group: str) -> str:
    """``deployments.apps``, or ``pods`` for the core group."""
    return f"{resource}.{group}" if group else resource


def _details(name: str, group: str, kind: str) -> dict[str, Any]:
    details: dict[str, Any] = {}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    details["kind"] = kind
    return details


def not_found(resource: str, group: str, name: str) -> ApiError:
    text = f'{qualified(resource, group)} "{name}" not found'
    return ApiError(404, "NotFound", text, _details(name, group, resource))


def already_exists(resource: str, group: str, name: str) -> ApiError:
    text = f'{qualified(resource, group)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", text, _details(name, group, resource))


def conflict(resource: str, group: str, name: str, why: str = "") -> ApiError:
    why = why or (
        "the object has been modified; please apply your changes to the latest version and try again"
    )
    text = f'Operation cannot be fulfilled on {qualified(resource, group)} "{name}": {why}'
    return ApiError(409, "Conflict", text, _details(name, group, resource))


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def forbidden(resource: str, group: str, name: str, why: str) -> ApiError:
    text = f'{qualified(resource, group)} "{name}" is forbidden: {why}'
    return ApiError(403, "Forbidden", text, _details(name, group, resource))


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def unknown_path() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def not_in_sandbox(what: str) -> ApiError:
    return ApiError(501, "NotImplemented", f"{what}: not in the sandbox")


def gone(since: int, oldest: int) -> ApiError:
    return ApiError(410, "Expired", f"too old resource version: {since} ({oldest})")


class Cause:
    """One complaint about a field. ``type`` is the cause's reason, e.g. ``FieldValueInvalid``."""

    __slots__ = ("field", "message", "type")

    def __init__(self, type: str, field: str, message: str) -> None:
        self.type = type
        self.field = field
        self.message = message


def invalid(kind: str, group: str, name: str, causes: list[Cause]) -> ApiError:
    """422: the complaints, joined as Kubernetes joins them (one: as it is; several: in brackets, no repeats)."""
    unique = list(dict.fromkeys(f"{c.field}: {c.message}" for c in causes))
    text = unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]"
    what = f"{kind}.{group}" if group else kind
    details = _details(name, group, kind)
    details["causes"] = [{"reason": c.type, "message": c.message, "field": c.field} for c in causes]
    return ApiError(422, "Invalid", f'{what} "{name}" is invalid: {text}', details)
