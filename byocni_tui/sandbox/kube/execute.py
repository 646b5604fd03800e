"""exec over WebSocket: the channels of ``v5.channel.k8s.io``. What a command says is the controllers' model."""

import json
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from byocni_tui.sandbox.kube.status import ApiError, bad_request

if TYPE_CHECKING:
    from byocni_tui.sandbox.kube.cluster import KubeCluster

_STDOUT, _STDERR, _ERROR = b"\x01", b"\x02", b"\x03"


async def run(
    cluster: "KubeCluster", request: web.Request, pod: dict[str, Any], container: str
) -> web.StreamResponse:
    """Run one command and close. Standard input is read until the client closes it."""
    command = request.query.getall("command", [])
    if not command:
        raise bad_request("you must specify at least 1 command for the container")
    assert cluster.hooks.exec is not None
    if request.headers.get("Upgrade", "").lower() != "websocket":
        cluster.hooks.exec(pod, container, list(command), b"")
        raise bad_request("Upgrade request required: of the two protocols only WebSocket is in the sandbox")
    given = b""
    refused: ApiError | None = None
    if request.query.get("stdin") not in ("true", "1"):
        out, err, code = cluster.hooks.exec(pod, container, list(command), b"")
    socket = web.WebSocketResponse(protocols=("v5.channel.k8s.io", "v4.channel.k8s.io"))
    await socket.prepare(request)
    if request.query.get("stdin") in ("true", "1"):
        async for message in socket:
            if message.type != WSMsgType.BINARY:
                continue
            if message.data[:1] == b"\xff" or message.data == b"\x00":
                break
            if message.data[:1] == b"\x00":
                given += message.data[1:]
        try:
            out, err, code = cluster.hooks.exec(pod, container, list(command), given)
        except ApiError as error:
            refused, out, err, code = error, "", "", 1
    if out:
        await socket.send_bytes(_STDOUT + out.encode())
    if err:
        await socket.send_bytes(_STDERR + err.encode())
    await socket.send_bytes(_ERROR + json.dumps(refused.body() if refused else _status(code)).encode())
    await socket.close()
    return socket


def _status(code: int) -> dict[str, Any]:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
