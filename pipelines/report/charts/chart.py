"""What every chart of the report is: a drawing, its words, and its numbers as a table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

import markupsafe

from pipelines.report.charts.drawing import Spec, draw

Swatch = Literal["bar", "line", "dashed", "dotted", "tick", "circle", "dot", "diamond", "rule"]
"""How a series is drawn in a legend, besides its color."""
_DASHES: Mapping[Swatch, tuple[float, float]] = {
    "line": (1, 0),
    "dashed": (5, 3),
    "dotted": (1, 2.5),
}


@dataclasses.dataclass(frozen=True)
class Series:
    """One entry of a legend; ``color`` is the name of a CSS variable."""

    name: str
    color: str
    swatch: Swatch


@dataclasses.dataclass(frozen=True)
class Chart:
    """A chart, and what stands for it where it can't be seen.

    Attributes:
        summary: What there is to see, in one sentence.
        columns: Headers of its numbers.
        rows: Its numbers, as text.
        legend: Its series; empty where there is only one.
    """

    spec: Spec
    title: str
    summary: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    legend: tuple[Series, ...] = ()

    def draw(self) -> markupsafe.Markup:
        """Draw it, as SVG.

        Raises:
            ValueError: If Vega-Lite does not accept the specification.
        """
        return draw(self.spec, f"{self.title}. {self.summary}")


def printable(text: str) -> str:
    """Make a value of the data fit for a label: no control characters, never empty."""
    shown = "".join(sign if sign.isprintable() else "�" for sign in text)
    return shown or "(empty)"


def encode_number(
    field: str, title: str | None = None, scale: Spec | None = None, **axis: object
) -> Spec:
    """Encode a field of numbers on an axis that is a grid with labels, unless ``axis`` differs."""
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": scale or {},
        "axis": {"domain": False, "ticks": False, **axis},
    }


def create_line(series: Series, point_size: int | None = None, **mark: object) -> Spec:
    """Create the mark of a series that is drawn as a line, with points of a size in pixels²."""
    color, dash = f"var({series.color})", list(_DASHES[series.swatch])
    point = {"point": {"color": color, "size": point_size}} if point_size else {}
    return {"type": "line", "color": color, "strokeDash": dash, **point, **mark}


def create_layer(values: Sequence[Spec], mark: Spec, **encoding: Spec) -> Spec:
    """Create a layer with data of its own."""
    return {"data": {"values": list(values)}, "mark": mark, "encoding": encoding}
