"""Looking things up among the facts: ids compare without regard to case, as in Azure."""

import re
from typing import TYPE_CHECKING, Any, Final

from byocni_tui.plan.facts import Item, Items

if TYPE_CHECKING:
    from byocni_tui.rules.case import Case

_ID: Final = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/(?P<namespace>[^/]+)"
    r"(?P<rest>(?:/[^/]+/[^/]+)+)",
    re.IGNORECASE,
)


def properties(item: Item | None) -> dict[str, Any]:
    """An item's ``properties``, or nothing."""
    found = (item or {}).get("properties")
    return found if isinstance(found, dict) else {}


def resource_type(text: str) -> str | None:
    """``microsoft.network/virtualnetworks/subnets`` of an id, in lower case; None where it isn't a resource id."""
    match = _ID.fullmatch(text.strip())
    if not match:
        return None
    kinds = match["rest"].strip("/").split("/")[::2]
    return "/".join([match["namespace"], *kinds]).lower()


def subscription_of(text: str) -> str | None:
    """The subscription in an id, in lower case."""
    match = re.match(r"/subscriptions/([^/]+)", text.strip(), re.IGNORECASE)
    return match[1].lower() if match else None


def by_id(items: Items | None, wanted: str | None) -> Item | None:
    """The item of that id."""
    if not items or not wanted:
        return None
    low = wanted.strip().rstrip("/").lower()
    return next((item for item in items if str(item.get("id", "")).rstrip("/").lower() == low), None)


def vnet_id(case: "Case") -> str | None:
    """The id of the network that exists and that the plan names, itself or through its subnet."""
    network = case.plan.network
    if network.subnet.id:
        return (
            network.subnet.id.strip().rsplit("/subnets/", 1)[0] if "/subnets/" in network.subnet.id else None
        )
    return network.vnet.id


def vnet_of(case: "Case") -> Item | None:
    """That network's item."""
    return by_id(case.facts.virtual_networks, vnet_id(case))


def subnet_of(case: "Case") -> Item | None:
    """The subnet's item, found inside its network."""
    return by_id(tuple(properties(vnet_of(case)).get("subnets") or ()), case.plan.network.subnet.id)


def linked(item: Item | None, key: str) -> str | None:
    """The id that ``properties.<key>.id`` of an item points to."""
    link = properties(item).get(key)
    return str(link["id"]) if isinstance(link, dict) and link.get("id") else None


def subnet_ranges(item: Item | None) -> tuple[str, ...]:
    """The prefixes of a subnet's item: ARM has one, or a list."""
    found = properties(item)
    many = found.get("addressPrefixes") or ([found["addressPrefix"]] if found.get("addressPrefix") else [])
    return tuple(str(text) for text in many)
