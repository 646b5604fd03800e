"""Files that a user names: read with a complaint that says what and where, written whole or not at all."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from byocni_tui.errors import EXIT_FAILED, EXIT_USAGE, UserError

if TYPE_CHECKING:
    from byocni_tui.plan.model import Plan


def read_text(path: str | Path) -> str:
    """A file's text, UTF-8 with or without a mark. Raises UserError: missing, a directory, unreadable, not UTF-8."""
    where = str(path)
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise UserError("file_missing", exit_code=EXIT_USAGE, where=where) from None
    except IsADirectoryError:
        raise UserError("file_directory", exit_code=EXIT_USAGE, where=where) from None
    except PermissionError:
        raise UserError("file_unreadable", exit_code=EXIT_USAGE, where=where) from None
    except (OSError, ValueError) as error:
        # ValueError: a NUL in the name.
        raise UserError("file_unreadable", exit_code=EXIT_USAGE, where=where, detail=str(error)) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise UserError(
            "file_not_utf8", exit_code=EXIT_USAGE, where=where, line=line, column=column
        ) from None


def load_plan(path: str | Path) -> "Plan":
    """The plan in an answers file. A file that can't be read at all is a UserError as well."""
    from byocni_tui.plan.reader import load

    return load(read_text(path), str(path))


def write_atomically(path: Path, text: str) -> None:
    """Put ``text`` into a file so that it holds the old or the new content, never half. UserError, exit status 1."""
    target = path.resolve() if path.is_symlink() else path
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else None
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, mode if mode is not None else 0o666 & ~_umask())
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise
    except (OSError, ValueError) as error:
        raise UserError(
            "file_not_writable", exit_code=EXIT_FAILED, where=str(path), detail=str(error)
        ) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
