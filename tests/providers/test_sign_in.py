"""Which way of signing in is taken, and what is said when none is."""

from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError

from byocni_tui.providers.credentials import DEFAULT_ORDER, METHODS, Chain, sign_in


class Way:
    """A credential that answers as told."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked = 0
        self.closed = False

    async def get_token(self, *scopes: str, **_: Any) -> Any:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return AccessToken(self.answer, 1)

    async def close(self) -> None:
        self.closed = True


async def test_the_first_that_is_signed_in_is_taken_and_kept() -> None:
    absent, there, later = Way(CredentialUnavailableError("not here")), Way("token"), Way("other")
    chain = Chain([("environment", lambda: absent), ("azure-cli", lambda: there), ("browser", lambda: later)])
    assert (await chain.get_token("s")).token == "token"
    assert chain.used == "azure-cli"
    await chain.get_token("s")
    assert (absent.asked, there.asked, later.asked) == (1, 2, 0)
    await chain.close()
    assert absent.closed
    assert there.closed


async def test_one_that_has_somebody_but_fails_ends_the_search() -> None:
    expired, other = Way(ClientAuthenticationError("AADSTS700082: expired")), Way("somebody else")
    chain = Chain([("azure-cli", lambda: expired), ("managed-identity", lambda: other)])
    with pytest.raises(ClientAuthenticationError, match="azure-cli: AADSTS700082"):
        await chain.get_token("s")
    assert other.asked == 0


async def test_where_nobody_is_signed_in_each_way_says_why() -> None:
    def broken() -> Any:
        raise ValueError("no tenant")

    chain = Chain(
        [
            ("workload-identity", broken),
            ("azure-cli", lambda: Way(CredentialUnavailableError("run az login"))),
        ]
    )
    with pytest.raises(CredentialUnavailableError) as caught:
        await chain.get_token("s")
    assert "workload-identity: no tenant" in caught.value.message
    assert "azure-cli: run az login" in caught.value.message


def names(chain: Chain) -> list[str]:
    return [name for name, _ in chain._ways]


def test_a_managed_identity_that_nobody_announced_is_asked_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    monkeypatch.delenv("MSI_ENDPOINT", raising=False)
    there = names(sign_in("default", authority="login.microsoftonline.com"))
    assert there[-1] == "managed-identity"
    assert set(there) == set(DEFAULT_ORDER)
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi")
    assert names(sign_in("default", authority="login.microsoftonline.com")) == list(DEFAULT_ORDER)


@pytest.mark.parametrize("method", [method for method in METHODS if method != "default"])
def test_a_way_that_was_chosen_is_the_only_one(method: Any) -> None:
    chain = sign_in(method, authority="login.chinacloudapi.cn", tenant="t")
    assert names(chain) == [method]


@pytest.mark.parametrize("method", ["environment", "device-code", "browser", "workload-identity"])
def test_the_authority_is_the_cloud_s(method: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What these ways talk to can't be had offline: their authority is looked at instead."""
    for name, value in (
        ("CLIENT_ID", "c"),
        ("TENANT_ID", "t"),
        ("CLIENT_SECRET", "s"),
        ("FEDERATED_TOKEN_FILE", "f"),
    ):
        monkeypatch.setenv(f"AZURE_{name}", value)
    ((_, make),) = sign_in(method, authority="login.chinacloudapi.cn", tenant="t")._ways
    seen, todo, known = [], [make()], set()
    while todo:
        thing = todo.pop()
        if id(thing) in known:
            continue
        known.add(id(thing))
        for value in getattr(thing, "__dict__", {}).values():
            if isinstance(value, str):
                seen.append(value)
            elif type(value).__module__.startswith(("azure.identity", "byocni_tui")):
                todo.append(value)
    assert any("login.chinacloudapi.cn" in value for value in seen), seen
    assert not any("microsoftonline.com" in value for value in seen)
