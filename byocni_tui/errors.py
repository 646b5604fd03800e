"""The one exception for what a user can mend: it carries what, where and how, and the exit status of the contract."""

from typing import Any, Final

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_SIGN_IN: Final = 3
EXIT_INTERRUPTED: Final = 4
EXIT_CTRL_C: Final = 130


class UserError(Exception):
    """Raised at an edge (a file, a socket, an argument), caught only where a command or screen shows it.

    ``key`` names a text in ``locale`` (``errors.<key>``), ``values`` fill its placeholders; ``detail`` is the original
    text of whoever refused, shown as it is.
    """

    def __init__(
        self, key: str, *, exit_code: int = EXIT_FAILED, detail: str | None = None, **values: Any
    ) -> None:
        super().__init__(key, values, detail)
        self.key = key
        self.values = values
        self.detail = detail
        self.exit_code = exit_code
