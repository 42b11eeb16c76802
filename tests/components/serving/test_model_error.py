"""One line of TensorFlow's many."""

from __future__ import annotations

import pytest

from components.serving.model_error import describe_model_error

IN_A_GRAPH = """Graph execution error:

Detected at node ParseExample defined at (most recent call last):
<stack traces unavailable>
Key: price.  Data types don't match.
\t [[{{node ParseExample}}]] [Op:__inference_1]"""


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (IN_A_GRAPH, "ValueError: Key: price.  Data types don't match."),
        ("no such file\nor folder", "ValueError: no such file"),
        ("", "ValueError"),
        ("x" * 1000, f"ValueError: {'x' * 300}"),
    ],
    ids=["graph", "plain", "empty", "long"],
)
def test_the_telling_line_is_found(message: str, expected: str) -> None:
    """Of a graph's error the last line counts, of another's the first, at most 300 characters."""
    assert describe_model_error(ValueError(message)) == expected
