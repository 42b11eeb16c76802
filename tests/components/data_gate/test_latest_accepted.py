"""The data accepted last, resolved from a real metadata store."""

from __future__ import annotations

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import ExampleStatistics, Model

from components.data_gate.latest_accepted import (
    DataVerdictArtifact,
    LatestAcceptedStatisticsStrategy,
)


class Store:
    """A store in memory, with statistics and verdicts put into it as runs do."""

    def __init__(self) -> None:
        config = mlmd.ConnectionConfig()
        config.fake_database.SetInParent()
        self.mlmd = ml_metadata.MetadataStore(config)
        self._type = self.mlmd.put_execution_type(mlmd.ExecutionType(name="DataGate"))
        self.statistics: list[Artifact] = []
        self.verdicts: list[Artifact] = []

    def describe(self) -> Artifact:
        """Put statistics into the store."""
        self.statistics.append(self._put(ExampleStatistics()))
        return self.statistics[-1]

    def judge(self, statistics: Artifact, accepted: bool, span: int = 0) -> Artifact:
        """Put a verdict into the store, and the run of the gate that gave it."""
        verdict = DataVerdictArtifact()
        verdict.set_int_custom_property("span", span)
        verdict.set_int_custom_property("accepted", int(accepted))
        verdict.set_int_custom_property("statistics_id", statistics.id)
        self.verdicts.append(self._put(verdict))
        self.put_out(self.verdicts[-1])
        return verdict

    def put_out(self, artifact: Artifact, kind: int = mlmd.Event.OUTPUT) -> None:
        """Record a run that puts an artifact out, for the first time or from the cache."""
        [execution] = self.mlmd.put_executions([mlmd.Execution(type_id=self._type)])
        self.mlmd.put_events(
            [mlmd.Event(artifact_id=artifact.id, execution_id=execution, type=kind)]
        )

    def resolve(self, span: int = 0) -> dict[str, list[Artifact]]:
        """Resolve both channels."""
        channels = {"verdict": self.verdicts, "statistics": self.statistics}
        return LatestAcceptedStatisticsStrategy(span).resolve_artifacts(self.mlmd, channels)

    def _put(self, artifact: Artifact) -> Artifact:
        artifact.type_id = self.mlmd.put_artifact_type(artifact.artifact_type)
        [artifact.id] = self.mlmd.put_artifacts([artifact.mlmd_artifact])
        return artifact


def test_nothing_is_resolved_before_the_first_verdict() -> None:
    """An empty list, as an optional input takes it."""
    store = Store()
    store.describe()

    assert store.resolve() == {"verdict": [], "statistics": []}


def test_refused_data_is_passed_over() -> None:
    """The newest statistics were refused, so those before are taken."""
    store = Store()
    good = store.judge(store.describe(), accepted=True)
    store.judge(store.describe(), accepted=False)

    assert store.resolve() == {"verdict": [good], "statistics": [store.statistics[0]]}


def test_the_last_run_counts_also_if_it_was_cached() -> None:
    """Data accepted again from the cache is newer than what was accepted in between."""
    store = Store()
    first = store.judge(store.describe(), accepted=True)
    second = store.judge(store.describe(), accepted=True)

    assert store.resolve()["verdict"] == [second]
    store.put_out(second, mlmd.Event.INTERNAL_OUTPUT)
    store.put_out(first)
    store.put_out(second, mlmd.Event.INTERNAL_OUTPUT)
    assert store.resolve() == {"verdict": [first], "statistics": [store.statistics[0]]}


def test_the_first_verdict_on_the_same_data_is_taken() -> None:
    """So a third run gets what the second got, and the cache has it."""
    store = Store()
    statistics = store.describe()
    first = store.judge(statistics, accepted=True)
    store.judge(statistics, accepted=True)

    assert store.resolve()["verdict"] == [first]


def test_statistics_that_are_gone_are_passed_over() -> None:
    """Older ones that are there serve."""
    store = Store()
    first = store.judge(store.describe(), accepted=True)
    store.judge(store.describe(), accepted=True)
    store.statistics.pop()

    assert store.resolve() == {"verdict": [first], "statistics": store.statistics}


def test_a_span_is_compared_with_the_one_before_it() -> None:
    """Not with the one accepted last, nor with itself or later ones, in whatever order they ran."""
    store = Store()
    verdicts = {
        span: store.judge(store.describe(), accepted=True, span=span) for span in (300, 100, 200)
    }

    assert store.resolve(span=100)["verdict"] == []
    assert store.resolve(span=200)["verdict"] == [verdicts[100]]
    assert store.resolve(span=300)["verdict"] == [verdicts[200]]
    assert store.resolve(span=999)["verdict"] == [verdicts[300]]
    assert store.resolve(span=200)["statistics"] == [store.statistics[1]]


def test_a_refused_span_is_passed_over() -> None:
    """The span before it serves, also where it was accepted only once among refusals."""
    store = Store()
    accepted = store.judge(store.describe(), accepted=True, span=100)
    store.judge(store.describe(), accepted=False, span=100)
    store.judge(store.describe(), accepted=False, span=200)

    assert store.resolve(span=300)["verdict"] == [accepted]


def test_a_span_whose_statistics_are_gone_is_passed_over() -> None:
    """The one before it serves: drift from an older span says more than none at all."""
    store = Store()
    older = store.judge(store.describe(), accepted=True, span=100)
    store.judge(store.describe(), accepted=True, span=200)
    store.statistics.pop()

    assert store.resolve(span=300)["verdict"] == [older]


def test_a_span_delivered_again_counts_as_it_was_accepted_last() -> None:
    """Of two accepted deliveries of the span before, the later one serves."""
    store = Store()
    store.judge(store.describe(), accepted=True, span=100)
    again = store.judge(store.describe(), accepted=True, span=100)

    assert store.resolve(span=200)["verdict"] == [again]


def test_data_without_a_span_is_compared_with_such_data_alone() -> None:
    """The whole data is no span, and a span is not the whole data."""
    store = Store()
    whole = store.judge(store.describe(), accepted=True)
    span = store.judge(store.describe(), accepted=True, span=100)

    assert store.resolve()["verdict"] == [whole]
    assert store.resolve(span=200)["verdict"] == [span]
    assert store.resolve(span=100) == {"verdict": [], "statistics": []}


def test_another_type_of_artifact_is_an_error() -> None:
    """A channel wired wrongly is told at once."""
    with pytest.raises(ValueError, match="channels of Model"):
        LatestAcceptedStatisticsStrategy().resolve_artifacts(None, {"model": [Model()]})
