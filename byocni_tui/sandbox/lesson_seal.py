"""The seal of a result file: whoever changes a line of it is found out, and where.

Each act's digest holds the one before it, the seal holds the last and the rest of the document. The key is the
trainer's (``BYOCNI_TRAINING_KEY`` where the sandbox runs, as in a class that the trainer serves): then nobody else can
make a seal. Without one the key is public: the seal then shows accidents and careless edits, and says so.
"""

import hashlib
import hmac
import os
from typing import Any, Final

import msgspec

KEY: Final = "BYOCNI_TRAINING_KEY"
_PUBLIC: Final = "byocni-tui training"
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


def _digest(key: str, *parts: bytes) -> str:
    return hmac.new(key.encode(), b"\n".join(parts), hashlib.sha256).hexdigest()


def _key(given: str | None) -> str:
    return given or os.environ.get(KEY) or _PUBLIC


def sealed(document: dict[str, Any], acts: list[dict[str, Any]], key: str | None = None) -> dict[str, Any]:
    """The document with its acts, their chain and the seal."""
    secret = _key(key)
    own = secret != _PUBLIC
    chain = _chain(acts, secret)
    head = {**document, "trainer_key": own}
    seal = _digest(secret, _ENCODER.encode(head), (chain[-1] if chain else "").encode())
    return {**head, "acts": acts, "chain": [link[:16] for link in chain], "seal": seal}


def _chain(acts: list[dict[str, Any]], key: str) -> list[str]:
    links: list[str] = []
    for act in acts:
        links.append(_digest(key, (links[-1] if links else "").encode(), _ENCODER.encode(act)))
    return links


def broken(result: dict[str, Any], key: str | None = None) -> str | None:
    """What is wrong with a seal: ``act N`` for the first act that was changed, ``head`` for the rest, ``key`` where the
    trainer's key is needed and isn't known; None if it is whole. ``result`` as ``sealed`` gave it."""
    secret = _key(key)
    if result.get("trainer_key") and secret == _PUBLIC:
        return "key"
    if not result.get("trainer_key"):
        secret = _PUBLIC
    acts, chain = result.get("acts"), result.get("chain")
    if not isinstance(acts, list) or not isinstance(chain, list):
        return "head"
    links = _chain(acts, secret)
    for number, link in enumerate(links):
        if number >= len(chain) or not hmac.compare_digest(str(chain[number]), link[:16]):
            return f"act {number + 1}"
    if len(chain) != len(links):
        return f"act {len(links) + 1}"
    head = {name: value for name, value in result.items() if name not in ("acts", "chain", "seal")}
    seal = _digest(secret, _ENCODER.encode(head), (links[-1] if links else "").encode())
    return None if hmac.compare_digest(seal, str(result.get("seal", ""))) else "head"
