"""The status line: what this is, whether it is a simulation, where in the steps, and what is in the way."""

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget


class Banner(Widget):
    """One line. ``badge`` is SIMULATION, or the subscription's name: it has a place of its own and is never cut."""

    DEFAULT_CSS = """
    Banner { height: 1; background: $panel; color: $foreground; }
    """

    def __init__(self, badge: str, *, simulated: bool) -> None:
        super().__init__()
        self.badge = badge
        self._simulated = simulated
        self._about = ""
        self._right: tuple[str, str, str, str] = ("", "", "", "")

    def show(self, about: str, place: str, state: str, style: str) -> None:
        """``about`` behind the badge (dropped first where it is narrow), ``place`` and ``state`` at the right."""
        new = (place, state, style, self.badge)
        if new != self._right or about != self._about:
            self._about, self._right = about, new
            self.refresh()

    def render(self) -> Content:
        place, state, style, _ = self._right
        color = "bold $text on $warning-muted" if self._simulated else "bold $text on $error-muted"
        left = [(" byocni-tui ", "bold"), (f" {self.badge} ", color)]
        right = [(f"{state}  " if state else "", style), (f"{place} ", "bold")]
        room = self.size.width - sum(cell_len(text) for text, _ in left + right)
        about = f" {self._about}" if cell_len(self._about) + 2 <= room else ""
        gap = " " * max(0, room - cell_len(about))
        return Content.assemble(*left, (about, "$text-muted"), gap, *right)
