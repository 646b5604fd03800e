"""A throw-away certificate authority: made at start, trusted by nobody but the clients that are told of it."""

import ssl
import tempfile
from pathlib import Path

import trustme


def certificates(hosts: list[str], folder: Path | None) -> tuple[ssl.SSLContext, bytes]:
    """A server context for ``hosts`` and the authority's PEM. ``folder`` keeps both, so that a sandbox that comes back
    is the one its clients' kubeconfigs trust."""
    kept = folder / "tls.pem" if folder is not None else None
    ca_kept = folder / "ca.pem" if folder is not None else None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    hosts_kept = folder / "tls.hosts" if folder is not None else None
    names = "\n".join(hosts)
    known = (
        hosts_kept.read_text(encoding="utf-8") if hosts_kept is not None and hosts_kept.exists() else names
    )
    if kept is not None and ca_kept is not None and kept.exists() and ca_kept.exists() and known == names:
        context.load_cert_chain(kept)
        return context, ca_kept.read_bytes()
    authority = trustme.CA(organization_name="byocni-tui sandbox (SIMULATION)")
    server = authority.issue_cert(*hosts)
    pem = authority.cert_pem.bytes()
    if kept is None or ca_kept is None:
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "tls.pem"
            server.private_key_and_cert_chain_pem.write_to_path(str(path))
            context.load_cert_chain(path)
        return context, pem
    kept.unlink(missing_ok=True)
    kept.touch(mode=0o600)
    if hosts_kept is not None:
        hosts_kept.write_text(names, encoding="utf-8")
    server.private_key_and_cert_chain_pem.write_to_path(str(kept))
    ca_kept.write_bytes(pem)
    context.load_cert_chain(kept)
    return context, pem
