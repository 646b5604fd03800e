"""Carries the steps out, one after the other, and says what happens."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

import msgspec

from byocni_tui.deploy.doctor import diagnose, gather, to_dict
from byocni_tui.deploy.event import Event, Status, timestamp
from byocni_tui.deploy.failure import StepError, describe, exit_code
from byocni_tui.deploy.proof import summary
from byocni_tui.deploy.steps import STEPS, Step
from byocni_tui.deploy.work import Work
from byocni_tui.errors import EXIT_DONE, UserError
from byocni_tui.providers.errors import ProviderError

_ON_THE_CLUSTER: Final = ("cni", "nodes-ready", "verify")


class Runner:
    """One pass over the steps. Stopping the iteration (or cancelling it) stops looking: what Azure was asked for goes
    on there, and another pass over the same journal goes on from it. ``anew``: an answer was changed since, so every
    step looks again (each looks before it makes)."""

    def __init__(self, work: Work, steps: Sequence[Step] = STEPS, *, anew: bool = False) -> None:
        self._work = work
        self._anew = anew
        self._steps = steps
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()

    def _event(
        self,
        step: str,
        status: Status,
        message: str,
        progress: float | None = None,
        detail: dict[str, Any] | None = None,
    ) -> Event:
        event = Event(
            time=timestamp(self._work.clock.now()),
            run=self._work.journal.run,
            step=step,
            status=status,
            progress=progress,
            message=message,
            detail=detail,
        )
        self._work.journal.append(event)
        return event

    async def events(self) -> AsyncGenerator[Event, None]:
        """All events of the pass; the last one is step ``run`` with ``detail.exit_code``."""
        for step in self._steps:
            if not self._anew and not step.again and self._work.journal.finished(step.id):
                yield self._event(step.id, "done", self._work.text("earlier"), 1.0, {"earlier": True})
                continue
            task = asyncio.create_task(self._step(step), name=f"step {step.id}")
            try:
                while (event := await self._queue.get()) is not None:
                    yield event
                error = await task
            finally:
                if not task.done():
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
            if error is not None:
                yield self._failed(step, error)
                return
        yield self._event("run", "done", self._summary(), 1.0, self._result())

    def _result(self) -> dict[str, Any]:
        work = self._work
        detail: dict[str, Any] = {"exit_code": EXIT_DONE, "kubeconfig": str(work.kubeconfig)}
        return detail | ({"proof": msgspec.to_builtins(work.proof)} if work.proof is not None else {})

    def _summary(self) -> str:
        """What the run came to; ``proven`` only where every check passed."""
        work, name = self._work, self._work.plan.cluster.name
        if work.proof is None or len(work.proof.passed) == work.proof.total:
            return work.text("run.done", name=name)
        return work.text("run.partly", name=name, proof=summary(work.proof, work.tr))

    def _failed(self, step: Step, error: ProviderError | StepError | UserError) -> Event:
        work = self._work
        message = work.text("run.failed", step=work.text(f"step.{step.id}"), run=work.journal.run)
        return self._event("run", "failed", message, None, {"exit_code": exit_code(error), "step": step.id})

    async def _causes(self) -> list[dict[str, Any]]:
        """What ``doctor`` says about the cluster, beside the step's own reason."""
        tr = self._work.tr
        try:
            found = diagnose(await gather(self._work.kube))
        except ProviderError:
            # The step's own error stands; a cluster that can't be read has nothing to add to it.
            return []
        return [to_dict(cause, tr) for cause in found]

    async def _step(self, step: Step) -> ProviderError | StepError | UserError | None:
        """Run one step; its events go into the queue, None ends them."""
        work = self._work

        def say(message: str, progress: float | None, detail: dict[str, Any] | None) -> None:
            self._queue.put_nowait(self._event(step.id, "running", message, progress, detail))

        work.say = say
        try:
            say(work.text(f"step.{step.id}"), 0.0, {"typical_seconds": step.typical, "begins": True})
            outcome = await step.act(work)
            if outcome.status == "done":
                await work.settle()
            self._queue.put_nowait(self._event(step.id, outcome.status, outcome.message, 1.0, outcome.detail))
        except (ProviderError, StepError, UserError) as error:
            await work.settle()
            message, detail = describe(error, work.tr)
            if step.id in _ON_THE_CLUSTER and (causes := await self._causes()):
                detail["causes"] = causes
            self._queue.put_nowait(self._event(step.id, "failed", message, None, detail))
            return error
        finally:
            self._queue.put_nowait(None)
        return None
