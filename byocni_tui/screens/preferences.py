"""What a user likes, whatever the plan: kept in the folder for an application's settings."""

import os
from pathlib import Path

import msgspec

from byocni_tui.errors import UserError
from byocni_tui.files import write_atomically


class Preferences(msgspec.Struct, kw_only=True):
    """Empty text: not said, so the environment decides. ``motion`` "off" shows no animation and no blinking."""

    lang: str = ""
    theme: str = ""
    glyphs: str = ""
    motion: str = ""
    speed: str = ""


def file() -> Path:
    """``BYOCNI_CONFIG_HOME``, else beside a state folder that was said, else the platform's (XDG on Linux)."""
    if given := os.environ.get("BYOCNI_CONFIG_HOME"):
        return Path(given).expanduser() / "settings.json"
    if given := os.environ.get("BYOCNI_STATE_HOME"):
        return Path(given).expanduser() / "settings.json"
    import platformdirs

    return Path(platformdirs.user_config_dir("byocni-tui", appauthor=False)) / "settings.json"


def load() -> Preferences:
    """What was kept; settings that can't be read are as good as none."""
    try:
        return msgspec.json.decode(file().read_bytes(), type=Preferences)
    except (OSError, msgspec.DecodeError):
        return Preferences()


def save(preferences: Preferences) -> UserError | None:
    """Keep them; what stands in the way, or None."""
    path = file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(path, msgspec.json.format(msgspec.json.encode(preferences)).decode() + "\n")
    except UserError as error:
        return error
    except OSError as error:
        return UserError("file_not_writable", where=str(error.filename or path))
    return None
