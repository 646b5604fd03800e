"""The coach's side of a lesson: asks the sandbox how things stand, takes hints, has the work checked.

It sees what the learner did through the sandbox's act log, whichever clients were used: the wizard, az, kubectl, helm.
"""

import asyncio
import shutil
import urllib.error
from pathlib import Path
from typing import Any, Final

from byocni_tui.errors import EXIT_USAGE, UserError
from byocni_tui.plan.model import Plan
from byocni_tui.sandbox import launcher
from byocni_tui.sandbox.endpoints import Endpoints, alive, read

_JOINED: Final = "joined.url"
IDLE_SECONDS: Final = 4 * 3600.0
"""A lesson's sandbox ends by itself after this long without a request."""


class Coach:
    """One sandbox with a lesson in it. Every method raises ``UserError`` where the sandbox is gone."""

    def __init__(self, endpoints: Endpoints, url: str = "") -> None:
        self.endpoints = endpoints
        self.url = url
        """The address by which somebody else's world was joined; empty for one's own."""

    def reading(self) -> dict[str, Any]:
        """How things stand; see ``sandbox.lesson``."""
        return self._ask("lesson", "GET", None)

    def do(self, name: str, **body: Any) -> dict[str, Any]:
        """``begin``, ``hint``, ``check``, ``skip`` or ``result``."""
        return self._ask(f"lesson/{name}", "POST", body)

    def plan(self) -> Plan:
        """The answers that the lesson begins with."""
        from byocni_tui.connections import joined_plan

        return joined_plan(self.endpoints)

    async def reading_soon(self) -> dict[str, Any]:
        """As ``reading``, without holding up an event loop."""
        return await asyncio.to_thread(self.reading)

    async def do_soon(self, name: str, **body: Any) -> dict[str, Any]:
        """As ``do``, without holding up an event loop."""
        return await asyncio.to_thread(self.do, name, **body)

    def _ask(self, path: str, method: str, body: Any) -> dict[str, Any]:
        try:
            answer: Any = launcher.control(self.endpoints, path, method, body)
        except urllib.error.HTTPError as error:
            raise UserError("training_refused", detail=error.read().decode("utf-8", "replace")) from error
        except (OSError, ValueError) as error:
            raise UserError("training_gone", detail=str(error)) from error
        found: dict[str, Any] = answer
        return found


def home() -> Path:
    """The folder of the lesson that was started from the command line."""
    from byocni_tui.deploy.journal import state_home

    return state_home() / "training"


def start(scenario: str, *, speed: float, seed: int, learner: str) -> Coach:
    """Begin a lesson in a fresh world. UserError where one is going on, or where there is nothing to learn."""
    from byocni_tui.connections import scenario as known

    found = known(scenario)
    if not found.teaches:
        raise UserError("training_nothing", exit_code=EXIT_USAGE, scenario=found.id)
    folder = home()
    if (running := _running(folder)) is not None:
        title = Coach(running).reading()["scenario"]
        raise UserError("training_running", exit_code=EXIT_USAGE, scenario=title)
    return _begin(scenario, folder, speed=speed, seed=seed, learner=learner)


def _begin(scenario: str, folder: Path, *, speed: float, seed: int, learner: str) -> Coach:
    shutil.rmtree(folder, ignore_errors=True)
    given = Path(scenario)
    name = str(given.resolve()) if given.is_file() else scenario
    try:
        endpoints = launcher.start(name, seed=seed, speed=speed, state_dir=folder, idle_seconds=IDLE_SECONDS)
    except (launcher.LaunchError, OSError) as error:
        raise UserError("sandbox_start", detail=str(error)) from error
    (folder / "scenario").write_text(f"{name}\n{seed}\n", encoding="utf-8")
    coach = Coach(endpoints)
    coach.do("begin", learner=learner)
    return coach


def reset() -> Coach:
    """The same lesson from its beginning, in a new world."""
    coach = current()
    if coach.url:
        raise UserError("training_reset", exit_code=EXIT_USAGE)
    learner = coach.reading()["learner"]
    speed = coach.endpoints.speed if coach.endpoints.speed >= 0 else float("inf")
    name, seed = (home() / "scenario").read_text(encoding="utf-8").splitlines()[:2]
    launcher.stop(coach.endpoints)
    return _begin(name, home(), speed=speed, seed=int(seed), learner=learner)


def join(url: str, *, learner: str) -> Coach:
    """Take the lesson in a world that somebody else serves; later calls of ``current`` mean this one. UserError where
    a lesson of one's own is going on, or nothing can be joined there."""
    coach = joined(url)
    if (running := _running(home())) is not None and running.token != coach.endpoints.token:
        raise UserError(
            "training_running", exit_code=EXIT_USAGE, scenario=Coach(running).reading()["scenario"]
        )
    coach.do("begin", learner=learner)
    home().mkdir(parents=True, exist_ok=True, mode=0o700)
    (home() / _JOINED).touch(mode=0o600)
    (home() / _JOINED).write_text(url, encoding="utf-8")
    return coach


def leave() -> None:
    """Forget the world that was joined; it goes on where it is."""
    (home() / _JOINED).unlink(missing_ok=True)


def _running(folder: Path) -> Endpoints | None:
    endpoints = read(folder)
    if endpoints is None or not alive(endpoints) or not launcher.answers(endpoints):
        return None
    return endpoints


def current() -> Coach:
    """The lesson that was started or joined from the command line. UserError where there is none."""
    endpoints = _running(home())
    if endpoints is not None:
        return Coach(endpoints)
    try:
        url = (home() / _JOINED).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        url = ""
    if not url:
        raise UserError("training_none", exit_code=EXIT_USAGE)
    return joined(url)


def of_run(run: str) -> Coach:
    """The lesson of a simulated run (the wizard's, in another window)."""
    from byocni_tui.deploy.journal import runs_folder

    endpoints = _running(runs_folder() / run / "sandbox")
    if endpoints is None:
        raise UserError(
            "sandbox_run", exit_code=EXIT_USAGE, run=run, folder=str(runs_folder() / run / "sandbox")
        )
    return Coach(endpoints)


def joined(url: str) -> Coach:
    """A learner's world in a class, by its address."""
    from byocni_tui.connections import joining

    return Coach(joining(url), url)
