"""Reads the several shapes of Azure's refusals into one ``ProviderError``. Pure.

Shapes: ARM's ``{"error": {…}}``, AKS's flat ``{"code", "message", "target"}``, details inside details, JSON as a string
inside a message (templates), and the reconciler's one-line form with ``SubCode:`` and ``Code="…"``.
"""

import json
import re
from typing import Any, Final

from byocni_tui.providers.errors import ProviderError

_WRAPPERS: Final = frozenset({
    "BadRequest", "DeploymentFailed", "InvalidTemplateDeployment", "ResourceDeploymentFailure", "Conflict",
    "MultipleErrorsOccurred", "PreflightValidationCheckFailed",
})  # fmt: skip
"""Codes that say only that something inside went wrong."""

_SUBCODE = re.compile(r"SubCode: (\w+)")
_CODE = re.compile(r'Code="(\w+)"')
_CLIENT_CODES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    429: "TooManyRequests",
}


def innermost(error: Any) -> tuple[str, str | None]:
    """The code that says most, and the target that goes with it."""
    if not isinstance(error, dict):
        return "", None
    if isinstance(error.get("error"), dict):
        return innermost(error["error"])
    code, message, target = str(error.get("code") or ""), str(error.get("message") or ""), error.get("target")
    for detail in error.get("details") or ():
        inner, inner_target = innermost(detail)
        if inner and (code in _WRAPPERS or not code):
            return inner, inner_target or target
    if message.lstrip().startswith("{"):
        try:
            inner, inner_target = innermost(json.loads(message))
        except ValueError:
            inner = ""
        if inner:
            return inner, inner_target or target
    if found := _SUBCODE.search(message) or (code in _WRAPPERS and _CODE.search(message)):
        return found.group(1), target
    return code, target


def whole_text(error: Any) -> str:
    """The service's own words: the message, then those of the details."""
    if not isinstance(error, dict):
        return str(error)
    if isinstance(error.get("error"), dict):
        return whole_text(error["error"])
    lines = [str(error.get("message") or error.get("code") or json.dumps(error, ensure_ascii=False))]
    for detail in error.get("details") or ():
        text = whole_text(detail)
        if text and text not in lines[0]:
            lines.append(f"({detail.get('code', '')}) {text}" if isinstance(detail, dict) else text)
    return "\n".join(lines)


def from_answer(status: int, text: str, operation: str, retry_after: float | None = None) -> ProviderError:
    """What an HTTP answer of 4xx or 5xx means."""
    try:
        body = json.loads(text) if text else None
    except ValueError:
        body = None
    code, target = innermost(body)
    return ProviderError(
        code or _CLIENT_CODES.get(status, f"Http{status}"),
        whole_text(body) if body else (text.strip()[:2000] or f"HTTP {status}"),
        status=status,
        target=target,
        operation=operation,
        retry_after=retry_after,
        body=body,
    )


def from_operation(error: Any, operation: str) -> ProviderError:
    """What a long operation that ended ``Failed`` says."""
    code, target = innermost(error)
    return ProviderError(
        code or "OperationFailed",
        whole_text(error or {}),
        status=200,
        target=target,
        operation=operation,
        body=error,
    )
