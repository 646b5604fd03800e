"""What a recording must not hold, and that it stays consistent with itself."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from byocni_tui.providers.recorder import AZURE, KUBERNETES, Recorder, active, recording
from byocni_tui.providers.redaction import Redactor, leaks

GUID = "1f4ad5b2-7c11-4d3a-9a70-2f6d7e5b8c90"
CANARIES = (
    "eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ",
    "canary-client-key-data",
    "canary-user-token",
    "canary-environment-secret",
    "canary-sas-signature",
    "canary-proxy-password",
    "canary-annotation-password",
    GUID,
    "someone@contoso.example",
    "20.54.99.17",
)


def kubeconfig() -> str:
    cluster = {"server": "https://c-g-1f4ad5-a1b2c3d4.hcp.chinanorth3.cx.prod.service.azk8s.cn:443"}
    user = {"client-key-data": CANARIES[1], "token": CANARIES[2]}
    config = {"clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}]}
    return base64.b64encode(yaml.safe_dump(config).encode()).decode()


def record(folder: Path) -> Recorder:
    """Every canary, in every place where one may be."""
    recorder = Recorder(folder, [CANARIES[3]])
    headers = {
        "Content-Type": "application/json",
        "Azure-AsyncOperation": f"https://management.azure.com/subscriptions/{GUID}/op?sig={CANARIES[4]}",
        "Authorization": f"Bearer {CANARIES[0]}",
    }
    answer = {
        "kubeconfigs": [{"name": "clusterUser", "value": kubeconfig()}],
        "properties": {"adminPassword": CANARIES[6], "createdBy": CANARIES[8]},
        "message": f"{CANARIES[0]} {CANARIES[3]} {GUID} {CANARIES[9]} http://user:{CANARIES[5]}@proxy:8080",
    }
    url = f"https://management.azure.com/subscriptions/{GUID}/resourceGroups/g?token={CANARIES[3]}"
    recorder.azure(
        "POST", url, json.dumps({"password": CANARIES[6]}), 200, headers, json.dumps(answer).encode()
    )
    secret = {"kind": "Secret", "data": {"value": base64.b64encode(CANARIES[6].encode()).decode()}}
    listed = {"kind": "SecretList", "items": [{"metadata": {"name": "x"}, "data": {"release": CANARIES[6]}}]}
    recorder.kubernetes("GET", "/api/v1/secrets", None, 200, "application/json", json.dumps(listed).encode())
    line = json.dumps({"type": "ADDED", "object": {"metadata": {"annotations": {"password": CANARIES[6]}}}})
    recorder.kubernetes(
        "GET", "/api/v1/secrets/x", None, 200, "application/json", json.dumps(secret).encode()
    )
    recorder.kubernetes("GET", f"/api/v1/pods?uid={GUID}", None, 200, "", None, [(0.1, line)])
    recorder.program(["upgrade", "--set", f"x={CANARIES[3]}"], 1, "", f"failed with {CANARIES[0]}")
    recorder.close()
    return recorder


def test_no_canary_reaches_the_disk(tmp_path: Path) -> None:
    recorder = record(tmp_path)
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    for canary in CANARIES:
        assert canary not in written, canary
        assert base64.b64encode(canary.encode()).decode() not in written, canary
    assert leaks(written, recorder.redactor.secrets) == []


def test_pseudonyms_are_the_same_everywhere_and_kubeconfigs_stay_kubeconfigs(tmp_path: Path) -> None:
    record(tmp_path)
    line = json.loads((tmp_path / AZURE).read_text())
    pseudonym = line["path"].split("/")[2]
    assert pseudonym.startswith("00000000-")
    assert f"/subscriptions/{pseudonym}/" in line["headers"]["azure-asyncoperation"]
    assert pseudonym in json.loads(line["body"])["message"]
    assert f"uid={pseudonym}" in (tmp_path / KUBERNETES).read_text()
    config = yaml.safe_load(base64.b64decode(json.loads(line["body"])["kubeconfigs"][0]["value"]))
    assert config["clusters"][0]["cluster"]["server"].startswith(
        "https://c-g-1f4ad5-pseudo01.hcp.chinanorth3."
    )


@pytest.mark.parametrize(
    "kept",
    [
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "10.244.0.0/16",
        "168.63.129.16",
        "automountServiceAccountToken",
        "mcr.microsoft.com/oss/v2/kubernetes/coredns:v1.13.1-20",
    ],
)
def test_what_says_nothing_about_anybody_stays(kept: str) -> None:
    assert kept in Redactor().text(f'{{"x": "{kept}"}}')


def test_switches_whose_name_only_sounds_secret_stay() -> None:
    value = {"automountServiceAccountToken": False, "secretName": "cilium-ca", "tokenExpirationSeconds": 3600}
    assert Redactor().value(value) == value


def test_a_scan_finds_what_slipped_through() -> None:
    assert leaks('{"a": "eyJhbGciOiJub25lIn0.eyJvaWQiOiJ4In0.x"}', frozenset()) == ["token"]
    assert leaks("plain", frozenset({"plain"})) == ["known secret"]


def test_a_quarter_of_a_megabyte_without_a_space_is_read_in_no_time() -> None:
    started = time.process_time()
    Redactor().text("x" * 262_144)
    assert time.process_time() - started < 5, "a pattern that grows with the square takes minutes"


async def test_only_clients_made_while_recording_report(tmp_path: Path) -> None:
    assert active() is None
    with recording(Recorder(tmp_path)) as recorder:
        assert active() is recorder
    found: Any = active()
    assert found is None
