"""What becomes of a word of the small shell: quotes, variables, parameters, substitutions, patterns of file names."""

import re
from abc import ABC, abstractmethod
from fnmatch import fnmatchcase
from typing import Final

from byocni_tui.sandbox.kube.life.words import Unknown, balanced, calculate, closing_quote, cut_off

NAME: Final = re.compile(r"[A-Za-z_]\w*")


class Expansion(ABC):
    """The part of a shell that expands words; what they may speak of belongs to the shell."""

    variables: dict[str, str]
    arguments: list[str]
    files: dict[str, str]
    status: int

    @abstractmethod
    def _captured(self, script: str) -> str:
        """What a script prints, run as ``$(…)``."""

    def expand(self, word: str, *, split: bool = True) -> list[str]:
        """Quotes, variables, command and arithmetic substitution; unquoted results are split at blanks."""
        parts: list[str] = [""]
        quoted = False
        i = 0
        while i < len(word):
            c = word[i]
            if c == "'":
                end = word.index("'", i + 1)
                parts[-1] += word[i + 1 : end]
                quoted, i = True, end + 1
            elif c == '"':
                end = closing_quote(word, i + 1)
                parts[-1] += self._inside(word[i + 1 : end])
                quoted, i = True, end + 1
            elif c == "\\" and i + 1 < len(word):
                parts[-1] += word[i + 1]
                i += 2
            elif c in "$`":
                value, i = self._dollar(word, i)
                if not split:
                    parts[-1] += value
                    continue
                pieces = re.split(r"[ \t\n]+", value)
                parts[-1] += pieces[0]
                parts += pieces[1:]
            else:
                parts[-1] += c
                i += 1
        if not split:
            return ["".join(parts)]
        if not quoted and parts[0].startswith("/") and ("*" in word or "?" in word):
            parts = [one for part in parts for one in self._matching(part)]
        return [p for p in parts if p] or ([""] if quoted else [])

    def _matching(self, pattern: str) -> list[str]:
        """The files that a pattern of names matches; the pattern itself if there are none."""
        depth = pattern.count("/")
        found = [p for p in self.files if p.count("/") == depth and fnmatchcase(p, pattern)]
        return sorted(found) or [pattern]

    def _inside(self, text: str) -> str:
        """Within double quotes."""
        result, i = "", 0
        while i < len(text):
            if text[i] == "\\" and text[i + 1 : i + 2] in ('"', "\\", "$", "`"):
                result += text[i + 1]
                i += 2
            elif text[i] in "$`":
                value, i = self._dollar(text, i)
                result += value
            else:
                result += text[i]
                i += 1
        return result

    def _dollar(self, text: str, i: int) -> tuple[str, int]:
        if text[i] == "`":
            end = text.index("`", i + 1)
            return self._captured(text[i + 1 : end]), end + 1
        rest = text[i + 1 :]
        if rest.startswith("(("):
            end = balanced(text, i + 1)
            return str(self._arithmetic(text[i + 3 : end - 1])), end + 1
        if rest.startswith("("):
            end = balanced(text, i + 1)
            return self._captured(text[i + 2 : end]), end + 1
        if rest.startswith("{"):
            end = text.index("}", i)
            return self._braced(text[i + 2 : end]), end + 1
        match = NAME.match(rest)
        if match:
            return self.variables.get(match[0], ""), i + 1 + match.end()
        if rest[:1] in tuple("?#@*$!0123456789"):
            return self._special(rest[0]), i + 2
        return "$", i + 1

    def _special(self, c: str) -> str:
        if c == "?":
            return str(self.status)
        if c == "#":
            return str(len(self.arguments))
        if c in "@*":
            return " ".join(self.arguments)
        if c.isdigit():
            return "sh" if c == "0" else (self.arguments[int(c) - 1] if int(c) <= len(self.arguments) else "")
        return "1"

    def _braced(self, text: str) -> str:
        match = re.fullmatch(r"(#?)(\w+|[?#@*])(?:(:?[-=+])(.*)|(%%?|##?)(.*))?", text, re.DOTALL)
        if match is None:
            raise Unknown(text)
        count, name, op, word, cut, pattern = match.groups()
        value = self._special(name) if not NAME.fullmatch(name) else self.variables.get(name)
        if count:
            return str(len(value or ""))
        if op:
            empty = value is None or (op.startswith(":") and not value)
            if op.endswith("+"):
                return "" if empty else "".join(self.expand(word, split=False))
            if empty:
                value = "".join(self.expand(word, split=False))
                if op.endswith("="):
                    self.variables[name] = value
        if cut and value is not None:
            return cut_off(value, cut, "".join(self.expand(pattern, split=False)))
        return value or ""

    def _arithmetic(self, text: str) -> int:
        expression = NAME.sub(lambda m: self.variables.get(m[0]) or "0", self._inside(text))
        if not re.fullmatch(r"[0-9\s+\-*/%()<>=!&|]*", expression):
            raise Unknown(expression)
        return calculate(expression)
