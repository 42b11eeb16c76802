"""Draw Vega-Lite specifications as small SVG that follows the page's colors.

A specification's colors are CSS variables (``var(--series-1)``), so the same drawing is right in
light, in dark and on paper. Everything that comes from data reaches the SVG through Vega, which
escapes it, and through an XML parser.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import markupsafe
import pydantic

from components.atomic_write import atomic_write
from components.frozen_model import FrozenModel
from pipelines.compiler.source_hash import hash_sources

Spec = dict[str, Any]
"""A Vega-Lite specification, or a part of one."""

_SVG = "http://www.w3.org/2000/svg"
# Roles and labels of single marks mean nothing inside an image, which has one label of its own.
_DROPPED_ATTRIBUTES = frozenset(
    ["role", "aria-roledescription", "aria-label", "aria-hidden", "class", "font-family", "version"]
)
# Without these an axis says the same in fewer bytes.
_DEFAULTS = {"opacity": "1", "stroke-width": "1", "pointer-events": "none", "y2": "0", "x2": "0"}
# Three times as many as a run's page and the page of all runs show.
_MAX_KEPT_DRAWINGS = 128
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")

_BASE: Spec = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "background": None,
    "padding": {"left": 4, "right": 12, "top": 6, "bottom": 4},
    "config": {
        "aria": False,
        # Arial's metrics are the closest to those of the page's font on most systems.
        "font": "Arial, Liberation Sans, Helvetica, sans-serif",
        "axis": {
            "labelColor": "var(--ink-soft)",
            "titleColor": "var(--ink-soft)",
            "domainColor": "var(--line-strong)",
            "tickColor": "var(--line-strong)",
            "gridColor": "var(--line)",
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "labelPadding": 4,
            "titlePadding": 8,
            "tickSize": 4,
            "labelLimit": 150,
            "titleLimit": 400,
        },
        "view": {"stroke": None},
        "text": {"color": "var(--ink)", "fontSize": 11},
        "rule": {"color": "var(--line-strong)"},
        "line": {"strokeWidth": 2},
    },
}


def draw(spec: Spec, label: str) -> markupsafe.Markup:
    """Draw a specification as an ``<svg role="img">``, unless it is among the last ones drawn.

    Args:
        spec: A Vega-Lite specification with its data inside it.
        label: What there is to see, for those who can't see it; becomes the image's name.

    Raises:
        ValueError: If Vega-Lite does not accept the specification.
    """
    return DRAWINGS.draw({**_BASE, **spec}, label)


def start_engine() -> None:
    """Start the JavaScript engine, which the first drawing would wait for."""
    _convert({"mark": "point", "data": {"values": []}})


class _KeptDrawings(FrozenModel):
    """The file of drawings: SVG by the hash of specification and label, last used last."""

    version: str
    drawings: dict[str, str]


class Drawings:
    """The last drawings, by the hash of what they show."""

    def __init__(self) -> None:
        self._drawn: dict[str, str] = {}
        self._is_changed = False

    def draw(self, spec: Spec, label: str) -> markupsafe.Markup:
        """Draw a complete specification, unless it is there already."""
        key = hashlib.sha256(json.dumps([spec, label]).encode()).hexdigest()
        drawing = self._drawn.pop(key, None)
        if drawing is None:
            drawing = _tidy(_convert(spec), label)
            self._is_changed = True
        self._drawn[key] = drawing
        return markupsafe.Markup(drawing)

    def load(self, path: Path) -> None:
        """Load saved drawings, unless the file is missing, damaged or of another version."""
        try:
            kept = _KeptDrawings.model_validate_json(path.read_bytes())
        except (OSError, pydantic.ValidationError):
            return
        if kept.version == _read_version():
            self._drawn = {**kept.drawings, **self._drawn}

    def save(self, path: Path) -> None:
        """Save the last drawings for the next process, if any of them is new.

        Raises:
            OSError: If the file can't be written.
        """
        if not self._is_changed:
            return
        last = dict(list(self._drawn.items())[-_MAX_KEPT_DRAWINGS:])
        kept = _KeptDrawings(version=_read_version(), drawings=last)
        atomic_write(path, kept.model_dump_json().encode())
        self._is_changed = False


DRAWINGS = Drawings()
"""The drawings of this process."""


def _read_version() -> str:
    """Give what drawings are drawn with: this module and the library."""
    source = hash_sources("pipelines/report/charts/drawing.py")
    return f"{source} {importlib.metadata.version('vl-convert-python')}"


def _convert(spec: Spec) -> str:
    # Loads a JavaScript engine: only for a process that does draw.
    import vl_convert

    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


def _tidy(svg: str, label: str) -> str:
    """Prune what vl-convert writes, and name the image."""
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    _prune(root)
    root.attrib.update({"role": "img", "aria-label": label, "class": "chart"})
    return ElementTree.tostring(root, encoding="unicode")


def _prune(element: ElementTree.Element) -> None:
    for child in list(element):
        if _is_frame(child):
            element.remove(child)
            continue
        _prune(child)
        if _is_invisible(child):
            element.remove(child)
    for name, value in list(element.attrib.items()):
        if name in _DROPPED_ATTRIBUTES or _DEFAULTS.get(name) == value:
            del element.attrib[name]
        elif name in ("d", "transform"):
            element.attrib[name] = _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.4g}", value)


def _is_frame(element: ElementTree.Element) -> bool:
    """Whether it is the outline that Vega draws, mostly without a color, around every group."""
    is_outline = element.get("class") in ("background", "foreground")
    return is_outline and element.get("fill") is None and element.get("stroke") is None


def _is_invisible(element: ElementTree.Element) -> bool:
    tag = element.tag.removeprefix(f"{{{_SVG}}}")
    if tag == "g":
        return len(element) == 0
    if tag == "text":
        return element.get("opacity") == "0" or not "".join(element.itertext()).strip()
    return tag == "path" and element.get("d") == ""
