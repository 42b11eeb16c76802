"""The one table of the pipeline's nodes."""

from __future__ import annotations

from pipelines.records.nodes import NodeId, Stage


def test_a_node_is_its_id() -> None:
    """In messages, paths and look-ups a node stands for the text that users type."""
    assert NodeId.TRAINER in {"Trainer"}
    assert (str(NodeId.TRAINER), f"{NodeId.TRAINER}") == ("Trainer", "Trainer")
    assert {"Trainer": 1}[NodeId.TRAINER] == 1
    assert NodeId("Trainer") is NodeId.TRAINER


def test_every_node_has_a_stage_and_says_what_it_does() -> None:
    """Stages come in the order of the pipeline, and a description is one sentence."""
    stages = [node.stage for node in NodeId]

    assert stages == sorted(stages, key=list(Stage).index)
    assert set(stages) == set(Stage)
    assert all(node.does.endswith(".") and "\n" not in node.does for node in NodeId)
