"""Pages of ``docs/`` made from the program's own tables: ``make docs`` writes them, a test holds them fresh."""

from tools.pages import answers, cli, events, fidelity, json_shapes, man
from tools.pages.markdown import LANGUAGES, file_name

MADE = {
    "cli": cli.page,
    "answers": answers.page,
    "events": events.page,
    "fidelity": fidelity.page,
    "json": json_shapes.page,
}


def all_pages() -> dict[str, str]:
    """Every page by its file name."""
    pages = {file_name(stem, lang): page(lang) for stem, page in MADE.items() for lang in LANGUAGES}
    pages |= json_shapes.schemas()
    pages["byocni-tui.1"] = man.page()
    return pages
