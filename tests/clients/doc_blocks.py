"""Commands in the pages: fenced blocks of language ``sh``, and how a page says that one is not for the sandbox.

``*live*`` or ``*build*`` at the beginning of the paragraph above a block says that it needs a subscription or builds
something: it is not run. ``*exit N*`` says with which status the block ends.
"""

import re
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(r"^\s*```+\s*(\w*)")
_MARK = re.compile(r"^\*(live|build|exit (\d+))\*")


class Block(NamedTuple):
    """``status``: what it ends with; None where it is not to be run."""

    line: int
    text: str
    status: int | None


def blocks(text: str) -> list[Block]:
    """The page's blocks of commands, in order."""
    found: list[Block] = []
    above, begin, language, lines = "", 0, "", list[str]()
    inside = fresh = False
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.match(line)
        if inside and fence:
            if language == "sh":
                mark = _MARK.match(above)
                status = 0 if mark is None else int(mark[2]) if mark[2] else None
                found.append(Block(begin, "\n".join(lines), status))
            inside, above = False, ""
        elif inside:
            lines.append(line)
        elif fence:
            inside, begin, language, lines = True, number + 1, fence[1], []
            fresh = True
        elif not line.strip():
            fresh = True
        elif fresh:
            above, fresh = line.strip(), False
    return found


def script(page: Path, found: list[Block]) -> str:
    """One bash script of all that is to be run; it says on standard error which line of the page it is at."""
    lines = ["set -euo pipefail"]
    for block in found:
        if block.status is None:
            continue
        lines.append(f"echo '--- {page.name}:{block.line}' >&2")
        if block.status == 0:
            lines.append(block.text)
        else:
            lines += ["status=0", f"(\n{block.text}\n) || status=$?", f'test "$status" = {block.status}']
    return "\n".join(lines) + "\n"
