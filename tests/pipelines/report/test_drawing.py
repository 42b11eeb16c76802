from __future__ import annotations

from xml.etree import ElementTree

import pytest

from pipelines.report.drawing import Spec, draw

SVG = "{http://www.w3.org/2000/svg}"


def create_spec(label: str) -> Spec:
    """Create a bar chart of one bar."""
    return {
        "data": {"values": [{"x": label, "y": 2}]},
        "mark": {"type": "bar", "color": "var(--series-1)"},
        "encoding": {
            "x": {"field": "x", "type": "nominal", "title": label},
            "y": {"field": "y", "type": "quantitative"},
        },
    }


def test_values_of_the_data_are_escaped() -> None:
    """A value that looks like markup is a label, and the image's name is escaped too."""
    hostile = '"><script>alert(1)</script>'
    root = ElementTree.fromstring(draw(create_spec(hostile), f"Of {hostile}"))
    assert root.get("aria-label") == f"Of {hostile}"
    assert not list(root.iter(f"{SVG}script"))
    assert hostile in [text.text for text in root.iter(f"{SVG}text")]


def test_colours_are_left_to_the_page() -> None:
    """Colours stay variables, and no style is inline, which the policy would refuse."""
    svg = draw(create_spec("one"), "One")
    root = ElementTree.fromstring(svg)
    fills = {path.get("fill") for path in root.iter(f"{SVG}path")}
    assert "var(--series-1)" in fills
    assert not any(element.get("style") for element in root.iter())
    assert root.get("role") == "img"


def test_nothing_invisible_is_kept() -> None:
    """No empty group and no hidden label costs bytes."""
    root = ElementTree.fromstring(draw(create_spec("one"), "One"))
    assert all(len(group) for group in root.iter(f"{SVG}g"))
    assert all(text.get("opacity") != "0" for text in root.iter(f"{SVG}text"))


def test_a_wrong_specification_is_refused() -> None:
    """A mistake in a chart is an error, not an empty picture."""
    with pytest.raises(ValueError, match="Vega-Lite"):
        draw({"data": {"values": []}, "mark": "no such mark", "encoding": {}}, "Nothing")
