"""What the steps of one run share, and how they speak and wait."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from byocni_tui.clock import Clock
from byocni_tui.cni.values import ChartRef
from byocni_tui.deploy.failure import StepError
from byocni_tui.deploy.journal import Journal
from byocni_tui.deploy.verification import Count
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan
from byocni_tui.providers.azure_errors import from_operation
from byocni_tui.providers.errors import ProviderError
from byocni_tui.providers.protocols import AzureProvider, HelmProvider, Json, KubernetesProvider, Operation

POLL_DEFAULT: Final = 15.0
"""Seconds between two looks where the service doesn't say (azure-core's own default is 30)."""


class Outcome(NamedTuple):
    """How a step ended well."""

    message: str
    status: Literal["done", "skipped"] = "done"
    detail: dict[str, Any] | None = None


Say = Callable[[str, float | None, dict[str, Any] | None], None]


async def at_once() -> None:
    """For clocks that are always right."""


@dataclass
class Work:
    """Everything that steps need. The composition root fills in the first block; the second is what steps find out.

    ``kubernetes`` and ``helm`` are made from a kubeconfig; ``chart_source`` may send a chart to another repository;
    ``patience`` turns a limit in seconds of the clock into real seconds; ``settle`` waits until the clock is right.
    ``providers`` and ``groups`` (names in lower case) are what pre-flight has read a moment ago, None where it has not.
    """

    plan: Plan
    azure: AzureProvider
    kubernetes: Callable[[Path], KubernetesProvider]
    helm: Callable[[Path, Path], HelmProvider]
    journal: Journal
    clock: Clock
    tr: Translator
    registry: str
    chart_source: Callable[[ChartRef], ChartRef] = lambda ref: ref
    patience: Callable[[float], float] = lambda seconds: seconds
    settle: Callable[[], Awaitable[None]] = at_once
    providers: tuple[Json, ...] | None = None
    groups: frozenset[str] | None = None

    say: Say = lambda _message, _progress, _detail: None
    cluster: Json = field(default_factory=dict)
    principal: str | None = None
    proof: Count | None = None
    _kube: KubernetesProvider | None = None

    @property
    def kubeconfig(self) -> Path:
        """The run's own kubeconfig."""
        return self.journal.folder / "kubeconfig"

    @property
    def kube(self) -> KubernetesProvider:
        """The cluster's API server."""
        if self._kube is None:
            self._kube = self.kubernetes(self.kubeconfig)
        return self._kube

    @property
    def helm_client(self) -> HelmProvider:
        """Helm for that cluster."""
        return self.helm(self.kubeconfig, self.journal.folder / "helm")

    def text(self, key: str, **values: Any) -> str:
        """A sentence of topic ``deploy``."""
        return self.tr(f"deploy.{key}", **values)

    async def pause(self, seconds: float) -> None:
        """Let time pass on the clock; a clock that jumps still leaves others a moment."""
        await asyncio.gather(self.clock.sleep(seconds), asyncio.sleep(0.05))

    async def finish(self, operation: Operation, what: str, typical: float) -> None:
        """Follow a long operation to its end, saying each new status. Raises ``ProviderError`` with the service's
        reason when it fails; a look that can't be made (network gone) is made again, up to half an hour."""
        started = self.clock.monotonic()
        said = ""
        silent = 0.0
        while not operation.ended:
            await asyncio.sleep(operation.wait if operation.wait is not None else POLL_DEFAULT)
            try:
                operation = await self.azure.operation(operation.url)
            except ProviderError as error:
                silent += POLL_DEFAULT
                if not error.passing or silent > 1800:
                    raise
                continue
            silent = 0.0
            progress = min(0.95, (self.clock.monotonic() - started) / typical) if typical > 0 else None
            if operation.status != said and not operation.ended:
                said = operation.status
                self.say(self.text("operation", what=what, status=said), progress, None)
        if operation.status != "Succeeded":
            if operation.error:
                raise from_operation(operation.error, what)
            raise StepError("operation_ended", operation.status, what=what, status=operation.status)

    async def close(self) -> None:
        """Close what steps opened."""
        if self._kube is not None:
            await self._kube.close()
            self._kube = None
