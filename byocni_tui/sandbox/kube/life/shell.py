"""A shell small enough to read: enough of sh to run the scripts that check a network, with time as a number.

It parses words, quotes, expansions, pipes, lists, if, for, while, until, functions, groups and redirections; commands
are looked up in a table (``applets``). Nothing is executed on this machine.
"""

import re
from collections.abc import Callable
from typing import Final

STEPS: Final = 5_000
LONGEST: Final = 86_400.0


class Forever(Exception):  # noqa: N818 not an error: the program stays
    """The program runs until it is stopped."""


class Unknown(Exception):  # noqa: N818 not an error of ours: the shell can't read this script
    """Something this shell does not understand."""


class Exit(Exception):  # noqa: N818 the exit builtin
    """``exit N``."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Loop(Exception):  # noqa: N818 break and continue
    def __init__(self, go_on: bool) -> None:
        super().__init__()
        self.go_on = go_on


class _Return(Exception):  # noqa: N818 return
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Result:
    """What a command said and how it ended."""

    def __init__(self, out: str = "", code: int = 0, err: str = "") -> None:
        self.out, self.code, self.err = out, code, err


Command = Callable[["Shell", list[str], str], Result]

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t]+|\\\n)|(?P<comment>\#[^\n]*)|(?P<heredoc><<-?\s*(?P<quote>['"]?)(?P<tag>\w+)(?P=quote))
    |(?P<redirect>[0-9]*(?:>>|>&|<&|>|<)|&>)|(?P<op>&&|\|\||;;|[;&|(){}\n])""",
    re.VERBOSE,
)
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_SPECIAL: Final = frozenset(";&|()<>\n \t")
_CLOSERS: Final = frozenset({"then", "else", "elif", "fi", "do", "done", "}", ")", "esac", ""})


class Shell:
    """One run of a script."""

    def __init__(self, commands: dict[str, Command], environment: dict[str, str]) -> None:
        self.commands = commands
        self.variables = dict(environment)
        self.functions: dict[str, list[str]] = {}
        self.files: dict[str, str] = {}
        self.elapsed = 0.0
        self.status = 0
        self.out = ""
        self.arguments: list[str] = []
        self.steps = 0
        self.strict = False
        self.missing = False
        """Whether a command was asked for that is not in the table."""

    def run(self, script: str) -> int:
        """Run a script; its exit status. ``out`` holds what it printed. Raises Forever and Unknown."""
        try:
            self._list(_Tokens(tokens(script)))
        except Exit as end:
            return end.code
        return self.status

    def wait(self, seconds: float) -> None:
        """Time passes for the script."""
        self.elapsed += seconds
        if self.elapsed > LONGEST:
            raise Forever

    # -- grammar -----------------------------------------------------------------------------------------------------

    def _list(self, t: "_Tokens", *, act: bool = True) -> None:
        while t.peek() not in _CLOSERS:
            if t.peek() in (";", "\n"):
                t.next()
                continue
            self._and_or(t, act=act)
            if t.peek() == "&":
                t.next()

    def _and_or(self, t: "_Tokens", *, act: bool) -> None:
        self._pipeline(t, act=act)
        tested = False
        while t.peek() in ("&&", "||"):
            op = t.next()
            t.skip_lines()
            run = act and ((self.status == 0) == (op == "&&"))
            self._pipeline(t, act=run)
            tested = True
        if self.strict and act and self.status and not tested:
            raise Exit(self.status)

    def _pipeline(self, t: "_Tokens", *, act: bool) -> None:
        negate = False
        while t.peek() == "!":
            t.next()
            negate = not negate
        feed = ""
        while True:
            mark = len(self.out)
            self._command(t, feed, act=act)
            if t.peek() != "|":
                break
            t.next()
            t.skip_lines()
            feed, self.out = self.out[mark:], self.out[:mark]
        if negate and act:
            self.status = int(self.status == 0)

    def _command(self, t: "_Tokens", feed: str, *, act: bool) -> None:
        self.steps += act
        if self.steps > STEPS:
            raise Forever
        word = t.peek()
        if word in ("if", "while", "until", "for", "{", "(", "case"):
            mark = len(self.out)
            {"if": self._if, "while": self._while, "until": self._while, "for": self._for, "{": self._group,
             "(": self._group, "case": self._case}[word](t, act=act)  # fmt: skip
            self._redirected(self._redirects(t, act=act), mark, act=act)
            return
        if t.peek(1) == "(" and t.peek(2) == ")" and _NAME.fullmatch(word):
            name = t.next()
            t.next(), t.next()
            t.skip_lines()
            start = t.at
            self._command(t, "", act=False)
            self.functions[name] = t.items[start : t.at]
            return
        self._simple(t, feed, act=act)

    def _simple(self, t: "_Tokens", feed: str, *, act: bool) -> None:
        words: list[str] = []
        assigned: dict[str, str] = {}
        redirects: list[tuple[str, str]] = []
        while True:
            token = t.peek()
            if token.startswith("\0"):  # a redirection
                redirects += self._redirects(t, act=act)
                continue
            if token in ("", ";", "\n", "&", "&&", "||", "|", ")", "}", ";;"):
                if token == "}" and words and not t.closing:
                    words.append(t.next())
                    continue
                break
            t.next()
            if not act:
                words.append(token)
                continue
            name, equals, value = token.partition("=")
            if equals and not words and _NAME.fullmatch(name):
                self.status = 0  # what counts is the last substitution
                assigned[name] = "".join(self.expand(value, split=False))
            else:
                words += self.expand(token)
        if not act:
            return
        if not words:
            self.variables.update(assigned)
            mark = len(self.out)
            self._redirected(redirects, mark, act=True)
            return
        for kind, target in redirects:
            if kind == "<":
                feed = self.files.get(target, feed)
            elif kind == "<<":
                feed = target
        mark = len(self.out)
        saved = {k: self.variables.get(k) for k in assigned}
        self.variables.update(assigned)
        error = self._call(words, feed)
        for key, old in saved.items():
            if old is None:
                self.variables.pop(key, None)
            else:
                self.variables[key] = old
        self._redirected(redirects, mark, act=True, error=error)

    def _call(self, words: list[str], feed: str) -> str:
        """Run one command; its output is added, its error text returned."""
        name = words[0]
        if name in ("break", "continue"):
            raise _Loop(name == "continue")
        if name == "exit":
            raise Exit(int(words[1]) if len(words) > 1 else self.status)
        if name == "return":
            raise _Return(int(words[1]) if len(words) > 1 else self.status)
        body = self.functions.get(name)
        if body is not None:
            kept, self.arguments = self.arguments, words[1:]
            try:
                self._command(_Tokens(body), feed, act=True)
            except _Return as back:
                self.status = back.code
            finally:
                self.arguments = kept
            return ""
        command = self.commands.get(name.rsplit("/", 1)[-1])
        if command is None:
            self.status = 127
            self.missing = True
            return f"sh: {name}: not found\n"
        result = command(self, words[1:], feed)
        self.out += result.out
        self.status = result.code
        return result.err

    # -- compound commands -------------------------------------------------------------------------------------------

    def _if(self, t: "_Tokens", *, act: bool) -> None:
        done = not act
        ran = False
        while True:
            word = t.next()  # if or elif
            self._list(t, act=not done)
            taken = not done and self.status == 0
            t.expect("then")
            self._list(t, act=taken)
            done, ran = done or taken, ran or taken
            if t.peek() != "elif":
                break
        del word
        if t.peek() == "else":
            t.next()
            self._list(t, act=act and not done)
            ran = ran or (act and not done)
        t.expect("fi")
        if act and not ran:
            self.status = 0

    def _while(self, t: "_Tokens", *, act: bool) -> None:
        until = t.next() == "until"
        start = t.at
        status = 0
        while True:
            t.at = start
            self._list(t, act=act)
            go = act and (self.status == 0) != until
            t.expect("do")
            body = t.at
            try:
                self._list(t, act=go)
            except _Loop as jump:
                t.at = body
                self._list(t, act=False)
                if not jump.go_on:
                    go = False
                    self.status = 0
            if go:
                status = self.status
            t.expect("done")
            if not go:
                break
        if act:
            self.status = status

    def _for(self, t: "_Tokens", *, act: bool) -> None:
        t.next()
        name = t.next()
        items: list[str] = list(self.arguments)
        if t.peek() == "in":
            t.next()
            items = []
            while t.peek() not in (";", "\n", ""):
                token = t.next()
                items += self.expand(token) if act else []
        t.skip_lines()
        t.expect("do")
        start = t.at
        for item in items if act else ():
            t.at = start
            self.variables[name] = item
            try:
                self._list(t)
            except _Loop as jump:
                if not jump.go_on:
                    break
        t.at = start
        self._list(t, act=False)
        t.expect("done")

    def _case(self, t: "_Tokens", *, act: bool) -> None:
        raise Unknown("case")

    def _group(self, t: "_Tokens", *, act: bool) -> None:
        closer = {"{": "}", "(": ")"}[t.next()]
        kept = dict(self.variables)
        t.closing += closer == "}"
        try:
            self._list(t, act=act)
        except Exit as end:
            if closer != ")":
                raise
            self.status = end.code
            depth = 1
            while depth:
                depth += {"(": 1, ")": -1}.get(t.next(), 0)
            self.variables = kept
            return
        finally:
            t.closing -= closer == "}"
        t.expect(closer)
        if closer == ")":
            self.variables = kept

    # -- redirections ------------------------------------------------------------------------------------------------

    def _redirects(self, t: "_Tokens", *, act: bool) -> list[tuple[str, str]]:
        found = []
        while t.peek().startswith("\0"):
            kind, _, body = t.next()[1:].partition("\0")
            if kind == "<<":
                found.append(("<<", body))
                continue
            target = t.next()
            found.append((kind, "".join(self.expand(target, split=False)) if act else target))
        return found

    def _redirected(self, redirects: list[tuple[str, str]], mark: int, *, act: bool, error: str = "") -> None:
        if not act:
            return
        text, merged, told = self.out[mark:], False, True
        targets: list[tuple[str, str]] = []
        for kind, target in redirects:
            if kind == "2>&" and target == "1":
                merged = True
            elif kind in ("2>", "2>>"):
                told = False
            elif kind in (">", ">>", "1>", "&>", "1>>"):
                targets.append((kind, target))
                merged = merged or kind == "&>"
        if merged and told:
            text += error
            error = ""
        if targets:
            self.out = self.out[:mark]
            for kind, target in targets:
                if target != "/dev/null":
                    old = self.files.get(target, "") if kind.endswith(">>") else ""
                    self.files[target] = old + text
        else:
            self.out = self.out[:mark] + text
        if told and error:
            self.out += error

    # -- words -------------------------------------------------------------------------------------------------------

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
                end = _closing_quote(word, i + 1)
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
        return [p for p in parts if p] or ([""] if quoted else [])

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
            end = _balanced(text, i + 1)
            return str(self._arithmetic(text[i + 3 : end - 1])), end + 1
        if rest.startswith("("):
            end = _balanced(text, i + 1)
            return self._captured(text[i + 2 : end]), end + 1
        if rest.startswith("{"):
            end = text.index("}", i)
            return self._braced(text[i + 2 : end]), end + 1
        match = _NAME.match(rest)
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
        value = self._special(name) if not _NAME.fullmatch(name) else self.variables.get(name)
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
            return _cut(value, cut, "".join(self.expand(pattern, split=False)))
        return value or ""

    def _captured(self, script: str) -> str:
        mark = len(self.out)
        kept = dict(self.variables)
        try:
            self._list(_Tokens(tokens(script)))
        except Exit as end:
            self.status = end.code
        value, self.out = self.out[mark:], self.out[:mark]
        self.variables = kept
        return value.rstrip("\n")

    def _arithmetic(self, text: str) -> int:
        expression = _NAME.sub(lambda m: self.variables.get(m[0]) or "0", self._inside(text))
        if not re.fullmatch(r"[0-9\s+\-*/%()<>=!&|]*", expression):
            raise Unknown(expression)
        return calculate(expression)


class _Tokens:
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
        if match and not (
            match["redirect"] and match["redirect"][0].isdigit() and i and script[i - 1] not in " \t\n;"
        ):
            if match["comment"] and i and script[i - 1] not in " \t\n;":
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
        return _closing_quote(script, i + 1) + 1
    if c == "`":
        return script.index("`", i + 1) + 1
    if c == "\\":
        return i + 2
    if c == "$" and script[i + 1 : i + 2] == "(":
        return _balanced(script, i + 1) + 1
    if c == "$" and script[i + 1 : i + 2] == "{":
        return script.index("}", i) + 1
    return i + 1


def _closing_quote(text: str, i: int) -> int:
    while i < len(text):
        if text[i] == "\\":
            i += 2
        elif text[i] == '"':
            return i
        elif text[i] == "$" and text[i + 1 : i + 2] == "(":
            i = _balanced(text, i + 1) + 1
        else:
            i += 1
    raise Unknown("quote")


def _balanced(text: str, i: int) -> int:
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


def _cut(value: str, cut: str, pattern: str) -> str:
    from fnmatch import fnmatchcase

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
