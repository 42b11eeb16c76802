"""Find the worker servers that run on this machine."""

from __future__ import annotations

from pathlib import Path

from pipelines.workers.client import WorkerClient


def find_servers(client: WorkerClient) -> list[int]:
    """Find the processes that were started for the client's socket; forked ones have a parent."""
    socket_path = str(client.log_path.with_suffix(".sock"))
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if socket_path in words:
            found.append(int(process.name))
    return found
