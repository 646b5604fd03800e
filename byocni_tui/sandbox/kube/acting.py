"""What a client did in a cluster, as the world's act log holds it."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.request import Target

_CHANGING: Final = frozenset(("create", "update", "patch", "delete", "deletecollection"))
_UNTOLD: Final = ("leases", "events")
_QUESTIONS: Final = frozenset(("authorization.k8s.io", "authentication.k8s.io"))
_ASKED: Final = ("container", "previous", "labelSelector", "fieldSelector", "fieldManager", "dryRun", "force")


@dataclass(slots=True)
class Told:
    """What is known of the request that is being answered."""

    target: "Target | None" = None
    user: str = ""
    verb: str = ""
    name: str = ""
    noted: bool = False


TOLD: Final[ContextVar[Told]] = ContextVar("told")


def note(acts: Any, cluster_id: str, request: web.Request, end: tuple[int, str, str]) -> None:
    """Write down one request; ``end`` is status, reason and message. Discovery has no target, and is left out."""
    told = TOLD.get()
    target = told.target
    status, code, message = end
    agent = request.headers.get("User-Agent", "")[:200]
    if target is None:
        if status in (401, 403, 503):
            acts.note(
                plane="kube", cluster=cluster_id, verb=request.method.lower(), agent=agent, id=request.path[:400],
                status=status, code=code, message=message,
            )  # fmt: skip
        return
    kind, verb = target.kind, told.verb or request.method.lower()
    if kind.resource in _UNTOLD and verb not in ("list", "watch"):
        return
    if told.noted:  # an open watch was written down when it began
        return
    told.noted = True
    name = target.name or told.name
    query = {key: request.query[key] for key in _ASKED if key in request.query}
    if target.subresource == "exec":
        query["command"] = " ".join(request.query.getall("command", []))[:400]
    sub = target.subresource
    changes = verb in _CHANGING and kind.group not in _QUESTIONS and "dryRun" not in query
    acts.note(
        plane="kube",
        cluster=cluster_id,
        verb={"log": "logs", "exec": "exec"}.get(sub, verb),
        mutates=(changes or sub == "exec") and sub != "token",
        agent=agent,
        user=told.user,
        type=f"{kind.resource}.{kind.group}" if kind.group else kind.resource,
        name=name,
        group=target.ns,
        id="/".join(part for part in (target.ns, name) if part),
        action=sub,
        query=query,
        status=status,
        code=code,
        message=message[:400],
    )
