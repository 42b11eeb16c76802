"""Rows to try a task with, from a package that is installed anyway; plain Python.

A task brings them by naming the file as ``SAMPLE_DATA`` in ``schemas/<task>/sample_data.py``.
"""

from __future__ import annotations

import dataclasses
import errno
import importlib.util
from pathlib import Path
from typing import Literal

Period = Literal["day", "week", "month", "quarter"]
"""What one span covers: a calendar period in UTC; weeks are those of ISO 8601, from Monday."""


@dataclasses.dataclass(frozen=True)
class SampleData:
    """A CSV file below an installed package's folder, one line per row.

    Attributes:
        package: The package; it is found, not imported.
        period: Period of the spans that the rows are cut into.
    """

    package: str
    path: str
    period: Period

    def find_source(self) -> Path:
        """Find the file.

        Raises:
            FileNotFoundError: If the package is not installed, or carries no such file.
        """
        spec = importlib.util.find_spec(self.package)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        path = Path(folders[0] if folders else self.package, self.path)
        if not path.is_file():
            reason = "carries no such file" if folders else "is not installed"
            text = f"the package {self.package!r}, which the sample data comes with, {reason}"
            raise FileNotFoundError(errno.ENOENT, text, str(path))
        return path


def find_sample_data(task: str) -> SampleData | None:
    """Find a task's sample data; None where it brings none.

    Raises:
        TypeError: If ``SAMPLE_DATA`` is no sample data.
    """
    name = f"schemas.{task}.sample_data"
    if not Path(__file__).parent.joinpath(task, "sample_data.py").is_file():
        return None
    sample = importlib.import_module(name).SAMPLE_DATA
    if not isinstance(sample, SampleData):
        raise TypeError(f"schemas/{task}/sample_data.py: SAMPLE_DATA must be a SampleData")
    return sample
