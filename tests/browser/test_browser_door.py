"""Who may come in."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from byocni_tui.browser.door import Door, is_loopback, same_origin
from byocni_tui.browser.visitor import size_of, understood

LOCAL = Door("correct-horse", local=True)
NAMED = Door("correct-horse", local=False)


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "localhost", "[::1]:8765"])
def test_this_machine_is_known_by_its_names(host: str) -> None:
    assert LOCAL.knows_host(host)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8765", "", ":8765", "[", "a@localhost.evil"]
)
def test_a_foreign_name_that_leads_here_is_refused(host: str) -> None:
    assert not LOCAL.knows_host(host)


def test_on_a_named_address_the_token_decides() -> None:
    assert NAMED.knows_host("classroom.example:8765")
    assert NAMED.opens_for("correct-horse")
    assert not NAMED.opens_for("correct-horsf")
    assert not NAMED.opens_for("")
    assert not NAMED.opens_for("钥匙")


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("http://localhost:8765", True),
        ("https://localhost:8765", True),
        (None, True),
        ("http://localhost:8766", False),
        ("https://evil.example", False),
        ("null", False),
        ("file://localhost:8765", False),
    ],
)
def test_only_pages_of_ours_open_a_socket(origin: str | None, same: bool) -> None:
    assert same_origin(origin, "localhost:8765") is same


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.4", False),
        ("nowhere.example", False),
    ],
)
def test_a_token_is_asked_for_where_others_can_reach(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


MESSAGES = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["stdin", "resize", "ping"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["width", "height"]), inner, max_size=2)
    ),
)


@given(st.text(max_size=60) | MESSAGES.map(json.dumps))
@example("[" * 100_000)
@example('["resize", {"width": 1e999, "height": 3}]')
def test_what_a_browser_sends_is_understood_or_refused(data: str) -> None:
    said = understood(data)
    assert said is None or said[0] in ("stdin", "resize", "ping", "focus", "blur")


@given(st.dictionaries(st.sampled_from(["width", "height"]), st.text(max_size=8)))
def test_a_terminal_has_a_size_that_can_be_drawn(query: dict[str, str]) -> None:
    columns, rows = size_of(query)
    assert 20 <= columns <= 400
    assert 5 <= rows <= 200
