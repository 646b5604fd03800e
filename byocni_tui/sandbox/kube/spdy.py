"""SPDY/3.1 as far as Kubernetes' streams need it: what the frames say, and the frames to send.

kubectl speaks it in place of WebSocket when that is refused, and port-forward speaks it inside of WebSocket messages.
Flow control is left out, as the Go library that both ends use in life does (moby/spdystream).
"""

import struct
import zlib
from collections.abc import Callable
from typing import Final

_WORDS: Final = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status"
)
_TAIL: Final = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative "
    "Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 "
    "Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec "
    "00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
    "application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset="
    "iso-8859-1,utf-,*,enq=0."
)


def dictionary() -> bytes:
    """What both ends' compression of headers begins with (SPDY draft 3, section 2.6.10.1)."""
    listed = [
        *_WORDS.split(),
        "200 OK",
        "version",
        "HTTP/1.1",
        "url",
        "public",
        "set-cookie",
        "keep-alive",
        "origin",
    ]
    return b"".join(struct.pack(">I", len(word)) + word.encode() for word in listed) + _TAIL.encode()


_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _PING, _GOAWAY = 1, 2, 3, 6, 7
_FIN: Final = 1
_LARGEST: Final = 1 << 24


class Broken(Exception):  # noqa: N818 said of the connection
    """What came is no SPDY/3.1."""


class Stream:
    """One stream that the client opened. ``on_data(data, last)`` is called with what it sends."""

    __slots__ = ("headers", "id", "on_data", "session")

    def __init__(self, session: "Session", number: int, headers: dict[str, str]) -> None:
        self.session = session
        self.id = number
        self.headers = headers
        self.on_data: Callable[[bytes, bool], None] = lambda _data, _last: None

    def send(self, data: bytes, *, last: bool = False) -> None:
        """Send data to the client; ``last`` closes our half."""
        self.session.data(self.id, data, last=last)

    def reset(self) -> None:
        """Refuse or end the stream."""
        self.session.control(_RST_STREAM, 0, struct.pack(">II", self.id, 5))


class Session:
    """The server's end of one connection: feed it what comes; it writes with ``write``."""

    def __init__(self, write: Callable[[bytes], None], opened: Callable[[Stream], None]) -> None:
        self._write = write
        self._opened = opened
        self._waiting = b""
        self._unpack = zlib.decompressobj(zdict=dictionary())
        self._pack = zlib.compressobj(zdict=dictionary())
        self.streams: dict[int, Stream] = {}
        self.closed = False

    def feed(self, data: bytes) -> None:
        """Take what the client sent. Raises Broken."""
        self._waiting += data
        while len(self._waiting) >= 8:
            first, second = struct.unpack(">II", self._waiting[:8])
            flags, length = second >> 24, second & (_LARGEST - 1)
            if len(self._waiting) < 8 + length:
                return
            body, self._waiting = self._waiting[8 : 8 + length], self._waiting[8 + length :]
            if first >> 31:
                self._control(first, flags, body)
            elif stream := self.streams.get(first):
                stream.on_data(body, bool(flags & _FIN))

    def _control(self, first: int, flags: int, body: bytes) -> None:
        if first >> 16 & 0x7FFF != 3:
            raise Broken(f"version {first >> 16 & 0x7FFF}")
        kind = first & 0xFFFF
        if kind == _SYN_STREAM:
            number = struct.unpack(">I", body[:4])[0] & 0x7FFFFFFF
            stream = self.streams[number] = Stream(self, number, self._headers(body[10:]))
            empty = self._pack.compress(struct.pack(">I", 0)) + self._pack.flush(zlib.Z_SYNC_FLUSH)
            self.control(_SYN_REPLY, 0, struct.pack(">I", number) + empty)
            self._opened(stream)
            if flags & _FIN:
                stream.on_data(b"", True)
        elif kind == _RST_STREAM:
            if stream_gone := self.streams.pop(struct.unpack(">I", body[:4])[0] & 0x7FFFFFFF, None):
                stream_gone.on_data(b"", True)
        elif kind == _PING:
            self.control(_PING, 0, body)
        elif kind == _GOAWAY:
            self.closed = True

    def _headers(self, packed: bytes) -> dict[str, str]:
        try:
            raw = self._unpack.decompress(packed)
            (count,), at = struct.unpack(">I", raw[:4]), 4
            found = []
            for _ in range(count * 2):
                (length,) = struct.unpack(">I", raw[at : at + 4])
                found.append(raw[at + 4 : at + 4 + length].decode())
                at += 4 + length
        except (zlib.error, struct.error, UnicodeDecodeError) as broken:
            raise Broken(str(broken)) from broken
        return {name.lower(): value for name, value in zip(found[::2], found[1::2], strict=True)}

    def control(self, kind: int, flags: int, body: bytes) -> None:
        """Send a control frame."""
        self._write(struct.pack(">II", 0x80030000 | kind, flags << 24 | len(body)) + body)

    def data(self, number: int, data: bytes, *, last: bool = False) -> None:
        """Send data on a stream."""
        for start in range(0, max(1, len(data)), 32_768):
            part = data[start : start + 32_768]
            end = last and start + 32_768 >= len(data)
            self._write(struct.pack(">II", number, (_FIN if end else 0) << 24 | len(part)) + part)
        if last:
            self.streams.pop(number, None)
