"""The runs of this machine, for a screen: what each was and said, and removing it. Part of the composition root."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from byocni_tui.deploy.event import Event
from byocni_tui.errors import UserError
from byocni_tui.locale import Translator


class RunNote(NamedTuple):
    """One run in a line. ``status`` is the last event's, ``destroyed`` where all that it made is gone, ``broken`` where
    the journal can't be read; ``problem`` then says why. ``made`` counts resources that cleaning up would remove."""

    run: str
    mode: str = ""
    cluster: str = ""
    group: str = ""
    step: str = ""
    status: str = ""
    time: str = ""
    made: int = 0
    problem: str = ""


class History:
    """Reads journals anew with each call: other processes write them."""

    def __init__(self, tr: Translator) -> None:
        self._tr = tr

    def all(self) -> list[RunNote]:
        """All runs that were begun, the latest first."""
        from byocni_tui.deploy.journal import run_ids

        notes = [self._note(name) for name in run_ids()]
        return sorted((note for note in notes if note is not None), key=lambda note: note.run, reverse=True)

    def _note(self, name: str) -> RunNote | None:
        from byocni_tui.deploy.journal import Journal
        from byocni_tui.deploy.undo import doomed

        try:
            journal = Journal(name)
            try:
                if journal.get("plan") is None:
                    return None
                plan, last = journal.plan, None
                for event in journal.events():
                    last = event
                settings = journal.get("settings") or {}
                return RunNote(
                    run=name,
                    mode=str(settings.get("mode") or ""),
                    cluster=plan.cluster.name or "",
                    group=plan.resource_group.name or "",
                    step=last.step if last else "",
                    status="destroyed" if journal.get("destroyed") else last.status if last else "",
                    time=last.time if last else "",
                    made=len(doomed(journal)),
                )
            finally:
                journal.close()
        except UserError as error:
            return RunNote(run=name, status="broken", problem=self._tr(f"errors.{error.key}", **error.values))

    def events(self, run: str) -> list[Event]:
        """What a run said. UserError where its journal can't be read."""
        from byocni_tui.deploy.journal import Journal

        journal = Journal(run)
        try:
            return list(journal.events())
        finally:
            journal.close()

    def resources(self, run: str) -> list[tuple[str, str]]:
        """(id, state) of what a run made or used."""
        from byocni_tui.deploy.journal import Journal

        journal = Journal(run)
        try:
            return [(item.id, item.state) for item in journal.resources()]
        finally:
            journal.close()

    def forget(self, run: str) -> None:
        """Remove a run's folder. What it made stays. UserError where another process has it."""
        from byocni_tui.connections import end_sandbox
        from byocni_tui.deploy.journal import Journal, discard, runs_folder

        end_sandbox(runs_folder() / run)
        try:
            Journal(run).forget()
        except UserError as error:
            if error.key != "journal_broken":
                raise
            discard(run)

    async def destroy(self, run: str) -> AsyncIterator[tuple[str, str, str]]:
        """Remove what a run made, telling (id, outcome, reason). UserError and ``ProviderError`` as ``clean_up``."""
        from byocni_tui.context import Context
        from byocni_tui.errands import clean_up

        context = Context.resume(run, tr=self._tr)
        try:
            async for removal in clean_up(context):
                yield removal
        finally:
            await context.close()
