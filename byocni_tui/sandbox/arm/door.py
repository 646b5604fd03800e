"""From an HTTP request to an ARM call and back: token, path, body, headers, errors."""

import asyncio
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from aiohttp import web

from byocni_tui.sandbox import tokens
from byocni_tui.sandbox.arm import gates, graph, ids, metadata
from byocni_tui.sandbox.arm.call import Answer, Call, Caller
from byocni_tui.sandbox.arm.errors import ArmError
from byocni_tui.sandbox.arm.limits import Limits, throttled

if TYPE_CHECKING:
    from byocni_tui.sandbox.arm.cloud import Arm

_FIXED = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "x-ms-sandbox": "SIMULATION",
}
_ASKING = frozenset(
    ("validate", "whatIf", "listClusterAdminCredential", "listClusterUserCredential", "exportTemplate")
)
"""Actions that change nothing."""
_MAX_BODY = 4 * 1024 * 1024
"""ARM takes no larger request."""


class Door:
    """ARM's side of the HTTPS port."""

    def __init__(self, arm: "Arm") -> None:
        self.arm = arm
        self.limits = Limits(arm.world)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        correlation = request.headers.get("x-ms-correlation-request-id") or str(uuid.uuid4())
        head = {
            **_FIXED,
            "x-ms-request-id": str(uuid.uuid4()),
            "x-ms-correlation-request-id": correlation,
            "x-ms-routing-request-id": f"SANDBOX:{datetime.now(UTC):%Y%m%dT%H%M%SZ}:{correlation}",
        }
        if "x-ms-client-request-id" in request.headers and request.headers.get(
            "x-ms-return-client-request-id"
        ):
            head["x-ms-client-request-id"] = request.headers["x-ms-client-request-id"]
        seen: list[Call] = []
        try:
            answer = await self._answer(request, seen)
        except ArmError as error:
            self._noted(request, seen, error.status, error.code, error.message)
            head |= self.limits.headers(request.method, seen[0].caller.object_id) if seen else {}
            head |= error.headers
            if not error.flat:
                head["x-ms-failure-cause"] = "gateway"
            return _response(error.status, error.body(), head)
        self._noted(request, seen, answer.status)
        head |= self.limits.headers(request.method, seen[0].caller.object_id) if seen else {}
        return _response(answer.status, answer.body, {**head, **answer.headers})

    def _noted(
        self, request: web.Request, seen: list[Call], status: int, code: str = "", message: str = ""
    ) -> None:
        """Into the act log."""
        note, agent = self.arm.world.acts.note, request.headers.get("User-Agent", "")[:200]
        if not seen:
            if status != 200:
                note(
                    plane="arm", verb=request.method.lower(), agent=agent, id=request.path[:400], status=status,
                    code=code, message=message,
                )  # fmt: skip
            return
        call, path = seen[0], seen[0].path
        note(
            plane="arm",
            verb=_verb(call),
            mutates=call.method not in ("GET", "HEAD") and path.action not in _ASKING,
            agent=agent,
            user=call.caller.object_id,
            type=path.type,
            name=path.name,
            group=path.group or "",
            id=unquote(call.raw_path)[:1000],
            action=path.action or "",
            body=call.body,
            status=status,
            code=code,
            message=message,
        )

    async def _answer(self, request: web.Request, seen: list[Call]) -> Answer:
        base = f"{request.scheme}://{request.host}"
        if request.path.rstrip("/").lower() == "/metadata/endpoints":
            return Answer(200, metadata.endpoints(self.arm.data, base))
        caller = self._caller(request)
        if request.path.lower().startswith("/graph/"):
            query, body = dict(request.query), await self._body(request)
            return graph.handle(self.arm, request.method, request.path.removeprefix("/graph"), query, body)
        try:
            path = ids.split(request.rel_url.raw_path)
        except (ValueError, IndexError) as error:
            raise ArmError(404, "NotFound", f"The resource '{request.path}' could not be found.") from error
        if request.method == "POST":
            path = ids.as_action(path)
        call = Call(
            method=request.method,
            path=path,
            raw_path=request.rel_url.raw_path,
            query={name.lower(): value for name, value in request.query.items()},
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await self._body(request),
            caller=caller,
            base=base,
        )
        seen.append(call)
        self.limits.judge(call)
        await self._struck(call)
        return self.arm.handle(call)

    async def _struck(self, call: Call) -> None:
        """A fault of the scenario that hits this request."""
        struck = self.arm.world.faults.strike(
            service="arm",
            method=call.method,
            type=call.path.type,
            action=call.path.action,
            operation=gates.operation(call),
            name=call.path.name,
            group=call.path.group,
            body=call.body,
        )
        if struck is None:
            return
        clock = self.arm.world.clock
        if struck["kind"] == "delay":
            await asyncio.sleep(clock.real_seconds(float(struck["seconds"])))
        elif struck["kind"] == "drop":
            raise ConnectionResetError("a fault of the scenario")
        elif struck["kind"] == "throttle":
            seconds = float(struck.get("seconds", 10))
            raise throttled(
                f"{clock.real_seconds(seconds):.3f}", struck.get("what", "PutManagedClusterHandler.PUT"), call
            )
        elif struck["kind"] == "error":
            scope = gates.target(call)
            fields = {"name": call.path.name, "scope": scope, "group": call.path.group or "", "type": call.path.type,
                      "object_id": call.caller.object_id, "client_id": call.caller.client_id,
                      "subscription": call.path.subscription or ""}  # fmt: skip
            raise ArmError(
                int(struck.get("status", 400)),
                struck["code"],
                fill(str(struck["message"]), fields),
                target=struck.get("target"),
                flat=bool(struck.get("flat")),
            )

    def _caller(self, request: web.Request) -> Caller:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        tenant = self.arm.data["tenant"]["id"]
        login = self.arm.data["endpoints"]["login"]
        challenge = f'Bearer authorization_uri="{login}/{tenant}", error="invalid_token"'
        if not token or scheme.lower() != "bearer":
            raise ArmError(
                401,
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
                headers={"WWW-Authenticate": challenge},
            )
        claims = tokens.read(self.arm.world.token, token)
        if claims is None:
            raise ArmError(
                401,
                "InvalidAuthenticationToken",
                "The access token is invalid.",
                headers={
                    "WWW-Authenticate": f'{challenge}, error_description="The access token is invalid."'
                },
            )
        if claims["exp"] < time.time():
            text = (
                f"The access token expiry UTC time '{_us_time(claims['exp'])}' is earlier than current UTC time "
                f"'{_us_time(time.time())}'."
            )
            raise ArmError(
                401,
                "ExpiredAuthenticationToken",
                text,
                headers={"WWW-Authenticate": f'{challenge}, error_description="{text}"'},
            )
        return Caller(object_id=claims["oid"], client_id=claims["appid"], tenant=claims["tid"])

    async def _body(self, request: web.Request) -> Any:
        if request.method in ("GET", "HEAD", "DELETE"):
            return None
        try:
            data = await _read(request)
        except web.HTTPRequestEntityTooLarge:
            data = b" " * (_MAX_BODY + 1)
        if len(data) > _MAX_BODY:
            raise ArmError(
                413,
                "RequestContentTooLarge",
                f"The request content size exceeds the maximum size of '{_MAX_BODY // 1024 // 1024} MB'.",
            )
        if not data.strip():
            return None
        try:
            return msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            from byocni_tui.sandbox.arm.jsonc import loads

            try:
                return loads(data.decode("utf-8", "strict"))
            except (ValueError, RecursionError):
                raise ArmError(
                    400,
                    "InvalidRequestContent",
                    f"The request content was invalid and could not be deserialized: '{error}'.",
                ) from error


def _verb(call: Call) -> str:
    if call.method == "GET" and not call.path.item:
        return "list"
    return call.method.lower()


def fill(text: str, fields: dict[str, str]) -> str:
    """A fault's text with ``{name}`` and the like filled in; other braces stay."""
    for name, value in fields.items():
        text = text.replace("{" + name + "}", value)
    return text


async def _read(request: web.Request) -> bytes:
    """The body, or its beginning where it is too long; one without a length comes in pieces."""
    if request.content_length is not None:
        return await request.read()
    data = bytearray()
    while len(data) <= _MAX_BODY and (piece := await request.content.readany()):
        data += piece
    return bytes(data)


def _us_time(epoch: float) -> str:
    moment = datetime.fromtimestamp(epoch, UTC)
    return f"{moment.month}/{moment.day}/{moment.year} {moment.hour % 12 or 12}:{moment:%M:%S %p}"


def _response(status: int, body: Any, headers: dict[str, str]) -> web.Response:
    if body is None:
        return web.Response(status=status, headers=headers)
    return web.Response(
        status=status,
        body=msgspec.json.encode(body),
        headers={**headers, "Content-Type": "application/json; charset=utf-8"},
    )
