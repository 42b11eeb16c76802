"""The ML Test Score of a run: 28 items, each with evidence or not met.

The items and the score are those of E. Breck, S. Cai, E. Nielsen, M. Salib and D. Sculley, "The ML
Test Score: A Rubric for ML Production Readiness and Technical Debt Reduction", IEEE Big Data 2017,
in our own words.
"""

from __future__ import annotations

import enum
from typing import Literal

import pydantic

_STRICT = pydantic.ConfigDict(frozen=True, extra="forbid")


class Section(str, enum.Enum):
    """A section of the rubric, of seven items each."""

    DATA = "Features and data"
    MODEL = "Model development"
    INFRASTRUCTURE = "ML infrastructure"
    MONITORING = "Monitoring"


class Evidence(pydantic.BaseModel):
    """One thing that shows an item met.

    Attributes:
        source: Whether it was found in this run or in the repository.
        text: What was found, in a few words.
        path: File in the repository, below its root, or of the run; None where it is a fact of the
            report itself.
    """

    model_config = _STRICT

    source: Literal["run", "repository"]
    text: str
    path: str | None = None


class Item(pydantic.BaseModel):
    """One item of the rubric.

    Attributes:
        section: Its section.
        number: Its number in the section, 1 to 7.
        title: What is asked, in one sentence.
        points: 1 where it is met automatically, 0.5 where it is documented or done by hand, 0 where
            it is not met.
        evidence: What shows it; empty where it is not met.
        lacks: What is missing for the next half point, in one sentence; empty with a whole point.
    """

    model_config = _STRICT

    section: Section
    number: int
    title: str
    points: float
    evidence: tuple[Evidence, ...]
    lacks: str

    @property
    def level(self) -> str:
        """``automated``, ``documented`` or ``not met``."""
        return {1.0: "automated", 0.5: "documented"}.get(self.points, "not met")


class MlTestScore(pydantic.BaseModel):
    """The score.

    Attributes:
        items: All 28, by section and number.
    """

    model_config = _STRICT

    items: tuple[Item, ...]

    @property
    def sections(self) -> dict[Section, float]:
        """Points of each section, 0 to 7."""
        return {
            section: sum(item.points for item in self.items if item.section is section)
            for section in Section
        }

    @property
    def total(self) -> float:
        """The score: the points of the weakest section, 0 to 7."""
        return min(self.sections.values())

    @property
    def meaning(self) -> str:
        """What the score says of readiness, after the rubric's own scale."""
        for most, words in _SCALE:
            if self.total <= most:
                return words
        return _BEST


_SCALE = (
    (0.0, "more of a research project than a production system"),
    (1.0, "not wholly untested, but serious holes in reliability are likely"),
    (2.0, "a first pass at productionization; more is worth doing"),
    (3.0, "reasonably tested; more of it could be automated"),
    (5.0, "strongly tested and monitored"),
)
_BEST = "exceptionally tested and monitored"
