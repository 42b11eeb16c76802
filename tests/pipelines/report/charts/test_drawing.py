from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from pipelines.report.charts import drawing
from pipelines.report.charts.drawing import Spec, draw

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


def refuse_to_draw(spec: Spec) -> str:
    """Stand for an engine that must not be needed."""
    raise RuntimeError("drawn")


def test_values_of_the_data_are_escaped() -> None:
    """A value that looks like markup is a label, and the image's name is escaped too."""
    hostile = '"><script>alert(1)</script>'
    root = ElementTree.fromstring(draw(create_spec(hostile), f"Of {hostile}"))
    assert root.get("aria-label") == f"Of {hostile}"
    assert not list(root.iter(f"{SVG}script"))
    assert hostile in [text.text for text in root.iter(f"{SVG}text")]


def test_colors_are_left_to_the_page() -> None:
    """Colors stay variables, and no style is inline, which the policy would refuse."""
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


def test_what_was_kept_is_not_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process gives the same picture without the engine; what is new it draws."""
    path = tmp_path / ".drawings.json"
    monkeypatch.setattr(drawing, "DRAWINGS", drawing.Drawings())
    drawn = draw(create_spec("kept"), "Kept")
    drawing.DRAWINGS.save(path)

    monkeypatch.setattr(drawing, "DRAWINGS", drawing.Drawings())
    monkeypatch.setattr(drawing, "_convert", refuse_to_draw)
    drawing.DRAWINGS.load(path)

    assert draw(create_spec("kept"), "Kept") == drawn
    for spec, label in ((create_spec("kept"), "Other words"), (create_spec("new"), "Kept")):
        with pytest.raises(RuntimeError, match="drawn"):
            draw(spec, label)


@pytest.mark.parametrize("damage", ["missing", "cut", "another version"])
def test_kept_drawings_that_do_not_fit_are_passed_over(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing or cut file, or one of another version's, costs no more than drawing again."""
    path = tmp_path / ".drawings.json"
    monkeypatch.setattr(drawing, "DRAWINGS", drawing.Drawings())
    drawn = draw(create_spec("kept"), "Kept")
    drawing.DRAWINGS.save(path)
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-2])
    else:
        monkeypatch.setattr(drawing, "_read_version", lambda: "another")

    monkeypatch.setattr(drawing, "DRAWINGS", drawing.Drawings())
    drawing.DRAWINGS.load(path)
    again = draw(create_spec("kept"), "Kept")

    assert again == drawn
    drawing.DRAWINGS.save(path)
    assert path.is_file()


def test_nothing_is_written_where_nothing_was_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that shows what an earlier one did leaves the file alone."""
    monkeypatch.setattr(drawing, "DRAWINGS", drawing.Drawings())

    drawing.DRAWINGS.save(tmp_path / ".drawings.json")

    assert not list(tmp_path.iterdir())


def test_what_is_no_number_is_left_out_of_the_picture() -> None:
    """A value that JSON has no word for does not cost the page."""
    spec = create_spec("one")
    spec["data"]["values"].append({"x": "two", "y": float("nan")})

    assert "one" in draw(spec, "One")


def test_a_wrong_specification_is_refused() -> None:
    """A mistake in a chart is an error, not an empty picture."""
    with pytest.raises(ValueError, match="Vega-Lite"):
        draw({"data": {"values": []}, "mark": "no such mark", "encoding": {}}, "Nothing")
