"""The ML Test Score: the rubric's 28 items, and what one run shows of them.

The items are those of E. Breck, S. Cai, E. Nielsen, M. Salib and D. Sculley, "The ML Test Score: A
Rubric for ML Production Readiness and Technical Debt Reduction", IEEE Big Data 2017, in our own
words.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Literal

from components.frozen_model import FrozenModel

ShownBy = Literal["run", "tests", "nothing"]
"""What can show an item: a run; only tests and documents of the product; nothing yet."""


class Section(str, enum.Enum):
    """A section of the rubric, with seven items."""

    DATA = "Features and data"
    MODEL = "Model development"
    INFRASTRUCTURE = "ML infrastructure"
    MONITORING = "Monitoring"


@dataclasses.dataclass(frozen=True)
class RubricItem:
    """One item of the rubric.

    Attributes:
        id: Short name that evidence is looked up by.
        title: What is required, in one sentence.
        max_points: What the product can earn as it is: 1 where it does this automatically, 0.5
            where it documents it or leaves a part to people, 0 where it does not do it.
        lacks: What is missing for the whole point, in one sentence; empty where nothing is.
    """

    id: str
    title: str
    max_points: float = 1
    lacks: str = ""


class Evidence(FrozenModel):
    """One thing in a run that shows an item met.

    Attributes:
        path: Folder of the artifact that it was found in; None for a fact of the report itself.
    """

    source: Literal["run"] = "run"
    text: str
    path: str | None = None


class Item(FrozenModel):
    """One item, as a run shows it.

    Attributes:
        number: Its number in the section, 1 to 7.
        shown_by: Only what a run can show is scored.
        points: 1 where it is met automatically, 0.5 where only in part, 0 where this run does not
            show it or no run can.
        evidence: Empty without points.
        lacks: Why it has no whole point, in one sentence; empty with one.
    """

    section: Section
    number: int
    title: str
    shown_by: ShownBy
    points: float
    evidence: tuple[Evidence, ...]
    lacks: str

    @property
    def level(self) -> str:
        """How far it is met, in words, or why it is not scored."""
        if self.shown_by != "run":
            return {"tests": "not by a run", "nothing": "not done"}[self.shown_by]
        return {1.0: "automated", 0.5: "in part"}.get(self.points, "not met")


class MlTestScore(FrozenModel):
    """The score of a run: the sum of its points, out of the items that a run can show.

    The rubric's own score is that of the weakest section, and needs all 28 items; what tests and
    documents show of the others does not follow from a run.

    Attributes:
        items: All 28, by section and number.
    """

    items: tuple[Item, ...]

    @property
    def sections(self) -> dict[Section, float]:
        """Points of each section, 0 to its number of items that a run can show."""
        return {
            section: sum(item.points for item in self.items if item.section is section)
            for section in Section
        }

    @property
    def run_items(self) -> dict[Section, int]:
        """Number of items of each section that a run can show."""
        return {
            section: sum(item.shown_by == "run" for item in self.items if item.section is section)
            for section in Section
        }

    @property
    def total(self) -> float:
        """The score: points of all sections, 0 to the number of items that a run can show."""
        return sum(self.sections.values())

    @property
    def max_total(self) -> int:
        """Number of items that a run can show."""
        return sum(self.run_items.values())


RUBRIC: Mapping[Section, tuple[RubricItem, ...]] = {
    Section.DATA: (
        RubricItem(
            "feature-schema",
            "A schema states what is expected of every feature, and data is checked against it.",
        ),
        RubricItem(
            "useful-features",
            "Every feature is shown to help.",
            0,
            "No run measures the model without each of its features.",
        ),
        RubricItem(
            "feature-cost",
            "No feature costs more than it is worth: in latency, memory or upstream dependencies.",
            0,
            "What a single feature costs is not measured.",
        ),
        RubricItem("feature-rules", "Features comply with rules about which data may be used."),
        RubricItem(
            "privacy",
            "The data pipeline controls access to private data.",
            0,
            "Who may read the rows, and how long they are kept, is left to the file system.",
        ),
        RubricItem(
            "new-features",
            "A new feature can be added quickly.",
            0.5,
            "How long a new feature takes is not measured.",
        ),
        RubricItem("feature-code", "The code that makes features is tested."),
    ),
    Section.MODEL: (
        RubricItem(
            "reviewed-models",
            "Every model's specification is reviewed and kept under version control.",
            0.5,
            "Nothing forces a review before a model's code is run.",
        ),
        RubricItem(
            "online-metrics",
            "Offline metrics are shown to correlate with online ones.",
            0,
            "Nothing is measured online.",
        ),
        RubricItem(
            "tuned-models",
            "Hyperparameters are tuned.",
            0,
            "No search over the settings is run or recorded.",
        ),
        RubricItem(
            "known-aging",
            "How much quality a model loses as it ages is known.",
            0,
            "Training on past data and testing on later data has not been measured.",
        ),
        RubricItem("simpler-model", "A simpler model is shown not to be better."),
        RubricItem("slices", "Quality is good enough on every important slice."),
        RubricItem("fairness", "The model is tested for how it treats groups of people."),
    ),
    Section.INFRASTRUCTURE: (
        RubricItem("reproducible-training", "Training is reproducible."),
        RubricItem("model-code", "The code that specifies models is unit-tested."),
        RubricItem("whole-pipeline", "The whole pipeline is tested from raw data to serving."),
        RubricItem("validated-models", "A model's quality is validated before it serves."),
        RubricItem(
            "debugging",
            "A model can be debugged by following one example through it, step by step.",
            0,
            "There is no tool that follows one example through the model.",
        ),
        RubricItem(
            "canary",
            "A model is tried on a small share of the real traffic before it serves all of it.",
            0.5,
            "The model replays the test split as a server would serve it, without real traffic.",
        ),
        RubricItem("rollback", "A serving model can be rolled back, quickly and safely."),
    ),
    Section.MONITORING: (
        RubricItem(
            "dependencies",
            "Changes in the pipeline's dependencies are noticed.",
            0.5,
            "Packages are locked, but nobody is notified when an upstream data source changes.",
        ),
        RubricItem(
            "input-invariants", "The invariants of the inputs are checked on every delivery."
        ),
        RubricItem("same-answers", "Training and serving compute the same features and answers."),
        RubricItem(
            "model-age",
            "A stale serving model is noticed.",
            0,
            "The age of the serving model is not monitored.",
        ),
        RubricItem(
            "finite-numbers",
            "Numbers stay numbers: no NaN, no infinity, in training and in serving.",
        ),
        RubricItem(
            "cost",
            "Training and serving have not become slower or larger.",
            0.5,
            "Latency, load time and size have limits; training time has none.",
        ),
        RubricItem(
            "served-quality",
            "The quality of served predictions has not fallen.",
            0.5,
            "The champion is evaluated on each delivery; served answers are not scored.",
        ),
    ),
}
"""All 28 items, by section, in the order of their numbers."""
