"""Resolve the statistics of the data that was accepted last."""

from __future__ import annotations

import ml_metadata
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import ExampleStatistics

from components.data_gate.findings import (
    ACCEPTED_PROPERTY,
    ARTIFACT_TYPE,
    SPAN_PROPERTY,
    STATISTICS_ID_PROPERTY,
)

_STATISTICS = ExampleStatistics.TYPE_NAME
_VERDICT = ARTIFACT_TYPE


class DataVerdictArtifact(Artifact):
    """Holds ``verdict.json``: whether the data may go on, and why."""

    TYPE_NAME = ARTIFACT_TYPE


class LatestAcceptedStatisticsStrategy(ResolverStrategy):
    """Pick the statistics that a DataGate accepted last, and the verdict that accepted them first.

    "Last" goes by the run, cached or not, not by when the verdict was first written. The first
    verdict on those statistics is taken, so that running the same data again and again gives the
    gate the same input each time, and TFX's cache serves it.

    Where a span is run, it is the span before it that counts, even if later ones were accepted
    already; data read without a span is compared with such data alone.
    """

    def __init__(self, span: int = 0) -> None:
        """Name the span that is run by its number; 0 for data without one."""
        self._span = span

    def resolve_artifacts(
        self, store: ml_metadata.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]]:
        """Resolve a channel of ``ExampleStatistics`` and one of ``DataVerdict``, under any key.

        Returns:
            One artifact per key; none under both if no data was accepted yet, or its statistics
            are gone.

        Raises:
            ValueError: If a channel holds another type.
        """
        keys = {
            artifact.type_name: key for key, listed in input_dict.items() for artifact in listed
        }
        if unknown := [kind for kind in keys if kind not in (_STATISTICS, _VERDICT)]:
            raise ValueError(
                f"channels of {', '.join(unknown)}; expected {_STATISTICS} and {_VERDICT}"
            )
        resolved: dict[str, list[Artifact]] = {key: [] for key in input_dict}
        if len(keys) < 2:
            return resolved
        statistics = {artifact.id: artifact for artifact in input_dict[keys[_STATISTICS]]}
        accepting = [
            verdict
            for verdict in input_dict[keys[_VERDICT]]
            if verdict.get_int_custom_property(ACCEPTED_PROPERTY) == 1
            and _read_statistics_id(verdict) in statistics
        ]
        if verdicts := _choose_span(accepting, self._span):
            latest = _find_latest(store, verdicts)
            resolved[keys[_STATISTICS]] = [statistics[latest]]
            on_latest = [one for one in verdicts if _read_statistics_id(one) == latest]
            resolved[keys[_VERDICT]] = [min(on_latest, key=lambda verdict: verdict.id)]
        return resolved


def _read_statistics_id(verdict: Artifact) -> int:
    return int(verdict.get_int_custom_property(STATISTICS_ID_PROPERTY))


def _choose_span(verdicts: list[Artifact], span: int) -> list[Artifact]:
    """Keep the verdicts on the last span before ``span``; without one, on no span."""
    spans = {verdict.get_int_custom_property(SPAN_PROPERTY) for verdict in verdicts}
    chosen = max((one for one in spans if 0 < one < span), default=None) if span else 0
    return [one for one in verdicts if one.get_int_custom_property(SPAN_PROPERTY) == chosen]


def _find_latest(store: ml_metadata.MetadataStore, verdicts: list[Artifact]) -> int:
    """Find the id of the statistics whose verdict an execution of the gate put out last."""
    judged = {verdict.id: _read_statistics_id(verdict) for verdict in verdicts}
    put_out = [
        (event.execution_id, judged[event.artifact_id])
        for event in store.get_events_by_artifact_ids(list(judged))
        if event.type == metadata_store_pb2.Event.OUTPUT
    ]
    return max(put_out or judged.items())[1]
