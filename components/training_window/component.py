"""Plug the window into TFX: the component ``TrainingWindow``."""

# No `from __future__ import annotations`: TFX's @component reads the annotations as objects.
import json
from pathlib import Path
from typing import List  # noqa: UP035 - TFX knows no other list

from tfx.components.example_gen import utils as example_gen_utils
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples

from components.examples.artifact import describe_examples, read_row_counts
from components.spans import name_span
from components.training_window.window import merge_splits, sum_rows

SPANS_PROPERTY = "spans"
"""Custom property of the window: JSON list of its spans' first days, oldest first."""


@component
def TrainingWindow(  # noqa: N802 - TFX names components like classes
    examples: InputArtifact[Examples],
    window: OutputArtifact[Examples],
    splits: Parameter[str],
    earlier_examples: InputArtifact[List[Examples]] = None,  # noqa: UP006
) -> None:
    """Gather the training and validation rows of the span that is run and of those before it.

    Args:
        examples: The span's rows, as CsvExampleGen wrote them.
        window: Where the rows of all spans go, as links to the spans' own files.
        splits: Names of the splits to gather, as a JSON list.

    Raises:
        FileNotFoundError: If an artifact lacks a split.
        KeyError: If an artifact does not list a split's rows.
        ValueError: If two artifacts are of the same span.
    """
    names = json.loads(splits)
    gathered = [*(earlier_examples or []), examples]
    spans = [
        name_span(artifact.get_int_custom_property(example_gen_utils.SPAN_PROPERTY_NAME)) or "whole"
        for artifact in gathered
    ]
    if len(set(spans)) < len(spans):
        raise ValueError(f"spans {spans}: expected each of them once")
    merge_splits(
        [(span, Path(artifact.uri)) for span, artifact in zip(spans, gathered, strict=True)],
        names,
        Path(window.uri),
    )
    counts = [read_row_counts(artifact) for artifact in gathered]
    window.split_names = artifact_utils.encode_split_names(names)
    window.set_string_custom_property(SPANS_PROPERTY, json.dumps(spans))
    describe_examples(window, sum_rows(counts, names))
