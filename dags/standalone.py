"""A whole Airflow on this machine: ``python -m dags.standalone``.

It ends with Ctrl-C, or with its terminal, and every process that came of it ends with it.

Airflow's own ``airflow standalone`` starts the same four components. This is not it, because of
what that does not do (seen with Airflow 3.3.2):

- Leave nothing behind. It ends its components after Ctrl-C alone; where it gets SIGTERM or SIGKILL
  they all stay, with the scheduler's workers. Here the kernel tells the components when this
  process dies, and what is left of them while it lives is handed to it to end.
- Notice that a component has ended. It goes on without it; here all ends, and one line says why.
- Keep a second Airflow out. It looks at no port and locks no folder: its API server gives up on a
  port that is taken, while its scheduler goes to work on the first one's database.
- Listen on loopback alone. Its scheduler and triggerer serve logs on every address of the machine,
  and it has no way to hand them ``--skip-serve-logs``.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dags.airflow_config import PROJECT_ROOT, AirflowConfig, AirflowConfigError, load_airflow_config
from dags.child_process import end_with
from dags.standalone_settings import (
    ADMIN,
    HOST,
    StandaloneSettings,
    create_environment,
    load_keys,
)

# Neither serves logs over the network: the API server reads them from this machine's disk.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
_PR_SET_CHILD_SUBREAPER = 36
_POLL_SECONDS = 0.5
_READY_SECONDS = 180.0
_STOP_SECONDS = 20.0


class StandaloneError(Exception):
    """Airflow could not be started or did not stay; one line says why."""


class StandaloneAirflow:
    """The processes of one Airflow.

    While it runs, processes that lose their parent are handed to this one, so that none of them
    can be left behind.
    """

    def __init__(self, settings: StandaloneSettings, inherited: Mapping[str, str]) -> None:
        """Make keys and settings; nothing is started yet."""
        self.settings = settings
        self.keys = load_keys(settings)
        # Of its own, so that the worker servers that nodes start are its own too. A short path:
        # addresses of sockets are.
        self._runtime = tempfile.TemporaryDirectory(prefix="airflow-runtime-")
        self.environment = {
            **create_environment(settings, self.keys, inherited),
            "XDG_RUNTIME_DIR": self._runtime.name,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)

    def prepare(self, config: AirflowConfig) -> None:
        """Migrate the database and make the pools.

        Raises:
            StandaloneError: If that fails.
        """
        self.run_airflow("db", "migrate")
        pools = {
            pool.name: {"slots": pool.slots, "description": "", "include_deferred": False}
            for pool in config.pools
        }
        path = self.settings.home / "pools.json"
        path.write_text(json.dumps(pools), encoding="utf-8")
        self.run_airflow("pools", "import", str(path))

    def run_airflow(self, *arguments: str) -> str:
        """Run one command of Airflow's.

        Raises:
            StandaloneError: If it fails.
        """
        done = subprocess.run(
            _create_command(arguments),
            env=self.environment,
            cwd=PROJECT_ROOT,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            lines = done.stdout.strip().splitlines() or ["it said nothing"]
            raise StandaloneError(f"airflow {' '.join(arguments)}: {lines[-1]}")
        return done.stdout

    def start(self) -> None:
        """Start every component."""
        for name in COMPONENTS:
            self.start_component(name)

    def start_component(self, name: str) -> None:
        """Start one component in a process group of its own, with a log of its own.

        Of one that was killed, what is left is ended first, as a service manager does it: workers
        of a dead scheduler keep its database connection open, and with it the locks that it held.

        Args:
            name: One of ``COMPONENTS``.
        """
        if name in self.processes:
            _send(self.processes[name].pid, signal.SIGKILL)
        log_path = self.log_path(name)
        log_path.parent.mkdir(parents=True, exist_ok=True)
        parent = os.getpid()
        with log_path.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                _create_command(COMPONENTS[name]),
                env=self.environment,
                cwd=PROJECT_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: end_with(parent),  # noqa: PLW1509 - a call of the kernel alone
            )

    def log_path(self, name: str) -> Path:
        """Give the log of a component."""
        return self.settings.home / "logs" / f"{name}.log"

    def wait_until_ready(self, patience_seconds: float = _READY_SECONDS) -> None:
        """Wait until every component says that it is well.

        Raises:
            StandaloneError: If one ends, or they take longer.
        """
        end = time.monotonic() + patience_seconds
        while time.monotonic() < end:
            self.check_components()
            if self._is_healthy():
                return
            time.sleep(_POLL_SECONDS)
        raise StandaloneError(
            f"Airflow was not ready after {patience_seconds:.0f} s; see {self.log_path('*')}"
        )

    def check_components(self) -> None:
        """See to it that every component runs, and clear away what ended beside them.

        Raises:
            StandaloneError: If one has ended.
        """
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise StandaloneError(
                    f"{name} ended with exit code {process.returncode}; see {self.log_path(name)}"
                )
        components = {process.pid for process in self.processes.values()}
        for pid in set(_list_children()) - components:
            _reap(pid)

    def stop(self) -> None:
        """End every component, and then every process that came of them; the last thing to do."""
        for process in self.processes.values():
            _send(process.pid, signal.SIGTERM)
        end = time.monotonic() + _STOP_SECONDS
        while any(process.poll() is None for process in self.processes.values()):
            if time.monotonic() > end:
                break
            time.sleep(_POLL_SECONDS)
        # The scheduler's workers and the nodes that they run, handed to this process meanwhile.
        for number, patience_seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, 5.0)):
            _end_children(number, patience_seconds)
        for process in self.processes.values():
            process.poll()
        self._runtime.cleanup()

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(  # noqa: S310 - of its own, by HTTP
                f"{self.settings.url}/api/v2/monitor/health", timeout=5
            ) as answer:
                health = json.load(answer)
        except (OSError, ValueError):
            return False
        parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        return all((health.get(part) or {}).get("status") == "healthy" for part in parts)


def _create_command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]


def _list_children() -> list[int]:
    """List the processes whose parent this process is, born or handed to it."""
    text = "".join(path.read_text() for path in Path("/proc/self/task").glob("*/children"))
    return [int(word) for word in text.split()]


def _end_children(number: signal.Signals, patience_seconds: float) -> None:
    """Signal the children, and theirs as they are handed on, until there are none or time is up."""
    end = time.monotonic() + patience_seconds
    signalled: set[int] = set()
    while time.monotonic() < end:
        children = _list_children()
        if not children:
            return
        for pid in children:
            if pid not in signalled:
                signalled.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            _reap(pid)
        time.sleep(0.1)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _send(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


@contextlib.contextmanager
def _claim(settings: StandaloneSettings) -> Iterator[None]:
    """Keep the folder to this process, and see to it that the port is free.

    Raises:
        StandaloneError: If another Airflow is at work in the folder, or anybody has the port.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "standalone.lock").open("w") as lock, socket.socket() as probe:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StandaloneError(
                f"{settings.home}: another Airflow is running from this folder; end it first"
            ) from error
        # As a server does it: connections that have ended do not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, settings.port))
        except OSError as error:
            raise StandaloneError(
                f"port {settings.port} of {HOST}: {error.strerror}; choose another one: "
                'make airflow ARGS="--port 8090"'
            ) from error
        probe.close()
        yield


def _serve(airflow: StandaloneAirflow, config: AirflowConfig) -> None:
    """Run Airflow until it is asked to end, or breaks; then nothing of it is left."""
    ending = [signal.SIGINT, signal.SIGTERM]
    # Where `nohup` started this, it is to outlive its terminal.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        ending.append(signal.SIGHUP)
    for number in ending:
        signal.signal(number, _stop_by_signal)
    try:
        print("Preparing Airflow's database.", flush=True)
        airflow.prepare(config)
        print("Starting Airflow: half a minute.", flush=True)
        airflow.start()
        airflow.wait_until_ready()
        print(
            f"\n  Airflow     {airflow.settings.url}\n"
            f"  sign in as  {ADMIN}\n"
            f"  password    {airflow.keys[f'password_{ADMIN}']}\n"
            f"  logs        {airflow.log_path('*')}\n\n"
            "Ctrl-C ends it.",
            flush=True,
        )
        while True:
            airflow.check_components()
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        # There is nobody to tell where the terminal was closed.
        with contextlib.suppress(OSError):
            print("\nStopping Airflow.", flush=True)
    finally:
        # Asked for twice, it still ends in order.
        for number in ending:
            signal.signal(number, signal.SIG_IGN)
        airflow.stop()


def _stop_by_signal(_number: int, _frame: types.FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C.

    Args:
        arguments: Words of the command line; this process's own by default.
    """
    settings = _read_options(arguments)
    try:
        config = load_airflow_config(settings.dags_folder / "airflow.yaml")
        with _claim(settings):
            _serve(StandaloneAirflow(settings, os.environ), config)
    except (AirflowConfigError, StandaloneError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _read_options(arguments: Sequence[str] | None) -> StandaloneSettings:
    usual = StandaloneSettings()
    parser = argparse.ArgumentParser(
        prog="python -m dags.standalone", description="Run Airflow until Ctrl-C."
    )
    parser.add_argument("--home", type=Path, default=usual.home, help="where it keeps its things")
    parser.add_argument("--dags", type=Path, default=usual.dags_folder, help="folder of DAG files")
    parser.add_argument("--port", type=_read_port, default=usual.port, help="port of its web pages")
    options = parser.parse_args(arguments)
    return StandaloneSettings(options.home.absolute(), options.dags.absolute(), options.port)


def _read_port(word: str) -> int:
    if not word.isascii() or not word.isdigit() or not 1 <= int(word) <= 65_535:
        raise argparse.ArgumentTypeError(f"got {word!r}, expected a number from 1 to 65535")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())
