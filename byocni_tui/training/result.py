"""Result files: a learner's way as one sealed JSON document; written, read back, and judged by its seal."""

import json
import re
from pathlib import Path
from typing import Any, Final

from byocni_tui.errors import EXIT_USAGE, UserError
from byocni_tui.sandbox import lesson_seal

LARGEST: Final = 64 * 1024 * 1024
_NAMES: Final[dict[str, Any]] = {
    "scenario": str, "title": dict, "learner": str, "started": (int, float), "seconds": (int, float), "solved": bool,
    "hints": list, "checks": list, "wrong": list, "score": dict, "goals": list, "acts": list, "minutes": int,
    "level": int,
}  # fmt: skip


def write(result: dict[str, Any], path: Path) -> None:
    """Write a result; never over a file that exists. UserError."""
    try:
        with path.open("x", encoding="utf-8") as file:
            json.dump(result, file, ensure_ascii=False, indent=1)
            file.write("\n")
    except OSError as error:
        raise UserError("training_file", where=str(path), detail=str(error)) from error


def default_name(result: dict[str, Any]) -> str:
    """``LEARNER-SCENARIO.json``, of letters that any disk takes."""
    learner = re.sub(r"[^\w-]+", "-", result["learner"]).strip("-") or "learner"
    return f"{learner}-{result['scenario']}.json"


def load(path: Path) -> dict[str, Any]:
    """A result file. UserError, exit status 2, for anything else."""
    try:
        if not path.is_file():
            raise UserError("training_no_result", exit_code=EXIT_USAGE, where=str(path))
        if path.stat().st_size > LARGEST:
            raise UserError("training_no_result", exit_code=EXIT_USAGE, where=str(path))
        result = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError("training_file", exit_code=EXIT_USAGE, where=str(path), detail=str(error)) from error
    except (ValueError, RecursionError) as error:
        raise UserError(
            "training_no_result", exit_code=EXIT_USAGE, where=str(path), detail=str(error)[:200]
        ) from error
    if not _is_result(result):
        raise UserError("training_no_result", exit_code=EXIT_USAGE, where=str(path))
    return result  # type: ignore[no-any-return]


def _is_result(result: Any) -> bool:
    if not isinstance(result, dict) or result.get("result") != 1:
        return False
    if not all(isinstance(result.get(name), kind) for name, kind in _NAMES.items()):
        return False
    score = result["score"]
    if not all(isinstance(score.get(name), int) for name in ("points", "hints", "wrong", "late")):
        return False
    lists = [*result["acts"], *result["wrong"], *result["goals"], *result["hints"], *result["checks"]]
    return all(isinstance(one, dict) for one in lists) and all(
        isinstance(one.get("after"), int | float)
        for one in [*result["acts"], *result["hints"], *result["checks"]]
    )


def judged(result: dict[str, Any], key: str | None = None) -> str:
    """``whole``; ``public`` for a whole one that anybody could have sealed; ``key`` where the trainer's is needed;
    else what was changed: ``act N`` or ``head``."""
    broken = lesson_seal.broken(result, key)
    if broken is not None:
        return broken
    return "whole" if result.get("trainer_key") else "public"
