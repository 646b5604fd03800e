"""The Common Expression Language, parsed: text in, a tree of ``Node`` out (github.com/google/cel-spec, syntax)."""

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple


class CelSyntaxError(Exception):
    """Text that is no expression; ``at`` is the offset of what was not expected."""

    def __init__(self, text: str, at: int) -> None:
        super().__init__(text)
        self.at = at


class Node(NamedTuple):
    """``kind``: literal, name, select, optional_select, index, optional_index, call (``args[0]`` the receiver or None),
    list, map, unary, binary, conditional. ``value``: the literal, name or operator."""

    kind: str
    value: Any
    args: tuple[Any, ...]
    at: int


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\d+|\.\d+)(?:[eE][+-]?\d+)?[uU]?)
    |(?P<text>[bB]?[rR]?(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`]+`)
    |(?P<sign>\.\?|\[\?|\{\?|&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL
)
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_WORDS: Final = {"true": True, "false": False, "null": None}
_LEVELS: Final = (("||",), ("&&",), ("<", "<=", ">", ">=", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise CelSyntaxError(f"token recognition error at: '{text[at]}'", at)
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match[0], at))
        at = match.end()
    found.append(_Token("end", "<EOF>", len(text)))
    return found


@lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    """The tree of an expression. Raises CelSyntaxError."""
    parser = _Parser(text)
    node = parser.expression()
    parser.expect("<EOF>")
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.items = _tokens(text)
        self.at = 0

    @property
    def here(self) -> _Token:
        return self.items[self.at]

    def take(self, *texts: str) -> _Token | None:
        token = self.here
        if token.kind in ("sign", "name", "end") and token.text in texts:
            self.at += token.kind != "end"
            return token
        return None

    def expect(self, text: str) -> _Token:
        token = self.take(text)
        if token is None:
            raise CelSyntaxError(f"mismatched input '{self.here.text}' expecting '{text}'", self.here.at)
        return token

    def expression(self) -> Node:
        condition = self.binary(0)
        if (mark := self.take("?")) is None:
            return condition
        left = self.binary(0)
        self.expect(":")
        return Node("conditional", "?", (condition, left, self.expression()), mark.at)

    def binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while (sign := self.take(*_LEVELS[level])) is not None:
            left = Node("binary", sign.text, (left, self.binary(level + 1)), sign.at)
        return left

    def unary(self) -> Node:
        if (sign := self.take("!", "-")) is not None:
            return Node("unary", sign.text, (self.unary(),), sign.at)
        return self.member()

    def member(self) -> Node:
        node = self.primary()
        while (sign := self.take(".", ".?", "[", "[?")) is not None:
            if sign.text in ("[", "[?"):
                key = self.expression()
                self.expect("]")
                node = Node("index" if sign.text == "[" else "optional_index", "", (node, key), sign.at)
                continue
            name = self.here
            if name.kind != "name":
                raise CelSyntaxError(f"mismatched input '{name.text}' expecting IDENTIFIER", name.at)
            self.at += 1
            word = name.text.strip("`")
            if sign.text == "." and self.take("("):
                node = Node("call", word, (node, *self.arguments(")")), sign.at)
            else:
                node = Node("select" if sign.text == "." else "optional_select", word, (node,), sign.at)
        return node

    def arguments(self, end: str) -> list[Node]:
        found: list[Node] = []
        while not self.take(end):
            if found:
                self.expect(",")
                if self.take(end):
                    break
            found.append(self.expression())
        return found

    def primary(self) -> Node:
        token = self.here
        self.at += 1
        if token.kind == "number":
            return Node("literal", _number(token), (), token.at)
        if token.kind == "text":
            return Node("literal", _text(token), (), token.at)
        if token.kind == "name":
            if token.text in _WORDS:
                return Node("literal", _WORDS[token.text], (), token.at)
            if self.take("("):
                return Node("call", token.text, (None, *self.arguments(")")), token.at)
            return Node("name", token.text, (), token.at)
        if token.text == "(":
            node = self.expression()
            self.expect(")")
            return node
        if token.text == "[":
            return Node("list", "", tuple(self.arguments("]")), token.at)
        if token.text == "[?":
            self.at -= 1
            raise CelSyntaxError("unsupported optional list element", token.at)
        if token.text == "{":
            return Node("map", "", tuple(self.entries()), token.at)
        if token.text == ".":
            return self.primary()
        raise CelSyntaxError(f"mismatched input '{token.text}' expecting an expression", token.at)

    def entries(self) -> list[Node]:
        found: list[Node] = []
        while not self.take("}"):
            if found:
                self.expect(",")
                if self.take("}"):
                    break
            found.append(self.expression())
            self.expect(":")
            found.append(self.expression())
        return found


def _number(token: _Token) -> int | float:
    text = token.text.rstrip("uU")
    if text[:2] in ("0x", "0X"):
        return int(text, 16)
    return float(text) if re.search(r"[.eE]", text) else int(text)


def _text(token: _Token) -> str | bytes:
    prefix = re.match(r"[bBrR]*", token.text)
    marks = prefix[0].lower() if prefix else ""
    body = token.text[len(marks) :]
    quote = 3 if body[:3] in ('"""', "'''") else 1
    body = body[quote:-quote]
    if "r" not in marks:
        body = _ESCAPE.sub(_unescape, body)
    return body.encode("latin-1", "replace") if "b" in marks else body


def _unescape(match: re.Match[str]) -> str:
    for group in (1, 2, 3):
        if match[group]:
            return chr(int(match[group], 16))
    if match[4]:
        return chr(int(match[4], 8))
    return _LETTERS.get(match[5], match[5])
