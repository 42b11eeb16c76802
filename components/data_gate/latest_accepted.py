"""Resolve the statistics of the data that was accepted last."""

from __future__ import annotations

from collections import defaultdict

import ml_metadata
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import ExampleStatistics

from components.data_gate.artifact import DataVerdictArtifact
from components.data_gate.findings import ACCEPTED_PROPERTY, SPAN_PROPERTY, STATISTICS_ID_PROPERTY


class LatestAcceptedStatisticsStrategy(ResolverStrategy):
    """Pick the statistics that a DataGate accepted last, and the verdict that accepted them first.

    "Last" goes by the run, cached or not, not by when the verdict was first written. The first
    verdict on those statistics is taken, so that running the same data again and again gives the
    gate the same input each time, and TFX's cache serves it.

    Where a span is run, it is the span before it that counts, also if later ones were accepted
    already; data read without a span is compared with such data alone.
    """

    def __init__(self, span: int = 0) -> None:
        """Name what is run.

        Args:
            span: Number of the span: days from 1970-01-01 to its first day; 0 for data without.
        """
        self._span = span

    def resolve_artifacts(
        self, store: ml_metadata.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]]:
        """Resolve the two channels.

        Args:
            input_dict: Every live artifact of a channel of ``ExampleStatistics`` and of one of
                ``DataVerdict``, under any key.

        Returns:
            One artifact a key; none under both if no data was accepted yet, or its statistics are
            gone.

        Raises:
            ValueError: If a channel holds another type.
        """
        resolved: dict[str, list[Artifact]] = {key: [] for key in input_dict}
        key_of_type = {
            artifact.type_name: key for key, listed in input_dict.items() for artifact in listed
        }
        statistics_key = key_of_type.pop(ExampleStatistics.TYPE_NAME, None)
        verdict_key = key_of_type.pop(DataVerdictArtifact.TYPE_NAME, None)
        if key_of_type:
            raise ValueError(
                f"channels of {', '.join(key_of_type)}; expected {ExampleStatistics.TYPE_NAME} and "
                f"{DataVerdictArtifact.TYPE_NAME}"
            )
        if statistics_key is None or verdict_key is None:
            return resolved
        statistics = {artifact.id: artifact for artifact in input_dict[statistics_key]}
        verdicts = _list_accepting(input_dict[verdict_key], set(statistics))
        accepted = _group_by_statistics(_choose_span(verdicts, self._span))
        if accepted:
            latest = _find_latest(store, accepted)
            resolved[statistics_key] = [statistics[latest]]
            resolved[verdict_key] = [min(accepted[latest], key=lambda verdict: verdict.id)]
        return resolved


def _list_accepting(verdicts: list[Artifact], statistics_ids: set[int]) -> list[Artifact]:
    """List the accepting verdicts on statistics that are still there."""
    return [
        verdict
        for verdict in verdicts
        if verdict.get_int_custom_property(ACCEPTED_PROPERTY) == 1
        and verdict.get_int_custom_property(STATISTICS_ID_PROPERTY) in statistics_ids
    ]


def _choose_span(verdicts: list[Artifact], span: int) -> list[Artifact]:
    """Keep the verdicts on the last span before ``span``; without one, on no span."""
    spans = {verdict.get_int_custom_property(SPAN_PROPERTY) for verdict in verdicts}
    chosen = max((one for one in spans if 0 < one < span), default=None) if span else 0
    return [one for one in verdicts if one.get_int_custom_property(SPAN_PROPERTY) == chosen]


def _group_by_statistics(verdicts: list[Artifact]) -> dict[int, list[Artifact]]:
    grouped: dict[int, list[Artifact]] = defaultdict(list)
    for verdict in verdicts:
        grouped[verdict.get_int_custom_property(STATISTICS_ID_PROPERTY)].append(verdict)
    return grouped


def _find_latest(store: ml_metadata.MetadataStore, accepted: dict[int, list[Artifact]]) -> int:
    """Find the statistics whose verdict an execution of the gate put out last."""
    of_verdict = {verdict.id: key for key, listed in accepted.items() for verdict in listed}
    put_out = [
        (event.execution_id, of_verdict[event.artifact_id])
        for event in store.get_events_by_artifact_ids(list(of_verdict))
        if event.type == metadata_store_pb2.Event.OUTPUT
    ]
    return max(put_out)[1] if put_out else max(of_verdict.items())[1]
