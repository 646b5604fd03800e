"""Undoing a run: what it made, and only that, in the reverse order of dependency."""

from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from byocni_tui.deploy.journal import Journal, Resource
from byocni_tui.deploy.work import Work
from byocni_tui.providers.errors import ProviderError

_ORDER: Final = ("cluster", "role-assignment", "subnet", "vnet", "identity", "resource-group")
"""Kinds in the order of removal. A Helm release goes with its cluster."""


class Removal(NamedTuple):
    """What became of one resource: ``removed``, ``absent`` (gone before) or ``kept`` with the reason."""

    resource: Resource
    outcome: str
    reason: str = ""


def doomed(journal: Journal) -> list[Resource]:
    """What this run made (or was about to make), in the order of removal. A cluster that was only taken over stays, and
    with it the release: its nodes would keep the plugin's configuration anyway."""
    mine = [item for item in journal.resources() if item.state in ("made", "planned")]
    return sorted((item for item in mine if item.kind in _ORDER), key=lambda item: _ORDER.index(item.kind))


async def undo(work: Work) -> AsyncIterator[Removal]:
    """Remove one after the other, telling each. A group that still holds somebody else's resources is kept."""
    for item in doomed(work.journal):
        if item.kind == "resource-group" and (others := await _others(work, item)):
            yield Removal(item, "kept", others)
            continue
        try:
            if item.state == "planned" and await work.azure.find(item.id) is None:
                work.journal.note(item.id, item.kind, "removed", item.step)
                yield Removal(item, "absent")
                continue
            operation = await work.azure.delete(item.id)
            if operation is not None:
                await work.finish(operation, item.id.rpartition("/")[2], 300)
        except ProviderError as error:
            if not error.absent:
                yield Removal(item, "kept", f"{error.code}: {error.message}")
                continue
        work.journal.note(item.id, item.kind, "removed", item.step)
        yield Removal(item, "removed")


async def _others(work: Work, group: Resource) -> str:
    """The names of resources in the group that this run did not make."""
    mine = {item.id.lower() for item in work.journal.resources()}
    try:
        found = await work.azure.items(f"{group.id}/resources")
    except ProviderError as error:
        return "" if error.absent else f"{error.code}: {error.message}"
    return ", ".join(str(item.get("name")) for item in found if str(item.get("id", "")).lower() not in mine)
