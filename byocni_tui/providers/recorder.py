"""Keeps the exchanges with Azure and Kubernetes as they happen, one JSON object a line, redacted before it is written.

The line format is that of the recordings under ``fixtures``: method, path, request_headers, request_body, status,
content_type, and body or stream (``[seconds, line]`` pairs); ARM's lines also hold the ``headers`` that waiting needs.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit

from byocni_tui.providers.redaction import Redactor

_ACTIVE: ContextVar["Recorder | None"] = ContextVar("byocni_recorder", default=None)
_HEADERS: Final = ("azure-asyncoperation", "location", "retry-after", "x-ms-retry-after-ms")
AZURE: Final = "azure.jsonl"
KUBERNETES: Final = "kubernetes.jsonl"
PROGRAMS: Final = "programs.jsonl"


def active() -> "Recorder | None":
    """The recorder that new clients have to report to, where one is set."""
    return _ACTIVE.get()


@contextmanager
def recording(recorder: "Recorder") -> Iterator["Recorder"]:
    """Clients made inside report to ``recorder``."""
    token = _ACTIVE.set(recorder)
    try:
        yield recorder
    finally:
        _ACTIVE.reset(token)
        recorder.close()


class Recorder:
    """Writes into a folder that exists. ``OSError`` where it can't."""

    def __init__(self, folder: Path, secrets: Iterable[str] = ()) -> None:
        self.folder = folder
        self.redactor = Redactor(secrets)
        self._started = time.monotonic()
        self._lock = Lock()
        self._files: dict[str, Any] = {}
        self.lines = 0

    def azure(
        self,
        method: str,
        url: str,
        body: str | None,
        status: int,
        headers: Mapping[str, str],
        answer: bytes,
    ) -> None:
        """One exchange with ARM."""
        parts = urlsplit(url)
        kept = {name.lower(): value for name, value in headers.items() if name.lower() in _HEADERS}
        self._write(
            AZURE,
            {
                "at": self._now(),
                "method": method,
                "path": f"{parts.path}?{parts.query}" if parts.query else parts.path,
                "request_headers": {},
                "request_body": body,
                "status": status,
                "content_type": headers.get("Content-Type", ""),
                "headers": kept,
                "body": answer.decode("utf-8", "replace"),
            },
        )

    def kubernetes(
        self,
        method: str,
        path: str,
        body: Any,
        status: int,
        content_type: str,
        answer: bytes | None,
        stream: list[tuple[float, str]] | None = None,
    ) -> None:
        """One exchange with an API server; a watch has its lines instead of a body."""
        line: dict[str, Any] = {
            "at": self._now(),
            "method": method,
            "path": path,
            "request_headers": {},
            "request_body": json.dumps(body) if body is not None else None,
            "status": status,
            "content_type": content_type,
        }
        if stream is not None:
            line["stream"] = [[round(at, 3), text] for at, text in stream]
        else:
            line["body"] = (answer or b"").decode("utf-8", "replace")
        self._write(KUBERNETES, line)

    def program(self, words: list[str], status: int, out: str, err: str) -> None:
        """One run of a program (helm)."""
        self._write(
            PROGRAMS, {"at": self._now(), "words": words, "status": status, "stdout": out, "stderr": err}
        )

    def _now(self) -> float:
        return round(time.monotonic() - self._started, 3)

    def _write(self, name: str, line: dict[str, Any]) -> None:
        text = json.dumps(self.redactor.line(line), ensure_ascii=False)
        with self._lock:
            if name not in self._files:
                self._files[name] = (self.folder / name).open("a", encoding="utf-8")
            self._files[name].write(text + "\n")
            self._files[name].flush()
            self.lines += 1

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files.clear()
