"""Bad input of every kind over real connections: never a traceback, and the sandbox goes on."""

import asyncio
import contextlib
import http.client
import json
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byocni_tui.sandbox.server import Sandbox

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/c1"
ROLE = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111"


class Served:
    """A sandbox in a thread of its own, so that tests may block."""

    def __init__(self) -> None:
        self.sandbox = Sandbox("public", speed=float("inf"))
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.up = threading.Event()
        self.thread.start()
        assert self.up.wait(20)
        where = self.sandbox.endpoints
        self.host, port = where.arm_url.removeprefix("https://").split(":")
        self.port = int(port)
        self.trust = ssl.create_default_context(cadata=self.sandbox.world.ca_pem.decode())
        self.token = self._token(where.identity_url, where.identity_header)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.ended = asyncio.Event()
        self.loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        async with self.sandbox:
            self.up.set()
            await self.ended.wait()

    def _token(self, url: str, header: str) -> str:
        host, _, path = url.removeprefix("http://").partition("/")
        connection = http.client.HTTPConnection(host, timeout=20)
        connection.request("GET", f"/{path}?resource=x", headers={"X-IDENTITY-HEADER": header})
        token: str = json.loads(connection.getresponse().read())["access_token"]
        connection.close()
        return token

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join(20)

    def raw(self, method: str, path: str, body: bytes | None, **headers: str) -> tuple[int, bytes]:
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        head |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=30, context=self.trust)
        with contextlib.closing(connection):
            connection.request(method, path, body, head)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def __call__(self, method: str, path: str, version: str, body: Any = None) -> tuple[int, bytes]:
        data = None if body is None else json.dumps(body).encode()
        return self.raw(method, f"{path}?api-version={version}", data)

    def lives(self) -> bool:
        return self("GET", f"{SUBSCRIPTION}/resourceGroups", "2024-11-01")[0] == 200


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    found = Served()
    assert found("PUT", GROUP, "2024-11-01", {"location": "westeurope"})[0] == 201
    yield found
    found.end()


def polite(status: int, body: bytes) -> None:
    """An answer as a service gives it: no failure of ours, no traceback, an error with code and message."""
    assert status != 500, body
    assert b"Traceback" not in body
    if status >= 400 and body:
        answer = json.loads(body)
        error = answer.get("error", answer)
        assert error["code"]
        assert error["message"]


GOOD: list[tuple[str, str, Any]] = [
    (CLUSTER, "2026-06-01", {"location": "westeurope", "identity": {"type": "SystemAssigned"}, "sku": {"tier": "Free"},
     "properties": {"dnsPrefix": "c", "kubernetesVersion": "1.36", "networkProfile": {
         "networkPlugin": "none", "serviceCidr": "10.0.0.0/16", "dnsServiceIP": "10.0.0.10", "podCidr": "10.244.0.0/16",
         "loadBalancerProfile": {"managedOutboundIPs": {"count": 1}}}, "agentPoolProfiles": [
         {"name": "p", "mode": "System", "count": 1, "vmSize": "Standard_D4s_v5", "upgradeSettings": {"maxSurge": "1"},
          "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"], "availabilityZones": ["1"]}]}}),
    (f"{NETWORK}/virtualNetworks/net", "2024-05-01", {"location": "westeurope", "tags": {"a": "b"}, "properties": {
        "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}, "subnets": [{"name": "s", "properties": {
            "addressPrefix": "10.1.0.0/24", "delegations": [{"name": "d", "properties": {"serviceName": "x"}}]}}]}}),
    (f"{NETWORK}/networkSecurityGroups/nsg", "2024-05-01", {"location": "westeurope", "properties": {"securityRules": [
        {"name": "r", "properties": {"protocol": "*", "access": "Deny", "priority": 100, "direction": "Inbound",
                                     "destinationPortRange": "80", "sourceAddressPrefix": "*"}}]}}),
    (f"{NETWORK}/publicIPAddresses/ip", "2024-05-01",
     {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}),
    (ROLE, "2022-04-01", {"properties": {"principalId": "p", "roleDefinitionId":
     "/providers/Microsoft.Authorization/roleDefinitions/4d97b98b-1d4f-4787-a291-c67834d212e7"}}),
    (f"{GROUP}/providers/Microsoft.Resources/deployments/d", "2024-11-01", {"properties": {
        "mode": "Incremental", "parameters": {"a": {"value": "x"}}, "template": {
            "$schema": "s", "contentVersion": "1.0.0.0",
            "parameters": {"a": {"type": "string", "allowedValues": ["x"]}},
            "variables": {"v": "[concat(parameters('a'), 'b')]"}, "resources": [
                {"type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": "[variables('v')]",
                 "location": "westeurope", "copy": {"name": "c", "count": 2}, "dependsOn": []}],
            "outputs": {"o": {"type": "string", "value": "[resourceGroup().location]"}}}}}),
]  # fmt: skip
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["10.0.0.0/33", "[concat(", "[parameters('no')]", "/subscriptions/x", "::/0", "\x00", "[["]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in children:
        yield from places(inner, (*path, key))


def spoiled(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    made = json.loads(json.dumps(value))
    node = made
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = junk
    return made


HURRY = settings(
    max_examples=150, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@HURRY
@given(data=st.data())
def test_a_good_body_with_junk_somewhere(served: Served, data: st.DataObject) -> None:
    path, version, good = data.draw(st.sampled_from(GOOD))
    where = data.draw(st.sampled_from(list(places(good))))
    body = spoiled(good, where, data.draw(JSON))
    method = data.draw(st.sampled_from(["PUT", "PUT", "PUT", "PATCH", "POST"]))
    action = data.draw(st.sampled_from(["/validate", "/whatIf", "/start"])) if method == "POST" else ""
    polite(*served(method, path + action, version, body))
    polite(*served("GET", path, version))


@HURRY
@given(
    method=st.sampled_from(["GET", "PUT", "PATCH", "POST", "DELETE", "HEAD", "OPTIONS"]),
    parts=st.lists(
        st.sampled_from(
            ["subscriptions", "00000000-0000-0000-0000-000000000000", "resourceGroups", "rg", "providers", "", "..",
             "Microsoft.Network", "virtualNetworks", "Microsoft.ContainerService", "managedClusters", "%00", "%2f", "é",
             "Microsoft.Authorization", "locks", "tagNames", "operationresults", "x" * 300, "locations"]
        ),
        max_size=10,
    ),
    version=st.sampled_from(["", "2024-11-01", "2099-01-01", "abc", "2024-05-01"]),
    query=st.sampled_from(["", "&$filter=x", "&$top=-1", "&$skiptoken=%FF", "&$expand=a"]),
)  # fmt: skip
def test_any_path(served: Served, method: str, parts: list[str], version: str, query: str) -> None:
    from urllib.parse import quote

    path = "/" + "/".join(part if "%" in part else quote(part) for part in parts)
    polite(
        *served.raw(
            method, f"{path}?api-version={version}{query}", b"{}" if method in ("PUT", "POST") else None
        )
    )


@HURRY
@given(body=st.binary(max_size=60))
def test_bytes_that_are_no_json(served: Served, body: bytes) -> None:
    polite(*served.raw("PUT", f"{CLUSTER}?api-version=2026-06-01", body))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"[" * 100_000, 400),
        (b'{"location":' * 2000 + b"1" + b"}" * 2000, 400),
        (b'{"location": "' + b"x" * (10 * 1024 * 1024) + b'"}', 413),
        (b'\xff\xfe{"a": 1}', 400),
    ],
    ids=["cut off", "empty", "deep", "deep objects", "ten megabytes", "another encoding"],
)
def test_broken_bodies(served: Served, body: bytes, status: int) -> None:
    got, answer = served.raw("PUT", f"{CLUSTER}?api-version=2026-06-01", body)
    assert got == status
    polite(got, answer)
    assert served.lives()


@pytest.mark.parametrize(
    "token",
    [
        "",
        "Bearer",
        "Bearer x",
        "Bearer a.b.c",
        "Basic eDp5",
        "Bearer " + "x" * 5000,
        "Bearer eyJhIjoxfQ.eyJhIjoxfQ.",
    ],
)
def test_no_or_wrong_tokens(served: Served, token: str) -> None:
    status, body = served.raw(
        "GET", f"{SUBSCRIPTION}/resourceGroups?api-version=2024-11-01", None, Authorization=token
    )
    assert status == 401
    assert json.loads(body)["error"]["code"] in ("AuthenticationFailed", "InvalidAuthenticationToken")


def test_foreign_hosts_and_subscriptions(served: Served) -> None:
    status, body = served.raw("GET", "/metadata/endpoints?api-version=2022-09-01", None, Host="evil.example")
    assert (status, json.loads(body)["error"]["code"]) == (421, "MisdirectedRequest")
    other = "/subscriptions/99999999-9999-9999-9999-999999999999/resourceGroups/rg"
    status, body = served("PUT", other, "2024-11-01", {"location": "westeurope"})
    assert (status, json.loads(body)["error"]["code"]) == (404, "SubscriptionNotFound")


def test_slow_and_broken_connections_hurt_nobody_else(served: Served) -> None:
    head = f"PUT {CLUSTER}?api-version=2026-06-01 HTTP/1.1\r\nHost: {served.host}:{served.port}\r\n"
    head += f"Authorization: Bearer {served.token}\r\nContent-Length: 1000\r\n\r\n"
    open_ones = []
    for sent in (head[:20], head, head + '{"loc'):
        plain = socket.create_connection((served.host, served.port), timeout=20)
        secure = served.trust.wrap_socket(plain, server_hostname=served.host)
        secure.sendall(sent.encode())
        open_ones.append(secure)
    garbage = socket.create_connection((served.host, served.port), timeout=20)
    garbage.sendall(b"\x00" * 100 + b"GET / HTTP/1.1\r\n\r\n")
    assert served.lives()
    for secure in open_ones:
        secure.close()
    garbage.close()
    assert served.lives()


def test_nothing_of_it_was_a_failure_of_ours(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        polite(*served("PUT", CLUSTER, "2026-06-01", GOOD[0][2]))
    assert not [record for record in caplog.records if record.name.startswith("byocni_tui")]
    assert served.lives()
