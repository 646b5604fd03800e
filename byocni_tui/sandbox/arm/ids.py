"""Resource ids and request paths: taken apart, compared without letter case, put together again."""

from urllib.parse import unquote

import msgspec


class Path(msgspec.Struct, frozen=True):
    """A request path. For ``…/providers/NS/type/name/sub/name2`` ``type`` is ``NS/type/sub`` and ``names`` holds both
    names; for a list the last name is missing (``item`` false). ``scope`` is what an extension resource (role
    assignment, lock) hangs on, or the parent of the provider part; it has no trailing slash."""

    scope: str
    subscription: str | None
    group: str | None
    type: str
    names: tuple[str, ...]
    item: bool
    action: str | None = None

    @property
    def name(self) -> str:
        """The last name; empty for a list."""
        return self.names[-1] if self.item and self.names else ""

    @property
    def namespace(self) -> str:
        """Of the provider: ``Microsoft.Network``."""
        return self.type.partition("/")[0]


def key(resource_id: str) -> str:
    """An id as dictionaries know it."""
    return resource_id.strip("/").lower()


def parent(resource_id: str) -> str:
    """The id that a child resource's id begins with."""
    return resource_id.rstrip("/").rsplit("/", 2)[0]


def last(resource_id: str) -> str:
    """The name at the end of an id."""
    return resource_id.rstrip("/").rsplit("/", 1)[-1]


def split(raw_path: str) -> Path:
    """Take apart the (still escaped) path of a request. Raises ``ValueError`` for what is no ARM path."""
    parts = [unquote(part) for part in raw_path.split("/") if part]
    lower = [part.lower() for part in parts]
    subscription = group = None
    start = 0
    if lower[:1] == ["subscriptions"] and len(parts) > 1:
        subscription, start = parts[1], 2
        parts[0] = "subscriptions"
        if lower[2:3] == ["resourcegroups"] and len(parts) > 3:
            group, start = parts[3], 4
            parts[2] = "resourceGroups"
    if group is not None and lower[4:5] == ["deployments"]:
        # The old way to write them, which az still uses for their operations.
        parts[4:4], lower[4:4] = ["providers", "Microsoft.Resources"], ["providers", "microsoft.resources"]
    if "providers" not in lower[start:]:
        return _plain(parts, lower, subscription, group, start)
    at = len(lower) - 1 - lower[::-1].index("providers")
    # `/subscriptions/S/providers` and `…/providers/NS` speak of providers themselves.
    if len(parts) - at <= 2:
        return Path(
            "/" + "/".join(parts[:at]), subscription, group, "Microsoft.Resources/providers", tuple(parts[at + 1 :]),
            len(parts) - at == 2,
        )  # fmt: skip
    rest = parts[at + 2 :]
    types, names = rest[0::2], rest[1::2]
    scope = "/" + "/".join(parts[:at]) if at else ""
    return Path(
        scope, subscription, group, "/".join([parts[at + 1], *types]), tuple(names), len(rest) % 2 == 0
    )


def as_action(path: Path) -> Path:
    """A POST's path: what looks like a list of ``type/action`` is an action on the resource before it."""
    if path.item or not path.names or path.action is not None:
        return path
    kind, _, action = path.type.rpartition("/")
    return msgspec.structs.replace(path, type=kind, item=True, action=action)


def _plain(
    parts: list[str], lower: list[str], subscription: str | None, group: str | None, start: int
) -> Path:
    """Paths without a provider: subscriptions, groups, their lists and actions."""
    if not parts:
        raise ValueError("empty path")
    rest = parts[start:]
    scope = "/" + "/".join(parts[:start])
    if group is not None:
        if rest:
            return Path(
                scope, subscription, group, "Microsoft.Resources/resourceGroups", (group,), True, rest[0]
            )
        return Path(scope, subscription, group, "Microsoft.Resources/resourceGroups", (group,), True)
    if subscription is not None:
        if not rest:
            return Path(scope, subscription, None, "Microsoft.Resources/subscriptions", (subscription,), True)
        return Path(
            scope, subscription, None, f"Microsoft.Resources/{rest[0]}", tuple(rest[1:]), len(rest) > 1, None
        )
    return Path("", None, None, f"Microsoft.Resources/{parts[0]}", tuple(parts[1:]), len(lower) > 1)
