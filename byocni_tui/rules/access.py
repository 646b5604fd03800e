"""BYO610, 611: who can reach the cluster, and with which key."""

import re
from collections.abc import Iterator
from typing import Final

from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule


@rule("BYO610", "info", source=sources.PRIVATE)
def private(case: Case) -> Iterator[Finding]:
    """Whoever installs the CNI has to reach the API server."""
    if case.new and case.plan.cluster.private:
        yield found("BYO610", "cluster.private")


FIELD: Final = "cluster.ssh_key"
_KEY: Final = re.compile(r"(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521)) +[A-Za-z0-9+/]+={0,2}( .*)?")
_LOOKS_LIKE_A_KEY: Final = ("ssh-", "ecdsa-", "sk-", "AAAA")


@rule("BYO611", "error", source=sources.SSH)
def ssh_key(case: Case) -> Iterator[Finding]:
    """A private key, the path of one, or something that only looks like a key. Which file is there isn't known here."""
    text = (case.plan.cluster.ssh_key or "").strip()
    if not case.new or not text:
        return
    remedy = Remedy(variant="take", set={FIELD: None})
    if "PRIVATE KEY" in text:
        yield found("BYO611", FIELD, variant="private", remedy=remedy)
    elif "\n" in text or (text.startswith(_LOOKS_LIKE_A_KEY) and not _KEY.fullmatch(text)):
        yield found("BYO611", FIELD, remedy=remedy, value=text.split("\n", 1)[0][:24])
    elif re.search(r"(^|[/\\])id_(rsa|dsa|ecdsa|ed25519)$", text):
        yield found(
            "BYO611",
            FIELD,
            variant="path",
            remedy=Remedy(variant="take", set={FIELD: f"{text}.pub"}),
            value=text,
        )
