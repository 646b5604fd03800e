"""Words and commands for bash that stay one word, whatever a user typed."""

import shlex
from collections.abc import Iterable, Sequence
from typing import Final

_REPLACED: Final = dict.fromkeys((0, *range(0xD800, 0xE000)), "\ufffd")
"""No argument can hold NUL, no UTF-8 file a lone surrogate."""


class Raw(str):
    """Shell that is written by this program and needs no quoting, such as ``"$SUBNET_ID"``."""

    __slots__ = ()


Word = str | Raw


def clean(text: str) -> str:
    """Text that a UTF-8 file and an argument can hold; each replaced character is shown as U+FFFD."""
    return text if text.isascii() and "\0" not in text else text.translate(_REPLACED)


def quote(word: Word) -> str:
    """One word of shell."""
    return str(word) if isinstance(word, Raw) else shlex.quote(clean(word))


def comment(text: str) -> list[str]:
    """Comment lines; whatever breaks a line for a terminal or a shell starts a new comment."""
    return [f"# {line}".rstrip() for line in clean(text).splitlines()] or ["#"]


class Command:
    """A command under construction: the program's words, then one flag a line."""

    def __init__(self, *words: Word) -> None:
        self._lines = [" ".join(quote(word) for word in words)]

    def word(self, word: Word) -> "Command":
        """One more word in the first line."""
        self._lines[0] += f" {quote(word)}"
        return self

    def flag(self, name: str, *values: Word) -> "Command":
        """``name`` with its values; a single value that looks like a flag is tied to it with ``=``."""
        if len(values) == 1 and not isinstance(values[0], Raw) and len(values[0]) > 1 and values[0][0] == "-":
            self._lines.append(f"{name}={quote(values[0])}")
        else:
            self._lines.append(" ".join((name, *(quote(value) for value in values))))
        return self

    def maybe(self, name: str, value: Word | int | None) -> "Command":
        """``flag`` where there is a value."""
        if value is not None:
            self.flag(name, value if isinstance(value, str) else str(value))
        return self

    def many(self, name: str, values: Iterable[Word]) -> "Command":
        """``flag`` with several words, where there are any."""
        words: Sequence[Word] = tuple(values)
        return self.flag(name, *words) if words else self

    def text(self) -> str:
        """The command, one flag a line."""
        return " \\\n  ".join(self._lines)

    def into(self, variable: str) -> str:
        """The command's output in a variable."""
        return f"{variable}=$({self.text()})"


def heredoc(command: str, body: str, marker: str = "VALUES") -> str:
    """``command`` with ``body`` as its standard input, taken literally."""
    lines = clean(body).splitlines()
    while marker in lines:
        marker += "_"
    return "\n".join((f"{command} <<'{marker}'", *lines, marker))
