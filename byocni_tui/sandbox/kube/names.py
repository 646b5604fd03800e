"""The rules for names, label keys and label values, with the sentences that Kubernetes refuses them with."""

import re
from typing import Final

_SUBDOMAIN: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED: Final = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE: Final = rf"({_QUALIFIED})?"
_REGEX: Final = "regex used for validation is"
_ENDS: Final = "and must start and end with an alphanumeric character"


def words(text: str) -> tuple[str, ...]:
    """The words of a text: long lists of names read better so."""
    return tuple(text.split())


def _long(text: str, limit: int) -> list[str]:
    return [f"must be no more than {limit} bytes"] if len(text.encode()) > limit else []


def subdomain(text: str) -> list[str]:
    """What is wrong with a name that must be a DNS subdomain."""
    found = _long(text, 253)
    if not re.fullmatch(_SUBDOMAIN, text):
        found.append(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
            f"{_ENDS} (e.g. 'example.com', {_REGEX} '{_SUBDOMAIN}')"
        )
    return found


def label(text: str) -> list[str]:
    """What is wrong with a name that must be a DNS label."""
    found = _long(text, 63)
    if not re.fullmatch(_LABEL, text):
        found.append(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
            f"{_ENDS} (e.g. 'my-name',  or '123-abc', {_REGEX} '{_LABEL}')"
        )
    return found


def segment(text: str) -> list[str]:
    """What is wrong with a name that only has to fit into a path (RBAC objects)."""
    if text in (".", ".."):
        return [f"may not be '{text}'"]
    return [f"may not contain '{char}'" for char in "/%" if char in text]


def qualified(text: str) -> list[str]:
    """What is wrong with a label key, an annotation key or another qualified name."""
    prefix, slash, name = text.rpartition("/")
    found: list[str] = []
    if slash and not prefix:
        found.append("prefix part must be non-empty")
    elif slash:
        found += [f"prefix part {why}" for why in subdomain(prefix)]
    if not name:
        found.append("name part must be non-empty")
    found += [f"name part {why}" for why in _long(name, 63)]
    if not re.fullmatch(_QUALIFIED, name):
        found.append(
            f"name part must consist of alphanumeric characters, '-', '_' or '.', {_ENDS} "
            f"(e.g. 'MyName',  or 'my.name',  or '123-abc', {_REGEX} '{_QUALIFIED}')"
        )
    return found


def value(text: str) -> list[str]:
    """What is wrong with a label's value."""
    found = _long(text, 63)
    if not re.fullmatch(_VALUE, text):
        found.append(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
            f"{_ENDS} (e.g. 'MyValue',  or 'my_value',  or '12345', {_REGEX} '{_VALUE}')"
        )
    return found
