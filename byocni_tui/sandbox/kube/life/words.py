"""The words of the small shell: how a script falls into tokens, how patterns cut and numbers are reckoned."""

import re
from fnmatch import fnmatchcase
from typing import Final


class Unknown(Exception):  # noqa: N818 not an error of ours: the shell can't read this script
    """Something this shell does not understand."""


_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t]+|\\\n)|(?P<comment>\#[^\n]*)|(?P<heredoc><<-?\s*(?P<quote>['"]?)(?P<tag>\w+)(?P=quote))
    |(?P<redirect>[0-9]*(?:>>|>&|<&|>|<)|&>)|(?P<op>&&|\|\||;;|[;&|(){}\n])""",
    re.VERBOSE,
)
_SPECIAL: Final = frozenset(";&|()<>\n \t")


class Tokens:
    def __init__(self, items: list[str]) -> None:
        self.items = items
        self.at = 0
        self.closing = 0

    def peek(self, ahead: int = 0) -> str:
        return self.items[self.at + ahead] if self.at + ahead < len(self.items) else ""

    def next(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def expect(self, word: str) -> None:
        self.skip_lines()
        if self.next() != word:
            raise Unknown(f"no {word}")

    def skip_lines(self) -> None:
        while self.peek() in ("\n", ";"):
            self.at += 1


def tokens(script: str) -> list[str]:
    """Words as they are written, operators, and redirections (marked by a leading NUL)."""
    found: list[str] = []
    pending: list[tuple[int, str]] = []
    i = 0
    while i < len(script):
        match = _TOKEN.match(script, i)
        glued = bool(i) and script[i - 1] not in " \t\n;"
        if match and glued and (match["comment"] or (match["redirect"] or "")[:1].isdigit()):
            match = None
        if match:
            i = match.end()
            if match["heredoc"]:
                pending.append((len(found), match["tag"]))
                found.append("\0<<\0")
            elif match["redirect"]:
                found.append(f"\0{match['redirect']}\0")
            elif match["op"]:
                found.append(match["op"])
                if match["op"] == "\n" and pending:
                    for place, tag in pending:
                        lines = []
                        while i < len(script):
                            end = script.find("\n", i)
                            line = script[i : end if end >= 0 else len(script)]
                            i = end + 1 if end >= 0 else len(script)
                            if line.strip() == tag:
                                break
                            lines.append(line + "\n")
                        found[place] = "\0<<\0" + "".join(lines)
                    pending = []
            continue
        start = i
        while i < len(script) and script[i] not in _SPECIAL:
            i = _word_step(script, i)
        if i == start:
            raise Unknown(script[i])
        found.append(script[start:i])
    return found


def _word_step(script: str, i: int) -> int:
    c = script[i]
    if c == "'":
        return script.index("'", i + 1) + 1
    if c == '"':
        return closing_quote(script, i + 1) + 1
    if c == "`":
        return script.index("`", i + 1) + 1
    if c == "\\":
        return i + 2
    if c == "$" and script[i + 1 : i + 2] == "(":
        return balanced(script, i + 1) + 1
    if c == "$" and script[i + 1 : i + 2] == "{":
        return script.index("}", i) + 1
    return i + 1


def closing_quote(text: str, i: int) -> int:
    while i < len(text):
        if text[i] == "\\":
            i += 2
        elif text[i] == '"':
            return i
        elif text[i] == "$" and text[i + 1 : i + 2] == "(":
            i = balanced(text, i + 1) + 1
        else:
            i += 1
    raise Unknown("quote")


def balanced(text: str, i: int) -> int:
    depth = 0
    while i < len(text):
        if text[i] == "(":
            depth += 1
        elif text[i] == ")":
            depth -= 1
            if not depth:
                return i
        elif text[i] == "'":
            i = text.index("'", i + 1)
        i += 1
    raise Unknown("parenthesis")


def cut_off(value: str, cut: str, pattern: str) -> str:
    lengths = range(len(value) + 1) if len(cut) == 1 else range(len(value), -1, -1)
    for n in lengths:
        piece = value[:n] if cut[0] == "#" else value[len(value) - n :]
        if fnmatchcase(piece, pattern):
            return value[n:] if cut[0] == "#" else value[: len(value) - n]
    return value


def calculate(text: str) -> int:
    """Integer arithmetic with the shell's operators."""
    items = re.findall(r"\d+|&&|\|\||[<>=!]=|[-+*/%()<>!]", text)
    levels = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))
    place = 0

    def level(n: int) -> int:
        nonlocal place
        if n == len(levels):
            return unit()
        value = level(n + 1)
        while place < len(items) and items[place] in levels[n]:
            op = items[place]
            place += 1
            value = _apply(op, value, level(n + 1))
        return value

    def unit() -> int:
        nonlocal place
        if place >= len(items):
            raise Unknown(text)
        item = items[place]
        place += 1
        if item == "(":
            value = level(0)
            place += 1
            return value
        if item in "-!":
            return -unit() if item == "-" else int(not unit())
        return int(item)

    return level(0) if items else 0


def _apply(op: str, a: int, b: int) -> int:
    if op in "/%" and not b:
        raise Unknown("division by zero")
    table: dict[str, int] = {
        "+": a + b, "-": a - b, "*": a * b, "==": int(a == b), "!=": int(a != b), "<": int(a < b), ">": int(a > b),
        "<=": int(a <= b), ">=": int(a >= b), "&&": int(bool(a and b)), "||": int(bool(a or b)),
    }  # fmt: skip
    if op == "/":
        return int(a / b)
    return a % b if op == "%" else table[op]
