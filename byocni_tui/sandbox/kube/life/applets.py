"""The commands of the small shell, as far as scripts that check something need them."""

import re
from collections.abc import Callable

from byocni_tui.sandbox.kube.life import archives
from byocni_tui.sandbox.kube.life.reach import Network, Reach
from byocni_tui.sandbox.kube.life.shell import Command, Exit, Forever, Result, Shell


def commands(reach: Reach, *, hostname: str, now: Callable[[], float]) -> dict[str, Command]:
    """The table for one run."""
    network = Network(reach)
    table: dict[str, Command] = {
        "true": lambda _s, _a, _f: Result(), ":": lambda _s, _a, _f: Result(),
        "false": lambda _s, _a, _f: Result(code=1), "echo": _echo, "printf": _printf, "test": _test, "[": _test,
        "sleep": _sleep, "cat": _cat, "grep": _grep, "head": _head, "tail": _tail, "wc": _wc, "tr": _tr,
        "cut": _cut, "seq": _seq, "set": _set, "export": _export, "shift": _shift, "mkdir": _nothing, "rm": archives.rm,
        "chmod": _nothing, "trap": _nothing, "cd": _nothing, "exec": _exec, "timeout": _timeout, "time": _time,
        "sh": _sh,
        "dd": _dd,
        "hostname": lambda _s, _a, _f: Result(hostname + "\n"), "tee": _tee, "env": lambda _s, _a, _f: Result(),
        "date": lambda s, a, _f: Result(_date(now() + s.elapsed, a)), "read": _nothing, "local": _export, "sed": _sed,
        "wget": network.wget, "curl": network.curl, "nc": network.nc, "nslookup": network.nslookup,
        "httpd": network.httpd, "ping": network.ping, "ls": archives.ls, "tar": archives.tar,
    }  # fmt: skip
    return table


def _nothing(_s: Shell, _a: list[str], _f: str) -> Result:
    return Result()


def _echo(_s: Shell, a: list[str], _f: str) -> Result:
    end = "\n"
    while a and a[0] in ("-n", "-e", "-ne", "-en"):
        end = "" if "n" in a[0] else end
        a = a[1:]
    return Result(" ".join(a) + end)


def _printf(_s: Shell, a: list[str], _f: str) -> Result:
    if not a:
        return Result(code=1)
    form = a[0].replace("\\n", "\n").replace("\\t", "\t")
    rest = list(a[1:])
    out = ""
    while True:
        took = 0

        def fill(match: re.Match[str]) -> str:
            nonlocal took
            if match[0] == "%%":
                return "%"
            took += 1
            value = rest.pop(0) if rest else ""
            return f"{int(value or 0)}" if match[0][-1] == "d" else value

        out += re.sub(r"%%|%-?\d*[sd]", fill, form)
        if not rest or not took:
            return Result(out)


def _test(s: Shell, a: list[str], _f: str) -> Result:
    if a and a[-1] == "]":
        a = a[:-1]
    for joint, combine in (("-o", any), ("-a", all)):
        if joint in a:
            place = a.index(joint)
            halves = [a[:place], a[place + 1 :]]
            return Result(code=int(not combine(_test(s, h, "").code == 0 for h in halves)))
    if a and a[0] == "!":
        return Result(code=int(_test(s, a[1:], "").code == 0))
    if len(a) == 1:
        return Result(code=int(not a[0]))
    if len(a) == 2:
        held = s.files.get(a[1])
        truth = {
            "-n": bool(a[1]),
            "-z": not a[1],
            "-s": bool(held),
            "-f": held is not None,
            "-e": held is not None,
        }
        return Result(code=int(not truth.get(a[0], False)))
    if len(a) == 3:
        left, op, right = a
        if op in ("=", "=="):
            return Result(code=int(left != right))
        if op == "!=":
            return Result(code=int(left == right))
        try:
            x, y = int(left), int(right)
        except ValueError:
            return Result(code=2, err=f"sh: {left}: bad number\n")
        truth = {"-eq": x == y, "-ne": x != y, "-lt": x < y, "-le": x <= y, "-gt": x > y, "-ge": x >= y}
        return Result(code=int(not truth.get(op, False)))
    return Result(code=1)


def _sleep(s: Shell, a: list[str], _f: str) -> Result:
    for word in a:
        match = re.fullmatch(r"([0-9.]+)([smhd]?)", word)
        if match is None:
            raise Forever
        s.wait(float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]])
    return Result()


def _cat(s: Shell, a: list[str], f: str) -> Result:
    names = [x for x in a if not x.startswith("-")]
    if not names:
        return Result(f)
    out, err = "", ""
    for name in names:
        if name in s.files:
            out += s.files[name]
        elif name != "/dev/null":
            err += f"cat: can't open '{name}': No such file or directory\n"
    return Result(out, int(bool(err)), err)


def _grep(s: Shell, a: list[str], f: str) -> Result:
    flags = "".join(x[1:] for x in a if x.startswith("-") and len(x) > 1)
    words = [x for x in a if not x.startswith("-")]
    if not words:
        return Result(code=2)
    text = "".join(s.files.get(n, "") for n in words[1:]) if words[1:] else f
    pattern = re.escape(words[0]) if "F" in flags else words[0]
    test = re.compile(pattern, re.IGNORECASE if "i" in flags else 0)
    lines = [x for x in text.splitlines() if bool(test.search(x)) != ("v" in flags)]
    code = int(not lines)
    if "q" in flags:
        return Result(code=code)
    if "c" in flags:
        return Result(f"{len(lines)}\n", code)
    if "o" in flags:
        lines = [m[0] for x in lines for m in test.finditer(x)]
    return Result("".join(x + "\n" for x in lines), code)


def _count(a: list[str], default: int) -> int:
    for place, word in enumerate(a):
        if word in ("-n", "-c") and place + 1 < len(a):
            return int(a[place + 1])
        match = re.fullmatch(r"-[nc]?(\d+)", word)
        if match:
            return int(match[1])
    return default


def _head(_s: Shell, a: list[str], f: str) -> Result:
    n = _count(a, 10)
    if any(x.startswith("-c") for x in a):
        return Result("\0" * n if "/dev/zero" in a or "/dev/urandom" in a else f[:n])
    return Result("".join(line + "\n" for line in f.splitlines()[:n]))


def _tail(_s: Shell, a: list[str], f: str) -> Result:
    if "-f" in a or "-F" in a:
        raise Forever
    n = _count(a, 10)
    if any(x.startswith("-c") for x in a):
        return Result(f[-n:])
    return Result("".join(line + "\n" for line in f.splitlines()[-n:]))


def _wc(s: Shell, a: list[str], f: str) -> Result:
    names = [x for x in a if not x.startswith("-")]
    text = s.files.get(names[0], "") if names else f
    value = len(text) if "-c" in a else len(text.split()) if "-w" in a else text.count("\n")
    return Result(f"{value}\n")


def _tr(_s: Shell, a: list[str], f: str) -> Result:
    if a[:1] == ["-d"]:
        return Result(f.translate({ord(c): None for c in a[1].replace("\\n", "\n")}))
    if len(a) == 2 and len(a[0]) == len(a[1]):
        return Result(f.translate(str.maketrans(a[0], a[1])))
    return Result(f)


def _cut(_s: Shell, a: list[str], f: str) -> Result:
    text = " ".join(a)
    field = re.search(r"-f\s?(\d+)", text)
    mark = re.search(r"-d\s?(\S|$)", text)
    sign = (mark[1] or " ") if mark else "\t"
    number = int(field[1]) if field else 1
    rows = [line.split(sign) for line in f.splitlines()]
    return Result("".join((r[number - 1] if number <= len(r) else "") + "\n" for r in rows))


def _sed(_s: Shell, a: list[str], f: str) -> Result:
    match = next((m for x in a if (m := re.fullmatch(r"s(.)(.*?)\1(.*?)\1(g?)", x))), None)
    if match is None:
        return Result(f)
    return Result(
        "".join(re.sub(match[2], match[3], x, count=0 if match[4] else 1) + "\n" for x in f.splitlines())
    )


def _seq(_s: Shell, a: list[str], _f: str) -> Result:
    first, last = (1, int(a[0])) if len(a) == 1 else (int(a[0]), int(a[-1]))
    return Result("".join(f"{n}\n" for n in range(first, last + 1)))


def _set(s: Shell, a: list[str], _f: str) -> Result:
    for word in a:
        if word.startswith("-") and "e" in word:
            s.strict = True
        elif word.startswith("+") and "e" in word:
            s.strict = False
    return Result()


def _export(s: Shell, a: list[str], _f: str) -> Result:
    for word in a:
        name, equals, value = word.partition("=")
        if equals:
            s.variables[name] = value
    return Result()


def _shift(s: Shell, _a: list[str], _f: str) -> Result:
    s.arguments = s.arguments[1:]
    return Result()


def _run(s: Shell, a: list[str], f: str) -> Result:
    command = s.commands.get(a[0].rsplit("/", 1)[-1]) if a else None
    if command is None:
        return Result(code=127, err=f"sh: {a[0] if a else ''}: not found\n")
    return command(s, a[1:], f)


def _exec(s: Shell, a: list[str], f: str) -> Result:
    if not a:
        return Result()
    result = _run(s, a, f)
    s.out += result.out + result.err
    raise Exit(result.code)


def _timeout(s: Shell, a: list[str], f: str) -> Result:
    a = a[2:] if a[:1] in (["-t"], ["-k"], ["-s"]) and len(a) > 3 else a
    limit = float(a[0].rstrip("s"))
    start = s.elapsed
    try:
        result = _run(s, a[1:], f)
    except Forever:
        s.elapsed = start + limit
        return Result(code=143)
    if s.elapsed - start > limit:
        s.elapsed = start + limit
        return Result(code=143)
    return result


def _time(s: Shell, a: list[str], f: str) -> Result:
    return _run(s, a, f)


def _sh(s: Shell, a: list[str], _f: str) -> Result:
    if len(a) < 2 or a[0] not in ("-c", "-ec", "-xc"):
        return Result()
    inner = Shell(s.commands, s.variables)
    inner.files, inner.elapsed = s.files, s.elapsed
    code = inner.run(a[1])
    s.elapsed = inner.elapsed
    return Result(inner.out, code)


def _dd(s: Shell, a: list[str], _f: str) -> Result:
    given = dict(x.partition("=")[::2] for x in a)
    unit = {"k": 1024, "K": 1024, "M": 1048576}
    size = given.get("bs", "512")
    each = int(size.rstrip("kKM")) * unit.get(size[-1], 1)
    text = "\0" * (each * int(given.get("count", "1")))
    if "of" in given:
        s.files[given["of"]] = text
        return Result()
    return Result(text)


def _tee(s: Shell, a: list[str], f: str) -> Result:
    for name in a:
        if not name.startswith("-"):
            s.files[name] = f
    return Result(f)


def _date(at: float, a: list[str]) -> str:
    form = next((x for x in a if x.startswith("+")), "")
    if form == "+%s%3N":
        return f"{int(at * 1000)}\n"
    if form == "+%s%N":
        return f"{int(at * 1e9)}\n"
    return f"{int(at)}\n"
