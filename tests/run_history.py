"""What the metadata store tells of a run: ``python -m tests.run_history RUN KEY=VALUE...``.

For the environment that holds TFX; prints JSON: by node, each execution's state and the number of
its live artifacts by output.
"""

from __future__ import annotations

import collections
import json
import sys

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.config.environment_file import load_config
from pipelines.metadata.run_store import RunStore, open_run_store
from pipelines.records.description import read_description


def list_executions(runs: RunStore, run_id: str, node_id: str) -> list[dict[str, object]]:
    """Describe a node's executions in a run, oldest first."""
    return [
        {
            "state": mlmd.Execution.State.Name(execution.last_known_state),
            "live": collections.Counter(
                stored.key
                for stored in runs.list_outputs(execution)
                if stored.artifact.state == mlmd.Artifact.LIVE
            ),
        }
        for execution in runs.list_attempts(run_id, node_id)
    ]


def main() -> None:
    """Print the history of the run that the command line names."""
    run_id, overrides = sys.argv[1], sys.argv[2:]
    config = load_config("test", overrides)
    description = read_description(config.layout.run(run_id).description_path)
    with open_run_store(config.layout.metadata_store, description.name) as runs:
        nodes = {node.id: list_executions(runs, run_id, node.id) for node in description.nodes}
    json.dump(nodes, sys.stdout)


if __name__ == "__main__":
    main()
