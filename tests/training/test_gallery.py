"""What the program shows of itself: recorded twice it is the same, and docs/gallery is what it would be today."""

import importlib.util
import json
import random
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from byocni_tui.sandbox import scenario
from byocni_tui.training import cast
from byocni_tui.training.demo import Demo

ROOT = Path(__file__).parent.parent.parent


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gallery_tool", ROOT / "tools" / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("show", tool().SHOWS, ids=lambda show: f"{show[0]}-{show[1]}")
async def test_the_gallery_is_not_stale(show: tuple[str, str, tuple[int, int], tuple[str, ...]]) -> None:
    module = tool()
    for name, text in (await module.show(*show)).items():
        path = module.GALLERY / name
        assert path.is_file(), f"{name} is missing: run `make gallery`"
        assert path.read_text(encoding="utf-8") == text, f"{name} is stale: run `make gallery` and look at it"


LARGE = "nodes-5000"
"""Played against its solution elsewhere; how its thousands of pods come up is not recorded."""


def now_and_then(names: list[str]) -> list[Any]:
    """All of them in a long run; a few, drawn by a seed, in each."""
    drawn = {"registry-blocked", "delegated-subnet", *random.Random("twice").sample(names, 1)}
    return [pytest.param(name, marks=() if name in drawn else pytest.mark.torture) for name in names]


@pytest.mark.parametrize("name", now_and_then([name for name in scenario.names() if name != LARGE]))
async def test_every_lesson_plays_and_recorded_twice_it_is_the_same(name: str) -> None:
    first, second = [await Demo(name, size=(80, 24)).play() for _ in range(2)]
    assert cast.cast(first, title="t", size=(80, 24)) == cast.cast(second, title="t", size=(80, 24))
    assert cast.pictures(first) == cast.pictures(second)
    debrief = scenario.load(name).debrief
    assert debrief is not None
    assert first[-1].caption == debrief.text.en


def test_a_cast_is_one_that_players_take() -> None:
    frames = [cast.Frame(("a", "b"), "one", 1.5), cast.Frame(("a", "c"), "two", 2.0)]
    header, *events = map(json.loads, cast.cast(frames, title="t", size=(80, 2)).splitlines())
    assert header["version"] == 2
    assert (header["width"], header["height"]) == (80, 3)
    assert header["title"].startswith("SIMULATION")
    assert [event[0] for event in events] == [0.0, 1.5, 3.5]
    assert all(event[1] == "o" for event in events)
    assert "SIMULATION" in events[0][2]
    assert "\x1b[1;1Ha" not in events[1][2], "a line that did not change is not written again"


def test_pictures_load_nothing_from_elsewhere() -> None:
    for path in sorted((ROOT / "docs" / "gallery").glob("*.svg")):
        text = path.read_text(encoding="utf-8")
        ET.fromstring(text)
        assert "SIMULATION" in text
        assert "url(" not in text.replace("url(#", "")
        assert "@import" not in text
