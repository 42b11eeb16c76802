"""How Airflow runs a pipeline: a frozen typed model, read from one YAML file; no Airflow import."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Literal

import pydantic

from components.frozen_model import FrozenModel
from pipelines.config.yaml_file import describe_validation_error, read_mapping
from pipelines.records.errors import ConfigError

PROJECT_ROOT = Path(__file__).resolve().parent.parent

_IMPORT_PATH = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$"


def _resolve_path(value: object) -> object:
    """Let a relative path start at the project's root; links stay what they are."""
    return PROJECT_ROOT / Path(value) if isinstance(value, str | Path) else value


_ProjectPath = Annotated[Path, pydantic.BeforeValidator(_resolve_path)]
# A list in YAML stands for a tuple.
_List = pydantic.Field(strict=False)
_Texts = Annotated[tuple[str, ...], _List]


class PoolConfig(FrozenModel, strict=True):
    """A pool, and the nodes that take a slot of it while they run.

    Attributes:
        name: Name of the pool in Airflow.
        slots: Maximum number of its nodes that run at once, over all runs.
        nodes: Ids of the nodes.
    """

    name: str = pydantic.Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")
    slots: int = pydantic.Field(ge=1)
    nodes: _Texts


class RetryConfig(FrozenModel, strict=True):
    """How often a task is retried after an infrastructure error; after a refusal it never is.

    Attributes:
        backoff: Factor by which the wait grows from retry to retry; 1 for the same wait.
    """

    count: int = pydantic.Field(default=3, ge=0, le=20)
    delay_seconds: float = pydantic.Field(default=30.0, gt=0)
    backoff: float = pydantic.Field(default=2.0, ge=1, le=10)
    max_delay_seconds: float = pydantic.Field(default=600.0, gt=0)


class AirflowConfig(FrozenModel, strict=True):
    """Everything that a DAG is configured with beside the compiled pipeline.

    Attributes:
        environment: ``--config`` of every command: an environment's name, or a YAML file's path.
        overrides: ``--set`` of every command: ``key=value`` each.
        python: Python of the environment that holds TFX.
        description: The compiled pipeline's shape, as ``make airflow`` or ``compile`` wrote it.
        data_roots: Folders below which a run's parameter ``data`` names one.
        schedule: Cron expression in UTC; a run stands for the interval that begins at its logical
            date, and starts when that interval is over.
        start_date: First interval.
        end_date: Last one; None where data keeps coming.
        catchup: Whether intervals that passed before the DAG was switched on are run.
        max_active_runs: Maximum number of runs at once. With one, each run is compared with what
            the run before it accepted and pushed.
        paused: Whether the DAGs wait to be switched on when Airflow first sees them.
        retry: Retries.
        pools: Nodes that never run side by side.
        timeout_minutes: Longest time that one try may take.
        node_timeout_minutes: The same for single nodes.
        deadline_minutes: Time from queueing a run to its end after which ``on_deadline`` is called;
            None for no deadline.
        on_deadline: Import path of an ``async`` function of ``deadline_minutes`` and ``context``,
            called in the triggerer.
        on_failure: Import path of a function of Airflow's context, called once for each failed
            run; None for none.
        worker: ``warm`` hands nodes to a process on this machine that has imported TFX before,
            ``cold`` starts each in a process of its own, as on a worker that lives for one task.
        api_connection: Id of an Airflow connection to Airflow's own API, by which refusals get
            into the notes of tasks and runs; None for none.
    """

    environment: str = "local"
    overrides: _Texts = ()
    python: _ProjectPath = PROJECT_ROOT / ".venv/bin/python"
    description: _ProjectPath
    data_roots: Annotated[tuple[_ProjectPath, ...], _List]
    schedule: str | None = None
    start_date: datetime.date
    end_date: datetime.date | None = None
    catchup: bool = False
    max_active_runs: int = pydantic.Field(default=1, ge=1)
    paused: bool = True
    retry: RetryConfig = RetryConfig()
    pools: Annotated[tuple[PoolConfig, ...], _List] = ()
    timeout_minutes: float = pydantic.Field(default=30.0, gt=0)
    node_timeout_minutes: dict[str, pydantic.PositiveFloat] = pydantic.Field(default_factory=dict)
    deadline_minutes: float | None = pydantic.Field(default=None, gt=0)
    on_deadline: str = pydantic.Field(
        default="dags.deadline_log.report_missed_deadline", pattern=_IMPORT_PATH
    )
    on_failure: str | None = pydantic.Field(default=None, pattern=_IMPORT_PATH)
    worker: Literal["warm", "cold"] = "warm"
    api_connection: str | None = None

    def find_pool(self, node_id: str) -> str:
        """Name the pool that a node runs in."""
        return next((pool.name for pool in self.pools if node_id in pool.nodes), "default_pool")

    def find_timeout(self, node_id: str) -> datetime.timedelta:
        """Find the longest time that one try of a node may take."""
        minutes = self.node_timeout_minutes.get(node_id, self.timeout_minutes)
        return datetime.timedelta(minutes=minutes)


def load_airflow_config(path: Path) -> AirflowConfig:
    """Read and check a file.

    Raises:
        ConfigError: If the file is missing, is not YAML, or a key or value does not fit.
    """
    try:
        return AirflowConfig.model_validate(read_mapping(path))
    except pydantic.ValidationError as error:
        raise ConfigError(f"{path}: {describe_validation_error(error, AirflowConfig)}") from error
