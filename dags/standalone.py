"""A whole Airflow on this machine: ``python -m dags.standalone``.

It ends with Ctrl-C, or with its terminal, and all its processes end with it.

Airflow's own ``airflow standalone`` starts the same four components, but (as of Airflow 3.3.2) it

- leaves processes behind: on SIGTERM or SIGKILL its components go on, with the scheduler's workers.
  Here the kernel ends the components when this process dies, and hands their orphans to it;
- goes on where a component has ended. Here everything ends, and one line says why;
- checks no port and locks no folder: on a port that is taken its API server gives up, while its
  scheduler starts to work on the first Airflow's database;
- serves logs on every address of the machine, and has no way to pass ``--skip-serve-logs`` on.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from components.file_lock import FileLock, Patience
from dags.airflow_config import PROJECT_ROOT, AirflowConfig, load_airflow_config
from dags.child_process import signal_group, start_group
from dags.standalone_settings import ADMIN, HOST, StandaloneSettings, create_environment, load_keys
from pipelines.records.errors import ConfigError

# None serves logs over the network: the API server reads them from this machine's disk.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
"""Options by component."""
_AIRFLOW = (sys.executable, "-m", "airflow")
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
        """Migrate the database and create the pools.

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
        """Run one Airflow command.

        Raises:
            StandaloneError: If it fails.
        """
        done = subprocess.run(
            [*_AIRFLOW, *arguments],
            env=self.environment,
            cwd=PROJECT_ROOT,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            lines = done.stdout.strip().splitlines() or ["no output"]
            raise StandaloneError(f"airflow {' '.join(arguments)}: {lines[-1]}")
        return done.stdout

    def start(self) -> None:
        """Start every component."""
        for name in COMPONENTS:
            self.start_component(name)

    def start_component(self, name: str) -> None:
        """Start one component in a process group of its own, with a log of its own.

        What is left of one that was killed is ended first, as a service manager does: workers of a
        dead scheduler keep its database connection open, and with it the locks that it held.
        """
        if name in self.processes:
            signal_group(self.processes[name].pid, signal.SIGKILL)
        log_path = self.log_path(name)
        log_path.parent.mkdir(parents=True, exist_ok=True)
        command = [*_AIRFLOW, name, *COMPONENTS[name]]
        with log_path.open("ab") as log:
            self.processes[name] = start_group(command, PROJECT_ROOT, self.environment, log)

    def log_path(self, name: str) -> Path:
        """Get the log of a component."""
        return self.settings.home / "logs" / f"{name}.log"

    def wait_until_ready(self, patience_seconds: float = _READY_SECONDS) -> None:
        """Wait until every component reports that it is healthy.

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
        """Check that every component runs, and reap the orphans that have ended.

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
        """End every component, and then every process that they left; the last thing to do."""
        for process in self.processes.values():
            signal_group(process.pid, signal.SIGTERM)
        end = time.monotonic() + _STOP_SECONDS
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
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


def _list_children() -> list[int]:
    """List this process's children: those that it started, and orphans handed to it."""
    text = "".join(path.read_text() for path in Path("/proc/self/task").glob("*/children"))
    return [int(word) for word in text.split()]


def _end_children(number: signal.Signals, patience_seconds: float) -> None:
    """Signal children, and orphans as they are handed over, until none is left or time is up."""
    end = time.monotonic() + patience_seconds
    signaled: set[int] = set()
    while time.monotonic() < end:
        children = _list_children()
        if not children:
            return
        for pid in children:
            if pid not in signaled:
                signaled.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            _reap(pid)
        time.sleep(0.1)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


@contextlib.contextmanager
def _claim(settings: StandaloneSettings) -> Iterator[None]:
    """Lock the folder, and check that the port is free.

    Raises:
        StandaloneError: If another Airflow uses the folder, or another process the port.
    """
    lock = FileLock(
        settings.home / "standalone.lock", "Airflow's folder", Patience(give_up_seconds=1)
    )
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock.hold())
        except TimeoutError as error:
            raise StandaloneError(
                f"{settings.home}: another Airflow is running from this folder; end it first"
            ) from error
        try:
            # As a server does it: connections that have ended do not keep the port.
            socket.create_server((HOST, settings.port)).close()
        except OSError as error:
            raise StandaloneError(
                f"port {settings.port} of {HOST}: {os.strerror(error.errno or 0)}; choose another: "
                'make airflow ARGS="--port 8090"'
            ) from error
        yield


def _serve(airflow: StandaloneAirflow, config: AirflowConfig) -> None:
    """Run Airflow until it is asked to end, or breaks, and leave no process behind."""
    ending = [signal.SIGINT, signal.SIGTERM]
    # Where `nohup` started this, it is to outlive its terminal.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        ending.append(signal.SIGHUP)
    for number in ending:
        signal.signal(number, signal.default_int_handler)
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
        # Where the terminal was closed, nobody reads this.
        with contextlib.suppress(OSError):
            print("\nStopping Airflow.", flush=True)
    finally:
        # A second signal does not cut the ending short.
        for number in ending:
            signal.signal(number, signal.SIG_IGN)
        airflow.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C."""
    settings = _read_options(arguments)
    try:
        config = load_airflow_config(settings.dags_folder / "airflow.yaml")
        with _claim(settings):
            _serve(StandaloneAirflow(settings, os.environ), config)
    except (ConfigError, StandaloneError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _read_options(arguments: Sequence[str] | None) -> StandaloneSettings:
    usual = StandaloneSettings()
    parser = argparse.ArgumentParser(
        prog="python -m dags.standalone", description="Run Airflow until Ctrl-C."
    )
    parser.add_argument(
        "--home", type=Path, default=usual.home, help="folder for all that it writes"
    )
    parser.add_argument("--dags", type=Path, default=usual.dags_folder, help="folder of DAG files")
    parser.add_argument("--port", type=_read_port, default=usual.port, help="port of the web pages")
    options = parser.parse_args(arguments)
    return StandaloneSettings(options.home.absolute(), options.dags.absolute(), options.port)


def _read_port(word: str) -> int:
    if not word.isascii() or not word.isdigit() or not 1 <= int(word) <= 65_535:
        raise argparse.ArgumentTypeError(f"got {word!r}, expected a number from 1 to 65535")
    return int(word)


if __name__ == "__main__":
    sys.exit(main())
