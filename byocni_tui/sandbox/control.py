"""The plain HTTP port: tokens for managed identities, the chart repository, the sandbox's own clock, faults and acts.

``GET /sandbox/acts?since=REV&plane=arm|kube|control&mutates=1`` (with the token, as all of ``/sandbox``) answers
``{"rev": R, "dropped": N, "now": virtual epoch, "acts": [...]}``: what clients did, in order. Ask again with
``since=R`` for what is new or was repeated; an act that comes again has the same ``n`` and replaces the former. In
process it is ``world.acts.since(rev)`` (``sandbox.acts.Act``). Fields that hold nothing are left out:

* ``n`` number from 1; ``rev`` the log's revision when it last changed; ``at``, ``last`` virtual epoch seconds of its
  first and last time; ``count`` (1 if left out) how often: the same read between two changes is one act; ``real``
  epoch seconds.
* ``plane``: ``arm``, ``kube``, or ``control`` (charts fetched: verb ``get``, type ``chart``, name the file; faults
  injected or mended and the clock moved by a trainer: verb ``fault``, ``mend``, ``clock``).
* ``client``: ``az``, ``kubectl``, ``helm``, ``wizard``, ``sdk``, ``curl``, ``browser``, ``other``, or ``azure``: the
  service itself, ending a long operation (verb ``end``, ``code`` Succeeded, Canceled or the error's; ``action`` what it
  was: compare ``type`` without letter case).
  ``agent`` the User-Agent, ``user`` the object id (ARM) or user name (Kubernetes).
* ``verb``: ARM: ``get list head put patch post delete end``; Kubernetes: ``get list watch create update patch delete
  deletecollection logs exec``. ``mutates``: true if it changes something (also where it was refused: see ``status``).
* ``type``: ``Microsoft.ContainerService/managedClusters`` as the client spelled it (compare without letter case), or
  ``daemonsets.apps``; ``name``; ``group`` the resource group or the namespace; ``cluster`` the cluster's ARM id
  (Kubernetes only); ``id`` the ARM path or ``namespace/name``; ``action`` what was posted, or the subresource (``log``,
  ``exec``, ``scale``, ``status``); ``query`` parameters that say something (container, command, selectors).
* ``body`` of an ARM write, up to 16 KiB; ``status`` the HTTP status; ``code``, ``message`` of a refusal.
"""

import asyncio
import hmac
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from byocni_tui.sandbox import tokens
from byocni_tui.sandbox.arm.call import Caller
from byocni_tui.sandbox.arm.metadata import endpoints
from byocni_tui.sandbox.faults import Fault

if TYPE_CHECKING:
    from byocni_tui.sandbox.place import Place


class Control:
    """Answers on the HTTP port."""

    def __init__(self, place: "Place") -> None:
        self._place = place
        self._charts: Mapping[str, bytes] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        path = request.path
        if path == "/msi/token" and request.method == "GET":
            return self._token(request)
        charts = f"/charts/{self._place.secrets['charts']}/"
        if path.startswith(charts):
            self._place.world.acts.note(
                plane="control", verb="get", type="chart", name=path.removeprefix(charts)[:200],
                id=path.removeprefix(charts)[:200], agent=request.headers.get("User-Agent", "")[:200], status=200,
            )  # fmt: skip
            return self._chart(path.removeprefix(charts))
        if path.startswith("/join/"):
            token, _, what = path.removeprefix("/join/").partition("/")
            if not hmac.compare_digest(token.encode(), self._place.secrets["token"].encode()):
                return web.json_response({"error": "a token is required"}, status=401)
            from byocni_tui.sandbox import joining

            return joining.answer(self._place, what)
        if path.startswith("/sandbox/"):
            return await self._own(request, path.removeprefix("/sandbox/"))
        return web.json_response({"error": "not in the sandbox"}, status=404)

    def _token(self, request: web.Request) -> web.Response:
        given = request.headers.get("X-IDENTITY-HEADER", "")
        if not hmac.compare_digest(given.encode(), self._place.secrets["identity"].encode()):
            return web.json_response(
                {"statusCode": 401, "message": "The X-IDENTITY-HEADER is missing or wrong."}, status=401
            )
        data, world = self._place.arm.data, self._place.world
        caller = Caller(
            object_id=data["caller"]["object_id"],
            client_id=data["caller"]["client_id"],
            tenant=data["tenant"]["id"],
        )
        resource = request.query.get("resource", "")
        struck = world.faults.strike(service="identity", resource=resource)
        lifetime = float(struck["seconds"]) if struck and struck["kind"] == "short_token" else tokens.LIFETIME
        token, expires = tokens.issue(world.token, caller, resource, lifetime, world.learner)
        return web.json_response(
            {
                "access_token": token,
                "expires_on": str(expires),
                "not_before": str(int(time.time())),
                "resource": resource,
                "token_type": "Bearer",
                "client_id": caller.client_id,
            }
        )

    def charts(self) -> Mapping[str, bytes]:
        """The chart repository: path -> file."""
        if self._charts is None:
            from byocni_tui.sandbox.kube.life.charts import repository

            self._charts = repository(self._place.endpoints.charts_url)
        return self._charts

    def _chart(self, name: str) -> web.Response:
        data = self.charts().get(name)
        if data is None:
            return web.Response(status=404, text="not found")
        kind = "text/yaml" if name.endswith(".yaml") else "application/gzip"
        return web.Response(body=data, content_type=kind)

    async def _own(self, request: web.Request, name: str) -> web.StreamResponse:
        """The sandbox's own addresses, for who has the token."""
        if request.headers.get("Authorization") != f"Bearer {self._place.secrets['token']}":
            return web.json_response({"error": "a token is required"}, status=401)
        return self.own(request.method, name, request.query, await request.read())

    def own(self, method: str, name: str, query: Mapping[str, str], data: bytes) -> web.Response:
        """``clock`` (GET; PUT speed or step), ``acts``, ``lesson``, ``cloud``, ``faults``, ``stop``."""
        world = self._place.world
        try:
            body: Any = msgspec.json.decode(data or b"{}")
            if name == "clock":
                if method == "PUT":
                    _move(world.clock, body)
                    world.acts.note(plane="control", verb="clock", mutates=True, body=body, status=200)
                return web.json_response(clock_reading(world.clock))
            if name == "acts":
                return self._acts(query)
            if name == "lesson" and method == "GET":
                return web.json_response(world.lesson.reading())
            if name.startswith("lesson/") and method == "POST":
                return web.json_response(world.lesson.act(name.removeprefix("lesson/"), body))
            if name == "cloud":
                return web.json_response(self.cloud())
            if name == "faults" and method == "GET":
                return web.Response(
                    body=msgspec.json.encode({"faults": world.faults.dump()}), content_type="application/json"
                )
            if name == "faults" and method == "POST":
                world.faults.add(msgspec.convert(body, Fault))
                world.acts.note(
                    plane="control", verb="fault", mutates=True, name=body["id"], body=body, status=200
                )
                world.changed = True
                return web.json_response({"added": body["id"]})
            if name.startswith("faults/") and method == "DELETE":
                fault = name.removeprefix("faults/")
                removed = world.faults.remove(fault)
                if removed:
                    world.acts.note(plane="control", verb="mend", mutates=True, name=fault, status=200)
                    world.changed = True
                return web.json_response({"removed": removed})
        except (msgspec.DecodeError, msgspec.ValidationError, KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        if name == "stop" and method == "POST":
            ended = self._place.ended
            if ended is not None:
                asyncio.get_running_loop().call_later(0.05, ended.set)
            return web.json_response({"stopping": ended is not None})
        return web.json_response({"error": "not in the sandbox"}, status=404)

    def _acts(self, query: Mapping[str, str]) -> web.Response:
        world = self._place.world
        acts = world.acts.since(int(query.get("since", 0)))
        if query.get("plane"):
            acts = [act for act in acts if act.plane == query["plane"]]
        if query.get("mutates") in ("1", "true"):
            acts = [act for act in acts if act.mutates]
        answer = {
            "rev": world.acts.rev,
            "dropped": world.acts.dropped,
            "now": world.clock.now(),
            "acts": acts,
        }
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")

    def cloud(self) -> dict[str, Any]:
        """What the clients' files need to know: the cloud's endpoints and the subscriptions."""
        arm, world = self._place.arm, self._place.world
        subscriptions = [
            {"subscriptionId": one["id"], "displayName": one["name"], "state": one.get("state", "Enabled")}
            for one in arm.data["subscriptions"]
        ]
        return {**endpoints(arm.data, world.https_base), "sandbox": {"subscriptions": subscriptions}}


def _move(clock: Any, body: dict[str, Any]) -> None:
    if "speed" in body:
        speed = float(body["speed"])
        if math.isnan(speed):
            raise ValueError("speed is no number")
        clock.speed = math.inf if speed < 0 else speed
    if "step" in body:
        clock.step(float(body["step"]))
    if body.get("until_idle"):
        clock.run_until_idle()


def clock_reading(clock: Any) -> dict[str, Any]:
    """``origin``: virtual now; ``offset``: virtual minus real seconds; ``speed``: virtual seconds a real second at this
    moment; ``nominal``: the speed asked for (-1: max)."""
    now, rate = clock.now(), clock.rate
    return {
        "origin": datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z"),
        "offset": now - time.time(),
        "speed": rate if math.isfinite(rate) else -1,
        "nominal": clock.speed if math.isfinite(clock.speed) else -1,
    }
