"""What a step says when it refuses the data: an answer to the user, not a crash."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class DataProblem:
    """One thing wrong with the input.

    Attributes:
        rule: The rule broken, as a short term ("ragged row").
        message: One line: what was found where, what was expected, and the remedy.
        file: Path of the file at fault, if it is one file's.
        line: Line in it, counted from 1 (the header), if it is one line's.
        column: Column at fault, if it is one column's.
        value: The value received, as text, if there is one.
    """

    rule: str
    message: str
    file: str | None = None
    line: int | None = None
    column: str | None = None
    value: str | None = None


class DataRefusedError(Exception):
    """The input breaks a rule; the run ends with exit code 3 and nothing is pushed."""

    def __init__(self, problems: tuple[DataProblem, ...]) -> None:
        """Keep the problems.

        Args:
            problems: At least one.
        """
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems
