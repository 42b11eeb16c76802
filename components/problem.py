"""What is wrong with the data, the model or a node, in one line each; plain Python."""

from __future__ import annotations

from components.record import Record


class Problem(Record):
    """One reason for a refusal, or one error, in one line.

    Attributes:
        rule: Short term of the rule broken ("ragged row"), or the error's type.
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

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems, at least one."""
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems
