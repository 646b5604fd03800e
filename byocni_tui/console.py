"""What commands print with: text for people or JSON for scripts on stdout, messages on stderr."""

import sys
from typing import Any

from byocni_tui.errors import UserError
from byocni_tui.locale import Translator


class Console:
    """stdout holds the result and nothing else; everything said along the way goes to stderr."""

    def __init__(self, tr: Translator, *, json_output: bool = False, ascii_only: bool = False) -> None:
        self.tr = tr
        self.json_output = json_output
        self.ascii_only = ascii_only

    def out(self, text: str = "") -> None:
        """A line of the result."""
        sys.stdout.write(self._safe(text, sys.stdout.encoding) + "\n")
        sys.stdout.flush()

    def json(self, value: Any, *, line: bool = False) -> None:
        """The result as one JSON document, or one object of a stream (``line``)."""
        import msgspec  # here: what prints no JSON starts without it

        try:
            data = msgspec.json.encode(value)
        except UnicodeEncodeError:
            # Half a character (a lone surrogate) that some file or service has sent: JSON can't hold it.
            data = msgspec.json.encode(_whole(msgspec.to_builtins(value)))
        self.out((data if line else msgspec.json.format(data, indent=2)).decode())

    def say(self, text: str) -> None:
        """A message that is not part of the result."""
        sys.stderr.write(self._safe(text, sys.stderr.encoding) + "\n")
        sys.stderr.flush()

    def show_error(self, error: UserError) -> None:
        """What, where and how to mend it; then the original words of whoever refused."""
        self.say(self.tr(f"errors.{error.key}", **error.values))
        if error.detail:
            self.say("  " + error.detail.replace("\n", "\n  "))

    def _safe(self, text: str, encoding: str | None) -> str:
        """Text that the stream can take: a locale that isn't UTF-8 gets ``?``, never a traceback."""
        if self.ascii_only:
            text = text.translate(_ASCII)
        return text.encode(encoding or "utf-8", "replace").decode(encoding or "utf-8", "replace")


def _whole(value: Any) -> Any:
    """The same with ``?`` for each half of a character."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value


_ASCII = str.maketrans(
    {"✓": "ok", "✗": "x", "▸": ">", "·": ".", "…": "...", "→": "->", "–": "-", "—": "-", "×": "x"}
)
