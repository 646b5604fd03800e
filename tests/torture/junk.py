"""Broken files and values, from a seeded generator: what fingers, editors and attackers leave behind."""

import random
from typing import Any

import yaml

WORDS = (
    "", " ", "\u0000", "\u202eabc", "群集", "🙂" * 3, "a" * 5000, "null", "~", "yes", "1e999", "-1", "0x1f", "NaN",
    "../..",
    "$(reboot)", "`id`", "'; rm -rf /; '", '"', "\\", "${HOME}", "{{7*7}}", "%s%n", "<script>alert(1)</script>",
    "]]>",
    "\r\nSet-Cookie: a=b", "169.254.0.0/16", "10.0.0.0/33", "::/0", "256.1.1.1/8", "0.0.0.0/0", "10.244.0.0/16",
    "/subscriptions/x", "/subscriptions//resourceGroups/", "-o", "--help", "@file", "&anchor", "*alias",
    "!!python/object:os.system",
)  # fmt: skip
PIECES = (
    b"\x00",
    b"\xff\xfe",
    b"\t",
    b"- ",
    b": ",
    b"{",
    b"}",
    b"[",
    b"&a *a",
    b"!!map",
    b"\xe2\x80\xae",
    b"#",
    b"|\n",
    b"---\n",
)


def value(rng: random.Random, depth: int = 0) -> Any:
    """Any YAML value, seldom a sensible one."""
    kind = rng.randrange(9 if depth < 3 else 6)
    if kind < 2:
        return rng.choice(WORDS)
    if kind == 2:
        return rng.choice((0, -1, 1, 2**63, 10**400, 3.5, float("inf")))
    if kind == 3:
        return rng.choice((None, True, False))
    if kind in (4, 5):
        return f"10.{rng.randrange(300)}.{rng.randrange(300)}.0/{rng.randrange(40)}"
    if kind == 6:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {str(rng.choice(WORDS)): value(rng, depth + 1) for _ in range(rng.randrange(4))}


def disturb(data: Any, rng: random.Random) -> Any:
    """A copy in which one place, anywhere, is something else, gone or new."""
    if isinstance(data, dict) and data and rng.random() < 0.85:
        key = rng.choice(list(data))
        change = rng.randrange(8)
        if change == 0:
            return {name: item for name, item in data.items() if name != key}
        if change == 1:
            return {**data, str(rng.choice(WORDS)): value(rng)}
        return {**data, key: disturb(data[key], rng)}
    if isinstance(data, list) and data and rng.random() < 0.7:
        at = rng.randrange(len(data))
        return [disturb(item, rng) if number == at else item for number, item in enumerate(data)]
    return value(rng)


def broken(text: str, data: Any, rng: random.Random) -> str:
    """The text of a file: changed in its structure, or cut and spliced as bytes."""
    if rng.random() < 0.6:
        changed = data
        for _ in range(rng.randrange(1, 4)):
            changed = disturb(changed, rng)
        return str(
            yaml.dump(changed, allow_unicode=True, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper))
        )
    raw = bytearray(text.encode())
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(raw) + 1)
        change = rng.randrange(4)
        if change == 0:
            raw[at : at + rng.randrange(40)] = b""
        elif change == 1:
            raw[at:at] = rng.choice(PIECES)
        elif change == 2 and raw:
            raw[at % len(raw)] = rng.randrange(256)
        else:
            raw[at:at] = raw[: rng.randrange(200)]
    return bytes(raw).decode("utf-8", rng.choice(("replace", "surrogateescape")))
