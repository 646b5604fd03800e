"""A class: separate worlds behind two ports, a trainer who sees all of them."""

import ssl
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from byocni_tui.sandbox.addresses import names_of_this_machine
from byocni_tui.sandbox.classroom import Classroom
from byocni_tui.sandbox.endpoints import Joining

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
CLUSTER = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c1"
BODY = {
    "location": "westeurope",
    "identity": {"type": "SystemAssigned"},
    "properties": {
        "dnsPrefix": "c1",
        "agentPoolProfiles": [{"name": "p1", "mode": "System", "count": 1, "vmSize": "Standard_D4s_v5"}],
        "networkProfile": {"networkPlugin": "none"},
    },
}


class Class:
    """A class of three, and requests of its learners and its trainer."""

    def __init__(self, room: Classroom, session: aiohttp.ClientSession) -> None:
        self.room, self.session = room, session
        self.trust = ssl.create_default_context(cadata=room.ca_pem.decode())

    async def joined(self, number: int) -> Joining:
        async with self.session.get(self.room.endpoints.learners[number - 1].url) as answer:
            return msgspec.json.decode(await answer.read(), type=Joining)

    async def arm(self, number: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        where = (await self.joined(number)).endpoints
        head = {"X-IDENTITY-HEADER": where.identity_header}
        async with self.session.get(f"{where.identity_url}?resource=x", headers=head) as answer:
            token = (await answer.json())["access_token"]
        url = f"{where.arm_url}{path}?api-version={'2025-05-01' if 'managedC' in path else '2024-11-01'}"
        head = {"Authorization": f"Bearer {token}"}
        async with self.session.request(method, url, json=body, headers=head, ssl=self.trust) as answer:
            return answer.status, await answer.json(content_type=None)

    async def control(
        self, path: str, *, token: str, method: str = "GET", body: Any = None
    ) -> tuple[int, Any]:
        url = f"{self.room.http_base}/{path}"
        head = {"Authorization": f"Bearer {token}"}
        async with self.session.request(method, url, json=body, headers=head) as answer:
            data = await answer.read()
            return answer.status, msgspec.json.decode(data) if data[:1] in b"{[" else data.decode()


@pytest.fixture
async def school() -> AsyncIterator[Class]:
    async with Classroom("public", 3, speed=0, token="chalk") as room, aiohttp.ClientSession() as session:
        yield Class(room, session)


async def test_what_one_learner_makes_nobody_else_has(school: Class) -> None:
    for number in (1, 2):
        assert (
            await school.arm(number, "PUT", f"{SUBSCRIPTION}/resourceGroups/rg", {"location": "westeurope"})
        )[0] == 201
    assert (await school.arm(1, "PUT", CLUSTER, BODY))[0] == 201
    for place in school.room.places:
        place.world.clock.run_until_idle()
    assert (await school.arm(1, "GET", CLUSTER))[1]["properties"]["provisioningState"] == "Succeeded"
    assert (await school.arm(2, "GET", CLUSTER))[0] == 404
    assert (await school.arm(3, "GET", f"{SUBSCRIPTION}/resourceGroups/rg"))[0] == 404


async def test_each_has_clusters_of_their_own_behind_one_port(school: Class) -> None:
    for number in (1, 2):
        await school.arm(number, "PUT", f"{SUBSCRIPTION}/resourceGroups/rg", {"location": "westeurope"})
        await school.arm(number, "PUT", CLUSTER, BODY)
        school.room.places[number - 1].world.clock.run_until_idle()
    clusters = [next(iter(place.world.clusters.values())) for place in school.room.places[:2]]
    for mine, other, path in ((0, 1, "1-1"), (1, 0, "2-1")):
        url = f"{school.room.https_base}/k8s/{path}/api/v1/nodes"
        for who, status in ((mine, 200), (other, 401)):
            head = {"Authorization": f"Bearer {clusters[who].token()}"}
            async with school.session.get(url, headers=head, ssl=school.trust) as answer:
                assert answer.status == status


async def test_a_fault_goes_into_one_world_or_all(school: Class) -> None:
    fault = {"id": "f", "when": {"service": "arm"}, "what": {"kind": "throttle", "seconds": 9}}
    assert (await school.control("sandbox/faults?learner=2", token="chalk", method="POST", body=fault))[
        0
    ] == 200
    assert [(await school.arm(n, "GET", f"{SUBSCRIPTION}/resourcegroups"))[0] for n in (1, 2, 3)] == [
        200,
        429,
        200,
    ]
    assert (await school.control("sandbox/faults?learner=all", token="chalk", method="POST", body=fault))[
        0
    ] == 200
    assert [(await school.arm(n, "GET", f"{SUBSCRIPTION}/resourcegroups"))[0] for n in (1, 2, 3)] == [
        429,
        429,
        429,
    ]
    assert (await school.control("sandbox/faults?learner=7", token="chalk", method="POST", body=fault))[
        0
    ] == 404


async def test_the_overview_is_the_trainers(school: Class) -> None:
    await school.arm(2, "PUT", CLUSTER, BODY)
    status, seen = await school.control("sandbox/class", token="chalk")
    assert status == 200
    second = seen["learners"][1]
    assert (second["refused"], second["last"]["code"]) == (1, "ResourceGroupNotFound")
    assert seen["learners"][0]["seen"] is None
    learner = school.room.endpoints.learners[1].token
    assert (await school.control("sandbox/class", token=learner))[0] in (403, 404)
    assert (await school.control("class", token=learner))[0] == 401
    status, page = await school.control("class?token=chalk", token="")
    assert status == 200
    assert "SIMULATION" in page
    assert "ResourceGroupNotFound" in page


async def test_a_learner_reads_the_own_log_and_injects_nothing(school: Class) -> None:
    learner = school.room.endpoints.learners[0].token
    await school.arm(1, "PUT", f"{SUBSCRIPTION}/resourceGroups/rg", {"location": "westeurope"})
    await school.arm(2, "PUT", f"{SUBSCRIPTION}/resourceGroups/other", {"location": "westeurope"})
    status, acts = await school.control("sandbox/acts?mutates=1", token=learner)
    assert (status, [act["name"] for act in acts["acts"]]) == (200, ["rg"])
    fault = {"id": "f", "when": {}, "what": {"kind": "drop"}}
    assert (await school.control("sandbox/faults", token=learner, method="POST", body=fault))[0] == 403
    assert (await school.control("sandbox/stop", token=learner, method="POST", body={}))[0] == 403
    assert (await school.control("sandbox/clock", token="wrong"))[0] == 401
    assert (await school.control("join/wrong", token=""))[0] == 401


async def test_the_class_comes_back_from_its_folder(tmp_path: Any) -> None:
    async with Classroom("public", 2, speed=0, token="chalk", state=tmp_path) as room:
        first = room.endpoints
        async with aiohttp.ClientSession() as session:
            await Class(room, session).arm(
                2, "PUT", f"{SUBSCRIPTION}/resourceGroups/rg", {"location": "westeurope"}
            )
    async with Classroom("public", 2, speed=0, token="chalk", state=tmp_path) as room:
        assert [one.url for one in room.endpoints.learners] == [one.url for one in first.learners]
        async with aiohttp.ClientSession() as session:
            assert (await Class(room, session).arm(2, "GET", f"{SUBSCRIPTION}/resourceGroups/rg"))[0] == 200


async def test_the_script_for_a_shell_brings_everything(school: Class) -> None:
    async with school.session.get(f"{school.room.endpoints.learners[2].url}/env") as answer:
        script = await answer.text()
    for part in (
        "export KUBECONFIG=",
        "export IDENTITY_HEADER=",
        "BEGIN CERTIFICATE",
        "azureProfile.json",
        "cilium",
    ):
        assert part in script


def test_a_wildcard_address_is_shown_as_one_that_others_reach() -> None:
    names = names_of_this_machine()
    assert names
    assert "0.0.0.0" not in names


def test_a_class_has_at_least_one_learner() -> None:
    with pytest.raises(ValueError, match="learners"):
        Classroom("public", 0)
