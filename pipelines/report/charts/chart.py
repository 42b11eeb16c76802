"""What every chart of the report is: a drawing, its words, and its numbers as a table."""

from __future__ import annotations

import dataclasses
from typing import Literal

import markupsafe

from pipelines.report.charts.drawing import Spec, draw

Swatch = Literal["bar", "line", "dashed", "dotted", "tick", "circle", "dot", "diamond", "rule"]
"""How a series is drawn in a legend, besides its colour."""


@dataclasses.dataclass(frozen=True)
class Series:
    """One entry of a legend.

    Attributes:
        name: What it is.
        color: Its colour, a CSS variable's name.
        swatch: How it is drawn.
    """

    name: str
    color: str
    swatch: Swatch


@dataclasses.dataclass(frozen=True)
class Chart:
    """A chart, and everything that stands for it where it can't be seen.

    Attributes:
        summary: What there is to see, in a sentence.
        svg: The drawing.
        columns: Headers of its numbers.
        rows: Its numbers, as text.
        legend: Its series; none where there is one.
    """

    title: str
    summary: str
    svg: markupsafe.Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    legend: tuple[Series, ...] = ()


def create_chart(
    spec: Spec,
    title: str,
    summary: str,
    columns: tuple[str, ...],
    rows: tuple[tuple[str, ...], ...],
    legend: tuple[Series, ...] = (),
) -> Chart:
    """Draw a chart."""
    label = f"{title}. {summary}"
    return Chart(title, summary, draw(spec, label), columns, rows, legend)


def printable(text: str) -> str:
    """Make a value of the data fit for a label: no control characters, never empty."""
    shown = "".join(sign if sign.isprintable() else "�" for sign in text)
    return shown or "(empty)"
