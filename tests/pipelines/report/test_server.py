"""The server of the pages."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.report.server import ReportServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReportServer]:
    """A server of a folder with two pages, beside a file that is nobody's business."""
    (tmp_path / "secret.txt").write_text("secret")
    reports = tmp_path / "reports"
    (reports / "run").mkdir(parents=True)
    (reports / "index.html").write_text("all runs")
    (reports / "run" / "index.html").write_text("a run")
    (reports / "bare").mkdir()
    (reports / "link.txt").symlink_to(tmp_path / "secret.txt")
    with ReportServer(reports) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def get(server: ReportServer, path: str, host: str | None = None) -> tuple[int, bytes]:
    """Ask for a path as it stands, without the client's tidying."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_it_serves_the_pages(server: ReportServer) -> None:
    """The page of all runs is at the top, a run's below its id."""
    assert get(server, "/") == (200, b"all runs")
    assert get(server, "/run/") == (200, b"a run")
    assert server.url == f"http://127.0.0.1:{server.server_port}/"


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/link.txt", "/bare/", "/none", "//secret.txt"]
)
def test_it_serves_nothing_else(server: ReportServer, path: str) -> None:
    """Nothing outside the folder, through no link, and no listing."""
    status, content = get(server, path)

    assert status == 404
    assert b"secret" not in content


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("127.0.0.1:80", 200), ("evil.example", 403), ("[", 403)],
)
def test_it_answers_to_its_own_name_only(server: ReportServer, host: str, status: int) -> None:
    """A page elsewhere that points its own name here reads nothing."""
    assert get(server, "/", host)[0] == status


def test_it_listens_on_this_machine_alone(server: ReportServer) -> None:
    """Unless told otherwise, nobody else can reach it."""
    assert server.server_address[0] == "127.0.0.1"
