"""A shell small enough to read: enough of sh to run the scripts that check a network, with time as a number.

It parses words, quotes, expansions, pipes, lists, if, for, while, until, functions, groups and redirections; commands
are looked up in a table (``applets``). Nothing is executed on this machine.
"""

from collections.abc import Callable
from typing import Final

from byocni_tui.sandbox.kube.life.expansion import NAME, Expansion
from byocni_tui.sandbox.kube.life.words import Tokens, tokens

STEPS: Final = 5_000
LONGEST: Final = 86_400.0


class Forever(Exception):  # noqa: N818 not an error: the program stays
    """The program runs until it is stopped."""


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

_CLOSERS: Final = frozenset({"then", "else", "elif", "fi", "do", "done", "}", ")", "esac", ""})


class Shell(Expansion):
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
        self.stdin = ""
        """What the first command of a pipeline reads when nothing is piped into it."""
        self.steps = 0
        self.strict = False
        self.missing = ""
        """A command that was asked for and is not in the table; empty if there was none."""
        self.complaints: str | None = None
        """What commands say on their error output; None: it is said with the rest."""

    def run(self, script: str) -> int:
        """Run a script; its exit status. ``out`` holds what it printed. Raises Forever and Unknown."""
        try:
            self._list(Tokens(tokens(script)))
        except Exit as end:
            return end.code
        return self.status

    def wait(self, seconds: float) -> None:
        """Time passes for the script."""
        self.elapsed += seconds
        if self.elapsed > LONGEST:
            raise Forever

    # -- grammar -----------------------------------------------------------------------------------------------------

    def _list(self, t: "Tokens", *, act: bool = True) -> None:
        while t.peek() not in _CLOSERS:
            if t.peek() in (";", "\n"):
                t.next()
                continue
            self._and_or(t, act=act)
            if t.peek() == "&":
                t.next()

    def _and_or(self, t: "Tokens", *, act: bool) -> None:
        negated = t.peek() == "!"
        self._pipeline(t, act=act)
        counts = not negated
        while t.peek() in ("&&", "||"):
            op = t.next()
            t.skip_lines()
            run = act and ((self.status == 0) == (op == "&&"))
            self._pipeline(t, act=run)
            counts = run
        if self.strict and act and self.status and counts:
            raise Exit(self.status)

    def _pipeline(self, t: "Tokens", *, act: bool) -> None:
        negate = False
        while t.peek() == "!":
            t.next()
            negate = not negate
        feed = self.stdin
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

    def _command(self, t: "Tokens", feed: str, *, act: bool) -> None:
        self.steps += act
        if self.steps > STEPS:
            raise Forever
        word = t.peek()
        if word in ("if", "while", "until", "for", "{", "("):
            mark = len(self.out)
            {"if": self._if, "while": self._while, "until": self._while, "for": self._for, "{": self._group,
             "(": self._group}[word](t, act=act)  # fmt: skip
            self._redirected(self._redirects(t, act=act), mark, act=act)
            return
        if t.peek(1) == "(" and t.peek(2) == ")" and NAME.fullmatch(word):
            name = t.next()
            t.next(), t.next()
            t.skip_lines()
            start = t.at
            self._command(t, "", act=False)
            self.functions[name] = t.items[start : t.at]
            return
        self._simple(t, feed, act=act)

    def _simple(self, t: "Tokens", feed: str, *, act: bool) -> None:
        words: list[str] = []
        assigned: dict[str, str] = {}
        redirects: list[tuple[str, str]] = []
        while True:
            token = t.peek()
            if token.startswith("\0"):  # a redirection
                redirects += self._redirects(t, act=act)
                continue
            if token in ("", ";", "\n", "&", "&&", "||", "|", ")", "}", ";;"):
                if token in ("}",) and words and not t.closing:
                    words.append(t.next())
                    continue
                break
            t.next()
            if not act:
                words.append(token)
                continue
            name, equals, value = token.partition("=")
            if equals and not words and NAME.fullmatch(name):
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
                self._command(Tokens(body), feed, act=True)
            except _Return as back:
                self.status = back.code
            finally:
                self.arguments = kept
            return ""
        command = self.commands.get(name.rsplit("/", 1)[-1])
        if command is None:
            self.status = 127
            self.missing = name
            return f"sh: {name}: not found\n"
        result = command(self, words[1:], feed)
        self.out += result.out
        self.status = result.code
        return result.err

    # -- compound commands -------------------------------------------------------------------------------------------

    def _if(self, t: "Tokens", *, act: bool) -> None:
        done = not act
        ran = False
        while True:
            t.next()  # if or elif
            self._condition(t, act=not done)
            taken = not done and self.status == 0
            t.expect("then")
            self._list(t, act=taken)
            done, ran = done or taken, ran or taken
            if t.peek() != "elif":
                break
        if t.peek() == "else":
            t.next()
            self._list(t, act=act and not done)
            ran = ran or (act and not done)
        t.expect("fi")
        if act and not ran:
            self.status = 0

    def _condition(self, t: "Tokens", *, act: bool) -> None:
        """``set -e`` does not count in a condition."""
        kept, self.strict = self.strict, False
        self._list(t, act=act)
        self.strict = kept

    def _while(self, t: "Tokens", *, act: bool) -> None:
        until = t.next() == "until"
        start = t.at
        status = 0
        while True:
            t.at = start
            self._condition(t, act=act)
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

    def _for(self, t: "Tokens", *, act: bool) -> None:
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

    def _group(self, t: "Tokens", *, act: bool) -> None:
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

    def _redirects(self, t: "Tokens", *, act: bool) -> list[tuple[str, str]]:
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
        if told and error and self.complaints is not None:
            self.complaints += error
        elif told and error:
            self.out += error

    def _captured(self, script: str) -> str:
        mark = len(self.out)
        kept = dict(self.variables)
        try:
            self._list(Tokens(tokens(script)))
        except Exit as end:
            self.status = end.code
        value, self.out = self.out[mark:], self.out[:mark]
        self.variables = kept
        return value.rstrip("\n")
