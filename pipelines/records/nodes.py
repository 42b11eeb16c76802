"""The nodes of the pipeline: their ids, stages, and what each does; plain Python."""

from __future__ import annotations

import enum


class Stage(str, enum.Enum):
    """Which part of the pipeline a node belongs to."""

    DATA = "data"
    TRAIN = "train"
    VALIDATE = "validate"
    DEPLOY = "deploy"


class NodeId(str, enum.Enum):
    """A node's id, which is equal to its text; with what the node does, in one sentence."""

    stage: Stage
    does: str

    # To type checkers a lookup, NodeId("Trainer"), is a call of this: hence the defaults.
    def __new__(cls, text: str, stage: Stage = Stage.DATA, does: str = "") -> NodeId:
        """Create a row of the table."""
        node = str.__new__(cls, text)
        node._value_ = text
        node.stage = stage
        node.does = does
        return node

    # Enum's own text would be "NodeId.TRAINER".
    __str__ = str.__str__

    CSV_EXAMPLE_GEN = (
        "CsvExampleGen",
        Stage.DATA,
        "Read the CSV files, refuse those that do not hold such data, and split the rows.",
    )
    CURATED_SCHEMA = (
        "CuratedSchema",
        Stage.DATA,
        "Import the schema that people maintain under `schemas/`.",
    )
    STATISTICS_GEN = "StatisticsGen", Stage.DATA, "Compute the statistics of every split."
    SCHEMA_GEN = (
        "SchemaGen",
        Stage.DATA,
        "Infer a schema from the training split, for people to compare.",
    )
    EXAMPLE_VALIDATOR = (
        "ExampleValidator",
        Stage.DATA,
        "Compare the statistics with the curated schema.",
    )
    LATEST_ACCEPTED_DATA = (
        "LatestAcceptedData",
        Stage.DATA,
        "Find the data that was accepted last, to compare with.",
    )
    DATA_GATE = "DataGate", Stage.DATA, "Accept or refuse the data."
    EARLIER_SPANS = (
        "EarlierSpans",
        Stage.TRAIN,
        "Find the spans that were accepted before, to train on together with this one.",
    )
    TRAINING_WINDOW = (
        "TrainingWindow",
        Stage.TRAIN,
        "Combine the spans of the rolling window into the training data.",
    )
    TRANSFORM = (
        "Transform",
        Stage.TRAIN,
        "Compute the features, and the graph that computes the same ones when serving.",
    )
    TRAINER = "Trainer", Stage.TRAIN, "Train the `tf.keras` model."
    LATEST_BLESSED_MODEL = (
        "LatestBlessedModel",
        Stage.VALIDATE,
        "Find the champion: the model that candidates are compared with.",
    )
    EVALUATOR = "Evaluator", Stage.VALIDATE, "Measure candidate and champion, slice by slice."
    MODEL_VALIDATOR = "ModelValidator", Stage.VALIDATE, "Bless or refuse the model."
    PUSHER = "Pusher", Stage.DEPLOY, "Put the blessed model in place as a new version."
