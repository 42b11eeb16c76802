from __future__ import annotations

import airflow

from dags import airflow_internals


def test_internals_are_of_the_version_that_they_were_checked_with() -> None:
    """An upgrade of Airflow asks for a look at what it promises nobody."""
    assert airflow.__version__ == airflow_internals.CHECKED_VERSION, airflow_internals.__doc__
    assert airflow_internals.require_access_to_runs().dependency
