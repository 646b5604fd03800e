"""JSON as az sends deployments: comments, keys without quotes, several-line strings, commas at the end."""

import json
import re
from typing import Any

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<punct>[{}\[\]:,])
      | (?P<word>[^\s{}\[\]:,"]+)""",
    re.DOTALL | re.VERBOSE,
)
_WORDS = {"true", "false", "null"}


def loads(text: str) -> Any:
    """Read it. Raises ``ValueError`` where it is no such thing."""
    tokens: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"unexpected character at {position}")
        position = match.end()
        kind, token = match.lastgroup, match[0]
        if kind == "space":
            continue
        if kind == "string":
            token = token.replace("\r\n", "\\n").replace("\n", "\\n").replace("\t", "\\t")
        elif (
            kind == "word"
            and token not in _WORDS
            and not re.fullmatch(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", token)
        ):
            token = json.dumps(token)
        if token in ("}", "]") and tokens and tokens[-1] == ",":
            tokens.pop()
        tokens.append(token)
    return json.loads("".join(tokens))
