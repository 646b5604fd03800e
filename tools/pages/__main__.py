"""``python -m tools.pages [FOLDER]`` writes every page that is made from the program's tables, in both languages."""

import sys
from pathlib import Path

from byocni_tui.cni import document as catalogue
from byocni_tui.rules import document as findings
from tools.pages import all_pages


def main() -> int:
    """Write them below ``FOLDER`` (default: ``docs``)."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    for name, words in all_pages().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(words, encoding="utf-8")
    findings.write(folder)
    catalogue.main(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
