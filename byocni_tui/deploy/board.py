"""The node board's data, live: nodes and the CNI's pods on them, folded together as they change."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from byocni_tui.cni.catalogue import catalogue
from byocni_tui.deploy.nodes import NodeState, node_state
from byocni_tui.providers.protocols import Json, KubernetesProvider

_FRAME: Final = 0.05
"""Seconds within which changes are told together."""


class Board:
    """Follows one cluster. Only what changed is looked at again: five thousand nodes change one at a time."""

    def __init__(self, kube: KubernetesProvider, plugin: str) -> None:
        self._kube = kube
        found = catalogue().plugin(plugin)
        workloads = found.workloads if found else ()
        self._agents = [item for item in workloads if item.kind == "DaemonSet" and item.required]
        self._nodes: dict[str, Json] = {}
        self._pods: dict[str, Json] = {}
        self._states: dict[str, NodeState] = {}
        self._changed = asyncio.Event()
        self._complete = False

    def _judge(self, name: str) -> None:
        node = self._nodes.get(name)
        if node is None:
            self._states.pop(name, None)
        else:
            self._states[name] = node_state(node, self._pods.get(name))
        self._changed.set()

    async def _follow_nodes(self) -> None:
        async for kind, obj in self._kube.watch("/api/v1/nodes"):
            if kind == "SYNCED":
                self._complete = True
                self._changed.set()
                continue
            name = str(obj["metadata"]["name"])
            if kind == "DELETED":
                self._nodes.pop(name, None)
            else:
                self._nodes[name] = obj
            self._judge(name)

    async def _follow_pods(self, namespace: str, selector: str) -> None:
        where = f"/api/v1/namespaces/{namespace}/pods"
        async for kind, obj in self._kube.watch(where, {"labelSelector": selector}):
            node = str((obj.get("spec") or {}).get("nodeName", "")) if obj else ""
            if kind == "DELETED":
                gone = [
                    key
                    for key, pod in self._pods.items()
                    if pod["metadata"]["name"] == obj["metadata"]["name"]
                ]
                for key in gone:
                    del self._pods[key]
                    self._judge(key)
            elif node:
                self._pods[node] = obj
                self._judge(node)

    async def states(self) -> AsyncIterator[tuple[NodeState, ...]]:
        """All nodes by name, once the first list is complete and again after changes."""
        tasks = [asyncio.create_task(self._follow_nodes(), name="board nodes")]
        tasks += [
            asyncio.create_task(
                self._follow_pods(agent.namespace, agent.selector), name=f"board {agent.name}"
            )
            for agent in self._agents
        ]
        try:
            while True:
                changed = asyncio.create_task(self._changed.wait())
                await asyncio.wait((changed, *tasks), return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
                for task in tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(_FRAME)
                self._changed.clear()
                if self._complete:
                    yield tuple(self._states[name] for name in sorted(self._states))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
