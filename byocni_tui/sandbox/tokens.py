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


def issue(
    secret: str, caller: Caller, audience: str, lifetime: float = LIFETIME, learner: int = 0
) -> tuple[str, int]:
    """A token and when it expires (real epoch seconds). ``learner`` says whose world it is for."""
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
    if learner:
        claims["learner"] = learner
    head = _b64(msgspec.json.encode({"typ": "JWT", "alg": "HS256"}))
    text = f"{head}.{_b64(msgspec.json.encode(claims))}"
    return f"{text}.{_signature(secret, text)}", expires


def read(secret: str, token: str) -> dict[str, Any] | None:
    """The claims of one of our tokens (expired or not); None for any other."""
    text, _, signature = token.rpartition(".")
    if not text or not hmac.compare_digest(_signature(secret, text), signature):
        return None
    return _claims(text.partition(".")[2])


def learner_of(token: str) -> int:
    """Whose world a token says it is for (nothing is verified); 0 where it says nothing."""
    try:
        found = _claims(token.split(".")[1]).get("learner", 0)
    except (IndexError, ValueError, AttributeError):
        return 0
    return found if isinstance(found, int) else 0


def _claims(payload: str) -> dict[str, Any]:
    claims: dict[str, Any] = msgspec.json.decode(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims
