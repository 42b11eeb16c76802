"""The folder of sockets, which is the user's alone, and messages of a line."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pipelines.workers.client import WorkerClient
from pipelines.workers.protocol import Reply, find_runtime_directory, receive_lines, send_line


def test_makes_a_folder_that_nobody_else_can_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder lies in ``XDG_RUNTIME_DIR``, and is found again."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    directory = find_runtime_directory()

    assert directory.parent == tmp_path
    assert directory.stat().st_mode & 0o777 == 0o700
    assert find_runtime_directory() == directory


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701, 0o777])
def test_refuses_a_folder_that_is_open_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    """Whoever could enter it could run code as the user; the message says what to do."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    find_runtime_directory().chmod(mode)

    with pytest.raises(PermissionError, match=r"mode 0700.*remove it"):
        find_runtime_directory()


def test_refuses_a_link_to_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that someone has put there before is not followed."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    directory = find_runtime_directory()
    directory.rename(tmp_path / "elsewhere")
    directory.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(PermissionError):
        find_runtime_directory()


def test_refuses_a_path_too_long_for_a_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the variable that makes it shorter."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("x" * 80)))

    with pytest.raises(OSError, match="XDG_RUNTIME_DIR"):
        find_runtime_directory()


def test_other_code_has_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has imported what its code was when it started; changed code gets a new one."""
    now = WorkerClient.shared().log_path
    again = WorkerClient.shared().log_path
    monkeypatch.setattr("pipelines.workers.client.hash_installation", lambda: "changed")

    assert again == now
    assert WorkerClient.shared().log_path != now


def test_receives_what_was_sent_however_it_is_cut() -> None:
    """Messages are put together by their line ends; an unfinished one is dropped."""
    sender, receiver = socket.socketpair()
    with sender, receiver:
        send_line(sender, Reply(started=7))
        sender.sendall(Reply(error="x" * 100_000).model_dump_json().encode())
        sender.sendall(b'\n{"ended": 0')
        sender.close()
        lines = list(receive_lines(receiver))

    assert [Reply.model_validate_json(line).started for line in lines] == [7, None]
