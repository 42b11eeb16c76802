"""A real worker server: what it does with tasks, with clients that go, and at its end."""

from __future__ import annotations

import concurrent.futures
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.config.environment_file import load_config
from pipelines.launcher.node_request import NodeRequest
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.workers.client import WorkerCall, WorkerClient
from pipelines.workers.pool import WorkerPool
from pipelines.workers.protocol import CompileRequest, Reply, Request, receive_lines, send_line
from pipelines.workers.server import WorkerServer
from tests.worker_processes import find_servers

pytestmark = pytest.mark.slow

_WAIT_SECONDS = 120.0
_CLIENTS = 6


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerClient]:
    """A client to a server in a runtime folder of their own, started by several clients at once."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("w")))
        clients = [WorkerClient.shared() for _ in range(_CLIENTS)]
        with concurrent.futures.ThreadPoolExecutor(_CLIENTS) as threads:
            list(threads.map(WorkerClient.warm, clients))
        yield clients[0]
        main(["workers", "stop"])


@pytest.fixture
def endless(tmp_path: Path) -> NodeRequest:
    """A node that waits for ever: nobody writes to the pipe that it reads its pipeline from."""
    os.mkfifo(tmp_path / "pipeline.json")
    return NodeRequest(
        ir_path=tmp_path / "pipeline.json",
        node_id="Trainer",
        run_id="run",
        log_path=tmp_path / "Trainer.log",
    )


def _start(client: WorkerClient, task: NodeRequest) -> tuple[socket.socket, int]:
    """Hand a task over, and give the connection and the process at work."""
    connection = client.connect()
    send_line(
        connection, Request(task=task, environment=dict(os.environ), directory=task.log_path.parent)
    )
    started = Reply.model_validate_json(next(receive_lines(connection))).started
    assert started is not None
    return connection, started


def _wait_for_log(task: NodeRequest) -> None:
    """Wait until the process has come as far as having a log."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while not task.log_path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def _wait_for_end(pid: int) -> bool:
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([pidfd], [], [], _WAIT_SECONDS)[0])
    finally:
        os.close(pidfd)


def _answer(client: WorkerClient, task: NodeRequest) -> str:
    """Have a node of a missing pipeline run, and say how that ended."""
    missing = task.model_copy(update={"ir_path": task.ir_path.with_name("missing.json")})
    [problem] = WorkerPool(client).run_node(missing).problems
    return problem.message


def test_clients_that_come_at_once_share_one_server(
    client: WorkerClient, endless: NodeRequest
) -> None:
    """Whoever comes first starts it; the others find it."""
    assert len(find_servers(client)) == 1
    assert "missing.json" in _answer(client, endless)


def test_a_compilation_does_not_hold_others_up(
    client: WorkerClient, endless: NodeRequest, tmp_path: Path
) -> None:
    """It has a process of its own: a node that comes after it is answered before it has ended."""
    config = load_config("local", [f"output_root={tmp_path / 'output'}"])
    pool = WorkerPool(client)
    assert "missing.json" in _answer(client, endless)  # the server has imported by now
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        compiling = threads.submit(pool.compile, CompileRequest(config=config, run_id="run"))
        answered = "missing.json" in _answer(client, endless)
        was_compiling = not compiling.done()
        compiling.result(_WAIT_SECONDS)

    assert answered
    assert was_compiling
    assert config.layout.run("run").description_path.is_file()


def test_a_client_that_goes_stops_its_process(client: WorkerClient, endless: NodeRequest) -> None:
    """The process ends, and the server goes on for others on the same socket."""
    before = find_servers(client)
    connection, pid = _start(client, endless)
    _wait_for_log(endless)

    connection.close()

    assert _wait_for_end(pid)
    assert "missing.json" in _answer(client, endless)
    assert find_servers(client) == before


def test_a_stopped_call_tells_how_it_ended(client: WorkerClient, endless: NodeRequest) -> None:
    """The node ends by an error of its own, so that it is published as failed."""
    call = WorkerCall(client, endless)
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        running = threads.submit(call.run)
        _wait_for_log(endless)
        call.stop()
        reply = running.result(_WAIT_SECONDS)

    assert reply.ended is not None
    assert reply.result is None or reply.result.state is NodeState.FAILED


@pytest.mark.parametrize("delay_seconds", [0.0, 0.001, 0.003, 0.01, 0.03])
def test_a_stop_is_never_lost(
    client: WorkerClient, endless: NodeRequest, delay_seconds: float
) -> None:
    """However early it comes, before, with or just after the request, the call ends."""
    call = WorkerCall(client, endless)
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        running = threads.submit(call.run)
        time.sleep(delay_seconds)
        call.stop()
        reply = running.result(_WAIT_SECONDS)

    assert reply.ended is not None


def test_kill_9_of_a_process_is_told_by_its_signal(
    client: WorkerClient, endless: NodeRequest
) -> None:
    """The node is failed, and the reason names the signal."""
    pool = WorkerPool(client)
    others = {int(path.name) for path in Path("/proc").glob("[0-9]*")}
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        running = threads.submit(pool.run_node, endless)
        _wait_for_log(endless)
        [pid] = [pid for pid in find_servers(client) if pid not in others]
        os.kill(pid, signal.SIGKILL)
        result = running.result(_WAIT_SECONDS)

    assert result.state is NodeState.FAILED
    assert "SIGKILL" in result.problems[0].message
    assert result.log == str(endless.log_path)


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1\r\n",
        b"{}\n",
        b'{"task": {"kind": "run_shell", "words": ["id"]}, "environment": {}, "directory": "/"}\n',
        b'{"task": {"kind": "end", "more": 1}, "environment": {}, "directory": "/"}\n',
        b"\xff\xfe\n",
    ],
)
def test_what_is_no_request_is_answered_by_an_error(
    client: WorkerClient, endless: NodeRequest, line: bytes
) -> None:
    """One line says that it is none; nothing is started, and the server goes on."""
    with client.connect() as connection:
        connection.sendall(line)
        [answer] = receive_lines(connection)

    reply = Reply.model_validate_json(answer)
    assert reply.error
    assert reply.started is None
    assert "missing.json" in _answer(client, endless)


def test_a_client_that_says_nothing_is_let_go(client: WorkerClient, endless: NodeRequest) -> None:
    """A connection that is closed without a request does no harm."""
    client.connect().close()

    assert "missing.json" in _answer(client, endless)


def test_a_process_has_the_clients_environment_and_folder(
    client: WorkerClient, endless: NodeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server was started with does not reach the nodes of later clients."""
    monkeypatch.setenv("SAID_BY_THE_CLIENT", "yes")
    connection, pid = _start(client, endless)
    with connection:
        _wait_for_log(endless)
        assert Path(f"/proc/{pid}/cwd").readlink() == endless.log_path.parent
    assert _wait_for_end(pid)


def test_stop_ends_servers_with_what_is_at_work(
    client: WorkerClient, endless: NodeRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    """``workers stop`` returns when server and processes are gone; the callers are told."""
    [server] = find_servers(client)
    connection, pid = _start(client, endless)
    _wait_for_log(endless)

    with connection:
        assert main(["workers", "stop"]) == ExitCode.DONE
        *_, last = receive_lines(connection)

    assert Reply.model_validate_json(last).ended is not None
    assert _wait_for_end(pid)
    assert _wait_for_end(server)
    assert not client.log_path.with_suffix(".sock").exists()
    assert "1 worker server ended" in capsys.readouterr().out
    assert main(["workers", "stop"]) == ExitCode.DONE
    assert "0 worker servers ended" in capsys.readouterr().out


def test_an_idle_server_ends_and_takes_its_socket_away(tmp_path: Path) -> None:
    """After its time with nothing to do it is gone, and nobody finds a dead socket."""
    path = tmp_path / "worker.sock"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()

    server = threading.Thread(target=WorkerServer(listener, idle_seconds=0.0).serve)
    server.start()
    server.join(_WAIT_SECONDS)

    assert not server.is_alive()
    assert not path.exists()
