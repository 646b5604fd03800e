"""Colours: dark, light, high contrast, and one that is safe for red-green colour blindness (blue for good, orange for
bad, as Okabe and Ito's palette has them). State never rests on colour alone: every state has a mark and a word."""

from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="byocni-dark", dark=True, primary="#4fb3bf", secondary="#8fa8ff", accent="#5ad1c8", foreground="#d7dde2",
    background="#12171c", surface="#181f26", panel="#1f2830", success="#6cc788", warning="#e0b050", error="#f07178",
    variables={"border-blurred": "#35424d", "boost": "#24303a", "text-muted": "#93a1ab"},
)  # fmt: skip
LIGHT: Final = Theme(
    name="byocni-light", dark=False, primary="#00707c", secondary="#3d4fb0", accent="#00707c", foreground="#1c2429",
    background="#f7f8f8", surface="#ffffff", panel="#e4e9eb", success="#1e7a3c", warning="#8a5a00", error="#b3261e",
    variables={"border-blurred": "#b8c2c6", "boost": "#dfeef0", "text-muted": "#55636a"},
)  # fmt: skip
CONTRAST: Final = Theme(
    name="byocni-contrast", dark=True, primary="#00ffff", secondary="#ffffff", accent="#ffff00", foreground="#ffffff",
    background="#000000", surface="#000000", panel="#1a1a1a", success="#00ff5f", warning="#ffd700", error="#ff8080",
    variables={"text-muted": "#e6e6e6", "text-disabled": "#c0c0c0", "boost": "#303030", "border-blurred": "#808080"},
)  # fmt: skip
SAFE: Final = Theme(
    name="byocni-safe", dark=True, primary="#56b4e9", secondary="#cc79a7", accent="#56b4e9", foreground="#dfe3e6",
    background="#14171a", surface="#1a1e22", panel="#22282d", success="#56b4e9", warning="#f0e442", error="#e69f00",
    variables={"text-success": "#56b4e9", "text-warning": "#f0e442", "text-error": "#ff9f40", "boost": "#2a333b",
               "border-blurred": "#3c464f", "text-muted": "#9aa5ad"},
)  # fmt: skip
THEMES: Final = (DARK, LIGHT, CONTRAST, SAFE)
SHORT: Final = {"dark": DARK.name, "light": LIGHT.name, "contrast": CONTRAST.name, "safe": SAFE.name}
