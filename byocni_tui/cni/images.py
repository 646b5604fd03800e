"""The images of a plan's plugin, and where a mirror must hold them."""

import msgspec

from byocni_tui.cni.condition import ABSENT, fill, holds
from byocni_tui.cni.values import facts_of, plugin_of
from byocni_tui.plan.model import Plan


class MirroredImage(msgspec.Struct, frozen=True, kw_only=True):
    """``source`` as the vendor publishes it, with its tag where the catalogue knows it; ``mirror`` is where the nodes
    will look for it, None without a mirror."""

    source: str
    mirror: str | None


def images_of(plan: Plan) -> tuple[MirroredImage, ...]:
    """What the nodes pull for this plan."""
    found = plugin_of(plan)
    if found is None or not found.offered:
        return ()
    facts = facts_of(plan)
    registry = facts["registry"]
    result = []
    for image in found.images:
        if not holds(image.when, facts):
            continue
        tag = fill(image.tag, facts) if image.tag else ABSENT
        suffix = "" if tag is ABSENT else f":{tag}"
        _, _, path = image.repository.partition("/")
        mirror = f"{registry}/{path}{suffix}" if registry else None
        result.append(MirroredImage(source=f"{image.repository}{suffix}", mirror=mirror))
    return tuple(result)
