"""One measured figure beside its budget, and how a list of them is printed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in the unit of its budget; `at_least` budgets are floors, not ceilings.

    A figure without a budget is shown for its own sake.
    """

    name: str
    measured: float
    budget: float | None = None
    unit: str = ""
    at_least: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Measured over budget; above 1 misses a ceiling, below 1 misses a floor."""
        return None if not self.budget else self.measured / self.budget

    @property
    def is_met(self) -> bool:
        """Whether the budget is kept, to the hundredth that is printed."""
        if self.ratio is None:
            return True
        return round(self.ratio, 2) >= 1 if self.at_least else round(self.ratio, 2) <= 1


def line(figure: Figure) -> str:
    """One row: name, measured, budget, ratio, verdict."""
    measured = f"{figure.measured:,.2f} {figure.unit}".strip()
    if figure.budget is None or figure.ratio is None:
        return f"{figure.name:<58} {measured:>16} {figure.note:>44}"
    sign = "≥" if figure.at_least else "≤"
    budget = f"{sign} {figure.budget:,.2f} {figure.unit}".strip()
    verdict = "ok" if figure.is_met else "MISSED"
    return (
        f"{figure.name:<58} {measured:>16} {budget:>18} {figure.ratio:>8.2f}  {verdict}"
        f"{'  ' + figure.note if figure.note else ''}"
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of all do not exceed ."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def missed(figures: Iterable[Figure]) -> list[Figure]:
    """Those whose budget was not kept."""
    return [figure for figure in figures if not figure.is_met]
