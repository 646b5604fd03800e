"""One measured line, and what a suite hands out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """``value`` must be at most (``at_least``: at least) ``budget``, both in ``unit``. ``note`` says what stands
    behind a ratio: absolute times only inform, machines differ. A budget of None is a figure without one."""

    what: str
    value: float
    budget: float | None
    unit: str
    note: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it keeps its budget."""
        if self.budget is None:
            return True
        return self.value >= self.budget if self.at_least else self.value <= self.budget
