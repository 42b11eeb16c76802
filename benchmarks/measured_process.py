"""Run a command and measure what it costs, with everything that it starts.

``measure_command`` runs this file as a process of its own. That process makes itself the one that
orphans go to (a subreaper): so a server that the command leaves running in the background is still
its descendant, is counted, and lives on when the measuring is over.

Only the standard library is used, so that the measuring process is small and starts at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_MIN_INTERVAL_SECONDS = 0.25
# Reading a process's memory map takes time in proportion to it: at most this share of one core.
_SAMPLING_SHARE = 0.03
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        exit_code: Its exit code; negative for the signal that ended it.
        seconds: From its start to its end; what it left in the background may run on.
        cpu_seconds: User and system time of all processes until then.
        peak_process_bytes: Peak resident memory of any one process.
        peak_total_bytes: Peak memory of all processes together, a page that several share being
            counted once (proportional set size); sampled, so a short peak may be missed.
    """

    exit_code: int
    seconds: float
    cpu_seconds: float
    peak_process_bytes: int
    peak_total_bytes: int


def measure_command(
    command: Sequence[str], log: Path, directory: Path, environment: Mapping[str, str]
) -> Cost:
    """Run a command to its end.

    Args:
        log: File that its output is appended to.
        environment: All of its environment variables.

    Raises:
        FileNotFoundError: If there is no such program.
    """
    if not Path(command[0]).is_file():
        raise FileNotFoundError(f"{command[0]}: expected a program to measure, found none")
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "cost.json"
        own_command = [sys.executable, "-I", __file__, str(result), str(log), *command]
        with subprocess.Popen(own_command, cwd=directory, env=dict(environment)) as process:
            try:
                process.wait()
            except BaseException:
                # It ends the command too, and waits for nobody.
                process.terminate()
                raise
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, own_command)
        return Cost(**json.loads(result.read_text(encoding="utf-8")))


def _measure(command: list[str], log: str) -> Cost:
    _become_subreaper()
    # Taken by sigtimedwait alone, so that the end is noticed at once and between two samples.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    began = time.monotonic()
    main_pid = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsigmask=[],
    )
    cpu_seconds, peak_process, peak_total = 0.0, 0, 0
    next_sample = began
    exit_code = None
    while exit_code is None:
        if time.monotonic() >= next_sample:
            sampling = time.process_time()
            largest, total = _measure_memory()
            peak_process, peak_total = max(peak_process, largest), max(peak_total, total)
            took = time.process_time() - sampling
            pause = max(_MIN_INTERVAL_SECONDS, took / _SAMPLING_SHARE)
            next_sample = time.monotonic() + pause
        signal.sigtimedwait({signal.SIGCHLD}, max(0.0, next_sample - time.monotonic()))
        for pid, status, usage in _reap():
            cpu_seconds += usage.ru_utime + usage.ru_stime
            peak_process = max(peak_process, 1024 * usage.ru_maxrss)
            if pid == main_pid:
                exit_code = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    cpu_seconds += sum(map(_read_cpu_seconds, _list_descendants()))
    return Cost(exit_code, seconds, cpu_seconds, peak_process, peak_total)


def _become_subreaper() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _reap() -> Iterator[tuple[int, int, resource.struct_rusage]]:
    """Take the children that have ended; their usage holds that of the children they waited for."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status, usage


def _list_descendants() -> list[int]:
    """List the processes below this one."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and (fields := _read_stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found = []
    waiting = [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _read_stat(pid: int) -> list[str]:
    """Read the fields of ``/proc/<pid>/stat`` from the state on; none where it is gone."""
    try:
        # The name before them, in parentheses, may hold anything.
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _read_cpu_seconds(pid: int) -> float:
    """Read what a process and the children that it has waited for have used so far."""
    # utime, stime, cutime, cstime
    return sum(map(int, _read_stat(pid)[11:15])) / _TICKS_PER_SECOND


def _measure_memory() -> tuple[int, int]:
    """Measure the largest process's resident memory so far, and all processes' now, in bytes."""
    peaks, shares = [0], [0]
    for pid in _list_descendants():
        peaks.append(_read_bytes(pid, "status", "VmHWM:"))
        shares.append(_read_bytes(pid, "smaps_rollup", "Pss:"))
    return max(peaks), sum(shares)


def _read_bytes(pid: int, file: str, key: str) -> int:
    """Read a size from a file under ``/proc/<pid>``; 0 where the process is gone or a zombie."""
    try:
        text = (_PROC / str(pid) / file).read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    sizes = (line.split()[1] for line in text.splitlines() if line.startswith(key))
    return 1024 * int(next(sizes, 0))


def _kill_descendants() -> None:
    for pid in _list_descendants():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Measure the command that the command line gives, and write the cost as JSON."""
    result, log, *command = sys.argv[1:]
    # Both end it by an exception, and with it all that is being measured.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        cost = _measure(command, log)
    except KeyboardInterrupt:
        _kill_descendants()
        sys.exit(1)
    Path(result).write_text(json.dumps(dataclasses.asdict(cost)), encoding="utf-8")


if __name__ == "__main__":
    main()
