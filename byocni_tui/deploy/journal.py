"""What a run did, on disk before anyone hears of it: one folder a run, one SQLite file in it.

A run's folder holds ``journal.db``, ``kubeconfig`` (0600), ``values.yaml``, ``helm/`` and, for a simulated run,
``sandbox/``. The folder itself is 0700.
"""

import fcntl
import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from byocni_tui.deploy.event import Event
from byocni_tui.errors import EXIT_USAGE, UserError
from byocni_tui.plan.model import Plan

ResourceState = Literal["planned", "made", "adopted", "removed"]
RunState = Literal["new", "running", "interrupted", "done", "failed", "destroyed", "partly-destroyed"]
"""``new``: nothing was begun; ``interrupted``: its process ended before the run did."""

RUN_ID: Final = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS resources (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, step TEXT NOT NULL, seq INTEGER NOT NULL
);
"""


class Resource(NamedTuple):
    """Something that the run made (``made``), was about to make (``planned``) or found there (``adopted``)."""

    id: str
    kind: str
    state: ResourceState
    step: str


def state_home() -> Path:
    """Where runs are kept: ``BYOCNI_STATE_HOME``, else the platform's folder for an application's state."""
    if given := os.environ.get("BYOCNI_STATE_HOME"):
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_state_dir("byocni-tui", appauthor=False))


def runs_folder() -> Path:
    """The folder of all runs."""
    return state_home() / "runs"


def new_run_id(now: datetime) -> str:
    """An id that sorts by time and doesn't repeat."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def run_ids() -> list[str]:
    """All runs on this machine, oldest first."""
    folder = runs_folder()
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if RUN_ID.fullmatch(path.name) and path.is_dir())


class Journal:
    """One run's journal. ``OSError`` and SQLite's errors become ``UserError`` that names the file."""

    def __init__(self, run: str, *, create: bool = False) -> None:
        if not RUN_ID.fullmatch(run):
            raise UserError("no_such_run", exit_code=EXIT_USAGE, run=run)
        self.run = run
        self.folder = runs_folder() / run
        self._lock: int | None = None
        if create:
            try:
                self.folder.mkdir(parents=True, mode=0o700)
            except OSError as error:
                raise UserError("state_folder", path=str(self.folder), detail=str(error)) from error
        elif not (self.folder / "journal.db").is_file():
            raise UserError("no_such_run", exit_code=EXIT_USAGE, run=run)
        try:
            self._db = sqlite3.connect(self.folder / "journal.db", isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> UserError:
        return UserError("journal_broken", path=str(self.folder / "journal.db"), detail=str(error))

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        try:
            self._db.execute(statement, values)
        except (OSError, sqlite3.Error) as error:
            raise self._broken(error) from error

    def _read(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            with closing(self._db.execute(statement, values)) as rows:
                return rows.fetchall()
        except (OSError, sqlite3.Error) as error:
            raise self._broken(error) from error

    def acquire(self) -> None:
        """Take the run for this process; UserError where another one has it. Ends with the process, however it ends."""
        if self._lock is not None:
            return
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise UserError("run_busy", run=self.run) from error
        self._lock = lock

    def put(self, key: str, value: Any) -> None:
        """Keep a value (JSON)."""
        self._write("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, msgspec.json.encode(value).decode()))

    def get(self, key: str) -> Any:
        """A kept value, or None."""
        rows = self._read("SELECT value FROM meta WHERE key = ?", (key,))
        return msgspec.json.decode(rows[0][0]) if rows else None

    @property
    def plan(self) -> Plan:
        """The plan that the run began with."""
        rows = self._read("SELECT value FROM meta WHERE key = 'plan'")
        if not rows:
            raise UserError("journal_broken", path=str(self.folder / "journal.db"), detail="no plan")
        return msgspec.json.decode(rows[0][0], type=Plan)

    def append(self, event: Event) -> None:
        """Write an event; it is on disk when this returns."""
        self._write("INSERT INTO events (body) VALUES (?)", (msgspec.json.encode(event).decode(),))

    def events(self) -> Iterator[Event]:
        """All events, oldest first."""
        for (body,) in self._read("SELECT body FROM events ORDER BY seq"):
            yield msgspec.json.decode(body, type=Event)

    def last(self, step: str) -> Event | None:
        """The latest event of a step."""
        rows = self._read(
            "SELECT body FROM events WHERE json_extract(body, '$.step') = ? ORDER BY seq DESC LIMIT 1",
            (step,),
        )
        return msgspec.json.decode(rows[0][0], type=Event) if rows else None

    def finished(self, step: str) -> bool:
        """Whether the step has been carried out."""
        last = self.last(step)
        return last is not None and last.status == "done"

    def note(self, resource_id: str, kind: str, state: ResourceState, step: str) -> None:
        """Keep what is (about to be) made. What was made stays made, also when it is found again later."""
        known = self.state_of(resource_id)
        if state == "adopted" and known in ("planned", "made"):
            state = "made"
        self._write(
            "INSERT INTO resources VALUES (?, ?, ?, ?, (SELECT COALESCE(MAX(seq), 0) + 1 FROM resources)) "
            "ON CONFLICT (id) DO UPDATE SET state = excluded.state",
            (resource_id, kind, state, step),
        )

    def state_of(self, resource_id: str) -> ResourceState | None:
        """What is known of a resource."""
        rows = self._read("SELECT state FROM resources WHERE id = ?", (resource_id,))
        return rows[0][0] if rows else None

    def resources(self) -> list[Resource]:
        """All of them, in the order in which they were made."""
        return [
            Resource(*row) for row in self._read("SELECT id, kind, state, step FROM resources ORDER BY seq")
        ]

    def busy(self) -> bool:
        """Whether some process carries this run out at this moment."""
        if self._lock is not None:
            return True
        try:
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(lock)
        return False

    def state(self) -> RunState:
        """What became of the run."""
        gone = self.get("destroyed")
        if gone is not None:
            return "destroyed" if gone else "partly-destroyed"
        if self.busy():
            return "running"
        rows = self._read("SELECT body FROM events ORDER BY seq DESC LIMIT 1")
        if not rows:
            return "new"
        last = msgspec.json.decode(rows[0][0], type=Event)
        if last.step != "run":
            return "interrupted"
        return "done" if last.status == "done" else "failed"

    def close(self) -> None:
        """Let go of the file and of the run."""
        self._db.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def forget(self) -> None:
        """Remove the run's folder. What stands in Azure stays there."""
        self.acquire()
        self.close()
        shutil.rmtree(self.folder)


def discard(run: str) -> None:
    """Remove a run's folder whose journal can't be read any more."""
    if RUN_ID.fullmatch(run):
        shutil.rmtree(runs_folder() / run)
