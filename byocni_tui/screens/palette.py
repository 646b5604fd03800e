"""The command palette: each step and each action by name."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from byocni_tui.screens.tools import TOOLS, open_tool

if TYPE_CHECKING:
    from byocni_tui.screens.wizard import WizardScreen

ACTIONS = (
    "next", "back", "help", "remedy", "accept", "own", "again", "change", "more", "copy", "all_commands", "language",
    "theme", "save", "quit",
)  # fmt: skip


def commands(app: Any) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """(title, what it does, what to call)."""
    screen: WizardScreen | None = app.wizard_screen
    if screen is None:
        return
    tr = app.session.tr

    def run(action: str) -> Callable[[], Any]:
        return lambda: screen.run_worker(screen.run_action(action), exit_on_error=False)

    def go(step_id: str) -> Callable[[], Any]:
        return lambda: screen.run_worker(screen.show_step(step_id), exit_on_error=False)

    for action in ACTIONS:
        yield tr(f"wizard.palette.{action}"), tr(f"wizard.palette_help.{action}"), run(action)

    def tool(name: str) -> Callable[[], Any]:
        return lambda: open_tool(app, name)

    for name in TOOLS:
        yield tr(f"wizard.palette.{name}"), tr(f"wizard.palette_help.{name}"), tool(name)
    for step_id in app.session.order:
        title = tr("wizard.palette.go", step=tr(f"wizard.steps.{step_id}.title"))
        yield title, tr(f"wizard.steps.{step_id}.lead"), go(step_id)
