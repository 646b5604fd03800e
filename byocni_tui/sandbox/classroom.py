"""A class: many separate worlds in one process, on the same two ports.

A request finds its world by what it carries: the token (ARM, the sandbox's own addresses), the identity header, the
token in a chart's path, the learner's number in a cluster's path. The trainer's token opens all of them, and the
overview: ``/class`` for eyes, ``/sandbox/class`` as JSON. ``/join/<learner's token>`` gives a learner everything.
"""

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from byocni_tui.sandbox import class_page, joining, tokens
from byocni_tui.sandbox import scenario as scenarios
from byocni_tui.sandbox.endpoints import Endpoints, Learner
from byocni_tui.sandbox.place import Place, no_cluster, secrets_of, token_of
from byocni_tui.sandbox.server import LOOPBACK, Server

MOST = 200
"""Learners that one process takes."""


class Classroom(Server):
    """``learners`` worlds of one scenario, each with its own seed, clock, token and state folder."""

    def __init__(
        self,
        scenario: str,
        learners: int,
        *,
        seed: int = 1,
        speed: float = 60.0,
        state: Path | None = None,
        host: str = LOOPBACK,
        port: int = 0,
        token: str | None = None,
    ) -> None:
        super().__init__(host=host, port=port, state=state)
        if not 1 <= learners <= MOST:
            raise ValueError(f"a class has 1 to {MOST} learners, not {learners}")
        self.secrets = secrets_of(state, token)
        self.token: str = self.secrets["token"]
        loaded = scenarios.load(scenario)
        cloud = scenarios.load_cloud(loaded)
        self.scenario = loaded
        self.places = [
            Place(
                loaded,
                cloud,
                seed=seed + number - 1,
                speed=speed,
                state=state / f"learner-{number}" if state is not None else None,
                token=token_of(self.token, number),
                learner=number,
            )
            for number in range(1, learners + 1)
        ]
        self._by_secret: dict[str, Place] = {}
        self.endpoints: Endpoints

    async def start(self) -> Endpoints:
        """Bind, make or load the worlds, begin their times."""
        await self.bind(self.secrets)
        for place in self.places:
            place.open(self.https_base, self.http_base, self.ca_pem)
            for name in ("token", "identity", "charts"):
                self._by_secret[place.secrets[name]] = place
            self._tasks += [
                asyncio.create_task(place.world.clock.run()),
                asyncio.create_task(place.keep()),
            ]
            await asyncio.sleep(0)
        first = self.places[0].endpoints
        self.endpoints = msgspec.structs.replace(
            first,
            identity_url="",
            identity_header="",
            charts_url="",
            token=self.token,
            learners=tuple(
                Learner(number=place.learner, token=place.secrets["token"], url=self.join_url(place))
                for place in self.places
            ),
        )
        if self.state is not None:
            (self.state / "secrets.json").write_bytes(msgspec.json.encode(self.secrets))
            self.endpoints = msgspec.structs.replace(self.endpoints, ca_file=str(self.state / "ca.pem"))
            self.endpoints.write(self.state)
        return self.endpoints

    async def stop(self) -> None:
        """Let go of the ports and write every state."""
        await self.close()
        for place in self.places:
            await place.finish()

    async def __aenter__(self) -> "Classroom":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def join_url(self, place: Place) -> str:
        """The address that a learner is given."""
        return f"{self.http_base}/join/{place.secrets['token']}"

    def learner(self, number: int) -> Place | None:
        """The place of a learner, by number from 1."""
        return self.places[number - 1] if 1 <= number <= len(self.places) else None

    # -- whose request it is -----------------------------------------------------------------------------------------

    async def https(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path.startswith("/k8s/"):
            number = path[5:].partition("-")[0]
            found = self.learner(int(number)) if number.isdecimal() and len(number) < 6 else None
            return await found.https(request) if found is not None else no_cluster()
        token = request.headers.get("Authorization", "").partition(" ")[2]
        # Without a good token every world answers alike (401, or the cloud's metadata): the first one does.
        found = self.learner(tokens.learner_of(token)) if token else None
        return await (found or self.places[0]).https(request)

    async def http(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path == "/msi/token":
            place = self._by_secret.get(request.headers.get("X-IDENTITY-HEADER", ""))
            return await (place or self.places[0]).http(request)
        first, _, rest = path[1:].partition("/")
        secret = rest.partition("/")[0]
        if first == "charts":
            place = self._by_secret.get(secret)
            return await (place or self.places[0]).http(request)
        if first == "join":
            place = self._by_secret.get(secret)
            if place is None or secret != place.secrets["token"]:
                return web.json_response({"error": "a learner's token is required"}, status=401)
            place.last_request = time.monotonic()
            return joining.answer(place, rest.partition("/")[2])
        if first in ("sandbox", "class"):
            return await self._own(request, first, rest)
        return web.json_response({"error": "not in the sandbox"}, status=404)

    async def _own(self, request: web.Request, first: str, rest: str) -> web.StreamResponse:
        """The overview and the sandbox's own addresses: a learner's token reaches that learner's, the trainer's all."""
        given = request.headers.get("Authorization", "").partition(" ")[2]
        if first == "class":
            if not given and "token" in request.query:
                given = request.query["token"]
            if given != self.token:
                return web.Response(status=401, text="the trainer's token is required: /class?token=…")
            return class_page.answer(self.overview(), request.headers.get("Accept-Language", ""))
        if given != self.token:
            place = self._by_secret.get(given)
            if place is None or place.secrets["token"] != given:
                return web.json_response({"error": "a token is required"}, status=401)
            if rest == "stop" or (request.method not in ("GET", "HEAD") and rest.startswith("faults")):
                return web.json_response({"error": "the trainer's token is required"}, status=403)
            return await place.http(request)
        if rest == "class":
            return class_page.as_json(self.overview())
        if rest == "stop" and request.method == "POST":
            if self.ended is not None:
                asyncio.get_running_loop().call_later(0.05, self.ended.set)
            return web.json_response({"stopping": self.ended is not None})
        return await self._for(request, rest)

    async def _for(self, request: web.Request, rest: str) -> web.StreamResponse:
        """The trainer's request, for the learners that ``?learner=`` names (a number, or ``all``)."""
        asked = request.query.get("learner", "all" if request.method != "GET" else "1")
        if asked == "all":
            chosen = self.places
        else:
            one = self.learner(int(asked)) if asked.isdecimal() and len(asked) < 6 else None
            if one is None:
                text = f"there is no learner {asked}: they are 1 to {len(self.places)}, or all"
                return web.json_response({"error": text}, status=404)
            chosen = [one]
        answer: web.StreamResponse = web.json_response({"error": "not in the sandbox"}, status=404)
        body = await request.read()
        for place in chosen:
            answer = place.control.own(request.method, rest, request.query, body)
            if answer.status >= 400:
                return answer
        return answer

    # -- seeing ------------------------------------------------------------------------------------------------------

    def overview(self) -> dict[str, Any]:
        """How everybody is getting on, as plain JSON."""
        return {
            "scenario": self.scenario.id,
            "title": msgspec.to_builtins(self.scenario.title),
            "arm_url": self.https_base,
            "learners": [class_page.row(place, self.join_url(place)) for place in self.places],
        }
