"""The process that replays are forked from: when it ends."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_SERVE = (
    "import socket, sys\n"
    "from components.model_validator.replay_server import serve\n"
    "serve(socket.socket(fileno=int(sys.argv[1])), float(sys.argv[2]))\n"
)
_WAIT_SECONDS = 60.0


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket that listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as opened:
        opened.bind(str(tmp_path / "replay.sock"))
        opened.listen()
        yield opened


def _start(listener: socket.socket, idle_seconds: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(listener.fileno()), str(idle_seconds)],
        stdin=subprocess.PIPE,
        pass_fds=[listener.fileno()],
    )


def test_it_ends_with_its_owner(listener: socket.socket) -> None:
    """When the other end of its standard input is closed, it ends by itself."""
    with _start(listener, idle_seconds=_WAIT_SECONDS) as server:
        assert server.stdin is not None
        server.stdin.close()

        assert server.wait(_WAIT_SECONDS) == 0


def test_it_ends_when_nobody_comes(listener: socket.socket) -> None:
    """Its socket's name goes with it, so that a later client does without."""
    with _start(listener, idle_seconds=0.1) as server:
        assert server.wait(_WAIT_SECONDS) == 0

    assert not Path(listener.getsockname()).exists()


def test_a_client_that_says_nothing_leaves_nothing(listener: socket.socket) -> None:
    """One that comes and goes is forked a process, which ends."""
    with _start(listener, idle_seconds=_WAIT_SECONDS) as server:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(listener.getsockname())
            client.shutdown(socket.SHUT_WR)

            assert client.recv(1) == b""
        assert server.poll() is None
        assert server.stdin is not None
        server.stdin.close()
