"""Requests to a worker server and its replies: one JSON object per line.

A client that closes its side before the reply has come wants the task stopped.

Plain Python. A request names a pipeline whose classes are imported, so whoever can write to the
socket can run code as the user: its folder is the user's alone, and the server asks the kernel who
is at the other end.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pydantic

from components.frozen_model import FrozenModel
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.launcher.node_request import NodeRequest
from pipelines.records.node_result import NodeResult

_BLOCK_BYTES = 1 << 16
# What Linux takes for a socket's path is 107 bytes; its name in the folder is some 20 of them.
_MAX_DIRECTORY_BYTES = 80


class CompileRequest(FrozenModel):
    """Compile a run's pipeline into the run's folder.

    Attributes:
        from_nodes: Nodes to start from, with the last run's artifacts; empty for all.
        to_nodes: Nodes to end with; empty for all.
    """

    kind: Literal["compile_run"] = "compile_run"
    config: PipelineConfig
    run_id: str
    from_nodes: tuple[str, ...] = ()
    to_nodes: tuple[str, ...] = ()

    @property
    def log_path(self) -> Path:
        """File that its log is appended to."""
        return self.config.layout.run(self.run_id).log_path("compile")


class EndRequest(FrozenModel):
    """End the server and its processes."""

    kind: Literal["end"] = "end"


Work = NodeRequest | CompileRequest
Task = Work | EndRequest


class Request(FrozenModel):
    """A task, with the environment and the working directory for its process."""

    task: Task = pydantic.Field(discriminator="kind")
    environment: dict[str, str]
    directory: Path


class Reply(FrozenModel):
    """One line from the server or from the process that it forked.

    Attributes:
        started: Process id, once the task has started.
        error: Why compiling failed, in one line.
        ended: Exit code of the process, negative for a signal; always in the last line.
    """

    started: int | None = None
    result: NodeResult | None = None
    error: str | None = None
    ended: int | None = None


def find_runtime_directory() -> Path:
    """Find or create the folder of sockets and locks, which nobody but the user can enter.

    Raises:
        PermissionError: If it is another user's, or open to others.
        OSError: If its path is too long for a socket's.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    name = "tfx-pipelines" if base else f"tfx-pipelines-{os.getuid()}"
    directory = Path(base or tempfile.gettempdir()) / name
    if (size := len(os.fsencode(directory))) > _MAX_DIRECTORY_BYTES:
        raise OSError(
            f"{directory}: got a path of {size} bytes, expected at most "
            f"{_MAX_DIRECTORY_BYTES} for a folder of sockets; set XDG_RUNTIME_DIR to a shorter one"
        )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = directory.stat(follow_symlinks=False)
    if state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise PermissionError(
            f"{directory}: expected a folder of user {os.getuid()} alone (mode 0700); remove it"
        )
    return directory


def send_line(connection: socket.socket, message: pydantic.BaseModel) -> None:
    """Send one message."""
    connection.sendall(message.model_dump_json().encode() + b"\n")


def receive_lines(connection: socket.socket) -> Iterator[bytes]:
    """Receive messages until the other side closes; an unfinished line is dropped."""
    rest = b""
    while True:
        try:
            block = connection.recv(_BLOCK_BYTES)
        except ConnectionResetError:
            return
        if not block:
            return
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
