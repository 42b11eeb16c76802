"""Taking settings apart, so that a change has its own name."""

from __future__ import annotations

import json

import pytest

from pipelines.runs.explanation import flatten_parameter


@pytest.mark.parametrize(
    ("value", "flat"),
    [
        ("plain words", {"p": "plain words"}),
        ({"seed": 7, "deep": {"rate": 0.1}}, {"p.seed": "7", "p.deep.rate": "0.1"}),
        (
            [{"name": "floor", "min": 0.9}, {"name": "ceiling", "max": 0.2}],
            {"p.floor.min": "0.9", "p.ceiling.max": "0.2"},
        ),
        ([{"name": "twice"}, {"name": "twice"}], {"p": '[{"name": "twice"}, {"name": "twice"}]'}),
        ([1, 2], {"p": "[1, 2]"}),
        ([], {"p": "[]"}),
    ],
)
def test_a_setting_is_taken_apart_by_names(value: object, flat: dict[str, str]) -> None:
    """Mappings by key, lists of named mappings by name; all else stays as it is."""
    text = value if isinstance(value, str) else json.dumps(value)

    assert flatten_parameter("p", text) == flat
