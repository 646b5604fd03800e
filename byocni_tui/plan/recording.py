"""A recording (HTTP exchanges, one JSON object a line: method, path, status, body) sorted into facts by its paths."""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from byocni_tui.plan.facts import Facts, Item

_PROVIDER: Final = "/subscriptions/[^/]+(?:/resourcegroups/[^/]+)?/providers/"
_LISTS: Final = {
    "locations": r"/subscriptions/[^/]+/locations",
    "providers": r"/subscriptions/[^/]+/providers(?:/[^/]+)?",
    "features": r"/subscriptions/[^/]+/providers/microsoft\.features/.*",
    "resource_groups": r"/subscriptions/[^/]+/resourcegroups(?:/[^/]+)?",
    "managed_clusters": _PROVIDER + r"microsoft\.containerservice/managedclusters(?:/[^/]+)?",
    "virtual_networks": _PROVIDER + r"microsoft\.network/virtualnetworks(?:/[^/]+)?",
    "network_security_groups": _PROVIDER + r"microsoft\.network/networksecuritygroups(?:/[^/]+)?",
    "route_tables": _PROVIDER + r"microsoft\.network/routetables(?:/[^/]+)?",
    "nat_gateways": _PROVIDER + r"microsoft\.network/natgateways(?:/[^/]+)?",
    "identities": _PROVIDER + r"microsoft\.managedidentity/userassignedidentities(?:/[^/]+)?",
    "registries": _PROVIDER + r"microsoft\.containerregistry/registries(?:/[^/]+)?",
    "role_definitions": r".*/providers/microsoft\.authorization/roledefinitions(?:/[^/]+)?",
    "deny_assignments": r".*/providers/microsoft\.authorization/denyassignments",
}
_VERSIONS: Final = re.compile(
    r".*/microsoft\.containerservice/locations/([^/]+)/kubernetesversions", re.IGNORECASE
)
_USAGES: Final = re.compile(r".*/microsoft\.(compute|network)/locations/([^/]+)/usages", re.IGNORECASE)
_SKUS: Final = re.compile(
    r".*/microsoft\.compute/skus\?.*location(?:%20|\+| )eq(?:%20|\+| )(?:%27|')(\w+)", re.IGNORECASE
)
_SCOPED: Final = re.compile(
    r"(.*)/providers/microsoft\.authorization/(permissions|locks|roleassignments)", re.IGNORECASE
)
_PRINCIPAL: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def sort_in(exchanges: Sequence[Any]) -> Facts:
    """The facts in ``exchanges``: reads that were answered with 200; everything else is passed over."""
    found: dict[str, Any] = {}
    for exchange in exchanges:
        if not isinstance(exchange, dict) or exchange.get("method") != "GET" or exchange.get("status") != 200:
            continue
        body = _body(exchange.get("body"))
        if isinstance(body, dict):
            _sort(str(exchange.get("path", "")), body, found)
    return _facts(found)


def _facts(found: dict[str, Any]) -> Facts:
    groups: dict[str, Any] = {
        name: tuple(value.values()) if name in _LISTS else value for name, value in found.items()
    }
    return Facts(**groups)


def _body(body: Any) -> Any:
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _sort(url: str, body: dict[str, Any], found: dict[str, Any]) -> None:
    path = url.partition("?")[0].rstrip("/")
    value = body.get("value", body.get("values"))
    items: list[Item] = (
        [item for item in value if isinstance(item, dict)] if isinstance(value, list) else [body]
    )
    if match := _SCOPED.fullmatch(path):
        _scoped(match, url, items, found)
    elif match := _VERSIONS.fullmatch(path):
        found.setdefault("kubernetes_versions", {})[match[1].lower()] = tuple(items)
    elif match := _USAGES.fullmatch(path):
        found.setdefault("usages", {}).setdefault(match[1].lower(), {})[match[2].lower()] = tuple(items)
    elif match := _SKUS.match(url):
        found.setdefault("skus", {})[match[1].lower()] = tuple(items)
    else:
        for name, rule in _LISTS.items():
            if re.fullmatch(rule, path, re.IGNORECASE):
                group = found.setdefault(name, {})
                for item in items:
                    group[
                        str(item.get("id") or item.get("name") or item.get("namespace") or len(group)).lower()
                    ] = item
                return


def _scoped(match: re.Match[str], url: str, items: list[Item], found: dict[str, Any]) -> None:
    scope, kind = match[1] or "/", match[2].lower()
    if kind != "roleassignments":
        found.setdefault(kind, {})[scope] = tuple(items)
        return
    asked = _PRINCIPAL.findall(url.partition("?")[2])
    table = found.setdefault("role_assignments", {})
    for item in items:
        principal = asked[0] if asked else str((item.get("properties") or {}).get("principalId", ""))
        table[principal] = (*table.get(principal, ()), item)
    if asked:
        table.setdefault(asked[0], ())
