"""What a benchmark found: a line of the table."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """`goal` is a bound; `most` says that it is an upper one. A figure without a goal is there to compare with."""

    what: str
    value: float
    unit: str = ""
    goal: float | None = None
    most: bool = False
    ratio: bool = False  # listed first: it says something on any machine

    @property
    def reached(self) -> bool | None:
        if self.goal is None:
            return None
        return self.value <= self.goal if self.most else self.value >= self.goal


def show(figures: list[Figure], title: str) -> None:
    """The table, ratios first."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading, side in (("", "left"), ("figure", "right"), ("goal", "right"), ("reached", "left")):
        table.add_column(heading, justify="right" if side == "right" else "left")
    for figure in sorted(figures, key=lambda figure: not figure.ratio):
        goal = (
            "" if figure.goal is None else f"{'≤' if figure.most else '≥'} {said(figure.goal, figure.unit)}"
        )
        reached = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[figure.reached]
        table.add_row(figure.what, said(figure.value, figure.unit), goal, reached)
    Console(width=110 if not Console().is_terminal else None).print(table)


def said(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 or not value else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()
