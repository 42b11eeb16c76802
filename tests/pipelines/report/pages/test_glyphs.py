from __future__ import annotations

import math

from components.metrics.evaluation import MetricComparison
from pipelines.report.pages.glyphs import find_domain, place_interval, scale_heights


def create_metric(
    value: float | None, lower: float | None = None, upper: float | None = None
) -> MetricComparison:
    """Create a metric without a champion's value."""
    return MetricComparison(name="auc", value=value, lower=lower, upper=upper, baseline=None)


def test_interval_is_drawn_around_its_value() -> None:
    """The band reaches from end to end of the scale, the dot lies within."""
    metric = create_metric(0.5, 0.0, 1.0)
    glyph = place_interval(metric, find_domain([metric]))
    assert glyph is not None
    assert (glyph.low, glyph.value, glyph.low + glyph.width) == (6.0, 72.0, 138.0)


def test_value_without_interval_is_a_dot() -> None:
    """A single number stands in the middle of its scale, without a band."""
    metric = create_metric(0.5)
    glyph = place_interval(metric, find_domain([metric]))
    assert glyph is not None
    assert (glyph.value, glyph.width, glyph.baseline) == (72.0, 0.0, None)


def test_no_value_is_not_drawn() -> None:
    """What was not measured has no drawing."""
    assert place_interval(create_metric(None), find_domain([])) is None
    assert place_interval(None, (0.0, 1.0)) is None
    assert place_interval(create_metric(math.nan), (0.0, 1.0)) is None


def test_interval_without_an_end_is_a_dot() -> None:
    """An end that is not a number leaves the value alone."""
    metric = create_metric(0.5, math.nan, math.inf)
    glyph = place_interval(metric, find_domain([metric]))
    assert glyph is not None
    assert glyph.width == 0.0


def test_value_beyond_the_scale_stays_in_the_drawing() -> None:
    """An outlier is drawn at the end of the scale."""
    glyph = place_interval(create_metric(5.0), (0.0, 1.0))
    assert glyph is not None
    assert glyph.value == 138.0


def test_one_row_can_still_be_seen() -> None:
    """Heights are logarithmic: a rare bucket is low but there, an empty one is not."""
    most, one, none = scale_heights([10_000, 1, 0])
    assert most == 22.0
    assert one > 1.0
    assert none == 0.0
    assert scale_heights([0, 0]) == [0.0, 0.0]
