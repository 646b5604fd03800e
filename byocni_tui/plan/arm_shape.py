"""What ARM's items are made of, as far as rules read them: a facts file that has a text where a list belongs is refused
once, here, so that no rule has to expect it."""

from collections.abc import Mapping
from typing import Any, Final

from byocni_tui.errors import EXIT_USAGE, UserError

OBJECTS: Final = frozenset(
    {
        "addressSpace",
        "dhcpOptions",
        "natGateway",
        "networkProfile",
        "networkSecurityGroup",
        "properties",
        "remoteAddressSpace",
        "remoteVirtualNetwork",
        "remoteVirtualNetworkAddressSpace",
        "restrictionInfo",
        "routeTable",
    }
)
LISTS: Final = frozenset(
    {
        "agentPoolProfiles",
        "defaultSecurityRules",
        "delegations",
        "destinationApplicationSecurityGroups",
        "excludePrincipals",
        "ipConfigurations",
        "locationInfo",
        "permissions",
        "principals",
        "publicIpAddresses",
        "publicIpPrefixes",
        "resourceTypes",
        "restrictions",
        "routes",
        "securityRules",
        "sourceApplicationSecurityGroups",
        "subnets",
        "virtualNetworkPeerings",
    }
)
"""Keys of lists of objects."""
TEXT_LISTS: Final = frozenset(
    {
        "actions",
        "addressPrefixes",
        "apiVersions",
        "dataActions",
        "destinationAddressPrefixes",
        "destinationPortRanges",
        "dnsServers",
        "locations",
        "notActions",
        "notDataActions",
        "sourceAddressPrefixes",
        "sourcePortRanges",
        "zones",
    }
)
_KNOWN: Final = OBJECTS | LISTS | TEXT_LISTS
_FREE: Final = frozenset({"tags", "metadata"})
"""Keys whose contents are the users' own."""
_NAMES: Final = {dict: "object", list: "array", type(None): "null"}
"""As the rest of the reader calls them."""


def refuse_misshapen(groups: Mapping[str, Any], where: str) -> None:
    """UserError, exit status 2, with the pointer of the first thing that can't come from ARM. ``groups`` are those of a
    facts file by name. Of the keys that are known here those that are null are taken out: null and absent mean the same
    there."""
    for name, value in groups.items():
        _group(value, f"$.{name}", where)


def _group(value: Any, pointer: str, where: str) -> None:
    """Items are lists, or lists by scope or region."""
    if isinstance(value, dict):
        for key, items in value.items():
            _group(items, f"{pointer}.{key}", where)
    elif isinstance(value, (tuple, list)):
        for at, item in enumerate(value):
            _item(item, f"{pointer}[{at}]", where)


def _item(root: Any, pointer: str, where: str) -> None:
    """Walks without recursion, for files may be nested as deeply as they like."""
    stack = [(root, pointer)]
    while stack:
        node, place = stack.pop()
        if isinstance(node, list):
            stack.extend((child, f"{place}[{at}]") for at, child in enumerate(node))
            continue
        if not isinstance(node, dict):
            continue
        for key in [key for key, child in node.items() if child is None and key in _KNOWN]:
            del node[key]
        for key, child in node.items():
            _expect(key, child, f"{place}.{key}", where)
            if key not in _FREE:
                stack.append((child, f"{place}.{key}"))


def _expect(key: str, value: Any, pointer: str, where: str) -> None:
    wanted: tuple[str, type] | None = None
    if key in OBJECTS and not isinstance(value, dict):
        wanted = ("object", type(value))
    elif key in LISTS | TEXT_LISTS and not isinstance(value, list):
        wanted = ("array", type(value))
    elif key in LISTS | TEXT_LISTS:
        kind, name = (dict, "object") if key in LISTS else (str, "str")
        odd = next((at for at, item in enumerate(value) if not isinstance(item, kind)), None)
        if odd is not None:
            pointer, wanted = f"{pointer}[{odd}]", (name, type(value[odd]))
    if wanted:
        raise UserError(
            "facts_wrong_type",
            exit_code=EXIT_USAGE,
            where=where,
            pointer=pointer,
            detail=f"Expected `{wanted[0]}`, got `{_NAMES.get(wanted[1], wanted[1].__name__)}`",
        )
