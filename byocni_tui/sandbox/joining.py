"""What another machine needs to use a sandbox: addresses and authority as JSON, or a script for its shell."""

import shlex
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from byocni_tui.sandbox import client_files
from byocni_tui.sandbox.endpoints import Endpoints, Joining

if TYPE_CHECKING:
    from byocni_tui.sandbox.place import Place

_END = "END_OF_FILE_SIMULATION"


def answer(place: "Place", what: str) -> web.Response:
    """``/join/<token>`` and ``/join/<token>/env``."""
    if what.strip("/") == "env":
        return web.Response(text=script(place), content_type="text/x-shellscript")
    if what.strip("/"):
        return web.json_response({"error": "not in the sandbox"}, status=404)
    return web.Response(
        body=msgspec.json.encode(Joining(_public(place), place.world.ca_pem.decode())),
        content_type="application/json",
    )


def _public(place: "Place") -> Endpoints:
    return msgspec.structs.replace(place.endpoints, ca_file="", pid=0)


def script(place: "Place") -> str:
    """For ``eval "$(curl -s …/env)"`` in any POSIX shell: writes the folders of az, helm and kubectl below
    ``$HOME/.byocni-sandbox`` and exports what leads there; az, kubectl and helm are all that a learner needs."""
    name = f"learner-{place.learner}" if place.learner else "world"
    endpoints = _public(place)
    files = {
        "ca.pem": place.world.ca_pem.decode(),
        "helm/config/repositories.yaml": client_files.helm_repositories(endpoints),
    }
    for file, text in client_files.az_files(endpoints, place.control.cloud()).items():
        files[f"azure/{file}"] = text
    index = place.control.charts()["index.yaml"].decode()
    lines = [
        "# byocni-tui sandbox (SIMULATION)",
        f'byocni_home="${{BYOCNI_SANDBOX_HOME:-$HOME/.byocni-sandbox/{name}}}"',
        "for byocni_dir in azure helm/config helm/cache/repository helm/data kube",
        'do mkdir -p "$byocni_home/$byocni_dir"; done',
        'chmod 700 "$byocni_home"',
    ]
    for file, text in files.items():
        lines += [f"cat > \"$byocni_home/{file}\" <<'{_END}'", text.rstrip("\n"), _END]
    first, *others = client_files.REPOSITORIES
    cached = '"$byocni_home/helm/cache/repository/{}-index.yaml"'
    lines += [f"cat > {cached.format(first)} <<'{_END}'", index.rstrip("\n"), _END]
    lines += [f"cp {cached.format(first)} {cached.format(other)}" for other in others]
    mark = "@HOME@"
    env = client_files.environment(msgspec.structs.replace(endpoints, ca_file=f"{mark}/ca.pem"), mark)
    for key, value in env.items():
        if key.lower() == "no_proxy":
            continue
        quoted = f'"$byocni_home{value.removeprefix(mark)}"' if value.startswith(mark) else shlex.quote(value)
        lines.append(f"export {key}={quoted}")
    host = endpoints.arm_url.partition("//")[2].rpartition(":")[0]
    lines += [f'export {key}="${{{key}:+${key},}}{host}"' for key in ("NO_PROXY", "no_proxy")]
    return "\n".join([*lines, "unset byocni_dir", ""])
