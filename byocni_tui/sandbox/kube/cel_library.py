"""CEL's functions, with the libraries that Kubernetes adds: strings, lists, regular expressions, URLs, addresses,
quantities, sets, optionals (kubernetes.io/docs/reference/using-api/cel, Kubernetes 1.36)."""

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from byocni_tui.sandbox.kube import human
from byocni_tui.sandbox.kube.names import label, subdomain


class CelError(Exception):
    """What an expression runs into: a missing key, types that don't fit."""


class Optional:
    """A value that may be missing."""

    __slots__ = ("empty", "value")

    def __init__(self, *value: Any) -> None:
        self.empty = not value
        self.value = value[0] if value else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Optional) and (self.empty, self.value) == (other.empty, other.value)

    __hash__ = None  # type: ignore[assignment] # a value, never a key


class Type(str):
    """What ``type(x)`` gives."""

    __slots__ = ()


class Duration(float):
    """Seconds."""

    __slots__ = ()


class Quantity(float):
    """A Kubernetes quantity."""

    __slots__ = ()


def kind(value: Any) -> str:
    """The name of a value's type."""
    if isinstance(value, bool):
        return "bool"
    names = {Duration: "google.protobuf.Duration", Quantity: "kubernetes.Quantity", Type: "type", int: "int",
             float: "double", str: "string", bytes: "bytes", list: "list", dict: "map",
             datetime: "google.protobuf.Timestamp", Optional: "optional_type"}  # fmt: skip
    return "null_type" if value is None else names.get(type(value), type(value).__name__)


_NUMBERS: Final = ("int", "double")


def equal(a: Any, b: Any) -> bool:
    """CEL's equality: numbers across types, nothing else."""
    left, right = kind(a), kind(b)
    if left in _NUMBERS and right in _NUMBERS:
        return bool(a == b)
    if left != right:
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    return bool(a == b)


def comparable(a: Any, b: Any) -> bool:
    """Whether ``<`` is defined."""
    left, right = kind(a), kind(b)
    if left in _NUMBERS and right in _NUMBERS:
        return True
    return left == right and left not in ("list", "map", "null_type", "type", "kubernetes.Quantity")


def arithmetic(sign: str, a: Any, b: Any) -> Any:
    """``+ - * / %``."""
    left, right = kind(a), kind(b)
    if left in _NUMBERS and left == right:
        if sign in "/%" and b == 0:
            raise CelError("division by zero" if sign == "/" else "modulus by zero")
        if sign == "/":
            return (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1) if left == "int" else a / b
        if sign == "%":
            return abs(a) % abs(b) * (1 if a >= 0 else -1)
        result = a + b if sign == "+" else a - b if sign == "-" else a * b
        if left == "int" and not -(2**63) <= result < 2**63:
            raise CelError("integer overflow")
        return result
    if sign == "+" and left == right and left in ("string", "bytes", "list"):
        return a + b
    if left == right == "google.protobuf.Duration" and sign in "+-":
        return Duration(a + b if sign == "+" else a - b)
    if isinstance(a, datetime) and isinstance(b, datetime) and sign == "-":
        return Duration((a - b).total_seconds())
    if isinstance(a, datetime) and isinstance(b, Duration) and sign in "+-":
        return datetime.fromtimestamp(a.timestamp() + (b if sign == "+" else -b), UTC)
    raise CelError("no such overload")


_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def _duration(text: Any) -> Duration:
    if isinstance(text, Duration):
        return text
    body = str(text).lstrip("+-")
    if body != "0" and not re.fullmatch(f"(?:{_PART.pattern})+", body):
        raise CelError(f'time: invalid duration "{text}"')
    total = sum(float(n) * _SECONDS[u] for n, u in _PART.findall(body))
    return Duration(-total if str(text).startswith("-") else total)


def _timestamp(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, int):
        return datetime.fromtimestamp(value, UTC)
    return datetime.fromisoformat(value.replace("Z", "+00:00"))


def _int(value: Any) -> int:
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise CelError("no such overload")
    return int(value)


def _string(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Duration):
        return f"{value:g}s"
    if not isinstance(value, str | int | float):
        raise CelError("no such overload")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _bool(value: Any) -> bool:
    if isinstance(value, str):
        if value.lower() in ("true", "t", "1"):
            return True
        if value.lower() in ("false", "f", "0"):
            return False
        raise CelError("type conversion error")
    return bool(value)


def _size(value: Any) -> int:
    if isinstance(value, str | bytes | list | dict):
        return len(value)
    raise CelError("no such overload")


def _works(make: Callable[[Any], Any]) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        try:
            make(value)
        except (ValueError, CelError, TypeError):
            return False
        return True

    return test


def _quantity(text: str) -> Quantity:
    value = human.quantity(text)
    if value is None:
        raise CelError(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    return Quantity(value)


def _url(text: str) -> Any:
    parts = urlsplit(text)
    if not parts.scheme and not text.startswith("/"):
        raise CelError(f'parse "{text}": invalid URI for request')
    return parts


def _matches(text: str, pattern: str) -> bool:
    return re.search(pattern, text) is not None


def _find(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return found[0] if found else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [m[0] for m in re.finditer(pattern, text)]
    return found if limit < 0 else found[:limit]


def _split(text: str, by: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if not by:
        return list(text)
    return text.split(by) if limit < 0 else text.split(by, limit - 1)


def _substring(text: str, start: int, end: int | None = None) -> str:
    if not 0 <= start <= len(text) or (end is not None and not start <= end <= len(text)):
        raise CelError(f"index out of range: {start}")
    return text[start:end]


def _index_of(held: Any, wanted: Any, start: int = 0) -> int:
    if isinstance(held, str):
        return held.find(wanted, start)
    return next((i for i, one in enumerate(held) if equal(one, wanted)), -1)


def _last_index_of(held: Any, wanted: Any) -> int:
    if isinstance(held, str):
        return held.rfind(wanted)
    return max((i for i, one in enumerate(held) if equal(one, wanted)), default=-1)


def _contained(a: list[Any], b: list[Any]) -> bool:
    return all(any(equal(x, y) for y in a) for x in b)


def _distinct(held: list[Any]) -> list[Any]:
    out: list[Any] = []
    for one in held:
        if not any(equal(one, other) for other in out):
            out.append(one)
    return out


def _compare(a: Quantity, b: Quantity) -> int:
    return (a > b) - (a < b)


def _value(held: Optional) -> Any:
    if held.empty:
        raise CelError("optional.none() dereference")
    return held.value


def _ip(text: str) -> Any:
    return ipaddress.ip_address(text)


def _cidr(text: str) -> Any:
    return ipaddress.ip_interface(text)


def _within(net: Any, other: Any) -> bool:
    if isinstance(other, str):
        other = ipaddress.ip_interface(other) if "/" in other else ipaddress.ip_address(other)
    inner = getattr(other, "network", None)
    return bool(inner.subnet_of(net.network)) if inner is not None else other in net.network


class _Format:
    """``format.dns1123Label()``: ``validate`` gives an optional list of complaints."""

    def __init__(self, check: Callable[[str], Any]) -> None:
        self.check = check


def _validate(form: _Format, text: str) -> Optional:
    found = list(form.check(text))
    return Optional(found) if found else Optional()


NAMES: Final[dict[str, Any]] = {
    name: Type(name)
    for name in ("int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type")
} | {"optional": None, "sets": None, "format": None, "math": None, "lists": None}

FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "size": _size, "int": _int, "uint": _int, "double": float, "string": _string, "bool": _bool, "dyn": lambda v: v,
    "bytes": lambda v: v if isinstance(v, bytes) else v.encode(), "type": lambda v: Type(kind(v)),
    "duration": _duration, "timestamp": _timestamp, "matches": _matches, "quantity": _quantity,
    "isQuantity": _works(_quantity), "url": _url, "isURL": _works(_url), "ip": _ip, "isIP": _works(_ip),
    "cidr": _cidr, "isCIDR": _works(_cidr),
}  # fmt: skip

METHODS: Final[dict[str, Callable[..., Any]]] = {
    "size": _size, "contains": lambda t, p: p in t, "startsWith": lambda t, p: t.startswith(p),
    "endsWith": lambda t, p: t.endswith(p), "matches": _matches, "find": _find, "findAll": _find_all,
    "charAt": lambda t, i: t[i : i + 1], "indexOf": _index_of, "lastIndexOf": _last_index_of,
    "lowerAscii": lambda t: t.lower(), "upperAscii": lambda t: t.upper(), "trim": lambda t: t.strip(),
    "replace": lambda t, a, b, n=-1: t.replace(a, b, n), "split": _split, "substring": _substring,
    "join": lambda held, by="": by.join(held), "reverse": lambda h: h[::-1], "isSorted": lambda h: h == sorted(h),
    "sum": lambda h: sum(h), "min": lambda h: min(h), "max": lambda h: max(h), "distinct": _distinct,
    "sort": lambda h: sorted(h), "slice": lambda h, a, b: h[a:b],
    "flatten": lambda h: [x for y in h for x in (y if isinstance(y, list) else [y])],
    "first": lambda h: Optional(h[0]) if h else Optional(), "last": lambda h: Optional(h[-1]) if h else Optional(),
    "getHours": lambda v: int(v // 3600) if isinstance(v, Duration) else v.hour,
    "getMinutes": lambda v: int(v // 60) if isinstance(v, Duration) else v.minute,
    "getSeconds": lambda v: int(v) if isinstance(v, Duration) else v.second,
    "getMilliseconds": lambda v: int(v * 1000) if isinstance(v, Duration) else v.microsecond // 1000,
    "getFullYear": lambda v: v.year, "getMonth": lambda v: v.month - 1, "getDate": lambda v: v.day,
    "getDayOfMonth": lambda v: v.day - 1, "getDayOfWeek": lambda v: v.isoweekday() % 7,
    "getScheme": lambda u: u.scheme, "getHost": lambda u: u.netloc, "getHostname": lambda u: u.hostname or "",
    "getPort": lambda u: str(u.port or ""), "getEscapedPath": lambda u: u.path,
    "getQuery": lambda u: parse_qs(u.query, keep_blank_values=True),
    "isGreaterThan": lambda a, b: a > b, "isLessThan": lambda a, b: a < b, "compareTo": _compare, "sign":
    lambda q: (q > 0) - (q < 0), "isInteger": lambda q: q == int(q), "asInteger": int, "asApproximateFloat": float,
    "add": lambda a, b: Quantity(a + b), "sub": lambda a, b: Quantity(a - b),
    "orValue": lambda o, v: v if o.empty else o.value, "or": lambda o, p: p if o.empty else o,
    "hasValue": lambda o: not o.empty, "value": _value,
    "family": lambda v: v.version, "isLoopback": lambda v: v.is_loopback, "isUnspecified": lambda v: v.is_unspecified,
    "isLinkLocalUnicast": lambda v: v.is_link_local, "isGlobalUnicast": lambda v: not (
        v.is_multicast or v.is_loopback or v.is_unspecified or v.is_link_local),
    "isLinkLocalMulticast": lambda v: v.is_multicast and (str(v).startswith(("224.0.0.", "ff02:"))),
    "containsIP": _within, "containsCIDR": _within, "ip": lambda v: v.ip, "masked": lambda v:
    ipaddress.ip_interface(v.network), "prefixLength": lambda v: v.network.prefixlen, "validate": _validate,
}  # fmt: skip

QUALIFIED: Final[dict[str, Callable[..., Any]]] = {
    "optional.of": Optional, "optional.none": Optional,
    "optional.ofNonZeroValue": lambda v: Optional(v) if v else Optional(),
    "sets.contains": _contained, "sets.equivalent": lambda a, b: _contained(a, b) and _contained(b, a),
    "sets.intersects": lambda a, b: any(equal(x, y) for x in a for y in b), "ip.isCanonical":
    lambda t: str(ipaddress.ip_address(t)) == t, "lists.range": lambda n: list(range(n)),
    "math.greatest": lambda *v: max(v[0] if len(v) == 1 and isinstance(v[0], list) else v),
    "math.least": lambda *v: min(v[0] if len(v) == 1 and isinstance(v[0], list) else v), "math.abs": abs,
    "format.dns1123Label": lambda: _Format(label), "format.dns1123Subdomain": lambda: _Format(subdomain),
}  # fmt: skip
