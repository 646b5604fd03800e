"""What panels ask of the wizard's screen."""

from textual.message import Message


class JumpTo(Message):
    """Show the step that asks for ``path``, with the focus on it."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path


class Ask(Message):
    """Run one of the screen's actions (``next``, ``retry`` …)."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action = action


class Collect(Message):
    """Ask Azure for these facts."""

    def __init__(self, *keys: str) -> None:
        super().__init__()
        self.keys = keys
