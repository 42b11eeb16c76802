"""The trips that the installed ``tfx`` wheel carries; `data/README.md` describes them."""

from __future__ import annotations

from schemas.sample_data import SampleData

SAMPLE_DATA = SampleData(
    package="tfx",
    path="examples/chicago_taxi_pipeline/data/simple/data.csv",
    period="quarter",
)
