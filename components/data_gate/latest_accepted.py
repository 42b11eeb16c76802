"""Resolve the statistics of the data that was accepted last."""

from __future__ import annotations

from collections import defaultdict

import ml_metadata
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import ExampleStatistics

from components.data_gate.artifact import DataVerdictArtifact
from components.data_gate.findings import ACCEPTED_PROPERTY, STATISTICS_ID_PROPERTY


class LatestAcceptedStatisticsStrategy(ResolverStrategy):
    """Pick the statistics that a DataGate accepted last, and the verdict that accepted them first.

    "Last" goes by the run, cached or not, not by when the verdict was first written. The first
    verdict on those statistics is taken, so that running the same data again and again gives the
    gate the same input each time, and TFX's cache serves it.
    """

    def resolve_artifacts(
        self, store: ml_metadata.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]]:
        """Resolve the two channels.

        Args:
            store: The metadata store.
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
        accepted = _group_accepted(input_dict[verdict_key], set(statistics))
        if accepted:
            latest = _find_latest(store, accepted)
            resolved[statistics_key] = [statistics[latest]]
            resolved[verdict_key] = [min(accepted[latest], key=lambda verdict: verdict.id)]
        return resolved


def _group_accepted(
    verdicts: list[Artifact], statistics_ids: set[int]
) -> dict[int, list[Artifact]]:
    """Group the accepting verdicts by the statistics that they are on."""
    accepted: dict[int, list[Artifact]] = defaultdict(list)
    for verdict in verdicts:
        statistics_id = verdict.get_int_custom_property(STATISTICS_ID_PROPERTY)
        if verdict.get_int_custom_property(ACCEPTED_PROPERTY) == 1:
            accepted[statistics_id].append(verdict)
    return {key: listed for key, listed in accepted.items() if key in statistics_ids}


def _find_latest(store: ml_metadata.MetadataStore, accepted: dict[int, list[Artifact]]) -> int:
    """Find the statistics whose verdict an execution of the gate put out last."""
    of_verdict = {verdict.id: key for key, listed in accepted.items() for verdict in listed}
    put_out = [
        (event.execution_id, of_verdict[event.artifact_id])
        for event in store.get_events_by_artifact_ids(list(of_verdict))
        if event.type == metadata_store_pb2.Event.OUTPUT
    ]
    return max(put_out)[1] if put_out else max(of_verdict.items())[1]
