"""The Airflow DAG that trains the taxi model, one run per quarter."""

from pathlib import Path

from dags.airflow_config import load_airflow_config
from dags.airflow_dag_runner import AirflowDagRunner
from dags.compiled_pipeline import load_compiled_pipeline

config = load_airflow_config(Path(__file__).with_name("airflow.yaml"))
dag = AirflowDagRunner(config).run(load_compiled_pipeline(config.description))
