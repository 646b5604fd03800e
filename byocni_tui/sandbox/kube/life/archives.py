"""ls, tar and rm of the small shell: what ``kubectl cp`` is made of, and what cleans up."""

import io
import tarfile
from fnmatch import fnmatchcase

from byocni_tui.sandbox.kube.life.shell import Result, Shell

_FOLDERS = ("bin", "dev", "etc", "home", "proc", "root", "run", "sys", "tmp", "usr", "var")


def ls(s: Shell, a: list[str], _f: str) -> Result:
    """Names in folders, one a line; folders are those that files are in."""
    out, err = "", ""
    asked = [word for word in a if not word.startswith("-")] or ["/"]
    for path in asked:
        names = _names(s, path)
        if path in s.files:
            out += path + "\n"
        elif names:
            out += (f"{path}:\n" if len(asked) > 1 else "") + "".join(name + "\n" for name in names)
        elif path.strip("/") not in _FOLDERS:
            err += f"ls: {path}: No such file or directory\n"
    return Result(out, int(bool(err)), err)


def _names(s: Shell, path: str) -> list[str]:
    prefix = path.rstrip("/") + "/"
    found = {name[len(prefix) :].split("/")[0] for name in s.files if name.startswith(prefix)}
    return sorted(found | set(_FOLDERS)) if prefix == "/" else sorted(found)


def tar(s: Shell, a: list[str], f: str) -> Result:
    """Create to standard output, extract from standard input; texts hold bytes by surrogate escapes."""
    words, folder, names, modes = iter(a), "/", list[str](), ""
    for at, word in enumerate(words):
        if word in ("-C", "--directory"):
            folder = next(words, "/")
        elif word.startswith("-") and word != "-":
            modes += word.lstrip("-")
        elif at == 0:
            modes += word
        elif word != "-":
            names.append(word)
    if "x" in modes:
        return _extract(s, folder, f)
    if "c" in modes:
        return _create(s, folder, names)
    return Result(code=1, err="tar: only c and x are in the sandbox\n")


def _extract(s: Shell, folder: str, text: str) -> Result:
    try:
        with tarfile.open(fileobj=io.BytesIO(text.encode("utf-8", "surrogateescape"))) as archive:
            for member in archive:
                held = archive.extractfile(member)
                if held is not None:
                    path = f"{folder.rstrip('/')}/{member.name.lstrip('./')}"
                    s.files[path] = held.read().decode("utf-8", "surrogateescape")
    except tarfile.TarError:
        return Result(code=1, err="tar: invalid tar magic\n")
    return Result()


def _create(s: Shell, folder: str, names: list[str]) -> Result:
    buffer, err = io.BytesIO(), ""
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            path = name if name.startswith("/") else f"{folder.rstrip('/')}/{name}"
            inside = [p for p in sorted(s.files) if p == path or p.startswith(path.rstrip("/") + "/")]
            if not inside:
                err += f"tar: {name}: No such file or directory\n"
            for each in inside:
                data = s.files[each].encode("utf-8", "surrogateescape")
                shown = name + each[len(path) :]
                member = tarfile.TarInfo(shown.lstrip("/"))
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    out = buffer.getvalue().decode("utf-8", "surrogateescape")
    return Result(out, int(bool(err)), err)


def rm(s: Shell, a: list[str], _f: str) -> Result:
    """Removes files, and with ``-r`` what is below; patterns are matched here, as nothing else expands them."""
    flags = "".join(w for w in a if w.startswith("-")).lower()
    for word in (w for w in a if not w.startswith("-")):
        below = word.rstrip("/") + "/"
        gone = [p for p in s.files if fnmatchcase(p, word) or ("r" in flags and p.startswith(below))]
        for path in gone:
            del s.files[path]
        if not gone and "f" not in flags:
            return Result(code=1, err=f"rm: can't remove '{word}': No such file or directory\n")
    return Result()
