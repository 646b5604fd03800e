"""Plays the solution of a scenario against a running sandbox: the proof that it can be solved, and what a demo shows.

Requests are sent as the clients named beside them would (``az``, ``kubectl``); releases are installed by helm itself; a
plan is carried out by the wizard's own context.
"""

import asyncio
import json
import os
import re
import ssl
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import msgspec
import yaml

from byocni_tui.locale import Translator
from byocni_tui.sandbox.arm import ids
from byocni_tui.sandbox.arm.kind import api_versions
from byocni_tui.sandbox.endpoints import Endpoints
from byocni_tui.sandbox.scenario import Apply, Helm, Scenario, Step
from byocni_tui.sandbox.scenario_judge import REFERENCE, values
from byocni_tui.training.shown import shown

_AGENTS: Final = {"az": "AZURECLI/2.80.0 (solution)", "kubectl": "kubectl/v1.35.0 (solution)"}
_SELECTOR: Final = re.compile(r"<([^<>]+)>")
"""In a path, instead of a pod's name: the labels of the first one to take."""
_ENDED: Final = ("Succeeded", "Failed", "Canceled")
_LOOK: Final = 0.02
"""Real seconds between two looks at something that is waited for, at first; it grows to ``_LOOK_MOST``."""
_LOOK_MOST: Final = 0.3
_REAL_LIMIT: Final = 600.0
"""Real seconds that one wait may take, whatever the speed."""


class PlayError(RuntimeError):
    """A step did not go as the scenario says: ``step`` is its number from 1."""

    def __init__(self, step: int, problem: str) -> None:
        super().__init__(f"solution[{step - 1}]: {problem}")
        self.step = step
        self.problem = problem


class Played(msgspec.Struct, frozen=True):
    """A step that was carried out: ``shown`` is what a person would have typed, ``said`` what came back, shortly."""

    number: int
    step: Step
    shown: str
    said: str


class Player:
    """One sandbox, and the clients of one solution. Use as an async context manager."""

    def __init__(self, endpoints: Endpoints, scenario: Scenario, tr: Translator) -> None:
        self._where = endpoints
        self._scenario = scenario
        self._tr = tr
        self._token = ""

    async def __aenter__(self) -> "Player":
        self._trust = ssl.create_default_context(cafile=self._where.ca_file)
        self._session = aiohttp.ClientSession(trust_env=False)
        self._folder = tempfile.TemporaryDirectory(prefix="byocni-solution-")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        self._folder.cleanup()

    async def play(self) -> AsyncIterator[Played]:
        """Step by step. Raises ``PlayError``."""
        for number, step in enumerate(self._scenario.solution, 1):
            try:
                said = await self.carry_out(step)
            except _StepError as error:
                raise PlayError(number, str(error)) from error
            except (OSError, aiohttp.ClientError, ValueError, LookupError) as error:
                raise PlayError(number, f"{type(error).__name__}: {error}") from error
            yield Played(number, step, shown(step), said)

    async def carry_out(self, step: Step) -> str:
        """One step; what came back, in a line."""
        if step.apply is not None:
            return await self._apply(step.apply)
        if step.helm is not None:
            return await self._helm(step, step.helm)
        if step.wait is not None:
            return await self._wait(step)
        if step.pass_ is not None:
            await self.control("lesson/skip", {"seconds": step.pass_})
            return ""
        if step.kubectl is not None:
            return await self._kubectl(step)
        return await self._az(step)

    # -- the sandbox's own -------------------------------------------------------------------------------------------

    async def control(self, path: str, body: Any = None) -> Any:
        """Ask the sandbox's own address."""
        head = {"Authorization": f"Bearer {self._where.token}"}
        method = "GET" if body is None else "POST"
        url = f"{self._where.control_url}/{path}"
        async with self._session.request(method, url, json=body, headers=head) as answer:
            data = await answer.json()
            if answer.status >= 400:
                raise _StepError(f"{path}: {data.get('error')}")
            return data

    async def _wait(self, step: Step) -> str:
        """Until a condition holds; the limit is virtual time, or what a person would wait."""
        assert step.wait is not None
        body = msgspec.to_builtins(step.wait)
        began, pause = time.monotonic(), _LOOK
        first = await self._now()
        while True:
            asked = time.monotonic()
            if (await self.control("lesson/condition", body))["met"]:
                return ""
            if await self._now() - first > step.seconds or time.monotonic() - began > _REAL_LIMIT:
                raise _StepError(
                    f"waited {step.seconds:g} virtual seconds in vain for {msgspec.json.encode(body).decode()}"
                )
            # In a large world looking takes a while, and whoever looks all the time holds it up.
            await asyncio.sleep(max(pause, 5 * (time.monotonic() - asked)))
            pause = min(_LOOK_MOST, pause * 1.5)
            if pause == _LOOK_MOST and self._where.speed < 0 and (await self.control("clock"))["speed"] >= 0:
                # Nothing is awaited any more, so time goes at the pace of life; whoever jumps does not want that.
                await self.control("lesson/skip", {"seconds": min(60.0, step.seconds)})

    async def _now(self) -> float:
        from datetime import datetime

        return datetime.fromisoformat((await self.control("clock"))["origin"]).timestamp()

    # -- a plan ------------------------------------------------------------------------------------------------------

    async def _apply(self, apply: Apply) -> str:
        from byocni_tui import connections
        from byocni_tui.commands.apply import accepting
        from byocni_tui.context import Context
        from byocni_tui.plan.path import replace

        plan = connections.scenario_plan(self._scenario)
        for path, value in apply.set.items():
            plan = replace(plan, path, value)
        options = connections.Simulation(
            scenario=self._scenario.id, speed=None, seed=0, cloud=self._scenario.cloud, joined=True
        )
        url = self._where.join_url
        context = Context("simulated", plan, self._tr, lambda it: connections.simulated(it, options, url))
        context.plan = accepting(context, apply.accept)
        failed, words, status = "", "", 1
        try:
            async for event in context.deploy():
                if event.status == "failed" and event.step != "run" and not failed:
                    failed, words = (
                        event.step,
                        f"{event.message} {(event.detail or {}).get('original', '')}".strip(),
                    )
                if event.step == "run":
                    status = int((event.detail or {}).get("exit_code", 1))
        finally:
            await context.close()
        if status and not failed:
            failed, words = "run", f"exit status {status}"
        if apply.fails is None and failed:
            raise _StepError(f"the run failed at {failed}: {words}")
        if apply.fails is not None and failed != apply.fails:
            raise _StepError(
                f"the run should have failed at {apply.fails}, and {'failed at ' + failed if failed else 'did not'}"
            )
        return words

    # -- az ----------------------------------------------------------------------------------------------------------

    async def _az(self, step: Step) -> str:
        if step.request is None:
            raise _StepError("a step without a request")
        method, path = step.request
        body = await self._filled(step.body)
        status, code, data, head = await self._arm(method, path, body, step.api_version)
        if status in (200, 201, 202) and not code:
            code = await self._ended(head)
            if path.lower().endswith("/register"):
                await self._registered(path.rpartition("/")[0])
        _as_said(step, status, code, data)
        return code

    async def _arm(self, method: str, path: str, body: Any, version: str | None) -> tuple[int, str, Any, Any]:
        if not self._token:
            url = f"{self._where.identity_url}?resource=arm&api-version=2019-08-01"
            async with self._session.get(
                url, headers={"X-IDENTITY-HEADER": self._where.identity_header}
            ) as got:
                self._token = (await got.json())["access_token"]
        head = {"Authorization": f"Bearer {self._token}", "User-Agent": _AGENTS["az"]}
        url = path if path.startswith("http") else self._where.arm_url + path
        if "api-version=" not in url:
            url += f"{'&' if '?' in url else '?'}api-version={version or _version(method, path)}"
        async with self._session.request(method, url, json=body, headers=head, ssl=self._trust) as answer:
            text = await answer.text()
            data = json.loads(text) if text else None
            code = ""
            if answer.status >= 400 and isinstance(data, dict):
                code = str((data.get("error") or data).get("code", answer.status))
                if code == "ExpiredAuthenticationToken":
                    self._token = ""
            return answer.status, code, data, answer.headers

    async def _filled(self, value: Any) -> Any:
        """A body with each ``<id:path>`` replaced by what that resource holds there."""
        if isinstance(value, dict):
            return {key: await self._filled(one) for key, one in value.items()}
        if isinstance(value, list):
            return [await self._filled(one) for one in value]
        if not isinstance(value, str) or (asked := REFERENCE.fullmatch(value)) is None:
            return value
        _status, code, data, _head = await self._arm("GET", asked[1], None, None)
        found = values(data, asked[2])
        if code or not found:
            raise _StepError(f"{value}: {code or 'there is nothing there'}")
        return found[0]

    async def _registered(self, provider: str) -> None:
        """What ``az provider register --wait`` does after asking."""
        began = time.monotonic()
        while time.monotonic() - began < _REAL_LIMIT:
            _status, _code, data, _head = await self._arm("GET", provider, None, "2021-04-01")
            if data.get("registrationState") == "Registered":
                return
            await asyncio.sleep(_LOOK)
        raise _StepError(f"{provider} does not get registered")

    async def _ended(self, head: Any) -> str:
        """Follow a long operation to its end; the code it failed with."""
        url = head.get("Azure-AsyncOperation")
        began = time.monotonic()
        while url:
            _status, code, data, answer = await self._arm("GET", url, None, None)
            if code:
                return code
            if data.get("status") in _ENDED:
                error = data.get("error") or {}
                return "" if data["status"] == "Succeeded" else str(error.get("code", data["status"]))
            if time.monotonic() - began > _REAL_LIMIT:
                raise _StepError("the operation does not end")
            await asyncio.sleep(min(1.0, float(answer.get("Retry-After", 0.1))))
        return ""

    # -- kubectl and helm --------------------------------------------------------------------------------------------

    async def kubeconfig(self, cluster: str | None) -> dict[str, Any]:
        """What get-credentials fetches, of a cluster by name or of the only one."""
        path = (
            f"/subscriptions/{self._where.subscription}/providers/Microsoft.ContainerService/managedClusters"
        )
        _status, _code, data, _head = await self._arm("GET", path, None, None)
        found = [one for one in data["value"] if cluster in (None, one["name"])]
        if not found:
            raise _StepError(f"there is no cluster {cluster or ''}")
        import base64

        path = f"{found[0]['id']}/listClusterAdminCredential"
        status, code, data, _head = await self._arm("POST", path, None, None)
        if status != 200:
            raise _StepError(f"no credentials: {code}")
        config: dict[str, Any] = yaml.safe_load(base64.b64decode(data["kubeconfigs"][0]["value"]))
        return config

    async def _kubectl(self, step: Step) -> str:
        if step.request is None:
            raise _StepError("a kubectl step without a request")
        config = await self.kubeconfig(step.cluster)
        base, token = config["clusters"][0]["cluster"]["server"], config["users"][0]["user"]["token"]
        method, path = step.request
        if selector := _SELECTOR.search(path):
            path = path.replace(
                selector[0], await self._first_pod(base, token, path[: selector.start()], selector[1])
            )
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        head = {"Authorization": f"Bearer {token}", "User-Agent": _AGENTS["kubectl"], "Content-Type": kind}
        body = None if step.body is None else json.dumps(step.body)
        async with self._session.request(
            method, base + path, data=body, headers=head, ssl=self._trust
        ) as answer:
            text = await answer.text()
            code = ""
            if answer.status >= 400:
                data = json.loads(text) if text[:1] == "{" else {}
                code = str(data.get("reason") or answer.status)
            _as_said(step, answer.status, code, text[:400])
        return code or text[:200].partition("\n")[0] if method == "GET" and "/log" in path else code

    async def _first_pod(self, base: str, token: str, pods: str, selector: str) -> str:
        """The first pod that a selector finds, as ``kubectl logs -l`` takes one."""
        head = {"Authorization": f"Bearer {token}", "User-Agent": _AGENTS["kubectl"]}
        url = f"{base}{pods.rstrip('/')}?labelSelector={quote(selector)}"
        async with self._session.get(url, headers=head, ssl=self._trust) as answer:
            items = (await answer.json()).get("items") or []
        if not items:
            raise _StepError(f"there is no pod with {selector}")
        return str(items[0]["metadata"]["name"])

    async def _helm(self, step: Step, release: Helm) -> str:
        from byocni_tui.sandbox.releases import program

        helm = program()
        if helm is None:
            raise _StepError("there is no helm here: install it (https://helm.sh/docs/intro/install)")
        folder = Path(self._folder.name)
        (folder / "kubeconfig").write_text(
            yaml.safe_dump(await self.kubeconfig(step.cluster)), encoding="utf-8"
        )
        (folder / "values.yaml").write_text(
            yaml.safe_dump(await self._filled(release.values)), encoding="utf-8"
        )
        if release.chart is None:
            words = ["uninstall", release.release]
        else:
            words = ["upgrade", release.release, release.chart, "--install", "--create-namespace",
                     "--repo", self._where.charts_url, "--reset-then-reuse-values",
                     "--values", str(folder / "values.yaml")]  # fmt: skip
            words += ["--version", release.version] if release.version else []
            words += ["--wait", "--timeout", release.wait] if release.wait else []
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("HELM_", "KUBE")) and not k.lower().endswith("_proxy")
        }
        env = kept | {f"HELM_{k}_HOME": str(folder / k.lower()) for k in ("CACHE", "CONFIG", "DATA")}
        process = await asyncio.create_subprocess_exec(
            helm, *words, "--namespace", release.namespace, env={**env, "KUBECONFIG": str(folder / "kubeconfig")},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _out, err = await process.communicate()
        words_of = err.decode("utf-8", "replace").strip()
        if bool(process.returncode) is not release.fails:
            raise _StepError(f"helm: {words_of or 'did not fail'}")
        return words_of


class _StepError(Exception):
    """A step did not go as written."""


def _as_said(step: Step, status: int, code: str, data: Any) -> None:
    """Whether the answer is the one that the step says."""
    if step.fails is None:
        if code or status >= 400:
            raise _StepError(f"{' '.join(step.request or ())}: {status} {code}: {data}"[:600])
    elif step.fails not in (code, str(status)):
        raise _StepError(
            f"{' '.join(step.request or ())}: {step.fails} was expected, and it was {status} {code}"
        )


def _version(method: str, path: str) -> str:
    if path.lower().endswith("/register"):
        return "2021-04-01"
    parsed = ids.split(path.partition("?")[0])
    if method == "POST":
        parsed = ids.as_action(parsed)
    known = api_versions().get(parsed.type.lower())
    if not known:
        raise _StepError(f"{path}: {parsed.type} is not in the sandbox")
    return next(version for version in known if "preview" not in version)
