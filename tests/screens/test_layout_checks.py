"""The checks of layout find what they look for."""

from shots import cut, overlaps
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.widgets import Static


class Bad(App[None]):
    """A text wider than its line, a box that reaches beyond its holder, and one that lies on its neighbour."""

    CSS = """
    #line { width: 10; height: 1; }
    #holder { width: 12; height: 3; overflow: hidden; }
    #wide { width: 30; height: 1; }
    #on { width: 8; height: 1; offset-y: -1; }
    """

    def compose(self) -> ComposeResult:
        yield Static("much longer than ten columns", id="line")
        with Container(id="holder"):
            yield Static("", id="wide")
            yield Static("", id="on")


async def test_what_is_cut_and_what_overlaps_is_found() -> None:
    app = Bad()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert sorted(
            name for name in ("line", "wide", "on'") for found in cut(app.screen) if f"'{name}" in found
        ) == [
            "line",
            "wide",
        ]
        assert len(overlaps(app.screen)) == 1


async def test_a_tidy_screen_passes() -> None:
    class Good(App[None]):
        def compose(self) -> ComposeResult:
            yield Static("short")
            yield Static("wraps where there is no room for it " * 3)

    app = Good()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert not cut(app.screen)
        assert not overlaps(app.screen)
