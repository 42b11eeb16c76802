"""An Airflow command with the settings of ``make airflow``: ``python -m dags.airflow_cli``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from dags.standalone_settings import StandaloneSettings, create_environment, load_keys


def become_airflow(settings: StandaloneSettings, words: Sequence[str]) -> NoReturn:
    """Replace this process by an Airflow command, or by Airflow's list of commands."""
    environment = create_environment(settings, load_keys(settings), os.environ)
    os.execve(sys.executable, [sys.executable, "-m", "airflow", *words], environment)  # noqa: S606


if __name__ == "__main__":
    become_airflow(StandaloneSettings(), sys.argv[1:])
