"""Who may come in: the token, the cookie that stands for it, ``Host`` and ``Origin``. Pure decisions over strings."""

import hmac
import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

COOKIE: Final = "byocni_visitor"
_LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")

HEADERS: Final[Mapping[str, str]] = {
    # Everything the page needs comes from here; xterm sets its sizes as inline styles.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self';"
        " img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""On every answer."""


def is_loopback(host: str) -> bool:
    """Whether a server that listens on ``host`` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Door(msgspec.Struct, frozen=True):
    """``local``: the server listens on loopback only, so a ``Host`` of another name comes from a page of somebody else
    that has its name resolve to this machine (DNS rebinding)."""

    token: str
    local: bool

    def opens_for(self, token: str) -> bool:
        """Whether ``token`` is the right one, in a time that tells nothing of it."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def knows_host(self, host: str) -> bool:
        """``host``: the header as it came. On a named address any name may lead here; the token decides."""
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        return bool(name) and (not self.local or name in _LOCAL_NAMES)


def same_origin(origin: str | None, host: str) -> bool:
    """Whether a WebSocket was opened by a page of ours: browsers always name the origin there, and no script can
    change it. A client that names none is no browser, hence not led here by a foreign page."""
    if origin is None:
        return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()
