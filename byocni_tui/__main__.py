"""``python -m byocni_tui``."""

import sys

from byocni_tui.cli import main

if __name__ == "__main__":
    sys.exit(main())
