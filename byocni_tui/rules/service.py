"""BYO501–508: what the service, the subscription and this machine offer."""

import re
from collections.abc import Iterator
from typing import Final

from byocni_tui.plan.finding import Finding, Remedy
from byocni_tui.rules import sources
from byocni_tui.rules.case import Case
from byocni_tui.rules.registry import found, rule

_API: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(-preview)?", re.ASCII)
FIRST_STABLE: Final = "2022-06-01"
FIRST_PREVIEW: Final = "2022-01-02"


@rule("BYO501", "error", source=sources.BYO_CNI)
def api_version(case: Case) -> Iterator[Finding]:
    """Older versions of the API don't know plugin ``none``."""
    text = case.plan.export.api_version
    if text is None:
        return
    match, field = _API.fullmatch(text.strip()), "export.api_version"
    if not match:
        yield found("BYO501", field, variant="unreadable", remedy=Remedy(set={field: None}), value=text)
    elif match[1] < (FIRST_PREVIEW if match[2] else FIRST_STABLE):
        yield found("BYO501", field, remedy=Remedy(set={field: None}), value=text)
