"""What a benchmark says: tables for people, as text or as Markdown, and everything as JSON for programs."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from measure import Round, Spread


@dataclass(frozen=True)
class Target:
    """Something that was promised of a figure."""

    what: str
    measured: float
    limit: float
    unit: str = "×"
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether the figure is as promised."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def row(self) -> list[str]:
        """For the table of targets."""
        bound = "at least" if self.at_least else "at most"
        unit = self.unit if self.unit == "×" else f" {self.unit}"
        verdict = "yes" if self.reached else "**no**"
        return [self.what, f"{bound} {self.limit:.4g}{unit}", f"{self.measured:.3g}{unit}", verdict]


@dataclass
class Result:
    """A table with a title, what there is to know about it, the targets it bears on, and what it was made from."""

    title: str
    columns: Sequence[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)

    def text(self) -> str:
        """For a terminal."""
        parts = [f"{self.title}\n{'-' * len(self.title)}", _aligned(self.columns, self.rows)]
        if self.targets:
            parts.append(_aligned(TARGET_COLUMNS, [target.row() for target in self.targets]))
        return "\n\n".join([*parts, *self.notes]) + "\n"

    def markdown(self) -> str:
        """For docs/performance.md."""
        parts = [f"### {self.title}", _piped(self.columns, self.rows)]
        if self.targets:
            parts.append(_piped(TARGET_COLUMNS, [target.row() for target in self.targets]))
        return "\n\n".join([*parts, *self.notes]) + "\n"

    def data(self) -> dict[str, Any]:
        """For programs: cells as they are shown, and the raw figures of every round."""
        return {
            "title": self.title,
            "rows": [dict(zip(self.columns, row)) for row in self.rows],
            "notes": self.notes,
            "targets": [{**dataclasses.asdict(target), "reached": target.reached} for target in self.targets],
            "rounds": [dataclasses.asdict(each) for each in self.rounds],
        }


TARGET_COLUMNS = ["target", "promised", "measured", "reached"]


def _aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(cells, widths))
    )
    return "  ".join([first, *others]).rstrip()


def _piped(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    marks = ["---", *["--:" for _ in columns[1:]]]
    return "\n".join(f"| {' | '.join(line)} |" for line in [columns, marks, *rows])


def show(spread: Spread | None, digits: int = 3) -> str:
    """A median with its extremes."""
    if spread is None:
        return "–"
    median, least, greatest = (f"{value:.{digits}g}" for value in (spread.median, spread.least, spread.greatest))
    return median if least == greatest else f"{median} ({least}–{greatest})"


def output(results: Sequence[Result], form: str) -> str:
    """All results, as `text`, `markdown` or `json`."""
    if form == "json":
        return json.dumps([result.data() for result in results], indent=1)
    return "\n".join(result.markdown() if form == "markdown" else result.text() for result in results)
