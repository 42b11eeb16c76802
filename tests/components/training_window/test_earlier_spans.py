"""The accepted spans before one, resolved from artifacts as a real metadata store has them."""

from __future__ import annotations

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import Examples

from components.data_gate.latest_accepted import DataVerdictArtifact
from components.training_window.earlier_spans import EarlierSpansStrategy


class Store:
    """A store in memory, with examples and verdicts put into it as runs do."""

    def __init__(self) -> None:
        config = mlmd.ConnectionConfig()
        config.fake_database.SetInParent()
        self.mlmd = ml_metadata.MetadataStore(config)
        self.examples: list[Artifact] = []
        self.verdicts: list[Artifact] = []

    def deliver(self, span: int, accepted: bool | None = True) -> Artifact:
        """Put a span's examples into the store, and the verdict on them unless it is None."""
        examples = Examples()
        examples.set_int_custom_property("span", span)
        self.examples.append(self._put(examples))
        if accepted is not None:
            self.judge(examples, accepted)
        return examples

    def judge(self, examples: Artifact, accepted: bool) -> None:
        """Put a verdict on examples into the store."""
        verdict = DataVerdictArtifact()
        verdict.set_int_custom_property("accepted", int(accepted))
        verdict.set_int_custom_property("examples_id", examples.id)
        self.verdicts.append(self._put(verdict))

    def resolve(self, span: int, most: int = 3) -> list[Artifact]:
        """Resolve the spans before one, with the newest artifacts listed first."""
        channels = {"examples": self.examples[::-1], "verdict": self.verdicts[::-1]}
        resolved = EarlierSpansStrategy(span, most).resolve_artifacts(self.mlmd, channels)
        assert resolved["verdict"] == []
        return resolved["examples"]

    def _put(self, artifact: Artifact) -> Artifact:
        artifact.type_id = self.mlmd.put_artifact_type(artifact.artifact_type)
        [artifact.id] = self.mlmd.put_artifacts([artifact.mlmd_artifact])
        return artifact


def test_nothing_is_resolved_before_the_first_verdict() -> None:
    """Examples that nobody has judged are no training data, and an empty store has none."""
    store = Store()
    assert store.resolve(400) == []
    store.deliver(100, accepted=None)

    assert store.resolve(400) == []


def test_the_oldest_span_comes_first() -> None:
    """The order is the spans', not that in which they were delivered."""
    store = Store()
    late, early, middle = store.deliver(300), store.deliver(100), store.deliver(200)

    assert store.resolve(400) == [early, middle, late]


def test_the_last_spans_are_taken() -> None:
    """Of more spans than asked for, those nearest to the span that is run are taken."""
    store = Store()
    spans = [store.deliver(span) for span in (100, 200, 300)]

    assert store.resolve(400, most=2) == spans[1:]


def test_fewer_spans_than_asked_for_will_do() -> None:
    """What was accepted so far is taken."""
    store = Store()
    only = store.deliver(100)

    assert store.resolve(400, most=999) == [only]


def test_none_are_taken_where_none_are_asked_for() -> None:
    """A window of one span has no earlier ones."""
    store = Store()
    store.deliver(100)

    assert store.resolve(400, most=0) == []


def test_refused_spans_are_passed_over() -> None:
    """A refused span leaves its place in the window to the one before it."""
    store = Store()
    first, _, third = store.deliver(100), store.deliver(200, accepted=False), store.deliver(300)

    assert store.resolve(400, most=2) == [first, third]


def test_the_newest_accepted_examples_of_a_span_win() -> None:
    """A span that was delivered again replaces itself, unless the new delivery was refused."""
    store = Store()
    store.deliver(100)
    again = store.deliver(100)
    store.deliver(100, accepted=False)

    assert store.resolve(400) == [again]


def test_examples_accepted_in_any_judgement_are_accepted() -> None:
    """Examples that were refused and, by other limits, accepted later are taken."""
    store = Store()
    examples = store.deliver(100, accepted=False)
    store.judge(examples, accepted=True)

    assert store.resolve(400) == [examples]


def test_the_span_itself_and_later_ones_are_never_used() -> None:
    """A backfilled span trains on what came before it, also when more is known by then."""
    store = Store()
    first = store.deliver(100)
    store.deliver(200)
    store.deliver(300)

    assert store.resolve(200) == [first]


def test_data_without_a_span_stands_alone() -> None:
    """Neither does it join a window, nor has it one."""
    store = Store()
    store.deliver(0)
    store.deliver(100)

    assert store.resolve(0) == []
    assert [one.get_int_custom_property("span") for one in store.resolve(400)] == [100]


@pytest.mark.parametrize("key", ["examples", "other"])
def test_the_key_of_the_channel_does_not_matter(key: str) -> None:
    """Channels are told apart by their type."""
    store = Store()
    examples = store.deliver(100)
    channels = {key: [examples], "judged": store.verdicts}

    resolved = EarlierSpansStrategy(400, 3).resolve_artifacts(store.mlmd, channels)

    assert resolved == {key: [examples], "judged": []}
