"""The pages of findings are made from the program's texts and can't go stale."""

from pathlib import Path

import pytest

from byocni_tui.deploy import doctor
from byocni_tui.locale import Translator
from byocni_tui.rules.document import FILES, page
from byocni_tui.rules.render import codes
from byocni_tui.rules.runtime import CAUSES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("lang", sorted(FILES))
def test_the_page_is_fresh(lang: str) -> None:
    made = page(Translator(lang))
    assert (DOCS / FILES[lang]).read_text(encoding="utf-8") == made, (
        "python -m byocni_tui.rules.document docs"
    )
    assert "rules." not in made
    assert all(f"### {code} ·" in made for code in codes())


def test_every_cause_of_doctor_is_explained() -> None:
    assert set(doctor.CODES) == set(CAUSES)
