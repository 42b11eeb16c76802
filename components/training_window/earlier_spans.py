"""Resolve the examples of the spans that were accepted before the one that is run."""

from __future__ import annotations

import ml_metadata
from tfx.components.example_gen import utils as example_gen_utils
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import Examples

from components.data_gate.findings import ACCEPTED_PROPERTY, ARTIFACT_TYPE, EXAMPLES_ID_PROPERTY


class EarlierSpansStrategy(ResolverStrategy):
    """Pick the last accepted examples of each of the spans just before a span."""

    def __init__(self, span: int, max_spans: int) -> None:
        """Take the number of the span that is run, and the maximum number of spans to pick."""
        self._span = span
        self._max_spans = max_spans

    def resolve_artifacts(
        self, store: ml_metadata.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]]:
        """Resolve a channel of ``Examples`` and one of ``DataVerdict``, under any key.

        Examples are one artifact per span, oldest span first, fewer or none where fewer spans were
        accepted; nothing is under the other key.
        """
        del store
        listed = [(key, artifact) for key, group in input_dict.items() for artifact in group]
        accepted = {
            artifact.get_int_custom_property(EXAMPLES_ID_PROPERTY)
            for _, artifact in listed
            if artifact.type_name == ARTIFACT_TYPE
            and artifact.get_int_custom_property(ACCEPTED_PROPERTY) == 1
        }
        of_span: dict[int, Artifact] = {}
        for _, artifact in sorted(listed, key=lambda pair: pair[1].id):
            if artifact.type_name == Examples.TYPE_NAME and artifact.id in accepted:
                span = artifact.get_int_custom_property(example_gen_utils.SPAN_PROPERTY_NAME)
                # The newest of a span wins: it was delivered, or asked for, again.
                if 0 < span < self._span:
                    of_span[span] = artifact
        newest_first = sorted(of_span, reverse=True)
        picked = [of_span[span] for span in reversed(newest_first[: self._max_spans])]
        return {
            key: picked if any(one.type_name == Examples.TYPE_NAME for one in group) else []
            for key, group in input_dict.items()
        }
