"""Tokens of the identity endpoint: JSON Web Tokens signed with the sandbox's own secret."""

import base64
import hashlib
import hmac
import time
from typing import Any

import msgspec

from byocni_tui.sandbox.arm.call import Caller

LIFETIME = 24 * 3600


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signature(secret: str, text: str) -> str:
    return _b64(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def issue(secret: str, caller: Caller, audience: str, lifetime: float = LIFETIME) -> tuple[str, int]:
    """A token and when it expires (real epoch seconds)."""
    now = int(time.time())
    expires = now + int(lifetime)
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{caller.tenant}/",
        "iat": now,
        "nbf": now,
        "exp": expires,
        "appid": caller.client_id,
        "oid": caller.object_id,
        "sub": caller.object_id,
        "tid": caller.tenant,
        "simulation": True,
    }
    head = _b64(msgspec.json.encode({"typ": "JWT", "alg": "HS256"}))
    text = f"{head}.{_b64(msgspec.json.encode(claims))}"
    return f"{text}.{_signature(secret, text)}", expires


def read(secret: str, token: str) -> dict[str, Any] | None:
    """The claims of one of our tokens (expired or not); None for any other."""
    text, _, signature = token.rpartition(".")
    if not text or not hmac.compare_digest(_signature(secret, text), signature):
        return None
    payload = text.partition(".")[2]
    claims: dict[str, Any] = msgspec.json.decode(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims
