"""Where the wizard's answers live between two visits: an answers file, and a small note of where one was."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from byocni_tui.errors import UserError
from byocni_tui.files import write_atomically
from byocni_tui.locale import Translator
from byocni_tui.plan.model import Plan


class Memory(msgspec.Struct, kw_only=True):
    """``run`` is one that was left before its end. ``seen`` and ``unread``: marks, and a text that can't be read yet,
    survive as well."""

    step: str = "start"
    run: str = ""
    seen: list[str] = []
    unread: dict[str, str] = {}


def state_home() -> Path:
    """``BYOCNI_STATE_HOME``, else the platform's folder for an application's state."""
    if given := os.environ.get("BYOCNI_STATE_HOME"):
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_state_dir("byocni-tui", appauthor=False))


class Store:
    """``name`` tells worlds apart: ``live``, ``simulated-article``. With ``answers`` the user's own file is used."""

    def __init__(self, name: str, answers: Path | None = None, home: Path | None = None) -> None:
        self.folder = (home or state_home()) / "wizard"
        self.answers = answers or self.folder / f"{name}.yaml"
        self._memory = self.folder / f"{name}.json"
        self._written: Plan | None = None

    def load_plan(self) -> Plan | None:
        """The answers of last time; None where there are none. Raises UserError where the file can't be read."""
        if not self.answers.exists():
            return None
        from byocni_tui.files import load_plan

        self._written = load_plan(self.answers)
        return self._written

    def load_memory(self) -> Memory:
        """Where one was; a note that can't be read is as good as none."""
        try:
            return msgspec.json.decode(self._memory.read_bytes(), type=Memory)
        except (OSError, msgspec.DecodeError):
            return Memory()

    def remember(self, memory: Memory) -> None:
        """Write only the note; where that can't be done, one begins at the start."""
        with suppress(UserError, OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(self._memory, msgspec.json.encode(memory).decode())

    def save(self, plan: Plan, memory: Memory, tr: Translator) -> str:
        """Write what differs; returns '' or, where it can't be written, why (a sentence in ``tr``'s language)."""
        from byocni_tui.plan.writer import dump

        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if plan != self._written:
                write_atomically(self.answers, dump(plan, tr))
                self._written = plan
            write_atomically(self._memory, msgspec.json.encode(memory).decode())
        except UserError as error:
            return tr(f"errors.{error.key}", **error.values)
        except OSError as error:
            values: dict[str, Any] = {"where": error.filename or self.folder}
            return tr("errors.file_not_writable", **values)
        return ""

    def write_copy(self, text: str) -> str:
        """Keep what was copied in a file as well (not every terminal has a clipboard); its path, or ''."""
        path = self.folder / "copied.txt"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(path, text)
        except (UserError, OSError):
            return ""
        return str(path)
