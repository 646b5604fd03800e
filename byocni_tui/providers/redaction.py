"""Takes secrets and identities out of recorded exchanges. Pure.

Secrets are dropped; what identifies somebody (subscription, tenant, object ids, addresses of mail and of API servers)
gets a pseudonym that is the same wherever it occurs, so that a recording stays consistent with itself.
"""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any, Final

import yaml

GONE: Final = "REDACTED"

_KNOWN: Final = frozenset({
    "4d97b98b-1d4f-4787-a291-c67834d212e7", "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "f1a07417-d97a-45cb-824c-7a7467783830", "00000000-0000-0000-0000-000000000000",
})  # fmt: skip
"""GUIDs that are the same for everybody (built-in roles)."""

_SECRET_KEYS: Final = re.compile(
    r"token|secret|password|passwd|authorization|privatekey|private[-_]key|client-key-data|client-certificate-data|"
    r"certificate-authority-data|keydata|connectionstring|accesskey|sas(?:uri|url)?$|bootstrapdata|customdata|cabundle",
    re.IGNORECASE,
)
_KEPT_KEYS: Final = re.compile(
    r"automountserviceaccounttoken|serviceaccounttoken$|secretname$|imagepullsecrets|skiptoken|^\$?type$|tokenreview|"
    r"secretref|secrets?$|secretsprovider|azurekeyvaultsecretsprovider|enablesecretrotation|expirationseconds",
    re.IGNORECASE,
)
_TEXTS: Final = (
    (re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), GONE),
    (re.compile(r"(?i)bearer\s+[\w.~+/=-]{8,}"), f"Bearer {GONE}"),
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL), GONE),
    (re.compile(r"(?:ssh-(?:rsa|ed25519|dss)|ecdsa-[\w-]+) [A-Za-z0-9+/=]{20,}(?: \S+)?"), f"ssh-rsa {GONE}"),
    (re.compile(r"(?i)([?&](?:sig|code|token|access_token|client_secret)=)[^&\s\"]+"), rf"\1{GONE}"),
    (re.compile(r"(/charts/)[\w-]{20,}"), rf"\1{GONE}"),
    (re.compile(r"(?i)(://)[^/\s:@\"]+:[^/\s@\"]+@"), rf"\1{GONE}@"),
)
_GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
# Each begins where a word begins and is bounded: a body may be a quarter of a megabyte without a space.
_MAIL: Final = re.compile(r"(?<![\w.+#-])[\w.+#-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SERVER: Final = re.compile(
    r"(?<![a-z0-9-])(?P<head>[a-z0-9][a-z0-9-]{0,53})-(?P<hash>[a-z0-9]{8})(?P<tail>\.(?:portal\.)?hcp\.[a-z0-9.-]+)",
    re.IGNORECASE,
)
_PUBLIC: Final = re.compile(
    r"(?<![\d.])(?!10\.|127\.|0\.|169\.254\.|192\.168\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|168\.63\.129\.16|"
    r"172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|2(?:2[4-9]|[3-5]\d)\.)"
    r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"
)
_SCAN: Final = (
    ("token", re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.")),
    ("bearer", re.compile(r"(?i)bearer\s+(?!REDACTED)[\w.~+/=-]{8,}")),
    ("private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")),
    ("password in an address", re.compile(r"://[^/\s:@\"]+:(?!REDACTED)[^/\s@\"]+@")),
    ("signature", re.compile(r"[?&]sig=(?!REDACTED)[^&\s\"]{8,}")),
)


class Redactor:
    """Remembers the pseudonyms that it has given."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """``secrets`` are known beforehand (from the environment) and taken out of any text."""
        self._guids: dict[str, str] = {}
        self._mails: dict[str, str] = {}
        self._servers: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._secrets: set[str] = set(secrets)

    @property
    def secrets(self) -> frozenset[str]:
        """Values that were taken out: none of them may be found in what was written."""
        return frozenset(self._secrets)

    def line(self, line: dict[str, Any]) -> dict[str, Any]:
        """One exchange, redacted. Bodies stay texts; those that are JSON are read for their keys."""
        kept = dict(line)
        for key in ("request_body", "body", "stdout"):
            if isinstance(kept.get(key), str):
                kept[key] = self._body(kept[key])
        if "stream" in kept:
            kept["stream"] = [[at, self._body(text)] for at, text in kept["stream"]]
        for key in ("path", "stderr"):
            if isinstance(kept.get(key), str):
                kept[key] = self.text(kept[key])
        for key in ("headers", "words"):
            if key in kept:
                kept[key] = self.value(kept[key])
        return kept

    def _body(self, text: str) -> str:
        try:
            value = json.loads(text)
        except ValueError:
            return self.text(text)
        return json.dumps(self.value(value), ensure_ascii=False)

    def value(self, node: Any, key: str = "") -> Any:
        """Any JSON value."""
        if isinstance(node, dict):
            if isinstance(node.get("kubeconfigs"), list):
                rest = {name: self.value(item, name) for name, item in node.items() if name != "kubeconfigs"}
                return rest | {"kubeconfigs": [self._kubeconfig(entry) for entry in node["kubeconfigs"]]}
            if node.get("kind") == "SecretList" and isinstance(node.get("items"), list):
                node = {**node, "items": [{**item, "kind": "Secret"} for item in node["items"]]}
            if node.get("kind") == "Secret":
                for part in ("data", "stringData"):
                    held = node.get(part) if isinstance(node.get(part), dict) else {}
                    self._forget(*held.values())
                    node = {**node, **({part: dict.fromkeys(held, "")} if held else {})}
            return {self.text(name): self.value(item, name) for name, item in node.items()}
        if isinstance(node, list):
            return [self.value(item, key) for item in node]
        if isinstance(node, str):
            if node and _SECRET_KEYS.search(key) and not _KEPT_KEYS.search(key):
                self._forget(node)
                return GONE
            return self.text(node)
        return node

    def _forget(self, *values: Any) -> None:
        self._secrets.update(value for value in values if isinstance(value, str) and len(value) >= 8)

    def _kubeconfig(self, entry: Any) -> Any:
        """A kubeconfig without what opens the cluster, still a kubeconfig."""
        if not isinstance(entry, dict) or not isinstance(entry.get("value"), str):
            return entry
        try:
            config = yaml.safe_load(base64.b64decode(entry["value"]))
        except (ValueError, yaml.YAMLError):
            config = None
        self._forget(entry["value"])
        if not isinstance(config, dict):
            return {**entry, "value": ""}
        for item in config.get("clusters") or ():
            self._forget((item.get("cluster") or {}).pop("certificate-authority-data", None))
        for item in config.get("users") or ():
            self._forget(*(value for value in (item.get("user") or {}).values() if isinstance(value, str)))
            item["user"] = {"token": GONE}
        text = self.text(yaml.safe_dump(config))
        return {**entry, "value": base64.b64encode(text.encode()).decode()}

    def text(self, text: str) -> str:
        """Free text."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, GONE)
        for pattern, put in _TEXTS:
            text = pattern.sub(put, text)
        text = _SERVER.sub(self._server, text)
        text = _MAIL.sub(lambda found: self._named(self._mails, found[0], "user{}@example.invalid"), text)
        text = _GUID.sub(self._guid, text)
        return _PUBLIC.sub(lambda found: self._named(self._addresses, found[0], "203.0.113.{}"), text)

    @staticmethod
    def _named(known: dict[str, str], given: str, form: str) -> str:
        return known.setdefault(given.lower(), form.format(len(known) + 1))

    def _guid(self, found: re.Match[str]) -> str:
        given = found[0].lower()
        if given in _KNOWN or given.startswith("00000000-0000-0000-0000-"):
            return found[0]
        return self._named(self._guids, given, "00000000-0000-0000-0000-{:012d}")

    def _server(self, found: re.Match[str]) -> str:
        number = self._named(self._servers, f"{found['head']}-{found['hash']}", "pseudo{:02d}")
        return f"{found['head']}-{number}{found['tail']}"


def leaks(text: str, secrets: frozenset[str]) -> list[str]:
    """What a scan still finds in a recorded text: kinds of secrets, or ``known secret`` for one that was taken out
    elsewhere. Empty where nothing is left."""
    found = [name for name, pattern in _SCAN if pattern.search(text)]
    return [*found, *(["known secret"] if any(secret in text for secret in secrets) else [])]
